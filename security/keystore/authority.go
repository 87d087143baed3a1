package keystore

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"os"
	"time"
)

// A KeyKind is a kind of key pair.
type KeyKind uint8

// The kinds of key pairs that DDS-Security 1.1, 9.3.1.3 allows for identities.
const (
	P256    KeyKind = iota // ECDSA on P-256; the default
	RSA2048                // RSA with 2048 bits
)

// An Authority is a certificate authority with its private key.
type Authority struct {
	Cert *x509.Certificate
	Key  crypto.Signer
}

// NewAuthority makes a self-signed authority, as sros2 does: path length 1,
// SHA-256, valid from a day before now for ten years.
func NewAuthority(commonName string, now time.Time, kind KeyKind) (*Authority, error) {
	key, err := newKey(kind)
	if err != nil {
		return nil, err
	}
	tmpl := &x509.Certificate{
		SerialNumber:          serial(),
		Subject:               pkix.Name{CommonName: commonName},
		NotBefore:             now.Add(-day),
		NotAfter:              now.Add(lifetime),
		BasicConstraintsValid: true,
		IsCA:                  true,
		MaxPathLen:            1,
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("make certificate authority %q: %w", commonName, err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("make certificate authority %q: %w", commonName, err)
	}
	return &Authority{Cert: cert, Key: key}, nil
}

// LoadAuthority reads an authority's certificate and unencrypted private key
// (PKCS#8, PKCS#1 or SEC 1) from PEM files.
func LoadAuthority(certFile, keyFile string) (*Authority, error) {
	certPEM, err := os.ReadFile(certFile)
	if err != nil {
		return nil, fmt.Errorf("read authority's certificate: %w", err)
	}
	keyPEM, err := os.ReadFile(keyFile)
	if err != nil {
		return nil, fmt.Errorf("read authority's private key: %w", err)
	}
	a := &Authority{}
	if a.Cert, err = ParseCertificate(certPEM); err != nil {
		return nil, fmt.Errorf("%s: %w", certFile, err)
	}
	if a.Key, err = ParseKey(keyPEM); err != nil {
		return nil, fmt.Errorf("%s: %w", keyFile, err)
	}
	pub, ok := a.Cert.PublicKey.(interface{ Equal(crypto.PublicKey) bool })
	if !ok || !pub.Equal(a.Key.Public()) {
		return nil, fmt.Errorf("%s does not hold the private key of %s", keyFile, certFile)
	}
	return a, nil
}

// CertPEM returns the authority's certificate as PEM.
func (a *Authority) CertPEM() []byte { return certPEM(a.Cert.Raw) }

// KeyPEM returns the authority's private key as unencrypted PKCS#8 PEM.
func (a *Authority) KeyPEM() ([]byte, error) { return keyPEM(a.Key) }

// Issue makes a key pair and the certificate of a participant.
func (a *Authority) Issue(subject pkix.Name, notBefore, notAfter time.Time, kind KeyKind) (cert, key []byte, err error) {
	k, err := newKey(kind)
	if err != nil {
		return nil, nil, err
	}
	cert, err = a.certify(&x509.Certificate{Subject: subject, NotBefore: notBefore, NotAfter: notAfter}, k.Public())
	if err != nil {
		return nil, nil, err
	}
	key, err = keyPEM(k)
	if err != nil {
		return nil, nil, err
	}
	return cert, key, nil
}

// certify makes the certificate (PEM) of a participant: t has its subject and
// validity.
func (a *Authority) certify(t *x509.Certificate, pub crypto.PublicKey) ([]byte, error) {
	t.SerialNumber, t.BasicConstraintsValid = serial(), true
	der, err := x509.CreateCertificate(rand.Reader, t, a.Cert, pub, a.Key)
	if err != nil {
		return nil, fmt.Errorf("issue certificate of %q: %w", t.Subject, err)
	}
	return certPEM(der), nil
}

// CRL returns a revocation list, as PEM, that names the given certificates (PEM).
func (a *Authority) CRL(now time.Time, revoked ...[]byte) ([]byte, error) {
	var entries []x509.RevocationListEntry
	for _, p := range revoked {
		c, err := ParseCertificate(p)
		if err != nil {
			return nil, fmt.Errorf("revoke: %w", err)
		}
		entries = append(entries, x509.RevocationListEntry{SerialNumber: c.SerialNumber, RevocationTime: now.Add(-time.Minute)})
	}
	return a.crl(now, big.NewInt(now.UnixNano()), entries)
}

func (a *Authority) crl(now time.Time, number *big.Int, entries []x509.RevocationListEntry) ([]byte, error) {
	list := &x509.RevocationList{Number: number, ThisUpdate: now.Add(-day), NextUpdate: now.Add(lifetime), RevokedCertificateEntries: entries}
	issuer := *a.Cert
	// sros2's authority has no key usage extension, which allows everything, and
	// no key identifier; CreateRevocationList wants to see both.
	issuer.KeyUsage |= x509.KeyUsageCRLSign
	if len(issuer.SubjectKeyId) == 0 {
		id := sha1.Sum(issuer.RawSubjectPublicKeyInfo)
		issuer.SubjectKeyId = id[:]
	}
	der, err := x509.CreateRevocationList(rand.Reader, list, &issuer, a.Key)
	if err != nil {
		return nil, fmt.Errorf("make revocation list: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: der}), nil
}

// ParseCertificate returns the first certificate of a PEM text.
func ParseCertificate(text []byte) (*x509.Certificate, error) {
	for b, rest := pem.Decode(text); b != nil; b, rest = pem.Decode(rest) {
		if b.Type == "CERTIFICATE" {
			return x509.ParseCertificate(b.Bytes)
		}
	}
	return nil, errors.New("no certificate found: expected a PEM block CERTIFICATE")
}

// ParseKey returns the first unencrypted private key of a PEM text.
func ParseKey(text []byte) (crypto.Signer, error) {
	for b, rest := pem.Decode(text); b != nil; b, rest = pem.Decode(rest) {
		switch b.Type {
		case "PRIVATE KEY":
			k, err := x509.ParsePKCS8PrivateKey(b.Bytes)
			if err != nil {
				return nil, err
			}
			if s, ok := k.(crypto.Signer); ok {
				return s, nil
			}
			return nil, fmt.Errorf("expected an EC or RSA private key, found %T", k)
		case "EC PRIVATE KEY":
			return x509.ParseECPrivateKey(b.Bytes)
		case "RSA PRIVATE KEY":
			return x509.ParsePKCS1PrivateKey(b.Bytes)
		}
	}
	return nil, errors.New("no private key found: expected a PEM block PRIVATE KEY")
}

const (
	day      = 24 * time.Hour
	lifetime = 3650 * day // sros2's
)

func newKey(kind KeyKind) (crypto.Signer, error) {
	switch kind {
	case P256:
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case RSA2048:
		return rsa.GenerateKey(rand.Reader, 2048)
	}
	return nil, fmt.Errorf("unknown kind of key %d", kind)
}

func serial() *big.Int {
	var b [16]byte
	rand.Read(b[:])
	b[0] = b[0]&0x7f | 0x40 // positive, always of the same length
	return new(big.Int).SetBytes(b[:])
}

func certPEM(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func keyPEM(key crypto.Signer) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("encode private key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}
