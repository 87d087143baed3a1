package pkidh

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
)

// maxChain is how many certificates of one file or peer are looked at.
const maxChain = 8

// parseCerts decodes the certificates in b, at most limit of them (0: all).
// Whatever else b holds, text or other PEM blocks, is skipped.
func parseCerts(b []byte, limit int) ([]*x509.Certificate, error) {
	var certs []*x509.Certificate
	for {
		var block *pem.Block
		block, b = pem.Decode(b)
		if block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			continue
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		if certs = append(certs, c); limit > 0 && len(certs) > limit {
			return nil, fmt.Errorf("more than %d certificates", limit)
		}
	}
	if len(certs) == 0 {
		return nil, errors.New(`no PEM block "CERTIFICATE" in it`)
	}
	return certs, nil
}

func appendCertPEM(b []byte, certs []*x509.Certificate) []byte {
	for _, c := range certs {
		b = append(b, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
	}
	return b
}

// parseCRLs decodes revocation lists: PEM blocks, or one in DER.
func parseCRLs(b []byte) ([]*x509.RevocationList, error) {
	if len(b) > 0 && b[0] == 0x30 {
		l, err := x509.ParseRevocationList(b)
		if err != nil {
			return nil, err
		}
		return []*x509.RevocationList{l}, nil
	}
	var lists []*x509.RevocationList
	for {
		var block *pem.Block
		block, b = pem.Decode(b)
		if block == nil {
			break
		}
		if block.Type != "X509 CRL" {
			continue
		}
		l, err := x509.ParseRevocationList(block.Bytes)
		if err != nil {
			return nil, err
		}
		lists = append(lists, l)
	}
	if len(lists) == 0 {
		return nil, errors.New(`no PEM block "X509 CRL" in it`)
	}
	return lists, nil
}

// trimNUL takes the NUL off that some vendors end texts with.
func trimNUL(b []byte) []byte { return bytes.TrimSuffix(b, []byte{0}) }
