package keystore

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"path/filepath"
)

// Revoke adds the certificate of an enclave to the keystore's revocation list,
// public/crl.pem, and links the list into every enclave as crl.pem, where
// participants look for it. It returns the serial number in hexadecimal. An
// enclave that is copied elsewhere needs the new list, too.
func (k *Keystore) Revoke(path string) (serial string, err error) {
	path, dir, err := k.enclave(path)
	if err != nil {
		return "", fmt.Errorf("revoke: %w", err)
	}
	cert, err := readCertificate(filepath.Join(dir, "cert.pem"))
	if err != nil {
		return "", fmt.Errorf("revoke %s: %w", path, err)
	}
	if err := k.revoke(cert); err != nil {
		return "", fmt.Errorf("revoke %s: %w", path, err)
	}
	return serialText(cert), nil
}

func (k *Keystore) revoke(cert *x509.Certificate) error {
	if err := cert.CheckSignatureFrom(k.IdentityCA.Cert); err != nil {
		return fmt.Errorf("the certificate is not signed by the keystore's identity CA: %w", err)
	}
	name := k.path("public", "crl.pem")
	number, entries, err := k.readCRL(name)
	if err != nil {
		return err
	}
	now := k.now()
	known := false
	for _, e := range entries {
		known = known || e.SerialNumber.Cmp(cert.SerialNumber) == 0
	}
	if !known {
		entries = append(entries, x509.RevocationListEntry{SerialNumber: cert.SerialNumber, RevocationTime: now})
	}
	list, err := k.IdentityCA.crl(now, number.Add(number, big.NewInt(1)), entries)
	if err != nil {
		return err
	}
	if err := WriteFile(name, list, modePublic, true); err != nil {
		return err
	}
	paths, err := k.Enclaves()
	if err != nil {
		return err
	}
	for _, p := range paths {
		_, dir, err := k.enclave(p)
		if err != nil {
			return err
		}
		if err := link(name, filepath.Join(dir, "crl.pem")); err != nil {
			return err
		}
	}
	return nil
}

// readCRL returns the number and the entries of the keystore's list; where
// there is none yet, nothing.
func (k *Keystore) readCRL(name string) (*big.Int, []x509.RevocationListEntry, error) {
	text, err := readFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return new(big.Int), nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	lists, err := parseCRLs(text)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(lists) != 1 {
		return nil, nil, fmt.Errorf("%s: expected one revocation list, found %d", name, len(lists))
	}
	if err := checkCRL(lists[0], k.IdentityCA.Cert); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", name, err)
	}
	number := new(big.Int)
	if lists[0].Number != nil {
		number.Set(lists[0].Number)
	}
	return number, lists[0].RevokedCertificateEntries, nil
}

// checkCRL checks that ca has signed the list. sros2's authorities have no key
// usage, which allows everything.
func checkCRL(list *x509.RevocationList, ca *x509.Certificate) error {
	if err := list.CheckSignatureFrom(ca); err != nil {
		return fmt.Errorf("the revocation list is not signed by %q: %w", ca.Subject, err)
	}
	return nil
}

// parseCRLs decodes the revocation lists of a PEM text, or one in DER.
func parseCRLs(text []byte) ([]*x509.RevocationList, error) {
	if len(text) > 0 && text[0] == 0x30 {
		list, err := x509.ParseRevocationList(text)
		if err != nil {
			return nil, err
		}
		return []*x509.RevocationList{list}, nil
	}
	var lists []*x509.RevocationList
	for b, rest := pem.Decode(text); b != nil; b, rest = pem.Decode(rest) {
		if b.Type != "X509 CRL" {
			continue
		}
		list, err := x509.ParseRevocationList(b.Bytes)
		if err != nil {
			return nil, err
		}
		lists = append(lists, list)
	}
	if len(lists) == 0 {
		return nil, errors.New("no revocation list found: expected a PEM block X509 CRL")
	}
	return lists, nil
}
