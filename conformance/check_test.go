//go:build interop || standin

package conformance

import (
	"crypto/x509/pkix"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/conformance/peer"
	"github.com/secdds/dds/governance/lint"
	"github.com/secdds/dds/security/keystore"
)

// The same for what check says of enclaves.
func TestVendorsRefuseEnclavesAsCheckSays(t *testing.T) {
	names := map[peer.Vendor]string{peer.Cyclone: lint.Cyclone, peer.Fast: lint.Fast}
	grant := func(subject string) []byte {
		return keystore.PermissionsXML(keystore.Grant{Subject: subject, NotBefore: time.Now().AddDate(-1, 0, 0), NotAfter: time.Now().AddDate(1, 0, 0),
			Rules: []keystore.Rule{keystore.AllowAll()}})
	}
	subject := pkix.Name{CommonName: "a", Organization: []string{"o"}, Country: []string{"DE"}}
	elsewhere := []keystore.Criteria{{Topics: []string{"Blob"}, Partitions: []string{"elsewhere"}}}
	tagged := []keystore.Criteria{{Topics: []string{"Blob"}, Tags: [][2]string{{"n", "v"}}}}
	for name, tt := range map[string]struct {
		o      keystore.EnclaveOptions
		harm   func(t *testing.T, k *keystore.Keystore, dir string)
		rule   string
		refuse string // when it starts: Cyclone DDS notices another key in the handshake only
	}{
		"good":              {keystore.EnclaveOptions{Subject: subject, Permissions: grant("CN=a,O=o,C=DE")}, nil, "", ""},
		"reversed":          {keystore.EnclaveOptions{Subject: subject, Permissions: grant("C=DE,O=o,CN=a")}, nil, "subject-order", lint.Fast},
		"oneline":           {keystore.EnclaveOptions{Subject: subject, Permissions: grant("/C=DE/O=o/CN=a")}, nil, "subject", lint.Fast},
		"default":           {keystore.EnclaveOptions{Rules: []keystore.Rule{keystore.Allow([]string{"Other"}, []string{"Other"})}, DefaultAllow: true}, nil, "default-allow", lint.Fast},
		"denied elsewhere":  {keystore.EnclaveOptions{Rules: []keystore.Rule{{Deny: true, Publish: elsewhere, Subscribe: elsewhere}, keystore.AllowAll()}}, nil, "partitions-deny", lint.Cyclone + lint.Fast},
		"tagged":            {keystore.EnclaveOptions{Rules: []keystore.Rule{{Deny: true, Publish: tagged, Subscribe: tagged}, keystore.AllowAll()}}, nil, "data-tags", lint.Cyclone + lint.Fast},
		"lapsed":            {keystore.EnclaveOptions{PermissionsNotBefore: time.Now().AddDate(-2, 0, 0), PermissionsNotAfter: time.Now().AddDate(-1, 0, 0)}, nil, "expired", lint.Cyclone + lint.Fast},
		"other key":         {keystore.EnclaveOptions{}, otherKey, "key-mismatch", lint.Fast},
		"P-384":             {keystore.EnclaveOptions{}, p384, "certificate", lint.Cyclone},
		"intermediate":      {keystore.EnclaveOptions{}, intermediate, "chain", lint.Cyclone + lint.Fast},
		"other CA's":        {keystore.EnclaveOptions{}, otherCA, "chain", lint.Cyclone + lint.Fast},
		"other CA's rights": {keystore.EnclaveOptions{}, otherDocument, "signature", lint.Cyclone + lint.Fast},
	} {
		t.Run(name, func(t *testing.T) {
			k := newKeystore(t, sros2(), keystore.P256)
			dir := enclave(t, k, "/a", tt.o)
			if tt.harm != nil {
				tt.harm(t, k, dir)
			}
			list, err := keystore.Check(dir, keystore.CheckOptions{})
			require.NoError(t, err)
			i := slices.IndexFunc(list, func(f lint.Finding) bool { return f.Rule == tt.rule })
			require.Equal(t, tt.rule != "", i >= 0, "%v", list)
			for _, v := range peer.Vendors() {
				t.Run(v.String(), func(t *testing.T) {
					t.Parallel()
					s := side{vendor: v, enclave: dir}
					args := []string{"--domain", strconv.Itoa(peer.Domain(t)), "--timeout", "30", "--transient-local"}
					p := s.start(t, "sub", append(args, "--count", "0")...)
					want := "READY"
					if tt.o.Rules != nil { // rights on the topic are needed after that
						want = "SAMPLE"
						s.start(t, "pub", append(args, "--count", "1", "--wait-match", "0", "--linger", "30000")...)
					}
					refused := p.Expect("^("+want+"|FAILED) ", limit)[1] == "FAILED"
					require.Equal(t, strings.Contains(tt.refuse, names[v]), refused)
					if i >= 0 && len(list[i].Peers) > 0 {
						require.Equal(t, refused, slices.Contains(list[i].Peers, names[v]), "what check says: %v", list[i])
					}
					p.Stop()
				})
			}
		})
	}
}

func authority(t *testing.T) *keystore.Authority {
	a, err := keystore.NewAuthority("other", time.Now(), keystore.P256)
	require.NoError(t, err)
	return a
}

func put(t *testing.T, dir, name string, data []byte) {
	require.NoError(t, keystore.WriteFile(filepath.Join(dir, name), data, 0o600, true))
}

func otherKey(t *testing.T, _ *keystore.Keystore, dir string) {
	key, err := authority(t).KeyPEM()
	require.NoError(t, err)
	put(t, dir, "key.pem", key)
}

func otherCA(t *testing.T, _ *keystore.Keystore, dir string) {
	cert, key, err := authority(t).Issue(pkix.Name{CommonName: "/a"}, time.Now(), time.Now().AddDate(1, 0, 0), keystore.P256)
	require.NoError(t, err)
	put(t, dir, "cert.pem", cert)
	put(t, dir, "key.pem", key)
}

func otherDocument(t *testing.T, _ *keystore.Keystore, dir string) {
	xml, err := os.ReadFile(filepath.Join(dir, "permissions.xml"))
	require.NoError(t, err)
	signed, err := authority(t).Sign(xml)
	require.NoError(t, err)
	put(t, dir, "permissions.p7s", signed)
}

// issued makes a key and a certificate with the openssl command.
func issued(t *testing.T, k *keystore.Keystore, curve, subject, extensions string) (cert, key []byte) {
	work := t.TempDir()
	in := func(name string) string { return filepath.Join(work, name) }
	require.NoError(t, os.WriteFile(in("ext"), []byte(extensions+"\n"), 0o644))
	openssl(t, "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:"+curve, "-nodes", "-keyout", in("key"), "-subj", subject, "-out", in("csr"))
	openssl(t, "x509", "-req", "-in", in("csr"), "-CA", filepath.Join(k.Dir, "public", "ca.cert.pem"), "-CAkey", filepath.Join(k.Dir, "private", "ca.key.pem"),
		"-set_serial", "7", "-days", "99", "-extfile", in("ext"), "-out", in("cert"))
	cert, err := os.ReadFile(in("cert"))
	require.NoError(t, err)
	key, err = os.ReadFile(in("key"))
	require.NoError(t, err)
	return cert, key
}

func p384(t *testing.T, k *keystore.Keystore, dir string) {
	cert, key := issued(t, k, "secp384r1", "/CN=\\/a", "basicConstraints=critical,CA:FALSE")
	put(t, dir, "cert.pem", cert)
	put(t, dir, "key.pem", key)
}

// intermediate puts an authority between the identity CA and the participant.
func intermediate(t *testing.T, k *keystore.Keystore, dir string) {
	caCert, caKey := issued(t, k, "prime256v1", "/CN=mid", "basicConstraints=critical,CA:TRUE,pathlen:0")
	a := &keystore.Authority{}
	var err error
	a.Cert, err = keystore.ParseCertificate(caCert)
	require.NoError(t, err)
	a.Key, err = keystore.ParseKey(caKey)
	require.NoError(t, err)
	cert, key, err := a.Issue(pkix.Name{CommonName: "/a"}, time.Now().Add(-time.Hour), time.Now().AddDate(0, 0, 90), keystore.P256)
	require.NoError(t, err)
	put(t, dir, "cert.pem", append(cert, caCert...))
	put(t, dir, "key.pem", key)
}
