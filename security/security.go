// Package security puts the built-in plugins of DDS-Security together:
// DDS:Auth:PKI-DH, DDS:Access:Permissions and DDS:Crypto:AES-GCM-GMAC.
//
//	sec, err := security.FromEnclave("keystore/enclaves/talker")
//	p, err := dds.NewParticipant(0, dds.Config{Security: sec})
//
// It is a shell around plugins: it reads files, and reads them again when they
// change while a participant lives, so that certificates, permissions and
// revocation lists can be renewed without a restart. Whatever is missing or
// wrong is an error; nothing ever falls back to less security.
package security

import (
	"fmt"
	"io/fs"
	"time"

	"github.com/secdds/dds/security/aesgcm"
	"github.com/secdds/dds/security/permissions"
	"github.com/secdds/dds/security/pkidh"
	"github.com/secdds/dds/spi"
)

// A File is the contents of a file and its name, which error messages use.
type File struct {
	Name string
	Data []byte

	path     string      // where it was read from; "": it is not watched
	property string      // which named it; "": it is of an enclave
	optional bool        // it need not be there
	info     fs.FileInfo // when it was read; nil: it was not there
}

// A Config holds the credentials and documents of a participant. All files but
// CRL are required, unless there is nothing but a PreSharedKey.
type Config struct {
	IdentityCA    File   // PEM: the CA that issues the participants' certificates
	Certificate   File   // PEM: the participant's certificate
	PrivateKey    File   // PEM: its private key
	Password      string // of the private key, if it is encrypted
	CRL           File   // PEM or DER: revoked certificates of the identity CA; optional
	PermissionsCA File   // PEM: the CA that signs the documents
	Governance    File   // S/MIME: what is protected
	Permissions   File   // S/MIME: what the participant may do

	KeyAgreement         string // what is proposed to peers: see pkidh.Config
	AnnounceAlgorithms   bool   // the algorithm masks of DDS-Security 1.2: see pkidh.Config
	LegacyAlgorithmNames bool   // as Fast DDS before 2.12 wants them: see pkidh.Config
	KeySize              int    // of our keys: see aesgcm.Config
	MaxBlocksPerSession  uint64 // under one session key: see aesgcm.Config

	// WatchInterval is how often the files that ReadEnclave or ReadProperties
	// read are looked at for changes while a participant lives. If zero, 5
	// seconds; if negative, never.
	WatchInterval time.Duration

	PreSharedKey spi.PreSharedKey // nil: none. See package psk; needed if the governance document asks for it.

	Logging spi.Logging     // nil: security events are not logged. See package seclog.
	Tagging spi.DataTagging // nil: endpoints carry the data tags of their QoS. See package tagging.
}

// New parses and verifies the credentials and documents and returns the
// plugins. The error names the file, what is wrong with it and how to mend it.
// What depends on the time and the domain is checked when a participant is made.
//
// Files that ReadEnclave and ReadProperties have read are watched: see Watch of
// [spi.Security]. When all of them fit each other again after a change, the set
// made of them replaces this one. Until then what is wrong is told once.
func New(cfg Config) (*spi.Security, error) {
	s, _, err := build(cfg)
	if err == nil {
		s.Watch = watchPSK(watchFiles(cfg), cfg.PreSharedKey)
	}
	return s, err
}

// build makes a set that is not watched.
func build(cfg Config) (*spi.Security, *pkidh.Plugin, error) {
	if cfg.empty() && cfg.PreSharedKey != nil {
		return &spi.Security{PreSharedKey: cfg.PreSharedKey, Logging: cfg.Logging, Tagging: cfg.Tagging}, nil, nil
	}
	for _, f := range cfg.required() {
		if len(f.Data) == 0 {
			return nil, nil, fmt.Errorf("security: %s is empty or missing: expected %s", f.name(), f.what)
		}
	}
	if cfg.CRL.info != nil && len(cfg.CRL.Data) == 0 {
		// Whoever made the file wanted something revoked.
		return nil, nil, fmt.Errorf("security: %s is empty: expected a revocation list (PEM or DER); remove the file if there is none", cfg.CRL.Name)
	}
	auth, err := pkidh.New(pkidh.Config{
		IdentityCA: cfg.IdentityCA.Data, IdentityCAFile: cfg.IdentityCA.Name,
		Certificate: cfg.Certificate.Data, CertificateFile: cfg.Certificate.Name,
		PrivateKey: cfg.PrivateKey.Data, PrivateKeyFile: cfg.PrivateKey.Name,
		CRL: cfg.CRL.Data, CRLFile: cfg.CRL.Name,
		Password: cfg.Password, KeyAgreement: cfg.KeyAgreement, AnnounceAlgorithms: cfg.AnnounceAlgorithms,
		LegacyAlgorithmNames: cfg.LegacyAlgorithmNames, Logging: cfg.Logging,
	})
	if err != nil {
		return nil, nil, fmt.Errorf("security: %w", err)
	}
	access, err := permissions.New(permissions.Config{
		PermissionsCA: cfg.PermissionsCA.Data, PermissionsCAFile: cfg.PermissionsCA.Name,
		Governance: cfg.Governance.Data, GovernanceFile: cfg.Governance.Name,
		Permissions: cfg.Permissions.Data, PermissionsFile: cfg.Permissions.Name,
	})
	if err != nil {
		return nil, nil, fmt.Errorf("security: %w", err)
	}
	return &spi.Security{
		Authentication: auth,
		AccessControl:  access,
		Cryptography:   aesgcm.New(aesgcm.Config{KeySize: cfg.KeySize, MaxBlocksPerSession: cfg.MaxBlocksPerSession}),
		PreSharedKey:   cfg.PreSharedKey,
		Logging:        cfg.Logging,
		Tagging:        cfg.Tagging,
	}, auth, nil
}

// files returns all of cfg's files.
func (cfg *Config) files() []*File {
	return []*File{&cfg.IdentityCA, &cfg.Certificate, &cfg.PrivateKey, &cfg.PermissionsCA, &cfg.Governance, &cfg.Permissions, &cfg.CRL}
}

// empty reports whether cfg has no file at all.
func (cfg *Config) empty() bool {
	for _, f := range cfg.files() {
		if f.path != "" || f.Name != "" || len(f.Data) > 0 {
			return false
		}
	}
	return true
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
