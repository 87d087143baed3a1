package keystore

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/secdds/dds/governance"
	"github.com/secdds/dds/internal/smime"
)

// RenewOptions says how RenewEnclave renews.
type RenewOptions struct {
	NewKey   bool          // make a new key pair, of the same kind; otherwise the key stays
	Validity time.Duration // of certificate and permissions, from now on; zero: ten years
}

// Renewed tells what RenewEnclave made.
type Renewed struct {
	OldSerial, Serial   string // hexadecimal
	NotBefore, NotAfter time.Time
}

// RenewEnclave gives an enclave a new certificate with the same subject and,
// unless o says otherwise, the same key, and its permissions a new validity.
//
// Everything is made before anything is replaced, and each file is replaced at
// once. Between two of them a reader may see the new one beside an old one:
// only with a new key does that matter, and reading again helps.
func (k *Keystore) RenewEnclave(path string, o RenewOptions) (Renewed, error) {
	path, dir, err := k.enclave(path)
	if err != nil {
		return Renewed{}, fmt.Errorf("renew: %w", err)
	}
	done, err := k.renew(dir, o)
	if err != nil {
		return Renewed{}, fmt.Errorf("renew %s: %w", path, err)
	}
	return done, nil
}

func (k *Keystore) renew(dir string, o RenewOptions) (Renewed, error) {
	old, err := readCertificate(filepath.Join(dir, "cert.pem"))
	if err != nil {
		return Renewed{}, err
	}
	if err := old.CheckSignatureFrom(k.IdentityCA.Cert); err != nil {
		return Renewed{}, fmt.Errorf("%s is not signed by the keystore's identity CA: %w", filepath.Join(dir, "cert.pem"), err)
	}
	now := k.now()
	if o.Validity == 0 {
		o.Validity = lifetime
	}
	if o.Validity < 0 {
		return Renewed{}, fmt.Errorf("expected a validity of more than 0, found %v", o.Validity)
	}
	done := Renewed{OldSerial: serialText(old), NotBefore: now.Add(-day), NotAfter: now.Add(o.Validity)}
	var b batch
	defer b.drop()
	pub := old.PublicKey
	if o.NewKey {
		kind := P256
		if _, ok := pub.(*rsa.PublicKey); ok {
			kind = RSA2048
		}
		key, err := newKey(kind)
		if err != nil {
			return Renewed{}, err
		}
		text, err := keyPEM(key)
		if err != nil {
			return Renewed{}, err
		}
		if err := b.add(filepath.Join(dir, "key.pem"), text, modeKey); err != nil {
			return Renewed{}, err
		}
		pub = key.Public()
	}
	cert, err := k.IdentityCA.certify(&x509.Certificate{RawSubject: old.RawSubject, NotBefore: done.NotBefore, NotAfter: done.NotAfter}, pub)
	if err != nil {
		return Renewed{}, err
	}
	if err := b.add(filepath.Join(dir, "cert.pem"), cert, modePublic); err != nil {
		return Renewed{}, err
	}
	doc, signed, err := k.renewPermissions(filepath.Join(dir, "permissions.p7s"), old, done.NotBefore, done.NotAfter)
	if err != nil {
		return Renewed{}, err
	}
	if err := errors.Join(b.add(filepath.Join(dir, "permissions.xml"), doc, modePublic),
		b.add(filepath.Join(dir, "permissions.p7s"), signed, modePublic)); err != nil {
		return Renewed{}, err
	}
	if parsed, err := ParseCertificate(cert); err == nil {
		done.Serial = serialText(parsed)
	}
	return done, b.commit()
}

func (k *Keystore) renewPermissions(name string, cert *x509.Certificate, notBefore, notAfter time.Time) (doc, signed []byte, err error) {
	old, err := readFile(name)
	if err != nil {
		return nil, nil, err
	}
	// What somebody else has written is not signed unseen.
	if doc, err = smime.Verify(old, k.PermissionsCA.Cert); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", name, err)
	}
	doc = bytes.ReplaceAll(doc, []byte("\r\n"), []byte("\n"))
	subject, err := subjectName(cert)
	if err != nil {
		return nil, nil, err
	}
	if doc, err = setValidity(doc, subject, notBefore, notAfter); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", name, err)
	}
	if _, err := governance.ParsePermissions(doc); err != nil {
		return nil, nil, err
	}
	if signed, err = k.PermissionsCA.Sign(doc); err != nil {
		return nil, nil, err
	}
	return doc, signed, nil
}

// setValidity replaces the validity of the subject's grants in a permissions
// document and leaves everything else in it as it is.
func setValidity(doc []byte, subject governance.Name, notBefore, notAfter time.Time) ([]byte, error) {
	type edit struct {
		from, to int64
		text     string
	}
	var edits, pending []edit
	var path []string
	var text strings.Builder
	var ours bool
	var from int64
	d := xml.NewDecoder(bytes.NewReader(doc))
	for {
		begin := d.InputOffset()
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			path = append(path, tok.Name.Local)
			text.Reset()
			from = d.InputOffset()
			if tok.Name.Local == "grant" {
				pending, ours = nil, false
			}
		case xml.CharData:
			text.Write(tok)
		case xml.EndElement:
			switch strings.Join(path, "/") {
			case "dds/permissions/grant/subject_name":
				name, err := governance.ParseName(strings.TrimSpace(text.String()))
				ours = err == nil && name.Matches(subject)
			case "dds/permissions/grant/validity/not_before":
				pending = append(pending, edit{from, begin, notBefore.UTC().Format("2006-01-02T15:04:05")})
			case "dds/permissions/grant/validity/not_after":
				pending = append(pending, edit{from, begin, notAfter.UTC().Format("2006-01-02T15:04:05")})
			case "dds/permissions/grant":
				if ours {
					edits = append(edits, pending...)
				}
			}
			path = path[:len(path)-1]
		}
	}
	if len(edits) == 0 {
		return nil, fmt.Errorf("no grant for subject %s", subject)
	}
	for _, e := range slices.Backward(edits) {
		doc = slices.Concat(doc[:e.from], []byte(e.text), doc[e.to:])
	}
	return doc, nil
}

func serialText(c *x509.Certificate) string { return fmt.Sprintf("%x", c.SerialNumber) }
