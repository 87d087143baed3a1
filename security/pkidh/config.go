package pkidh

import (
	"fmt"
	"log/slog"

	"github.com/secdds/dds/spi"
)

// A Config holds the credentials of the local participants.
type Config struct {
	IdentityCA  []byte // PEM: one or more CA certificates that peers must chain to
	Certificate []byte // PEM: our certificate, then its intermediates if there are any
	PrivateKey  []byte // PEM: PKCS#8, SEC 1 or PKCS#1; may be encrypted
	CRL         []byte // PEM or DER: revocation lists of the identity CA; empty: none
	Password    string // of PrivateKey, when it is encrypted

	// KeyAgreement is what we propose as initiators: "ECDH+prime256v1-CEUM",
	// "DH+MODP-2048-256" or, to peers that announce it, "ECDHE-CEUM+P384". As
	// repliers we take what is proposed. If empty, P-384 when our certificate
	// is of that curve, P-256 otherwise.
	KeyAgreement string
	// AnnounceAlgorithms has the algorithm masks of DDS-Security 1.2 announced
	// even where all we need is in 1.1. They always are with P-384.
	AnnounceAlgorithms bool
	// LegacyAlgorithmNames has the identity token name algorithms of signatures
	// where it is to name keys, as Fast DDS before 2.12 wants it.
	LegacyAlgorithmNames bool

	Logging spi.Logging // takes what Warnings returns when an identity is made; nil: nobody does

	// Where the above came from: only for the text of errors. If empty,
	// "identity CA", "identity certificate", "private key" and "CRL".
	IdentityCAFile, CertificateFile, PrivateKeyFile, CRLFile string
}

// names returns the names of cfg's files, and nothing else of it.
func (cfg Config) names() Config {
	or := func(name, what string) string {
		if name == "" {
			return what
		}
		return what + " " + name
	}
	return Config{
		IdentityCAFile:  or(cfg.IdentityCAFile, "identity CA"),
		CertificateFile: or(cfg.CertificateFile, "identity certificate"),
		PrivateKeyFile:  or(cfg.PrivateKeyFile, "private key"),
		CRLFile:         or(cfg.CRLFile, "CRL"),
	}
}

// String says nothing of key and password, so that a Config that is logged as a
// whole gives nothing away.
func (cfg Config) String() string {
	n := cfg.names()
	return fmt.Sprintf("pkidh.Config{%s, %s, %s, %s}", n.IdentityCAFile, n.CertificateFile, n.PrivateKeyFile, n.CRLFile)
}

// GoString is String.
func (cfg Config) GoString() string { return cfg.String() }

// LogValue implements slog.LogValuer with String.
func (cfg Config) LogValue() slog.Value { return slog.StringValue(cfg.String()) }
