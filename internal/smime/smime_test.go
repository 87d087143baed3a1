package smime_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"crypto/x509/pkix"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/internal/smime"
	"github.com/secdds/dds/security/keystore"
)

const document = "<?xml version=\"1.0\"?>\n<dds>\n  <x>ü</x>\n</dds>\n"

// signer is an authority whose certificate and key the openssl program can read.
type signer struct {
	*keystore.Authority
	cert, key string
	dir       string
}

func newSigner(t testing.TB, kind keystore.KeyKind) signer {
	ca, err := keystore.NewAuthority("Permissions CA", time.Now(), kind)
	require.NoError(t, err)
	s := signer{Authority: ca, dir: t.TempDir()}
	s.cert, s.key = filepath.Join(s.dir, "ca.pem"), filepath.Join(s.dir, "key.pem")
	key, err := ca.KeyPEM()
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(s.cert, ca.CertPEM(), 0o644))
	require.NoError(t, os.WriteFile(s.key, key, 0o600))
	return s
}

// openssl signs document, as other implementations' users do.
func (s signer) openssl(t testing.TB, args ...string) []byte {
	in := filepath.Join(s.dir, "in.xml")
	require.NoError(t, os.WriteFile(in, []byte(document), 0o644))
	args = append([]string{args[0], "-sign", "-in", in, "-signer", s.cert, "-inkey", s.key}, args[1:]...)
	out, err := exec.Command("openssl", args...).Output()
	require.NoError(t, err, "openssl %s", args)
	return out
}

func lf(b []byte) string { return strings.ReplaceAll(string(b), "\r\n", "\n") }

func TestOpenSSLDocuments(t *testing.T) {
	for name, kind := range map[string]keystore.KeyKind{"P-256": keystore.P256, "RSA": keystore.RSA2048} {
		s := newSigner(t, kind)
		for _, args := range []string{
			"smime -text", "smime", "smime -text -md sha384", "smime -text -md sha512", "smime -text -noattr",
			"smime -text -crlfeol", "smime -text -nocerts", "smime -text -nodetach", "smime -nodetach",
			"cms -text", "cms", "cms -text -nodetach", "cms -nodetach", "cms -text -nodetach -stream", "cms -text -nosmimecap",
		} {
			t.Run(name+" "+args, func(t *testing.T) {
				doc := s.openssl(t, strings.Fields(args)...)
				for _, form := range [][]byte{
					doc,
					[]byte(lf(doc)),
					[]byte(strings.ReplaceAll(lf(doc), "\n", "\r\n")),
					bytes.ReplaceAll(doc, []byte(`pkcs7-`), []byte(`x-pkcs7-`)),
					bytes.ReplaceAll(bytes.ReplaceAll(doc, []byte(`x-x-`), []byte(`x-`)), []byte(`application/x-pkcs7-`), []byte(`application/pkcs7-`)),
					unquoteBoundary(doc),
				} {
					form = bytes.ReplaceAll(form, []byte(`x-x-`), []byte(`x-`))
					content, err := smime.Verify(form, s.Cert)
					require.NoError(t, err, "%s", form)
					require.Equal(t, document, lf(content))
				}
			})
		}
	}
}

func unquoteBoundary(doc []byte) []byte {
	head, rest, _ := strings.Cut(string(doc), "\n\n")
	if i := strings.Index(head, `boundary="`); i >= 0 {
		head = head[:i] + "boundary=" + strings.Replace(head[i+len(`boundary="`):], `"`, "", 1)
	}
	return []byte(head + "\n\n" + rest)
}

func TestOwnDocuments(t *testing.T) {
	s := newSigner(t, keystore.P256)
	for _, text := range []string{document, strings.TrimSpace(document), lf([]byte(document)) + "\n\n"} {
		doc, err := s.Sign([]byte(text))
		require.NoError(t, err)
		content, err := smime.Verify(doc, s.Cert)
		require.NoError(t, err)
		require.Equal(t, text, lf(content))
	}
}

// CVE-2023-24010, -24011, -24012: whatever a document says of its signer, only
// the configured authority counts.
func TestOnlyThePermissionsCASigns(t *testing.T) {
	s := newSigner(t, keystore.P256)
	now := time.Now()

	certPEM, keyPEM, err := s.Issue(pkix.Name{CommonName: "/talker"}, now.Add(-time.Hour), now.Add(time.Hour), keystore.P256)
	require.NoError(t, err)
	cert, err := keystore.ParseCertificate(certPEM)
	require.NoError(t, err)
	key, err := keystore.ParseKey(keyPEM)
	require.NoError(t, err)
	doc, err := keystore.SignDocument([]byte(document), cert, key)
	require.NoError(t, err)
	_, err = smime.Verify(doc, s.Cert)
	require.ErrorContains(t, err, "signer is not the permissions CA", "a certificate the CA issued")

	foreign := newSigner(t, keystore.P256)
	doc, err = foreign.Sign([]byte(document))
	require.NoError(t, err)
	_, err = smime.Verify(doc, s.Cert)
	require.ErrorContains(t, err, "signer is not the permissions CA", "a CA of the same name")

	// The issuer and serial number of the true CA, another key, and the
	// forger's certificate inside.
	forged := *foreign.Cert
	forged.RawIssuer, forged.SerialNumber = s.Cert.RawIssuer, s.Cert.SerialNumber
	doc, err = keystore.SignDocument([]byte(document), &forged, foreign.Key)
	require.NoError(t, err)
	_, err = smime.Verify(doc, s.Cert)
	require.ErrorContains(t, err, "does not verify with the key of the permissions CA")
}

func TestRefusals(t *testing.T) {
	s := newSigner(t, keystore.P256)
	good := string(s.openssl(t, "smime", "-text"))
	two := newSigner(t, keystore.P256)
	for _, tt := range []struct{ name, doc, want string }{
		{"empty", "", "found an empty document"},
		{"plain XML", document, "not an S/MIME document"},
		{"PEM", "-----BEGIN PKCS7-----\nAAAA\n-----END PKCS7-----\n", "not an S/MIME document"},
		{"not signed", "Content-Type: text/plain\n\n" + document, "expected Content-Type multipart/signed"},
		{"no boundary", "Content-Type: multipart/signed\n\nx\n", "without a usable boundary"},
		{"changed", strings.Replace(good, "<x>", "<y>", 1), "changed after it was signed"},
		{"added line", strings.Replace(good, "<x>", "\n<x>", 1), "changed after it was signed"},
		{"other header", strings.Replace(good, "text/plain", "text/xml", 1), "expected Content-Type text/plain"},
		{"cut in the content", good[:strings.Index(good, "<x>")], "after the signed part is missing"},
		{"cut in the signature", good[:len(good)-100], "closing boundary"},
		{"not base64", strings.Replace(good, "base64", "binary", 1), "expected Content-Transfer-Encoding base64"},
		{"SHA-1", string(s.openssl(t, "smime", "-text", "-md", "sha1")), "expected digest SHA-256"},
		{"two signers", string(s.openssl(t, "smime", "-text", "-signer", two.cert, "-inkey", two.key)), "expected exactly one signer, found 2"},
		{"too large", strings.Repeat("a", smime.MaxDocument+1), "too large"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := smime.Verify([]byte(tt.doc), s.Cert)
			require.ErrorContains(t, err, tt.want)
		})
	}
}

func TestRSAPSSIsRefused(t *testing.T) {
	s := newSigner(t, keystore.RSA2048)
	_, err := smime.Verify(s.openssl(t, "cms", "-text", "-keyopt", "rsa_padding_mode:pss"), s.Cert)
	require.ErrorContains(t, err, "expected RSA PKCS#1 v1.5")
}

// A signature nested without end must cost nothing.
func TestHostileASN1(t *testing.T) {
	s := newSigner(t, keystore.P256)
	good := string(s.openssl(t, "smime", "-text"))
	i := strings.LastIndex(good, "\n\nM") + 2
	j := i + strings.Index(good[i:], "\n\n")
	for _, hostile := range []string{
		strings.Repeat("MIAw", 1<<18), // 30 80 30 …
		strings.Repeat("MEAwPjA8", 1<<16),
		strings.Repeat("AQAB", 1<<18),
		"MIAAAA==",
		"",
	} {
		start := time.Now()
		_, err := smime.Verify([]byte(good[:i]+hostile+good[j:]), s.Cert)
		require.ErrorContains(t, err, "signature:")
		require.Less(t, time.Since(start), 5*time.Second)
	}
}

func FuzzVerify(f *testing.F) {
	s := newSigner(f, keystore.P256)
	for _, args := range []string{"smime -text", "smime", "smime -text -nodetach", "cms -nodetach", "smime -text -noattr"} {
		f.Add(s.openssl(f, strings.Fields(args)...))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		signed, content, _, err := smime.Split(doc)
		if err == nil {
			require.True(t, bytes.HasSuffix(signed, content))
			require.LessOrEqual(t, len(signed), 2*len(doc))
		}
		content, err = smime.Verify(doc, s.Cert)
		if err == nil {
			require.Equal(t, document, lf(content), "only what was signed verifies")
		}
	})
}

// The signature alone: a fuzzer seldom gets through base64.
func FuzzSignature(f *testing.F) {
	s := newSigner(f, keystore.P256)
	for _, args := range []string{"smime -text", "cms -text -nodetach"} {
		_, _, p7, err := smime.Split(s.openssl(f, strings.Fields(args)...))
		require.NoError(f, err)
		f.Add(p7)
	}
	f.Fuzz(func(t *testing.T, p7 []byte) { smime.Parse(p7) })
}
