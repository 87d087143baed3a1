package keystore

import (
	"crypto/rsa"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Options says what Create makes. The zero value is sros2's.
type Options struct {
	Now           time.Time // of creation; zero: the clock's
	CommonName    string    // of the authority; empty: "sros2CA"
	Key           KeyKind   // of the authority and, by default, of identities
	SeparateCAs   bool      // one authority for identities, another one for permissions
	Governance    *Governance
	GovernanceXML []byte // the document itself, if Governance does not suffice
	// Force replaces a keystore that exists: its authorities and governance. The
	// enclaves in it are of no use then and have to be made anew.
	Force bool
}

// A Keystore is a folder of credentials and the authorities that sign them.
type Keystore struct {
	Dir           string
	IdentityCA    *Authority
	PermissionsCA *Authority

	key KeyKind
	now func() time.Time
}

// Create makes a new keystore in dir, which is made if it is missing and must
// not hold a keystore already. Private keys are readable by the owner only.
func Create(dir string, o Options) (*Keystore, error) {
	k := &Keystore{Dir: dir, key: o.Key, now: time.Now}
	if !o.Now.IsZero() {
		k.now = func() time.Time { return o.Now }
	}
	for _, f := range []string{k.path("private", "identity_ca.key.pem"), k.path("private", "ca.key.pem"), k.path("enclaves", "governance.p7s")} {
		if _, err := os.Lstat(f); !o.Force && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("create keystore: %s holds a keystore already: %s exists (or cannot be read: %v)", dir, f, err)
		}
	}
	for _, d := range []string{"public", "private", "enclaves"} {
		mode := fs.FileMode(0o755)
		if d == "private" {
			mode = 0o700
		}
		if err := os.MkdirAll(k.path(d), mode); err != nil {
			return nil, fmt.Errorf("create keystore: %w", err)
		}
	}
	if err := os.Chmod(k.path("private"), 0o700); err != nil { // it may have been there
		return nil, fmt.Errorf("create keystore: %w", err)
	}
	if err := k.makeAuthorities(o); err != nil {
		return nil, fmt.Errorf("create keystore: %w", err)
	}
	doc := o.GovernanceXML
	if doc == nil {
		g := SROS2Governance(Domains{})
		if o.Governance != nil {
			g = *o.Governance
		}
		doc = g.XML()
	}
	if err := k.SetGovernance(doc); err != nil {
		return nil, fmt.Errorf("create keystore: %w", err)
	}
	return k, nil
}

// Open reads the authorities of a keystore that exists.
func Open(dir string) (*Keystore, error) {
	k := &Keystore{Dir: dir, now: time.Now}
	var err error
	k.IdentityCA, err = LoadAuthority(k.path("public", "identity_ca.cert.pem"), k.path("private", "identity_ca.key.pem"))
	if err != nil {
		return nil, fmt.Errorf("open keystore: %w", err)
	}
	k.PermissionsCA, err = LoadAuthority(k.path("public", "permissions_ca.cert.pem"), k.path("private", "permissions_ca.key.pem"))
	if err != nil {
		return nil, fmt.Errorf("open keystore: %w", err)
	}
	if k.UsesRSA() {
		k.key = RSA2048
	}
	return k, nil
}

// SetGovernance signs a governance document, for every enclave.
func (k *Keystore) SetGovernance(xml []byte) error {
	return k.writeSigned(k.path("enclaves"), "governance", xml, k.PermissionsCA)
}

func (k *Keystore) path(elem ...string) string {
	return filepath.Join(append([]string{k.Dir}, elem...)...)
}

func (k *Keystore) makeAuthorities(o Options) error {
	name := o.CommonName
	if name == "" {
		name = "sros2CA"
	}
	ca, err := NewAuthority(name, k.now(), o.Key)
	if err != nil {
		return err
	}
	k.IdentityCA, k.PermissionsCA = ca, ca
	if !o.SeparateCAs {
		if err := k.writeAuthority("ca", ca); err != nil {
			return err
		}
		for _, role := range []string{"identity_ca", "permissions_ca"} {
			if err := link(k.path("public", "ca.cert.pem"), k.path("public", role+".cert.pem")); err != nil {
				return err
			}
			if err := link(k.path("private", "ca.key.pem"), k.path("private", role+".key.pem")); err != nil {
				return err
			}
		}
		return nil
	}
	if k.PermissionsCA, err = NewAuthority(name+"-permissions", k.now(), o.Key); err != nil {
		return err
	}
	if err := k.writeAuthority("identity_ca", k.IdentityCA); err != nil {
		return err
	}
	return k.writeAuthority("permissions_ca", k.PermissionsCA)
}

func (k *Keystore) writeAuthority(role string, a *Authority) error {
	key, err := a.KeyPEM()
	if err != nil {
		return err
	}
	if err := WriteFile(k.path("private", role+".key.pem"), key, modeKey, true); err != nil {
		return err
	}
	return WriteFile(k.path("public", role+".cert.pem"), a.CertPEM(), modePublic, true)
}

func (k *Keystore) writeSigned(dir, name string, xml []byte, ca *Authority) error {
	signed, err := ca.Sign(xml)
	if err != nil {
		return err
	}
	if err := WriteFile(filepath.Join(dir, name+".xml"), xml, modePublic, true); err != nil {
		return err
	}
	return WriteFile(filepath.Join(dir, name+".p7s"), signed, modePublic, true)
}

// UsesRSA reports whether the identity CA has an RSA key.
func (k *Keystore) UsesRSA() bool {
	_, ok := k.IdentityCA.Cert.PublicKey.(*rsa.PublicKey)
	return ok
}

// EnclaveFolders returns the folders of a keystore's enclaves, or of the one
// enclave that path is.
func EnclaveFolders(path string) ([]string, error) {
	if !isDir(path, "enclaves") || !isDir(path, "public") {
		return []string{path}, nil
	}
	k := &Keystore{Dir: path}
	paths, err := k.Enclaves()
	var dirs []string
	for _, p := range paths {
		dirs = append(dirs, k.path("enclaves", filepath.FromSlash(p)))
	}
	return dirs, err
}

// EnclaveOptions says what CreateEnclave makes. The zero value is an identity
// that may publish and subscribe everything for ten years.
type EnclaveOptions struct {
	Subject             pkix.Name // of the certificate; empty: CN = the enclave's path
	NotBefore, NotAfter time.Time // of certificate and permissions; zero: a day ago, in ten years
	Key                 *KeyKind  // nil: as the authority's

	Rules        []Rule // nil: AllowAll
	DefaultAllow bool
	// Permissions is a whole document, instead of Rules.
	Permissions []byte
	// PermissionsNotBefore and PermissionsNotAfter differ from the
	// certificate's if not zero: tests make lapsed permissions with them.
	PermissionsNotBefore, PermissionsNotAfter time.Time

	// MustBeNew makes an enclave that exists an error.
	MustBeNew bool

	// IdentityCA and PermissionsCA sign instead of the keystore's authorities;
	// the enclave still names the keystore's. Tests make forgeries with them.
	IdentityCA, PermissionsCA *Authority
}

// CreateEnclave makes the credentials of one participant and returns their
// folder. path is the enclave's name such as "/talker_listener/talker".
// Credentials that exist are replaced.
func (k *Keystore) CreateEnclave(path string, o EnclaveOptions) (string, error) {
	path, dir, err := k.enclave(path)
	if err != nil {
		return "", fmt.Errorf("create enclave: %w", err)
	}
	for _, f := range []string{"cert.pem", "key.pem", "permissions.p7s"} {
		if _, err := os.Lstat(filepath.Join(dir, f)); o.MustBeNew && !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("create enclave %s: %s exists in %s (or cannot be read: %v)", path, f, dir, err)
		}
	}
	if err := k.fillEnclave(dir, path, o.withDefaults(k, path)); err != nil {
		return "", fmt.Errorf("create enclave %s: %w", path, err)
	}
	return dir, nil
}

// enclave returns the clean path of an enclave and its folder.
func (k *Keystore) enclave(name string) (path, dir string, err error) {
	path = "/" + strings.Trim(name, "/")
	for _, elem := range strings.Split(path[1:], "/") {
		if elem == ".." || elem == "." || (elem == "" && path != "/") {
			return "", "", fmt.Errorf("%q is no path of an enclave; expected one such as /talker", name)
		}
	}
	return path, k.path("enclaves", filepath.FromSlash(path)), nil
}

// Enclaves returns the paths of the keystore's enclaves: the folders that hold
// a certificate, a key or permissions.
func (k *Keystore) Enclaves() ([]string, error) {
	root := k.path("enclaves")
	var list []string
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		switch d.Name() {
		case "cert.pem", "key.pem", "permissions.p7s":
			rel, err := filepath.Rel(root, filepath.Dir(name))
			if err != nil {
				return err
			}
			path := "/" + filepath.ToSlash(rel)
			if path == "/." {
				path = "/"
			}
			if !slices.Contains(list, path) {
				list = append(list, path)
			}
		}
		return nil
	})
	slices.Sort(list)
	return list, err
}

func (o EnclaveOptions) withDefaults(k *Keystore, path string) EnclaveOptions {
	set := func(t *time.Time, v time.Time) {
		if t.IsZero() {
			*t = v
		}
	}
	now := k.now()
	set(&o.NotBefore, now.Add(-day))
	set(&o.NotAfter, now.Add(lifetime))
	set(&o.PermissionsNotBefore, o.NotBefore)
	set(&o.PermissionsNotAfter, o.NotAfter)
	if len(o.Subject.ToRDNSequence()) == 0 {
		o.Subject = pkix.Name{CommonName: path}
	}
	if o.Key == nil {
		o.Key = &k.key
	}
	if o.Rules == nil {
		o.Rules = []Rule{AllowAll()}
	}
	if o.IdentityCA == nil {
		o.IdentityCA = k.IdentityCA
	}
	if o.PermissionsCA == nil {
		o.PermissionsCA = k.PermissionsCA
	}
	if o.Permissions == nil {
		o.Permissions = PermissionsXML(Grant{
			Name: path, Subject: o.Subject.String(), NotBefore: o.PermissionsNotBefore,
			NotAfter: o.PermissionsNotAfter, Rules: o.Rules, DefaultAllow: o.DefaultAllow,
		})
	}
	return o
}

func (k *Keystore) fillEnclave(dir, path string, o EnclaveOptions) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	links := []string{k.path("public", "identity_ca.cert.pem"), k.path("public", "permissions_ca.cert.pem")}
	if path != "/" { // the root enclave lies beside the governance itself
		links = append(links, k.path("enclaves", "governance.p7s"))
	}
	if _, err := os.Stat(k.path("public", "crl.pem")); err == nil {
		links = append(links, k.path("public", "crl.pem"))
	}
	for _, target := range links {
		if err := link(target, filepath.Join(dir, filepath.Base(target))); err != nil {
			return err
		}
	}
	cert, key, err := o.IdentityCA.Issue(o.Subject, o.NotBefore, o.NotAfter, *o.Key)
	if err != nil {
		return err
	}
	if err := WriteFile(filepath.Join(dir, "key.pem"), key, modeKey, true); err != nil {
		return err
	}
	if err := WriteFile(filepath.Join(dir, "cert.pem"), cert, modePublic, true); err != nil {
		return err
	}
	return k.writeSigned(dir, "permissions", o.Permissions, o.PermissionsCA)
}
