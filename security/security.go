// Package security puts the built-in plugins of DDS-Security together:
// DDS:Auth:PKI-DH, DDS:Access:Permissions and DDS:Crypto:AES-GCM-GMAC.
//
//	sec, err := security.FromEnclave("keystore/enclaves/talker")
//	p, err := dds.NewParticipant(0, dds.Config{Security: sec})
//
// It is a shell around plugins: FromEnclave reads files, once. Whatever is
// missing or wrong is an error; nothing ever falls back to less security.
package security

import (
	"fmt"

	"github.com/secdds/dds/security/aesgcm"
	"github.com/secdds/dds/security/permissions"
	"github.com/secdds/dds/security/pkidh"
	"github.com/secdds/dds/spi"
)

// A File is the contents of a file and its name, which error messages use.
type File struct {
	Name string
	Data []byte
}

// A Config holds the credentials and documents of a participant. All files but
// CRL are required.
type Config struct {
	IdentityCA    File   // PEM: the CA that issues the participants' certificates
	Certificate   File   // PEM: the participant's certificate
	PrivateKey    File   // PEM: its private key
	Password      string // of the private key, if it is encrypted
	CRL           File   // PEM: revoked certificates of the identity CA; optional
	PermissionsCA File   // PEM: the CA that signs the documents
	Governance    File   // S/MIME: what is protected
	Permissions   File   // S/MIME: what the participant may do

	PreSharedKey spi.PreSharedKey // nil: none. See package psk; needed if the governance document asks for it.

	Logging spi.Logging     // nil: security events are not logged. See package seclog.
	Tagging spi.DataTagging // nil: endpoints carry the data tags of their QoS. See package tagging.
}

// New parses and verifies the credentials and documents and returns the
// plugins. The error names the file, what is wrong with it and how to mend it.
// What depends on the time and the domain is checked when a participant is made.
func New(cfg Config) (*spi.Security, error) {
	for _, f := range cfg.required() {
		if len(f.Data) == 0 {
			return nil, fmt.Errorf("security: %s is empty or missing: expected %s", f.name(), f.what)
		}
	}
	auth, err := pkidh.New(pkidh.Config{
		IdentityCA: cfg.IdentityCA.Data, IdentityCAFile: cfg.IdentityCA.Name,
		Certificate: cfg.Certificate.Data, CertificateFile: cfg.Certificate.Name,
		PrivateKey: cfg.PrivateKey.Data, PrivateKeyFile: cfg.PrivateKey.Name,
		CRL: cfg.CRL.Data, CRLFile: cfg.CRL.Name,
		Password: cfg.Password,
	})
	if err != nil {
		return nil, fmt.Errorf("security: %w", err)
	}
	access, err := permissions.New(permissions.Config{
		PermissionsCA: cfg.PermissionsCA.Data, PermissionsCAFile: cfg.PermissionsCA.Name,
		Governance: cfg.Governance.Data, GovernanceFile: cfg.Governance.Name,
		Permissions: cfg.Permissions.Data, PermissionsFile: cfg.Permissions.Name,
	})
	if err != nil {
		return nil, fmt.Errorf("security: %w", err)
	}
	return &spi.Security{
		Authentication: auth,
		AccessControl:  access,
		Cryptography:   aesgcm.New(aesgcm.Config{}),
		PreSharedKey:   cfg.PreSharedKey,
		Watch:          watchPSK(nil, cfg.PreSharedKey),
		Logging:        cfg.Logging,
		Tagging:        cfg.Tagging,
	}, nil
}

// A requirement is a file that must be there.
type requirement struct {
	File
	what string
}

func (r requirement) name() string {
	if r.Name == "" {
		return r.what
	}
	return r.Name
}

func (cfg *Config) required() []requirement {
	return []requirement{
		{cfg.IdentityCA, "the identity CA's certificate (PEM)"},
		{cfg.Certificate, "the participant's certificate (PEM)"},
		{cfg.PrivateKey, "the participant's private key (PEM)"},
		{cfg.PermissionsCA, "the permissions CA's certificate (PEM)"},
		{cfg.Governance, "a governance document signed by the permissions CA (S/MIME)"},
		{cfg.Permissions, "a permissions document signed by the permissions CA (S/MIME)"},
	}
}
