package keystore

import (
	"bytes"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/secdds/dds/governance"
	"github.com/secdds/dds/governance/lint"
)

// keystore looks at a whole keystore: its authorities, each enclave, and what
// the enclaves have to do with each other.
func (c *checker) keystore(dir string) error {
	k := &Keystore{Dir: dir}
	paths, err := k.Enclaves()
	if err != nil {
		return err
	}
	identity, _ := c.certificates(k.path("public", "identity_ca.cert.pem"), "make a new authority and issue all certificates anew")
	permissions, _ := c.certificates(k.path("public", "permissions_ca.cert.pem"), "make a new authority and sign all documents anew")
	c.private(k, identity, permissions)
	hasCRL := c.revocation(k.path("public", "crl.pem"), identity, nil, "")

	signed := k.path("enclaves", "governance.p7s")
	var rules *governance.Governance
	xml, file, line := c.document(signed, permissions)
	if xml != nil {
		if rules, err = governance.ParseGovernance(xml); err != nil {
			c.refused(file, line, err)
		}
	}
	var enclaves []checkedEnclave
	for _, path := range paths {
		_, dir, err := k.enclave(path)
		if err != nil {
			return err
		}
		e := c.enclave(dir)
		enclaves = append(enclaves, e)
		if identity != nil && e.identityCAs != nil && !sameCerts(identity, e.identityCAs) {
			c.fail(filepath.Join(dir, "identity_ca.cert.pem"), "other-authority", "it is not the keystore's identity CA", "link it to public/identity_ca.cert.pem")
		}
		if permissions != nil && e.permissionsCAs != nil && !sameCerts(permissions, e.permissionsCAs) {
			c.fail(filepath.Join(dir, "permissions_ca.cert.pem"), "other-authority", "it is not the keystore's permissions CA", "link it to public/permissions_ca.cert.pem")
		}
		if same, err := sameFiles(signed, filepath.Join(dir, "governance.p7s")); err == nil && !same {
			c.warning(filepath.Join(dir, "governance.p7s"), "other-authority", "it is not the keystore's governance: participants under different ones may not talk to each other", "link it to enclaves/governance.p7s, unless that is meant")
		}
		if hasCRL && !e.hasCRL {
			c.warning(filepath.Join(dir, "crl.pem"), "no-crl", "the keystore has a revocation list and this enclave has not: it lets revoked peers in", "link it to public/crl.pem")
		}
	}
	c.together(enclaves, rules, file, line)
	if len(paths) == 0 {
		c.add(lint.Info, k.path("enclaves"), "missing-file", "the keystore has no enclaves", "")
	}
	return nil
}

func sameFiles(a, b string) (bool, error) {
	x, err := readFile(a)
	if err != nil {
		return false, err
	}
	y, err := readFile(b)
	return bytes.Equal(x, y), err
}

// private looks at the authorities' keys. They need not be here: a keystore
// that has been handed out is better off without them.
func (c *checker) private(k *Keystore, identity, permissions []*x509.Certificate) {
	dir := k.path("private")
	st, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		c.add(lint.Info, dir, "missing-file", "the keystore has no authorities' keys: nothing can be issued or signed with it", "")
		return
	case err != nil:
		c.fail(dir, "unreadable", err.Error(), "")
		return
	case st.Mode().Perm()&0o077 != 0:
		c.fail(dir, "dir-mode", fmt.Sprintf("a folder of private keys with mode %04o: others than its owner can get at it", st.Mode().Perm()), "chmod 700")
	}
	for _, a := range []struct {
		name  string
		certs []*x509.Certificate
	}{{"identity_ca", identity}, {"permissions_ca", permissions}} {
		var cert *x509.Certificate
		if a.certs != nil {
			cert = a.certs[0]
		}
		c.key(k.path("private", a.name+".key.pem"), cert, k.path("public", a.name+".cert.pem"))
	}
}

// together looks at what can only be told of all enclaves.
func (c *checker) together(enclaves []checkedEnclave, rules *governance.Governance, file string, line int) {
	var subjects []governance.Name
	var members []lint.Member
	whole := len(enclaves) > 0 // all of them could be read
	for _, e := range enclaves {
		if e.cert == nil || e.permissions == nil {
			whole = false
			continue
		}
		if s, err := subjectName(e.cert); err == nil {
			subjects = append(subjects, s)
		}
		members = append(members, *e.permissions)
	}
	if !whole {
		return // what is missing might be what is looked for
	}
	for _, m := range members {
		for _, g := range m.Permissions.Grants {
			if !anyMatches(subjects, g.Subject) {
				l := g.Line
				if m.Line > 0 {
					l += m.Line - 1
				}
				c.list = append(c.list, lint.Finding{Severity: lint.Warning, File: m.File, Line: l, Rule: "subject-unknown",
					Problem: fmt.Sprintf("the grant for %s matches no certificate of the keystore", g.Subject), Mend: "remove it, or write the subject as the certificate has it"})
			}
		}
	}
	if rules != nil {
		c.list = append(c.list, lint.Unused(rules, file, line, members)...)
	}
}

func anyMatches(subjects []governance.Name, s governance.Name) bool {
	for _, have := range subjects {
		if s.Matches(have) {
			return true
		}
	}
	return false
}
