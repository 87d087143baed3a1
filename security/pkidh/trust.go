package pkidh

import (
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/secdds/dds/spi"
)

// A trust is what certificates are checked against. It is immutable.
type trust struct {
	file string // where cas come from: only for the text of errors
	cas  []*x509.Certificate
	pool *x509.CertPool
	crls []*revocation
}

func newTrust(file string, cas []*x509.Certificate) *trust {
	t := &trust{file: file, cas: cas, pool: x509.NewCertPool()}
	for _, c := range cas {
		t.pool.AddCert(c)
	}
	return t
}

// A verified is a certificate found good.
type verified struct {
	leaf     *x509.Certificate
	chain    []*x509.Certificate // from leaf to the identity CA
	notAfter time.Time           // when the first certificate of the chain lapses
}

// ca returns where the chain ends.
func (v *verified) ca() *x509.Certificate { return v.chain[len(v.chain)-1] }

// certUsages is what a participant's certificate may be for, if it says what
// it is for at all. A participant is a client and a server.
var certUsages = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth}

// verify checks that certs[0] chains to an identity CA, over the others where
// needed, and that nothing of the chain has lapsed or is revoked at now. No
// other roots are believed. DDS-Security 1.1, 9.3.2.5.
func (t *trust) verify(now time.Time, certs []*x509.Certificate) (verified, error) {
	if now.IsZero() {
		return verified{}, errors.New("no time given") // crypto/x509 would take the clock's
	}
	leaf := certs[0]
	between := x509.NewCertPool()
	for i, c := range certs {
		// Before any signature is verified: the key of a hostile certificate may
		// be so long that it takes seconds.
		if err := checkPublicKey(c.PublicKey); err != nil {
			return verified{}, aboutCert(err, c)
		}
		if err := checkSignatureAlgorithm(c); err != nil && (i == 0 || string(c.RawIssuer) != string(c.RawSubject)) {
			return verified{}, err
		}
		if i > 0 {
			between.AddCert(c)
		}
	}
	if leaf.KeyUsage != 0 && leaf.KeyUsage&x509.KeyUsageDigitalSignature == 0 {
		r := unlike("key usage of "+quoteName(leaf.RawSubject), "digitalSignature", "a certificate that may not sign")
		r.Remedy = "issue it with keyUsage digitalSignature, or with none"
		return verified{}, r
	}
	chains, err := leaf.Verify(x509.VerifyOptions{
		Roots:         t.pool,
		Intermediates: between,
		CurrentTime:   now,
		KeyUsages:     certUsages,
	})
	if err != nil {
		return verified{}, t.explain(now, leaf, certs[1:], err)
	}
	var best verified
	for _, chain := range chains {
		if e := t.checkChain(chain); e != nil {
			err = e
			continue
		}
		v := verified{leaf: leaf, chain: chain, notAfter: leaf.NotAfter}
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

// checkChain checks what x509 does not. How the identity CA itself is signed
// does not matter: it is believed because it was configured.
func (t *trust) checkChain(chain []*x509.Certificate) error {
	for i, c := range chain {
		if err := checkPublicKey(c.PublicKey); err != nil {
			return aboutCert(err, c)
		}
		if i < len(chain)-1 {
			if err := checkSignatureAlgorithm(c); err != nil {
				return err
			}
		}
		if (i > 0 || len(chain) == 1) && (!c.BasicConstraintsValid || !c.IsCA) {
			return notCA(c)
		}
	}
	return t.checkRevoked(chain)
}

func notCA(c *x509.Certificate) *spi.Refusal {
	r := unlike("basic constraints of "+quoteName(c.RawSubject), "CA:TRUE", "a certificate that is none of a CA")
	r.Remedy = "issue the CA's certificate with basicConstraints=critical,CA:TRUE"
	return r
}

// aboutCert adds to the refusal of a key whose it is.
func aboutCert(r *spi.Refusal, c *x509.Certificate) *spi.Refusal {
	r.Rule += " of " + quoteName(c.RawSubject)
	return r
}

// checkSignatureAlgorithm refuses certificates signed in a way that can be
// forged, or that no edition of DDS-Security has.
func checkSignatureAlgorithm(c *x509.Certificate) error {
	switch c.SignatureAlgorithm {
	case x509.SHA256WithRSA, x509.SHA384WithRSA, x509.SHA512WithRSA,
		x509.SHA256WithRSAPSS, x509.SHA384WithRSAPSS, x509.SHA512WithRSAPSS,
		x509.ECDSAWithSHA256, x509.ECDSAWithSHA384, x509.ECDSAWithSHA512:
		return nil
	}
	r := unlike("signature of "+quoteName(c.RawSubject), "RSA or ECDSA with SHA-256 or better", "%v", c.SignatureAlgorithm)
	r.Remedy = "issue the certificate again with -sha256"
	return r
}

// explain says what was expected and found where x509 says only what failed.
func (t *trust) explain(now time.Time, leaf *x509.Certificate, between []*x509.Certificate, err error) error {
	if r := lapsed(now, leaf); r != nil {
		return r
	}
	for _, c := range between {
		if r := lapsed(now, c); r != nil {
			return r
		}
	}
	for _, c := range t.cas {
		if r := lapsed(now, c); r != nil && string(c.RawSubject) == string(leaf.RawIssuer) {
			r.Document, r.Rule = t.file, "identity CA, "+r.Rule
			return r
		}
	}
	var invalid x509.CertificateInvalidError
	if errors.As(err, &invalid) {
		switch invalid.Reason {
		case x509.IncompatibleUsage:
			r := unlike("extended key usage of "+quoteName(leaf.RawSubject), "clientAuth or serverAuth, or no such extension", "%v", leaf.ExtKeyUsage)
			r.Remedy, r.Err = "issue it with extendedKeyUsage clientAuth,serverAuth, or with none", err
			return r
		case x509.NotAuthorizedToSign:
			r := notCA(invalid.Cert)
			r.Err = err
			return r
		}
	}
	return t.unknownIssuer(leaf, between, err)
}

// unknownIssuer is the refusal of a certificate that leads to no identity CA.
func (t *trust) unknownIssuer(leaf *x509.Certificate, between []*x509.Certificate, err error) *spi.Refusal {
	var names []string
	r := &spi.Refusal{
		Rule:   "issuer of " + quoteName(leaf.RawSubject),
		Remedy: "take the certificate of the CA that issued it as identity CA, and put intermediates behind the participant's certificate",
		Err:    err,
	}
	like, same := "", false
	issuers := []*x509.Certificate{leaf}
	for _, c := range between {
		if string(c.RawSubject) == string(leaf.RawIssuer) {
			switch {
			case !c.BasicConstraintsValid || !c.IsCA:
				return notCA(c)
			case c.KeyUsage != 0 && c.KeyUsage&x509.KeyUsageCertSign == 0:
				r := unlike("key usage of "+quoteName(c.RawSubject), "keyCertSign", "a CA that may not sign certificates")
				r.Remedy = "issue the CA's certificate with keyUsage keyCertSign,cRLSign"
				return r
			}
		}
		issuers = append(issuers, c)
	}
	for _, ca := range t.cas {
		names = append(names, quoteName(ca.RawSubject))
		for _, c := range issuers {
			if s := nearly(ca.RawSubject, c.RawIssuer); s != "" {
				like = s
			}
			if string(ca.RawSubject) == string(c.RawIssuer) {
				same = true
				if !ca.BasicConstraintsValid || !ca.IsCA {
					return notCA(ca)
				}
			}
		}
	}
	if len(names) > 4 {
		names = append(slices.Clone(names[:4]), "others")
	}
	r.Expected = "the identity CA " + strings.Join(names, " or ") + " (" + t.file + ")"
	r.Found = quoteName(leaf.RawIssuer)
	switch {
	case same:
		r.Found += ", a CA of that name with another key"
	case like != "":
		r.Found += ": " + like
	}
	return r
}

// lapsed reports a certificate that is not valid at now.
func lapsed(now time.Time, c *x509.Certificate) *spi.Refusal {
	switch {
	case now.Before(c.NotBefore):
		return &spi.Refusal{Rule: "validity of " + quoteName(c.RawSubject),
			Expected: "a certificate in force", Found: fmt.Sprintf("one that is not valid before %s; it is %s now", stamp(c.NotBefore), stamp(now)),
			Remedy: "wait, or set the clock right"}
	case now.After(c.NotAfter):
		return &spi.Refusal{Rule: "validity of " + quoteName(c.RawSubject),
			Expected: "a certificate in force", Found: fmt.Sprintf("one that has expired on %s; it is %s now", stamp(c.NotAfter), stamp(now)),
			Remedy: "have it issued again, or set the clock right"}
	}
	return nil
}
