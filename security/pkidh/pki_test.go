package pkidh

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"fmt"
	"math/big"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// now is when the tests take place.
var now = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// rsaKeys are made once: they take long.
var rsaKeys = [...]func() *rsa.PrivateKey{newRSA(2048), newRSA(2048), newRSA(2048)}

var largeRSA = newRSA(3072)

func newRSA(bits int) func() *rsa.PrivateKey {
	return sync.OnceValue(func() *rsa.PrivateKey {
		k, err := rsa.GenerateKey(rand.Reader, bits)
		if err != nil {
			panic(err)
		}
		return k
	})
}

func newEC(t testing.TB) *ecdsa.PrivateKey {
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	return k
}

// A cert is a certificate with its key.
type cert struct {
	*x509.Certificate
	key crypto.Signer
}

func (c *cert) pem() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
}

func (c *cert) keyPEM(t testing.TB) []byte {
	der, err := x509.MarshalPKCS8PrivateKey(c.key)
	require.NoError(t, err)
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

// issue makes a certificate; a nil issuer stands for itself.
func issue(t testing.TB, issuer *cert, name string, key crypto.Signer, edit func(*x509.Certificate)) *cert {
	t.Helper()
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<60))
	require.NoError(t, err)
	tmpl := &x509.Certificate{
		SerialNumber: serial.Add(serial, big.NewInt(1)),
		Subject:      pkix.Name{CommonName: name, Organization: []string{"secdds"}},
		NotBefore:    now.Add(-time.Hour),
		NotAfter:     now.Add(1000 * time.Hour),
	}
	if edit != nil {
		edit(tmpl)
	}
	c := &cert{key: key}
	parent, signer := tmpl, key
	if issuer != nil {
		parent, signer = issuer.Certificate, issuer.key
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, parent, key.Public(), signer)
	require.NoError(t, err)
	c.Certificate, err = x509.ParseCertificate(der)
	require.NoError(t, err)
	return c
}

func isCA(c *x509.Certificate) {
	c.IsCA, c.BasicConstraintsValid = true, true
	c.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
}

func newCA(t testing.TB, name string) *cert { return issue(t, nil, name, newEC(t), isCA) }

// nameThat returns a name whose subject puts a participant's GUID low or high.
func nameThat(t testing.TB, high bool) string {
	for i := 0; ; i++ {
		name := fmt.Sprint("participant ", i)
		der, err := asn1.Marshal(pkix.Name{CommonName: name, Organization: []string{"secdds"}}.ToRDNSequence())
		require.NoError(t, err)
		if (subjectPrefix(der)[0] >= 0xc0) == high {
			return name
		}
	}
}

func config(t testing.TB, ca, c *cert) Config {
	return Config{
		IdentityCA: ca.pem(), Certificate: c.pem(), PrivateKey: c.keyPEM(t),
		IdentityCAFile: "ca.pem", CertificateFile: "cert.pem", PrivateKeyFile: "key.pem", CRLFile: "crl.pem",
	}
}

// crl makes a revocation list.
func crl(t testing.TB, ca *cert, until time.Time, revoked ...*cert) []byte {
	tmpl := &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: now.Add(-time.Hour), NextUpdate: until}
	for _, c := range revoked {
		tmpl.RevokedCertificateEntries = append(tmpl.RevokedCertificateEntries,
			x509.RevocationListEntry{SerialNumber: c.SerialNumber, RevocationTime: now.Add(-time.Minute)})
	}
	der, err := x509.CreateRevocationList(rand.Reader, tmpl, ca.Certificate, ca.key)
	require.NoError(t, err)
	return pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: der})
}

// forgeAlgorithm returns c with a signature algorithm that Go does not make any
// more: ecdsa-with-SHA1 in both places where DER names it. The signature is
// wrong then, but that is looked at later.
func forgeAlgorithm(t testing.TB, c *cert) *cert {
	sha256 := []byte{0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02}
	sha1 := []byte{0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x01}
	var outer struct {
		TBS       asn1.RawValue
		Algorithm asn1.RawValue
		Signature asn1.BitString
	}
	_, err := asn1.Unmarshal(c.Raw, &outer)
	require.NoError(t, err)
	alg, err := asn1.Marshal(struct{ OID asn1.RawValue }{asn1.RawValue{FullBytes: sha1}})
	require.NoError(t, err)
	inner := bytes.Replace(outer.TBS.Bytes, append([]byte{0x30, byte(len(sha256))}, sha256...), alg, 1)
	require.NotEqual(t, outer.TBS.Bytes, inner)
	outer.TBS = asn1.RawValue{Tag: asn1.TagSequence, IsCompound: true, Bytes: inner}
	outer.Algorithm = asn1.RawValue{FullBytes: alg}
	der, err := asn1.Marshal(outer)
	require.NoError(t, err)
	out := &cert{key: c.key}
	out.Certificate, err = x509.ParseCertificate(der)
	require.NoError(t, err)
	require.Equal(t, x509.ECDSAWithSHA1, out.SignatureAlgorithm)
	return out
}

func pemBlock(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}
