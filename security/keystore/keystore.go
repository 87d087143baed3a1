package keystore

import (
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
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
	if _, err := os.Lstat(k.path("private", "identity_ca.key.pem")); !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("create keystore: %s holds a keystore already (or cannot be read: %v)", dir, err)
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
			if err := os.Symlink("ca.cert.pem", k.path("public", role+".cert.pem")); err != nil {
				return err
			}
			if err := os.Symlink("ca.key.pem", k.path("private", role+".key.pem")); err != nil {
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
	if err := writeKey(k.path("private", role+".key.pem"), key); err != nil {
		return err
	}
	return os.WriteFile(k.path("public", role+".cert.pem"), a.CertPEM(), 0o644)
}

func (k *Keystore) writeSigned(dir, name string, xml []byte, ca *Authority) error {
	signed, err := ca.Sign(xml)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, name+".xml"), xml, 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, name+".p7s"), signed, 0o644)
}

// writeKey replaces a private key. The old file goes first: writing into it
// would keep whatever mode it has.
func writeKey(name string, key []byte) error {
	if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.WriteFile(name, key, 0o600)
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

	// IdentityCA and PermissionsCA sign instead of the keystore's authorities;
	// the enclave still names the keystore's. Tests make forgeries with them.
	IdentityCA, PermissionsCA *Authority
}

// CreateEnclave makes the credentials of one participant and returns their
// folder. path is the enclave's name such as "/talker_listener/talker".
// Credentials that exist are replaced.
func (k *Keystore) CreateEnclave(path string, o EnclaveOptions) (string, error) {
	path = "/" + strings.Trim(path, "/")
	for _, elem := range strings.Split(path[1:], "/") {
		if elem == ".." || elem == "." || (elem == "" && path != "/") {
			return "", fmt.Errorf("create enclave: %q is no path of an enclave; expected one such as /talker", path)
		}
	}
	dir := k.path("enclaves", filepath.FromSlash(path))
	if err := k.fillEnclave(dir, path, o.withDefaults(k, path)); err != nil {
		return "", fmt.Errorf("create enclave %s: %w", path, err)
	}
	return dir, nil
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
	for _, target := range links {
		rel, err := filepath.Rel(dir, target)
		if err != nil {
			return err
		}
		link := filepath.Join(dir, filepath.Base(target))
		if err := os.Remove(link); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err := os.Symlink(rel, link); err != nil {
			return err
		}
	}
	cert, key, err := o.IdentityCA.Issue(o.Subject, o.NotBefore, o.NotAfter, *o.Key)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "cert.pem"), cert, 0o644); err != nil {
		return err
	}
	if err := writeKey(filepath.Join(dir, "key.pem"), key); err != nil {
		return err
	}
	return k.writeSigned(dir, "permissions", o.Permissions, o.PermissionsCA)
}
