package pkidh

// A Config holds the credentials of the local participants.
type Config struct {
	IdentityCA  []byte // PEM: one or more CA certificates that peers must chain to
	Certificate []byte // PEM: our certificate, then its intermediates if there are any
	PrivateKey  []byte // PEM: PKCS#8, SEC 1 or PKCS#1; may be encrypted
	CRL         []byte // PEM or DER: revocation lists of the identity CA; empty: none
	Password    string // of PrivateKey, when it is encrypted

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
