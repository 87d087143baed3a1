package pkidh

import (
	"crypto/x509"
	"fmt"
	"time"

	"github.com/secdds/dds/spi"
)

// A revocation is a CRL whose signature has been verified.
type revocation struct {
	list    *x509.RevocationList
	issuer  *x509.Certificate
	revoked map[string]time.Time // by serial number
}

// addCRLs takes revocation lists. Each must be signed by an identity CA, or by
// an intermediate CA in others: a list that cannot be verified protects nobody,
// so it is an error. A list past its next update is not: what it revokes stays
// revoked, and Warnings tells of it. RFC 5280, 6.3.
func (t *trust) addCRLs(lists []*x509.RevocationList, others []*x509.Certificate) error {
	for _, l := range lists {
		r, err := t.verifyCRL(l, others)
		if err != nil {
			return err
		}
		t.crls = append(t.crls, r)
	}
	return nil
}

func (t *trust) verifyCRL(l *x509.RevocationList, others []*x509.Certificate) (*revocation, error) {
	for _, ext := range l.Extensions {
		if ext.Critical {
			r := unlike("CRL of "+quoteName(l.RawIssuer), "a complete list without critical extensions", "extension %v", ext.Id)
			r.Remedy = "take a complete, direct CRL: no delta, no distribution point"
			return nil, r
		}
	}
	var cause error
	for _, ca := range append(t.cas[:len(t.cas):len(t.cas)], others...) {
		if string(ca.RawSubject) != string(l.RawIssuer) {
			continue
		}
		if cause = l.CheckSignatureFrom(ca); cause != nil {
			continue
		}
		r := &revocation{list: l, issuer: ca, revoked: make(map[string]time.Time, len(l.RevokedCertificateEntries))}
		for _, e := range l.RevokedCertificateEntries {
			for _, ext := range e.Extensions {
				if ext.Critical {
					return nil, unlike("CRL of "+quoteName(l.RawIssuer)+", serial number "+e.SerialNumber.String(),
						"no critical extensions", "extension %v: an indirect CRL", ext.Id)
				}
			}
			r.revoked[string(e.SerialNumber.Bytes())] = e.RevocationTime
		}
		return r, nil
	}
	r := &spi.Refusal{
		Rule: "CRL of " + quoteName(l.RawIssuer), Expected: "one signed by an identity CA of " + t.file,
		Remedy: "take the CRL of the CA that issues the participants' certificates", Err: cause,
	}
	if cause == nil {
		r.Found = "one signed by somebody else"
		for _, ca := range t.cas {
			if s := nearly(ca.RawSubject, l.RawIssuer); s != "" {
				r.Found += ": " + s
			}
		}
	} else {
		r.Found = "a signature that is not that CA's"
	}
	return nil, r
}

// checkRevoked applies the revocation lists to chain. When there are any, one
// of the leaf's issuer is needed.
func (t *trust) checkRevoked(chain []*x509.Certificate) error {
	if len(t.crls) == 0 {
		return nil
	}
	for i, c := range chain[:len(chain)-1] {
		issuer, found := chain[i+1], false
		for _, l := range t.crls {
			if string(l.issuer.RawSubject) != string(issuer.RawSubject) ||
				string(l.issuer.RawSubjectPublicKeyInfo) != string(issuer.RawSubjectPublicKeyInfo) {
				continue
			}
			found = true
			if when, revoked := l.revoked[string(c.SerialNumber.Bytes())]; revoked {
				return &spi.Refusal{
					Rule: "CRL of " + quoteName(issuer.RawSubject), Expected: "a certificate that is not revoked",
					Found:  fmt.Sprintf("%s, serial number %v, revoked since %s", quoteName(c.RawSubject), c.SerialNumber, stamp(when)),
					Remedy: "have a new certificate issued",
				}
			}
		}
		if !found && i == 0 {
			return &spi.Refusal{
				Rule: "CRL of " + quoteName(issuer.RawSubject), Expected: "one, as there are CRLs of other CAs",
				Found:  "none signed by " + quoteName(issuer.RawSubject) + ", which issued " + quoteName(c.RawSubject),
				Remedy: "add that CA's CRL to the file, an empty one if nothing is revoked",
			}
		}
	}
	return nil
}

// outdated lists the CRLs that should have been replaced by now.
func (t *trust) outdated(now time.Time) (w []*spi.Refusal) {
	for _, l := range t.crls {
		if next := l.list.NextUpdate; !next.IsZero() && now.After(next) {
			w = append(w, &spi.Refusal{
				Rule: "CRL of " + quoteName(l.list.RawIssuer), Expected: "an update by " + stamp(next),
				Found: "none, and it is " + stamp(now) + " now", Remedy: "get the CA's present CRL; until then this one applies",
			})
		}
	}
	return w
}
