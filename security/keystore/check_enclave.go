package keystore

import (
	"bytes"
	"crypto/x509"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/secdds/dds/governance"
	"github.com/secdds/dds/governance/lint"
	"github.com/secdds/dds/internal/smime"
)

// A checkedEnclave is what the check of a keystore needs of an enclave.
type checkedEnclave struct {
	identityCAs, permissionsCAs []*x509.Certificate
	cert                        *x509.Certificate // nil: there is none to look at
	certFile                    string
	governance                  *governance.Governance // nil: see cert
	permissions                 *lint.Member           // nil: see cert
	hasCRL                      bool
}

// enclave looks at one enclave.
func (c *checker) enclave(dir string) checkedEnclave {
	var e checkedEnclave
	at := func(name string) string { return filepath.Join(dir, name) }
	e.identityCAs, _ = c.certificates(at("identity_ca.cert.pem"), "make a new authority and issue all certificates anew")
	certs, certFile := c.certificates(at("cert.pem"), "renew it: `secdds keystore renew`")
	e.certFile = certFile
	if certs != nil {
		e.cert = certs[0]
	}
	c.key(at("key.pem"), e.cert, certFile)
	if certs != nil && e.identityCAs != nil {
		c.chain(certFile, certs, e.identityCAs)
	}
	if e.hasCRL = c.revocation(at("crl.pem"), e.identityCAs, certs, certFile); e.hasCRL {
		c.add(lint.Info, at("crl.pem"), "crl", "OpenDDS and RustDDS heed no revocation list; Cyclone DDS and Fast DDS do where they are told of it by property", "",
			lint.Cyclone, lint.Fast, lint.OpenDDS, lint.RustDDS)
	}

	var caFile string
	e.permissionsCAs, caFile = c.certificates(at("permissions_ca.cert.pem"), "make a new authority and sign all documents anew")
	if len(e.permissionsCAs) > 1 {
		c.warning(caFile, "certificate", fmt.Sprintf("%d certificates: Cyclone DDS and OpenDDS take one, and here the first one counts", len(e.permissionsCAs)), "keep only the one whose key signs the documents")
	}
	if xml, file, line := c.document(at("governance.p7s"), e.permissionsCAs); xml != nil {
		if g, err := governance.ParseGovernance(xml); err == nil { // else lint has told it
			g.Document = file
			e.governance = g
		} else {
			c.refused(file, line, err)
		}
	}
	if xml, file, line := c.document(at("permissions.p7s"), e.permissionsCAs); xml != nil {
		if p, err := governance.ParsePermissions(xml); err == nil {
			e.permissions = &lint.Member{File: file, Line: line, Permissions: p}
		} else {
			c.refused(file, line, err)
		}
	}
	if e.permissions != nil && e.cert != nil {
		c.grant(&e)
	}
	if e.permissions != nil && e.governance != nil {
		c.list = append(c.list, lint.Together(e.governance, *e.permissions)...)
	}
	return e
}

// refused tells that a document is not what its place asks for, such as
// permissions in the place of governance; lint takes either.
func (c *checker) refused(file string, line int, err error) {
	for _, f := range c.list {
		if f.File == file && f.Severity == lint.Error {
			return
		}
	}
	c.list = append(c.list, lint.Finding{Severity: lint.Error, File: file, Line: line, Rule: "refused", Problem: err.Error()})
}

// document verifies a signed document and looks at it. It returns the XML, nil
// where it is not to be trusted, with its place in the file.
func (c *checker) document(file string, cas []*x509.Certificate) (xml []byte, name string, line int) {
	signed, name, ok := c.read(file, false, false)
	if !ok {
		return nil, name, 0
	}
	c.list = append(c.list, lint.Document(c.now, name, signed)...)
	if cas == nil {
		return nil, name, 0
	}
	xml, err := smime.Verify(signed, cas[0])
	if err != nil {
		c.fail(name, "signature", err.Error(), "")
		return nil, name, 0
	}
	if _, line, err = lint.Open(signed); err != nil {
		return nil, name, 0
	}
	c.beside(name, xml)
	return xml, name, line
}

// beside looks at the .xml that is kept with a signed document: who changes it
// and forgets to sign it changes nothing.
func (c *checker) beside(signedFile string, xml []byte) {
	file := signedFile[:len(signedFile)-len(filepath.Ext(signedFile))] + ".xml"
	text, name, ok := c.read(file, false, true)
	if ok && !sameText(text, xml) {
		c.warning(name, "not-what-is-signed", "it differs from what is signed in "+filepath.Base(signedFile)+", which alone counts", "sign it: `secdds keystore sign`")
	}
}

// grant looks at what the permissions say of the enclave's certificate.
func (c *checker) grant(e *checkedEnclave) {
	file, p, cert := e.permissions.File, e.permissions.Permissions, e.cert
	at := func(line int) int {
		if e.permissions.Line > 0 {
			line += e.permissions.Line - 1
		}
		return line
	}
	add := func(s lint.Severity, line int, rule, problem, mend string, peers ...string) {
		c.list = append(c.list, lint.Finding{Severity: s, File: file, Line: at(line), Rule: rule, Problem: problem, Mend: mend, Peers: peers})
	}
	subject, err := subjectName(cert)
	if err != nil {
		c.fail(e.certFile, "certificate", err.Error(), "")
		return
	}
	g, err := p.Grant(c.now, subject)
	if err != nil {
		var why *governance.Error
		if errors.As(err, &why) {
			c.fail(file, "no-grant", why.Summary(), why.Remedy)
		} else {
			c.fail(file, "no-grant", err.Error(), "")
		}
		return
	}
	if !g.Subject.Equal(subject) {
		add(lint.Warning, g.Line, "subject-order", fmt.Sprintf("the grant's subject %s has the attributes of the certificate's in reverse order; Fast DDS refuses it", g.Subject), "write "+subject.String(), lint.Fast)
	}
	if err := g.Valid(c.now); err != nil {
		rule := "expired"
		if c.now.Before(g.NotBefore) {
			rule = "not-yet-valid"
		}
		add(lint.Error, g.Line, rule, fmt.Sprintf("the grant for %s is valid from %s to %s, the time is %s", g.Subject, stamp(g.NotBefore), stamp(g.NotAfter), stamp(c.now)), "renew it: `secdds keystore renew`")
	} else if c.now.Add(c.warn).After(g.NotAfter) {
		add(lint.Warning, g.Line, "expires-soon", fmt.Sprintf("the grant for %s expires on %s, in %d days", g.Subject, stamp(g.NotAfter), int(g.NotAfter.Sub(c.now)/day)), "renew it: `secdds keystore renew`")
	}
	switch {
	case g.NotAfter.Before(cert.NotBefore) || g.NotBefore.After(cert.NotAfter):
		add(lint.Error, g.Line, "grant-never-valid", fmt.Sprintf("the grant is valid from %s to %s, the certificate from %s to %s: never both", stamp(g.NotBefore), stamp(g.NotAfter), stamp(cert.NotBefore), stamp(cert.NotAfter)), "renew both")
	case g.NotAfter.After(cert.NotAfter):
		add(lint.Info, g.Line, "grant-outlives-certificate", fmt.Sprintf("the grant is valid until %s, the certificate only until %s", stamp(g.NotAfter), stamp(cert.NotAfter)), "")
	}
}

// sameCerts reports whether two lists have the same certificates.
func sameCerts(a, b []*x509.Certificate) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !bytes.Equal(a[i].Raw, b[i].Raw) {
			return false
		}
	}
	return true
}
