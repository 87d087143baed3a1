package keystore

import (
	"crypto/x509"

	"github.com/secdds/dds/internal/smime"
)

// VerifyDocument checks that a document is signed with the key of ca itself, as
// every participant does, and returns the XML. DDS-Security 1.1, 9.4.1.1.
func VerifyDocument(signed []byte, ca *x509.Certificate) (xml []byte, err error) {
	return smime.Verify(signed, ca)
}
