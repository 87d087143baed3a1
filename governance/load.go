package governance

import (
	"crypto/x509"

	"github.com/secdds/dds/internal/smime"
)

// LoadGovernance verifies a signed governance document and reads it. It must
// be signed with the key of ca, the permissions CA. name is the file's, for
// error messages. An error is an *Error.
func LoadGovernance(signed []byte, ca *x509.Certificate, name string) (*Governance, error) {
	xml, err := smime.Verify(signed, ca)
	if err != nil {
		return nil, &Error{Document: name, Problem: "the signed document cannot be used", Err: err}
	}
	return parseGovernance(xml, name)
}

// LoadPermissions verifies a signed permissions document and reads it. See
// LoadGovernance.
func LoadPermissions(signed []byte, ca *x509.Certificate, name string) (*Permissions, error) {
	xml, err := smime.Verify(signed, ca)
	if err != nil {
		return nil, &Error{Document: name, Problem: "the signed document cannot be used", Err: err}
	}
	return parsePermissions(xml, name)
}
