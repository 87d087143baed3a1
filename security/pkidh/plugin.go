package pkidh

import (
	"crypto"
	"crypto/x509"
	"fmt"
	"time"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

// A Plugin is DDS:Auth:PKI-DH with one set of credentials. It is immutable.
type Plugin struct {
	files Config // names only
	trust *trust
	certs []*x509.Certificate // ours, then its intermediates
	key   crypto.Signer
}

var _ spi.Authentication = (*Plugin)(nil)

// New parses the credentials. Whether they are valid and fit each other,
// ValidateLocalIdentity tells. The error names the file at fault.
func New(cfg Config) (*Plugin, error) {
	files := cfg.names()
	cas, err := parseCerts(cfg.IdentityCA, 0)
	if err != nil {
		return nil, fmt.Errorf("%s: %w; want the PEM of the CA that issues the participants' certificates", files.IdentityCAFile, err)
	}
	certs, err := parseCerts(cfg.Certificate, maxChain)
	if err != nil {
		return nil, fmt.Errorf("%s: %w; want the PEM of the participant's certificate", files.CertificateFile, err)
	}
	key, err := parseKey(cfg.PrivateKey, cfg.Password)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", files.PrivateKeyFile, err)
	}
	var crls []*x509.RevocationList
	if len(cfg.CRL) > 0 {
		if crls, err = parseCRLs(cfg.CRL); err != nil {
			return nil, fmt.Errorf("%s: %w", files.CRLFile, err)
		}
	}
	return &Plugin{files: files, trust: newTrust(cas, crls), certs: certs, key: key}, nil
}

// ValidateLocalIdentity implements spi.Authentication. DDS-Security 1.1, 8.3.2.
func (p *Plugin) ValidateLocalIdentity(now time.Time, domain uint32, candidate rtps.GUID) (spi.LocalIdentity, error) {
	v, err := p.trust.verify(now, p.certs)
	if err != nil {
		return nil, fmt.Errorf("%s, checked against %s: %w", p.files.CertificateFile, p.files.IdentityCAFile, err)
	}
	pub, ok := v.leaf.PublicKey.(interface{ Equal(crypto.PublicKey) bool })
	if !ok || !pub.Equal(p.key.Public()) {
		return nil, fmt.Errorf("%s is not the key of the first certificate in %s, %q: take the key its request was made with",
			p.files.PrivateKeyFile, p.files.CertificateFile, nameText(v.leaf.RawSubject))
	}
	return &identity{
		p:    p,
		v:    v,
		guid: adjustGUID(v.leaf.RawSubject, candidate),
		cid:  appendCertPEM(nil, p.certs),
	}, nil
}
