package keystore

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"time"

	"github.com/secdds/dds/governance/lint"
)

// parseCertificates decodes all certificates of a PEM text.
func parseCertificates(text []byte) ([]*x509.Certificate, error) {
	var list []*x509.Certificate
	for b, rest := pem.Decode(text); b != nil; b, rest = pem.Decode(rest) {
		if b.Type != "CERTIFICATE" {
			continue
		}
		cert, err := x509.ParseCertificate(b.Bytes)
		if err != nil {
			return nil, err
		}
		list = append(list, cert)
	}
	if len(list) == 0 {
		return nil, errors.New("no certificate found: expected a PEM block CERTIFICATE")
	}
	return list, nil
}

// certificates reads a file of certificates and looks at each by itself.
func (c *checker) certificates(file, mend string) ([]*x509.Certificate, string) {
	text, name, ok := c.read(file, false, false)
	if !ok {
		return nil, name
	}
	list, err := parseCertificates(text)
	if err != nil {
		c.fail(name, "certificate", err.Error(), "")
		return nil, name
	}
	for _, cert := range list {
		c.validity(name, fmt.Sprintf("the certificate of %q", cert.Subject), cert.NotBefore, cert.NotAfter, mend)
		if problem := keyProblem(cert.PublicKey); problem != "" {
			c.fail(name, "certificate", fmt.Sprintf("%q has %s", cert.Subject, problem), "use EC P-256 (prime256v1) or RSA of 2048 bits")
		}
		if k, ok := cert.PublicKey.(*ecdsa.PublicKey); ok && k.Curve == elliptic.P384() {
			c.add(lint.Warning, name, "certificate", fmt.Sprintf("%q has an EC key on P-384, which is of DDS-Security 1.2", cert.Subject), "use P-256 where such peers take part",
				lint.Cyclone, lint.OpenDDS, lint.RustDDS)
		}
	}
	return list, name
}

// keyProblem tells why no peer takes a key; "" where some do.
func keyProblem(key crypto.PublicKey) string {
	switch k := key.(type) {
	case *ecdsa.PublicKey:
		if k.Curve != elliptic.P256() && k.Curve != elliptic.P384() {
			return "an EC key on " + k.Curve.Params().Name
		}
	case *rsa.PublicKey:
		if n := k.N.BitLen(); n < 2048 {
			return fmt.Sprintf("an RSA key of %d bits", n)
		}
	default:
		return fmt.Sprintf("a key of type %T", key)
	}
	return ""
}

// chain looks at how the first of certs leads to the identity CA.
func (c *checker) chain(file string, certs, cas []*x509.Certificate) {
	leaf := certs[0]
	if leaf.IsCA {
		c.warning(file, "certificate", fmt.Sprintf("%q is the certificate of an authority: it could issue others", leaf.Subject), "issue one for the participant")
	}
	// Expiry is told apart: the chain is built at a time when all were valid.
	at := leaf.NotBefore
	roots, between := x509.NewCertPool(), x509.NewCertPool()
	for _, ca := range cas {
		roots.AddCert(ca)
		if ca.NotBefore.After(at) {
			at = ca.NotBefore
		}
	}
	for _, i := range certs[1:] {
		between.AddCert(i)
		if i.NotBefore.After(at) {
			at = i.NotBefore
		}
	}
	chains, err := leaf.Verify(x509.VerifyOptions{
		Roots: roots, Intermediates: between, CurrentTime: at.Add(time.Second), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	})
	if err != nil {
		c.fail(file, "chain", fmt.Sprintf("%q was issued by %q and does not lead to the identity CA %q: %v", leaf.Subject, leaf.Issuer, cas[0].Subject, err), "issue it with the identity CA's key, or name the right CA")
		return
	}
	if root := chains[0][len(chains[0])-1]; root.PublicKeyAlgorithm != leaf.PublicKeyAlgorithm {
		c.add(lint.Warning, file, "mixed-keys", fmt.Sprintf("an %v certificate of an %v authority: Fast DDS announces the authority's algorithm for it", leaf.PublicKeyAlgorithm, root.PublicKeyAlgorithm), "use one kind of key", lint.Fast)
	}
	if n := len(chains[0]); n > 2 {
		c.add(lint.Warning, file, "chain", fmt.Sprintf("a chain with %d intermediate authorities: Cyclone DDS, Fast DDS, OpenDDS and RustDDS take only what an identity CA itself has issued", n-2), "issue it with the identity CA where they take part",
			lint.Cyclone, lint.Fast, lint.OpenDDS, lint.RustDDS)
	}
}

// key looks at a private key and, if there is one, the certificate it is for.
func (c *checker) key(file string, cert *x509.Certificate, certFile string) {
	text, name, ok := c.read(file, true, false)
	if !ok {
		return
	}
	for b, rest := pem.Decode(text); b != nil; b, rest = pem.Decode(rest) {
		if b.Type == "ENCRYPTED PRIVATE KEY" || b.Headers["DEK-Info"] != "" {
			c.add(lint.Info, name, "key", "the key is encrypted: whether it fits the certificate cannot be told", "")
			return
		}
	}
	key, err := ParseKey(text)
	if err != nil {
		c.fail(name, "key", err.Error(), "")
		return
	}
	if cert == nil {
		return
	}
	pub, ok := cert.PublicKey.(interface{ Equal(crypto.PublicKey) bool })
	if !ok || !pub.Equal(key.Public()) {
		c.fail(name, "key-mismatch", fmt.Sprintf("it is not the private key of %s", certFile), "put the pair together that was made together, or renew with a new key")
	}
}

// revocation looks at a list and whether it names one of the certificates.
// It reports whether there is a list.
func (c *checker) revocation(file string, cas, certs []*x509.Certificate, certFile string) bool {
	text, name, ok := c.read(file, false, true)
	if !ok {
		return false
	}
	lists, err := parseCRLs(text)
	if err != nil {
		c.fail(name, "crl", err.Error(), "")
		return true
	}
	for _, l := range lists {
		c.crl(name, l, cas)
		for _, cert := range certs {
			if !bytes.Equal(cert.RawIssuer, l.RawIssuer) {
				continue
			}
			for _, e := range l.RevokedCertificateEntries {
				if e.SerialNumber.Cmp(cert.SerialNumber) == 0 {
					c.fail(certFile, "revoked", fmt.Sprintf("%q, serial number %x, is revoked since %s (%s)", cert.Subject, cert.SerialNumber, stamp(e.RevocationTime), name), "renew it if it should take part again")
				}
			}
		}
	}
	return true
}

// crl looks at one revocation list by itself.
func (c *checker) crl(name string, l *x509.RevocationList, cas []*x509.Certificate) {
	c.validity(name, "the revocation list", l.ThisUpdate, later(l.NextUpdate, c.now.Add(2*c.warn)), "make a new one: `secdds keystore revoke` does")
	if cas == nil {
		return
	}
	for _, ca := range cas {
		if checkCRL(l, ca) == nil {
			return
		}
	}
	c.fail(name, "crl", fmt.Sprintf("it is not signed by the identity CA %q", cas[0].Subject), "make a new one with its key")
}

// later returns t, or instead of the zero time, other.
func later(t, other time.Time) time.Time {
	if t.IsZero() {
		return other
	}
	return t
}
