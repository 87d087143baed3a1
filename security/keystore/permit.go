package keystore

import (
	"crypto/x509"
	"fmt"
	"path/filepath"
	"time"

	"github.com/secdds/dds/governance"
)

// PermissionsOptions says what SetPermissions grants.
type PermissionsOptions struct {
	Rules               []Rule // the first applicable one decides
	DefaultAllow        bool
	NotBefore, NotAfter time.Time // zero: those of the enclave's certificate
}

// SetPermissions signs new permissions for an enclave that exists, in place of
// those it has, and returns the document. They are granted to the subject of
// the enclave's certificate.
func (k *Keystore) SetPermissions(path string, o PermissionsOptions) (xml []byte, err error) {
	path, dir, err := k.enclave(path)
	if err != nil {
		return nil, fmt.Errorf("set permissions: %w", err)
	}
	cert, err := readCertificate(filepath.Join(dir, "cert.pem"))
	if err != nil {
		return nil, fmt.Errorf("set permissions of %s: %w", path, err)
	}
	subject, err := subjectName(cert)
	if err != nil {
		return nil, fmt.Errorf("set permissions of %s: %w", path, err)
	}
	if o.NotBefore.IsZero() {
		o.NotBefore = cert.NotBefore
	}
	if o.NotAfter.IsZero() {
		o.NotAfter = cert.NotAfter
	}
	if !o.NotBefore.Before(o.NotAfter) {
		return nil, fmt.Errorf("set permissions of %s: expected a validity that ends after it begins, found %s to %s", path, stamp(o.NotBefore), stamp(o.NotAfter))
	}
	xml = PermissionsXML(Grant{
		Name: path, Subject: subject.String(), NotBefore: o.NotBefore, NotAfter: o.NotAfter,
		Rules: o.Rules, DefaultAllow: o.DefaultAllow,
	})
	// What we would refuse ourselves is not signed.
	if _, err := governance.ParsePermissions(xml); err != nil {
		return nil, fmt.Errorf("set permissions of %s: %w", path, err)
	}
	if err := k.writeSigned(dir, "permissions", xml, k.PermissionsCA); err != nil {
		return nil, fmt.Errorf("set permissions of %s: %w", path, err)
	}
	return xml, nil
}

func readCertificate(name string) (*x509.Certificate, error) {
	text, err := readFile(name)
	if err != nil {
		return nil, err
	}
	cert, err := ParseCertificate(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return cert, nil
}

func subjectName(cert *x509.Certificate) (governance.Name, error) {
	return governance.NameFromDER(cert.RawSubject)
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
