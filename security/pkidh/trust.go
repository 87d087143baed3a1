package pkidh

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"time"
)

// A trust is what certificates are checked against. It is immutable.
type trust struct {
	cas  []*x509.Certificate
	pool *x509.CertPool
	crls []*x509.RevocationList
}

func newTrust(cas []*x509.Certificate, crls []*x509.RevocationList) *trust {
	t := &trust{cas: cas, pool: x509.NewCertPool(), crls: crls}
	for _, c := range cas {
		t.pool.AddCert(c)
	}
	return t
}

// A verified is a certificate found good.
type verified struct {
	leaf     *x509.Certificate
	ca       *x509.Certificate // where its chain ends
	notAfter time.Time         // when the first certificate of the chain lapses
}

// verify checks that certs[0] chains to an identity CA, over the others where
// needed, and that nothing of the chain has lapsed or is revoked at now. No
// other roots are believed. DDS-Security 1.1, 9.3.2.5.
func (t *trust) verify(now time.Time, certs []*x509.Certificate) (verified, error) {
	if now.IsZero() {
		return verified{}, errors.New("no time given") // crypto/x509 would take the clock's
	}
	leaf := certs[0]
	if err := checkPublicKey(leaf.PublicKey); err != nil {
		return verified{}, err
	}
	between := x509.NewCertPool()
	for _, c := range certs[1:] {
		between.AddCert(c)
	}
	chains, err := leaf.Verify(x509.VerifyOptions{
		Roots:         t.pool,
		Intermediates: between,
		CurrentTime:   now,
		KeyUsages:     []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	})
	if err != nil {
		return verified{}, t.explain(now, leaf, err)
	}
	var best verified
	for _, chain := range chains {
		if e := t.checkRevoked(now, chain); e != nil {
			err = e
			continue
		}
		v := verified{leaf: leaf, ca: chain[len(chain)-1], notAfter: leaf.NotAfter}
		for _, c := range chain {
			if c.NotAfter.Before(v.notAfter) {
				v.notAfter = c.NotAfter
			}
		}
		if best.leaf == nil || v.notAfter.After(best.notAfter) {
			best = v
		}
	}
	if best.leaf == nil {
		return verified{}, err
	}
	return best, nil
}

// explain says what was expected and found where x509 says only what failed.
func (t *trust) explain(now time.Time, leaf *x509.Certificate, err error) error {
	var unknown x509.UnknownAuthorityError
	switch {
	case now.Before(leaf.NotBefore):
		return fmt.Errorf("%q is not valid before %s, it is %s now", nameText(leaf.RawSubject), stamp(leaf.NotBefore), stamp(now))
	case now.After(leaf.NotAfter):
		return fmt.Errorf("%q has expired on %s, it is %s now", nameText(leaf.RawSubject), stamp(leaf.NotAfter), stamp(now))
	case errors.As(err, &unknown):
		var names []string
		for _, ca := range t.cas {
			names = append(names, nameText(ca.RawSubject))
		}
		return fmt.Errorf("%q was issued by %q, which does not lead to the identity CA %q: %w",
			nameText(leaf.RawSubject), nameText(leaf.RawIssuer), names, err)
	}
	for _, ca := range t.cas {
		if now.After(ca.NotAfter) {
			return fmt.Errorf("the identity CA %q has expired on %s, it is %s now", nameText(ca.RawSubject), stamp(ca.NotAfter), stamp(now))
		}
	}
	return err
}

// checkRevoked applies the revocation lists to chain. When there are any, one
// of the leaf's issuer is needed.
func (t *trust) checkRevoked(now time.Time, chain []*x509.Certificate) error {
	if len(t.crls) == 0 {
		return nil
	}
	for i, c := range chain[:len(chain)-1] {
		issuer := chain[i+1]
		found := false
		for _, l := range t.crls {
			if !bytes.Equal(l.RawIssuer, issuer.RawSubject) || l.CheckSignatureFrom(issuer) != nil {
				continue
			}
			if !l.NextUpdate.IsZero() && now.After(l.NextUpdate) {
				return fmt.Errorf("the CRL of %q has expired on %s, it is %s now", nameText(l.RawIssuer), stamp(l.NextUpdate), stamp(now))
			}
			found = true
			for _, r := range l.RevokedCertificateEntries {
				if r.SerialNumber.Cmp(c.SerialNumber) == 0 {
					return fmt.Errorf("%q, serial number %v, is revoked since %s", nameText(c.RawSubject), c.SerialNumber, stamp(r.RevocationTime))
				}
			}
		}
		if !found && i == 0 {
			return fmt.Errorf("there are CRLs, but none signed by %q, which issued %q", nameText(issuer.RawSubject), nameText(c.RawSubject))
		}
	}
	return nil
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// nameText returns the RFC 4514 text of a name in DER.
func nameText(der []byte) string {
	var name pkix.RDNSequence
	if rest, err := asn1.Unmarshal(der, &name); err != nil || len(rest) > 0 {
		return ""
	}
	return name.String()
}
