package smime

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"time"

	"github.com/smallstep/pkcs7"
)

// Verify checks that doc is signed with the key of ca and returns the document
// that was signed.
//
// The one signer must be ca itself, named by issuer and serial number.
// Certificates inside the document are ignored and no chain is built: a
// certificate that ca has issued, such as a participant's, cannot sign
// documents (CVE-2023-24010, CVE-2023-24011, CVE-2023-24012).
//
// Signatures are RSA PKCS#1 v1.5 or ECDSA with SHA-256, SHA-384 or SHA-512.
func Verify(doc []byte, ca *x509.Certificate) (content []byte, err error) {
	signed, content, der, err := Split(doc)
	if err != nil {
		return nil, err
	}
	p7, err := parse(der)
	if err != nil {
		return nil, err
	}
	if len(p7.Content) > 0 && !bytes.Equal(p7.Content, signed) {
		return nil, errors.New("signature: expected a detached signature, found one with another content inside")
	}
	p7.Content = signed
	if n := len(p7.Signers); n != 1 {
		return nil, fmt.Errorf("signature: expected exactly one signer, found %d", n)
	}
	s := p7.Signers[0]
	issuer, serial := s.IssuerAndSerialNumber.IssuerName.FullBytes, s.IssuerAndSerialNumber.SerialNumber
	if serial == nil || serial.Cmp(ca.SerialNumber) != 0 || !bytes.Equal(issuer, ca.RawIssuer) {
		return nil, fmt.Errorf("signer is not the permissions CA: expected the certificate of %q with serial number %x of issuer %q, found serial number %x of issuer %q; sign the document with the permissions CA's own key",
			ca.Subject, ca.SerialNumber, ca.Issuer, serial, nameText(issuer))
	}
	if err := checkAlgorithms(ca, s.DigestAlgorithm, s.DigestEncryptionAlgorithm); err != nil {
		return nil, err
	}
	if n := len(s.AuthenticatedAttributes); n > 0 {
		var contentType, digest int
		for _, a := range s.AuthenticatedAttributes {
			switch {
			case a.Type.Equal(pkcs7.OIDAttributeContentType):
				var kind asn1.ObjectIdentifier
				if _, err := asn1.Unmarshal(a.Value.Bytes, &kind); err == nil && kind.Equal(pkcs7.OIDData) {
					contentType++
				}
			case a.Type.Equal(pkcs7.OIDAttributeMessageDigest):
				digest++
			}
		}
		if contentType != 1 || digest != 1 { // RFC 5652, 11.1 and 11.2
			return nil, errors.New("signature: expected signed attributes with one content type (data) and one message digest")
		}
	}
	p7.Certificates = []*x509.Certificate{ca}
	if err := p7.VerifyWithChainAtTime(nil, time.Time{}); err != nil {
		var mismatch *pkcs7.MessageDigestMismatchError
		if errors.As(err, &mismatch) {
			return nil, errors.New("the document was changed after it was signed (its digest differs from the signed one); sign it again")
		}
		return nil, fmt.Errorf("signature does not verify with the key of the permissions CA %q: %w", ca.Subject, err)
	}
	return content, nil
}

// checkAlgorithms refuses everything but the algorithms in Verify's
// documentation; the library knows weaker ones.
func checkAlgorithms(ca *x509.Certificate, digest, signature pkix.AlgorithmIdentifier) error {
	in := func(oid asn1.ObjectIdentifier, list ...asn1.ObjectIdentifier) bool {
		for _, o := range list {
			if oid.Equal(o) {
				return true
			}
		}
		return false
	}
	if !in(digest.Algorithm, pkcs7.OIDDigestAlgorithmSHA256, pkcs7.OIDDigestAlgorithmSHA384, pkcs7.OIDDigestAlgorithmSHA512) {
		return fmt.Errorf("signature: expected digest SHA-256, SHA-384 or SHA-512, found %s; sign with -md sha256", digest.Algorithm)
	}
	var ok bool
	switch ca.PublicKey.(type) {
	case *rsa.PublicKey:
		ok = in(signature.Algorithm, pkcs7.OIDEncryptionAlgorithmRSA, pkcs7.OIDEncryptionAlgorithmRSASHA256,
			pkcs7.OIDEncryptionAlgorithmRSASHA384, pkcs7.OIDEncryptionAlgorithmRSASHA512)
	case *ecdsa.PublicKey:
		ok = in(signature.Algorithm, pkcs7.OIDDigestAlgorithmECDSASHA256, pkcs7.OIDDigestAlgorithmECDSASHA384,
			pkcs7.OIDDigestAlgorithmECDSASHA512)
	default:
		return fmt.Errorf("permissions CA %q: expected an RSA or EC key, found %s", ca.Subject, ca.PublicKeyAlgorithm)
	}
	if !ok {
		return fmt.Errorf("signature: expected RSA PKCS#1 v1.5 or ECDSA to fit the permissions CA's %s key, found algorithm %s",
			ca.PublicKeyAlgorithm, signature.Algorithm)
	}
	return nil
}

func nameText(der []byte) string {
	var rdn pkix.RDNSequence
	if rest, err := asn1.Unmarshal(der, &rdn); err != nil || len(rest) > 0 {
		return "(unreadable)"
	}
	return rdn.String()
}
