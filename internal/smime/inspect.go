package smime

import (
	"bytes"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"math/big"
	"time"

	"github.com/smallstep/pkcs7"
)

// A Form is how a document is signed.
type Form struct {
	Opaque       bool   // the document is inside the signature: application/pkcs7-mime
	Text         bool   // the signed part has a text/plain header
	Attributes   bool   // the signature has signed attributes
	Digest       string // "SHA-256", or an object identifier
	Signers      int
	Issuer       pkix.RDNSequence // of the first signer's certificate
	Serial       *big.Int         // of the first signer's certificate; nil: no signer
	Time         time.Time        // that the first signer says it was signed at; zero: it does not say
	Certificates int              // in the signature; they count for nothing
	Line         int              // of the file, where the document begins; 0: it is not in clear
}

// Inspect tells how doc is signed and returns the document in it. Nothing is
// verified.
func Inspect(doc []byte) (Form, []byte, error) {
	signed, content, der, err := Split(doc)
	if err != nil {
		return Form{}, nil, err
	}
	p7, err := parse(der)
	if err != nil {
		return Form{}, nil, err
	}
	f := Form{Opaque: len(p7.Content) > 0, Text: len(content) < len(signed), Signers: len(p7.Signers), Certificates: len(p7.Certificates)}
	if !f.Opaque {
		all := canonical(doc)
		if i := bytes.Index(all, content); i >= 0 && len(content) > 0 {
			f.Line = 1 + bytes.Count(all[:i], []byte("\n"))
		}
	}
	if len(p7.Signers) == 0 {
		return f, content, nil
	}
	s := p7.Signers[0]
	f.Attributes = len(s.AuthenticatedAttributes) > 0
	f.Serial = s.IssuerAndSerialNumber.SerialNumber
	// An issuer that does not parse stays empty: it is for people to read.
	_, _ = asn1.Unmarshal(s.IssuerAndSerialNumber.IssuerName.FullBytes, &f.Issuer)
	switch oid := s.DigestAlgorithm.Algorithm; {
	case oid.Equal(pkcs7.OIDDigestAlgorithmSHA1):
		f.Digest = "SHA-1"
	case oid.Equal(pkcs7.OIDDigestAlgorithmSHA256):
		f.Digest = "SHA-256"
	case oid.Equal(pkcs7.OIDDigestAlgorithmSHA384):
		f.Digest = "SHA-384"
	case oid.Equal(pkcs7.OIDDigestAlgorithmSHA512):
		f.Digest = "SHA-512"
	default:
		f.Digest = fmt.Sprint(oid)
	}
	for _, a := range s.AuthenticatedAttributes {
		if a.Type.Equal(pkcs7.OIDAttributeSigningTime) {
			_, _ = asn1.Unmarshal(a.Value.Bytes, &f.Time)
		}
	}
	return f, content, nil
}
