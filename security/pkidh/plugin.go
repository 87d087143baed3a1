package pkidh

import (
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

// A Plugin is DDS:Auth:PKI-DH with one set of credentials. It is immutable.
type Plugin struct {
	files Config // names only
	cfg   Config // settings only: no files, no key, no password
	trust *trust
	certs []*x509.Certificate // ours, then its intermediates
	key   crypto.Signer
}

var (
	_ spi.Authentication  = (*Plugin)(nil)
	_ spi.IdentityRenewer = (*Plugin)(nil)
)

// New parses the credentials. Whether they are valid and fit each other,
// ValidateLocalIdentity tells. The error names the file at fault.
func New(cfg Config) (*Plugin, error) {
	files := cfg.names()
	p := &Plugin{files: files, cfg: Config{
		KeyAgreement: cfg.KeyAgreement, AnnounceAlgorithms: cfg.AnnounceAlgorithms,
		LegacyAlgorithmNames: cfg.LegacyAlgorithmNames, Logging: cfg.Logging,
	}}
	switch cfg.KeyAgreement {
	case "", agreeECDH, agreeDH, agreeP384:
	default:
		return nil, unlike("KeyAgreement", agreeNames, "%q", cfg.KeyAgreement)
	}
	cas, err := parseCerts(cfg.IdentityCA, 0)
	if err != nil {
		return nil, unread(files.IdentityCAFile, "the PEM of the CA that issues the participants' certificates", err)
	}
	if p.certs, err = parseCerts(cfg.Certificate, maxChain); err != nil {
		return nil, unread(files.CertificateFile, "the PEM of the participant's certificate", err)
	}
	if p.key, err = parseKey(cfg.PrivateKey, cfg.Password); err != nil {
		return nil, unread(files.PrivateKeyFile, "", err)
	}
	p.trust = newTrust(files.IdentityCAFile, cas)
	if len(cfg.CRL) == 0 {
		return p, nil
	}
	crls, err := parseCRLs(cfg.CRL)
	if err == nil {
		err = p.trust.addCRLs(crls, p.certs[1:])
	}
	if err != nil {
		return nil, unread(files.CRLFile, "", err)
	}
	return p, nil
}

// unread is the error of a file that cannot be used.
func unread(file, expected string, err error) error {
	var r *spi.Refusal
	if errors.As(err, &r) {
		return at(file, err)
	}
	return &spi.Refusal{Document: file, Expected: expected, Err: err}
}

// ValidateLocalIdentity implements spi.Authentication. DDS-Security 1.1, 8.3.2.
func (p *Plugin) ValidateLocalIdentity(now time.Time, domain uint32, candidate rtps.GUID) (spi.LocalIdentity, error) {
	return p.newIdentity(now, func(subject []byte) (rtps.GUID, error) { return adjustGUID(subject, candidate), nil })
}

// RenewLocalIdentity implements spi.IdentityRenewer.
func (p *Plugin) RenewLocalIdentity(now time.Time, domain uint32, guid rtps.GUID) (spi.LocalIdentity, error) {
	return p.newIdentity(now, func(subject []byte) (rtps.GUID, error) {
		if !guidFits(guid, subject) {
			return guid, &spi.Refusal{
				Document: p.files.CertificateFile, Rule: "subject",
				Expected: fmt.Sprintf("the subject that the GUID of participant %v was made of, in the same order and encoding", guid),
				Found:    quoteName(subject), Remedy: "renew the certificate for the same subject; another subject is another participant",
			}
		}
		return guid, nil
	})
}

func (p *Plugin) newIdentity(now time.Time, guidOf func(subject []byte) (rtps.GUID, error)) (spi.LocalIdentity, error) {
	v, err := p.check(now)
	if err != nil {
		return nil, err
	}
	guid, err := guidOf(v.leaf.RawSubject)
	if err != nil {
		return nil, err
	}
	if p.cfg.Logging != nil {
		for _, w := range p.Warnings(now) {
			p.cfg.Logging.Log(spi.SecurityEvent{Time: now, Severity: spi.SeverityWarning, Plugin: "authentication",
				What: "credentials need attention", Local: guid, Subject: nameText(v.leaf.RawSubject), Err: w})
		}
	}
	return &identity{
		p:          p,
		v:          v,
		guid:       guid,
		cid:        appendCertPEM(nil, p.sent()),
		algorithms: newAlgorithms(p.cfg, &v),
	}, nil
}

// Check reports whether the credentials are valid at now and fit each other.
func (p *Plugin) Check(now time.Time) error {
	_, err := p.check(now)
	return err
}

func (p *Plugin) check(now time.Time) (verified, error) {
	v, err := p.trust.verify(now, p.certs)
	if err != nil {
		return v, at(p.files.CertificateFile, err)
	}
	pub, ok := v.leaf.PublicKey.(interface{ Equal(crypto.PublicKey) bool })
	if !ok || !pub.Equal(p.key.Public()) {
		return v, &spi.Refusal{
			Document: p.files.PrivateKeyFile, Rule: "private key",
			Expected: fmt.Sprintf("the key of the first certificate in %s, %s", p.files.CertificateFile, quoteName(v.leaf.RawSubject)),
			Found:    "another", Remedy: "take the key the certificate's request was made with",
		}
	}
	return v, nil
}

// sent returns the certificates that peers are given: ours, and the
// intermediates they may need to get to a CA of theirs. Roots they have, or do
// not believe.
func (p *Plugin) sent() []*x509.Certificate {
	out := p.certs[:1:1]
	for _, c := range p.certs[1:] {
		if string(c.RawIssuer) != string(c.RawSubject) {
			out = append(out, c)
		}
	}
	return out
}

// soon is how long before a certificate lapses Warnings tells of it: a month, or
// a third of the time it is valid for, where that is less.
func soon(c *x509.Certificate) time.Duration {
	return min(30*24*time.Hour, c.NotAfter.Sub(c.NotBefore)/3)
}

// Warnings returns what does not keep a participant from running at now but
// will, or should be seen to: revocation lists that should have been replaced,
// certificates about to lapse. Each is a *spi.Refusal.
func (p *Plugin) Warnings(now time.Time) (w []error) {
	for _, r := range p.trust.outdated(now) {
		w = append(w, at(p.files.CRLFile, r))
	}
	for _, c := range p.certs {
		if left := c.NotAfter.Sub(now); left >= 0 && left < soon(c) {
			w = append(w, &spi.Refusal{Document: p.files.CertificateFile, Rule: "validity of " + quoteName(c.RawSubject),
				Expected: "one that is valid for some time yet", Found: "it expires on " + stamp(c.NotAfter), Remedy: "renew it"})
		}
	}
	return w
}
