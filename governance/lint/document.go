package lint

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"github.com/secdds/dds/governance"
	"github.com/secdds/dds/internal/smime"
)

// Open returns the XML of a document, signed or plain, and the line of the file
// where it begins; zero: it is not in clear in the file. Nothing is verified.
func Open(doc []byte) (xml []byte, line int, err error) {
	if plain(doc) {
		return doc, 1, nil
	}
	form, xml, err := smime.Inspect(doc)
	return xml, form.Line, err
}

func plain(doc []byte) bool {
	return bytes.HasPrefix(bytes.TrimLeft(bytes.TrimPrefix(doc, []byte("\xef\xbb\xbf")), " \t\r\n"), []byte("<"))
}

// Document looks at one governance or permissions document, plain or signed
// (S/MIME), and returns what it finds, in the order of lines. name is the
// file's. Signatures are not verified.
func Document(now time.Time, name string, doc []byte) []Finding {
	l := &linter{file: name, line: 1}
	xml := doc
	if !plain(doc) {
		form, content, err := smime.Inspect(doc)
		if err != nil {
			l.add(Error, 0, "signed-form", "neither XML nor a signed document that can be read: "+err.Error(), "")
			return l.list
		}
		l.line = form.Line
		l.form(form)
		xml = content
	}
	root := l.parse(xml)
	if root == nil {
		return Sort(l.list)
	}
	switch {
	case root.name != "dds":
		l.add(Error, root.line, "xml", fmt.Sprintf("expected a root element <dds>, found <%s>", root.name), "")
	case root.find("permissions").name != "":
		l.walk(root, permissionsSchema)
		if p, err := governance.ParsePermissions(xml); err == nil {
			l.permissions(now, root, p)
		} else {
			l.refused(err)
		}
	case root.find("domain_access_rules").name != "":
		l.walk(root, governanceSchema)
		if g, err := governance.ParseGovernance(xml); err == nil {
			l.governance(root, g)
		} else {
			l.refused(err)
		}
	default:
		l.add(Error, root.line, "missing-element", "<dds>: expected <domain_access_rules> (governance) or <permissions>, found neither", "")
	}
	return Sort(l.list)
}

// refused tells what this implementation refuses, unless that is told already.
func (l *linter) refused(err error) {
	if n, _ := Count(l.list); n > 0 {
		return
	}
	var e *governance.Error
	if !errors.As(err, &e) {
		l.add(Error, 0, "refused", err.Error(), "")
		return
	}
	problem := e.Summary()
	if e.Rule != "" {
		problem = e.Rule + ": " + problem
	}
	l.add(Error, e.Line, "refused", problem, e.Remedy)
}

// form looks at how a document is signed.
func (l *linter) form(f smime.Form) {
	warn := func(rule, problem, mend string, peers ...string) { l.add(Warning, 0, rule, problem, mend, peers...) }
	const again = "sign it with `secdds keystore sign` or `openssl smime -sign -text`"
	if f.Opaque {
		warn("signed-form", "the document is inside the signature (application/pkcs7-mime): OpenDDS and RustDDS read multipart/signed only", again, OpenDDS, RustDDS)
	} else if !f.Text {
		warn("signed-text", "the signed part has no header Content-Type: text/plain: Cyclone DDS, Fast DDS and OpenDDS refuse it", again, Cyclone, Fast, OpenDDS)
	}
	if f.Signers != 1 {
		l.add(Error, 0, "signed-form", fmt.Sprintf("expected one signer, found %d", f.Signers), again)
		return
	}
	if !f.Attributes {
		warn("signed-attributes", "the signature has no signed attributes (-noattr): RustDDS refuses it", again, RustDDS)
	}
	switch f.Digest {
	case "SHA-256", "SHA-384", "SHA-512":
	default:
		l.add(Error, 0, "signed-digest", "expected a digest SHA-256, SHA-384 or SHA-512, found "+f.Digest, "sign it with -md sha256")
	}
}
