package attack

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds"
	"github.com/secdds/dds/security"
	"github.com/secdds/dds/security/keystore"
)

// badPermissions are documents that no participant may go by, made of a good
// one, which is for the subject CN=/b.
func badPermissions(good string) map[string]string {
	from := func(old, new string) string {
		if !strings.Contains(good, old) {
			panic("BUG: the good document has no " + old)
		}
		return strings.ReplaceAll(good, old, new)
	}
	grant := good[strings.Index(good, "<grant"):strings.Index(good, "</permissions>")]
	return map[string]string{
		"blank": " ", "no grant": from(grant, ""), "only a root": "<dds></dds>",
		"no grant for the subject": from("<subject_name>CN=/b", "<subject_name>CN=/c"),
		"another order":            from("<subject_name>CN=/b", "<subject_name>O=x,CN=/b"),
		"blank subject":            from("<subject_name>CN=/b", "<subject_name>"),
		"no validity":              from("<not_after>", "<not_before>"),
		"absurd date":              from("<not_after>", "<not_after>99999999"),
		"unknown element":          from("<validity>", "<unknown/><validity>"),
		"unknown default":          from("<default>DENY", "<default>MAYBE"),
		"no default":               from("<default>DENY</default>", ""),
		"range reversed":           from("<min>0</min>", "<min>231</min>"),
		"external entity":          `<!DOCTYPE dds [<!ENTITY x SYSTEM "file:///etc/passwd">]>` + from("<default>DENY", "<default>DENY&x;"),
		"entities that grow":       `<!DOCTYPE dds [<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>` + from("<subject_name>CN=/b", "<subject_name>CN=/b&b;"),
		"not closed":               good[:len(good)/2],
		"deep":                     strings.Repeat("<dds>", 100_000),
	}
}

// permissionsOf is a good document for a subject.
func permissionsOf(subject string) string {
	return string(keystore.PermissionsXML(keystore.Grant{
		Subject: subject, NotBefore: start.Add(-time.Hour), NotAfter: start.Add(1e6 * time.Hour),
		Rules: []keystore.Rule{{Domains: []keystore.Domains{{Min: 0, Max: 230}}, Publish: keystore.Topics("*"), Subscribe: keystore.Topics("*")}},
	}))
}

// A peer whose permissions document, though signed by the right CA, is not what
// it has to be is refused; and who is configured with such a document does not
// start.
func TestItem06_Permissions(t *testing.T) {
	for name, doc := range badPermissions(permissionsOf("CN=/b")) {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				k := w.keystoreOf(keystore.SROS2Governance())
				signed, err := k.PermissionsCA.Sign([]byte(doc))
				require.NoError(w, err)
				w.refusedPeer(k, signed)
				w.refusedOurselves(k, "permissions.p7s", signed)
			})
		})
	}
}

// refusedPeer has a peer /b show a document and checks that it stays outside.
func (w *world) refusedPeer(k *keystore.Keystore, shows []byte) {
	w.Helper()
	b := w.participant("b", w.enclave(k, "/b", keystore.EnclaveOptions{}), (&liar{shows: shows}).join)
	a := w.participant("a", w.enclave(k, "/a", keystore.EnclaveOptions{}))
	wr, r := writerOf[shape](w, a, "Square"), readerOf[shape](w, b, "Square", qosReliable)
	w.settle(20 * time.Second)
	require.Zero(w, wr.Matched().Total)
	require.Zero(w, r.Matched().Total)
	require.Len(w, a.Peers(), 1)
	require.False(w, a.Peers()[0].Admitted)
	require.Error(w, a.Peers()[0].Refusal)
	require.NoError(w, a.Close())
	require.NoError(w, b.Close())
}

// refusedOurselves puts a file into an enclave and checks that no participant
// comes of it: not one octet leaves.
func (w *world) refusedOurselves(k *keystore.Keystore, file string, data []byte) {
	w.Helper()
	rec := w.record()
	dir, err := k.CreateEnclave("/b", keystore.EnclaveOptions{})
	require.NoError(w, err)
	name := filepath.Join(dir, file)
	require.NoError(w, os.Remove(name))
	require.NoError(w, os.WriteFile(name, data, 0o600))
	sec, err := security.FromEnclave(dir)
	if err == nil {
		_, err = w.try("d", func(c *dds.Config) { c.Security = sec })
	}
	require.ErrorContains(w, err, file)
	w.settle(time.Minute)
	require.Empty(w, rec.take())
}

// Governance documents likewise: the wrong ones make no participant.
func TestItem06_Governance(t *testing.T) {
	good := string(keystore.SROS2Governance(keystore.Domains{Min: 0, Max: 9}).XML())
	for name, change := range map[string][2]string{
		"blank":                {good, " "},
		"missing element":      {"<rtps_protection_kind>SIGN</rtps_protection_kind>", ""},
		"repeated element":     {"<rtps_protection_kind>SIGN</rtps_protection_kind>", "<rtps_protection_kind>SIGN</rtps_protection_kind><rtps_protection_kind>NONE</rtps_protection_kind>"},
		"blank element":        {"<rtps_protection_kind>SIGN<", "<rtps_protection_kind><"},
		"unknown kind":         {"<rtps_protection_kind>SIGN<", "<rtps_protection_kind>SIGNED<"},
		"unknown element":      {"<rtps_protection_kind>", "<surprise/><rtps_protection_kind>"},
		"range reversed":       {"<max>9</max>", "<max>9</max><min>11</min>"},
		"another domain":       {"<min>0</min>", "<min>5</min>"},
		"no rule":              {"domain_rule>", "domain_ruler>"},
		"no topic rule":        {"<topic_access_rules>", "<topic_access_rules/><x>"},
		"external entity":      {"<dds", `<!DOCTYPE dds [<!ENTITY x SYSTEM "file:///etc/passwd">]><dds`},
		"neither true nor not": {"<enable_join_access_control>true", "<enable_join_access_control>perhaps"},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				require.Contains(w, good, change[0])
				k := w.keystoreOf(keystore.SROS2Governance())
				signed, err := k.PermissionsCA.Sign([]byte(strings.ReplaceAll(good, change[0], change[1])))
				require.NoError(w, err)
				w.refusedOurselves(k, "governance.p7s", signed)
			})
		})
	}
}

// Line ends make no difference, and neither does how the signature is wrapped.
func TestItem06_LineEnds(t *testing.T) {
	inWorld(t, func(w *world) {
		k := w.keystoreOf(keystore.SROS2Governance())
		signed, err := k.PermissionsCA.Sign([]byte(permissionsOf("CN=/b")))
		require.NoError(w, err)
		text := strings.ReplaceAll(string(signed), "\r\n", "\n")
		a := w.participant("a", w.enclave(k, "/a", keystore.EnclaveOptions{}))
		wr := writerOf[shape](w, a, "Square")
		for i, doc := range []string{text, strings.ReplaceAll(text, "\n", "\r\n")} {
			b := w.participant("b", w.enclave(k, "/b", keystore.EnclaveOptions{}), (&liar{shows: []byte(doc)}).join)
			r := readerOf[shape](w, b, "Square", qosReliable)
			require.NoError(w, r.WaitForMatched(w.soon(), 1))
			require.NoError(w, wr.WaitForMatched(w.soon(), 1))
			write(w, wr, shape{"RED", int32(i), 1})
			require.Equal(w, int32(i), next(w, r).Value.X)
			require.NoError(w, b.Close())
			w.settle(time.Second)
		}
	})
}

// A document counts only under the key of exactly the permissions CA: not when
// the identity CA, a participant, a stranger of the CA's name or one the CA
// vouches for has signed it, and not when nobody has.
func TestItem12_WhoSignsTheDocuments(t *testing.T) {
	for name, sign := range map[string]func(w *world, k *keystore.Keystore, xml []byte) []byte{
		"nobody": func(_ *world, _ *keystore.Keystore, xml []byte) []byte { return xml },
		"another authority": func(w *world, _ *keystore.Keystore, xml []byte) []byte {
			return signedBy(w, w.authority("strange"), xml)
		},
		"an authority of that name": func(w *world, k *keystore.Keystore, xml []byte) []byte {
			return signedBy(w, w.authority(k.PermissionsCA.Cert.Subject.CommonName), xml)
		},
		"a participant of the same authority": func(w *world, k *keystore.Keystore, xml []byte) []byte {
			dir, err := k.CreateEnclave("/signer", keystore.EnclaveOptions{})
			require.NoError(w, err)
			cert, err := os.ReadFile(filepath.Join(dir, "cert.pem"))
			require.NoError(w, err)
			key, err := os.ReadFile(filepath.Join(dir, "key.pem"))
			require.NoError(w, err)
			c, err := keystore.ParseCertificate(cert)
			require.NoError(w, err)
			s, err := keystore.ParseKey(key)
			require.NoError(w, err)
			signed, err := keystore.SignDocument(xml, c, s)
			require.NoError(w, err)
			return signed
		},
		"the authority, of other text": func(w *world, k *keystore.Keystore, xml []byte) []byte {
			return []byte(strings.NewReplacer("CN=/b", "CN=/B", "SIGN", "NONE").Replace(string(signedBy(w, k.PermissionsCA, xml))))
		},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				k := w.keystoreOf(keystore.SROS2Governance())
				require.Equal(w, k.IdentityCA.Cert.Raw, k.PermissionsCA.Cert.Raw, "the two authorities are one")
				doc := sign(w, k, []byte(permissionsOf("CN=/b")))
				w.refusedPeer(k, doc)
				w.refusedOurselves(k, "permissions.p7s", doc)
				w.refusedOurselves(k, "governance.p7s", sign(w, k, keystore.SROS2Governance().XML()))
			})
		})
	}
}

func (w *world) authority(name string) *keystore.Authority {
	ca, err := keystore.NewAuthority(name, time.Now(), keystore.P256)
	require.NoError(w, err)
	return ca
}

func signedBy(w *world, ca *keystore.Authority, xml []byte) []byte {
	b, err := ca.Sign(xml)
	require.NoError(w, err)
	return b
}
