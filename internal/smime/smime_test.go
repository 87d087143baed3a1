package smime_test

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/internal/smime"
	"github.com/secdds/dds/security/keystore"
)

const document = "<?xml version=\"1.0\"?>\n<dds>\n  <x>ü</x>\n</dds>\n"

func lf(b []byte) string { return strings.ReplaceAll(string(b), "\r\n", "\n") }

// vector returns a document that openssl signed, of testdata, and the CA. They
// are test vectors: openssl_test.go makes them.
func vector(t testing.TB, key, name string) (doc []byte, ca *x509.Certificate) {
	doc, err := os.ReadFile(filepath.Join("testdata", "openssl", key+"-"+name+".p7s"))
	require.NoError(t, err)
	pem, err := os.ReadFile(filepath.Join("testdata", "openssl", key+"-ca.pem"))
	require.NoError(t, err)
	ca, err = keystore.ParseCertificate(pem)
	require.NoError(t, err)
	return doc, ca
}

// spellings are the forms in which one signed document is met: line ends as
// editors and version control make them, either name of the content types, the
// boundary with and without quotes, base64 in lines of any length.
func spellings(doc []byte) [][]byte {
	list := [][]byte{
		doc,
		[]byte(lf(doc)),
		[]byte(strings.ReplaceAll(lf(doc), "\n", "\r\n")),
		bytes.ReplaceAll(bytes.ReplaceAll(doc, []byte(`x-pkcs7-`), []byte(`pkcs7-`)), []byte(`pkcs7-`), []byte(`x-pkcs7-`)),
		bytes.ReplaceAll(doc, []byte(`x-pkcs7-`), []byte(`pkcs7-`)),
		unquoteBoundary(doc),
	}
	for _, columns := range []int{1, 63, 76, 1 << 20} {
		list = append(list, rewrap(doc, columns))
	}
	return list
}

func unquoteBoundary(doc []byte) []byte {
	head, rest, _ := strings.Cut(string(doc), "\n\n")
	if i := strings.Index(head, `boundary="`); i >= 0 {
		head = head[:i] + "boundary=" + strings.Replace(head[i+len(`boundary="`):], `"`, "", 1)
	}
	return []byte(head + "\n\n" + rest)
}

// signature finds the base64 of the signature.
func signature(doc string) (from, to int) {
	from = strings.LastIndex(doc, "\n\nM") + 2
	to = len(doc)
	for _, end := range []string{"\n\n", "\n--"} {
		if i := strings.Index(doc[from:], end); i >= 0 {
			to = min(to, from+i)
		}
	}
	return from, to
}

// rewrap puts the base64 in lines of that many columns, some of them indented
// and with space behind them.
func rewrap(doc []byte, columns int) []byte {
	text := lf(doc)
	from, to := signature(text)
	b64 := strings.Join(strings.Fields(text[from:to]), "")
	var b strings.Builder
	for len(b64) > columns {
		b.WriteString(b64[:columns] + " \r\n\t")
		b64 = b64[columns:]
	}
	return []byte(text[:from] + b.String() + b64 + text[to:])
}

// What openssl signs is accepted in every spelling. The product of all its
// options is in openssl_test.go.
func TestVectors(t *testing.T) {
	names, err := filepath.Glob(filepath.Join("testdata", "openssl", "*[ac]-sha*.p7s"))
	require.NoError(t, err)
	require.Len(t, names, 20)
	for _, name := range names {
		key, name, _ := strings.Cut(strings.TrimSuffix(filepath.Base(name), ".p7s"), "-")
		doc, ca := vector(t, key, name)
		for _, form := range spellings(doc) {
			content, err := smime.Verify(form, ca)
			require.NoError(t, err, "%s-%s: %s", key, name, form)
			require.Equal(t, document, lf(content))
		}
	}
}

func TestRefusedVectors(t *testing.T) {
	for _, tt := range []struct{ key, name, want string }{
		{"ec", "refused-sha1", "expected digest SHA-256"},
		{"rsa", "refused-sha1", "expected digest SHA-256"},
		{"ec", "refused-two-signers", "expected exactly one signer, found 2"},
		{"rsa", "refused-two-signers", "expected exactly one signer, found 2"},
		// CVE-2023-24010: the signer's certificate, which the CA issued, and the
		// CA's own are inside.
		{"ec", "refused-talker", "signer is not the permissions CA"},
		{"rsa", "refused-talker", "signer is not the permissions CA"},
		{"rsa", "refused-pss", "expected RSA PKCS#1 v1.5"},
	} {
		doc, ca := vector(t, tt.key, tt.name)
		_, err := smime.Verify(doc, ca)
		require.ErrorContains(t, err, tt.want, "%s-%s", tt.key, tt.name)
	}
	doc, _ := vector(t, "ec", "sha256-text")
	_, rsa := vector(t, "rsa", "sha256-text")
	_, err := smime.Verify(doc, rsa)
	require.ErrorContains(t, err, "signer is not the permissions CA")
}

func newAuthority(t testing.TB) *keystore.Authority {
	ca, err := keystore.NewAuthority("Permissions CA", time.Now(), keystore.P256)
	require.NoError(t, err)
	return ca
}

func TestOwnDocuments(t *testing.T) {
	s := newAuthority(t)
	for _, text := range []string{document, strings.TrimSpace(document), document + "\n\n", strings.ReplaceAll(document, "\n", "\r\n")} {
		doc, err := s.Sign([]byte(text))
		require.NoError(t, err)
		content, err := smime.Verify(doc, s.Cert)
		require.NoError(t, err)
		require.Equal(t, lf([]byte(text)), lf(content))
	}
}

// CVE-2023-24010, -24011, -24012: whatever a document says of its signer, only
// the configured authority counts.
func TestOnlyThePermissionsCASigns(t *testing.T) {
	s := newAuthority(t)
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

	foreign := newAuthority(t)
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
	doc, ca := vector(t, "ec", "sha256-text")
	good := string(doc)
	opaque, _ := vector(t, "ec", "sha256-opaque")
	replace := func(doc, old, new string) string {
		require.Contains(t, doc, old)
		return strings.Replace(doc, old, new, 1)
	}
	from, to := signature(good)
	for _, tt := range []struct{ name, doc, want string }{
		{"empty", "", "found an empty document"},
		{"plain XML", document, "not an S/MIME document"},
		{"PEM", "-----BEGIN PKCS7-----\nAAAA\n-----END PKCS7-----\n", "not an S/MIME document"},
		{"not signed", "Content-Type: text/plain\n\n" + document, "expected Content-Type multipart/signed"},
		{"no boundary", "Content-Type: multipart/signed\n\nx\n", "without a usable boundary"},
		{"changed", replace(good, "<x>", "<y>"), "changed after it was signed"},
		{"added line", replace(good, "<x>", "\n<x>"), "changed after it was signed"},
		{"added space", replace(good, "<x>", " <x>"), "changed after it was signed"},
		{"text header taken away", replace(good, "Content-Type: text/plain\r\n\r\n", ""), "changed after it was signed"},
		{"other header", replace(good, "text/plain", "text/xml"), "expected Content-Type text/plain"},
		{"cut in the content", good[:strings.Index(good, "<x>")], "after the signed part is missing"},
		{"cut in the signature", good[:len(good)-100], "closing boundary"},
		{"not base64", replace(good, "base64", "binary"), "expected Content-Transfer-Encoding base64"},
		{"bad base64", good[:from] + "!" + good[from+1:], "signature: illegal base64"},
		{"half the signature", good[:from] + good[from:from+(to-from)/2] + good[to:], "signature:"},
		{"no signature", good[:from] + good[to:], "signature:"},
		{"opaque, cut", string(opaque[:len(opaque)/2]), "signature:"},
		{"opaque named detached", replace(string(opaque), "application/x-pkcs7-mime", "application/x-pkcs7-signature"), "expected Content-Type multipart/signed"},
		{"too large", strings.Repeat("a", smime.MaxDocument+1), "too large"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := smime.Verify([]byte(tt.doc), ca)
			require.ErrorContains(t, err, tt.want)
		})
	}
}

// Every octet of what is signed counts.
func TestEveryOctetCounts(t *testing.T) {
	doc, ca := vector(t, "ec", "sha256-text")
	from := bytes.Index(doc, []byte("<?xml"))
	for i := from; i < from+len(document); i++ {
		forged := bytes.Clone(doc)
		if forged[i] ^= 1; forged[i] == '\n' || forged[i] == '\r' || doc[i] == '\r' || doc[i] == '\n' {
			continue // another line end is the same text
		}
		_, err := smime.Verify(forged, ca)
		require.Error(t, err, "octet %d", i)
	}
}

// A signature nested without end must cost nothing.
func TestHostileASN1(t *testing.T) {
	doc, ca := vector(t, "ec", "sha256-text")
	good := string(doc)
	i, j := signature(good)
	for _, hostile := range []string{
		strings.Repeat("MIAw", 1<<18), // 30 80 30 …
		strings.Repeat("MEAwPjA8", 1<<16),
		strings.Repeat("AQAB", 1<<18),
		"MIAAAA==",
		"",
	} {
		start := time.Now()
		_, err := smime.Verify([]byte(good[:i]+hostile+good[j:]), ca)
		require.ErrorContains(t, err, "signature:")
		require.Less(t, time.Since(start), 5*time.Second)
	}
}

func FuzzVerify(f *testing.F) {
	var ca *x509.Certificate
	for _, name := range []string{"sha256-text", "sha256-opaque", "sha384-nocerts", "sha256-text-noattr", "sha256-text-stream"} {
		doc, c := vector(f, "ec", name)
		f.Add(doc)
		ca = c
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		signed, content, _, err := smime.Split(doc)
		if err == nil {
			require.True(t, bytes.HasSuffix(signed, content))
			require.LessOrEqual(t, len(signed), 2*len(doc))
		}
		content, err = smime.Verify(doc, ca)
		if err == nil {
			require.Equal(t, document, lf(content), "only what was signed verifies")
		}
	})
}

// The signature alone: a fuzzer seldom gets through base64.
func FuzzSignature(f *testing.F) {
	doc, ca := vector(f, "ec", "sha256-text")
	text := string(doc)
	i, j := signature(text)
	for _, name := range []string{"sha256-text", "sha256-opaque", "sha256-text-stream", "refused-two-signers"} {
		doc, _ := vector(f, "ec", name)
		_, _, p7, err := smime.Split(doc)
		require.NoError(f, err)
		f.Add(p7)
	}
	f.Fuzz(func(t *testing.T, p7 []byte) {
		smime.Parse(p7)
		content, err := smime.Verify([]byte(text[:i]+base64.StdEncoding.EncodeToString(p7)+text[j:]), ca)
		if err == nil {
			require.Equal(t, document, lf(content), "only what was signed verifies")
		}
	})
}
