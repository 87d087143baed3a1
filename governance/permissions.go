package governance

import (
	"fmt"
	"strings"
	"time"
)

// A Permissions is a permissions document. DDS-Security 1.1, 9.4.1.3.
type Permissions struct {
	Document string // its name, for error messages
	Grants   []Grant
}

// A Grant is what one subject may do.
type Grant struct {
	Line                int    // of the XML
	Name                string // the attribute
	Subject             Name
	NotBefore, NotAfter time.Time
	Rules               []Rule // the first applicable one decides
	DefaultAllow        bool   // what holds where no rule applies
	DefaultLine         int    // of the XML

	document string
}

// A Rule is an allow_rule or deny_rule.
type Rule struct {
	Line      int // of the XML
	Allow     bool
	Domains   []Range
	Publish   []Criteria
	Subscribe []Criteria
	Relay     []Criteria
}

// A Criteria names topics, and the partitions and data tags they are limited to.
type Criteria struct {
	Line       int      // of the XML
	Topics     []string // expressions
	Partitions []string // expressions; nil: the default partition in an allow rule, all in a deny rule
	Tags       []Tag    // nil: endpoints without tags in an allow rule, any in a deny rule
}

// A Tag is a data tag of an endpoint.
type Tag struct{ Name, Value string }

// ParsePermissions reads a permissions document whose signature has been
// checked. An error is an *Error.
func ParsePermissions(xml []byte) (*Permissions, error) { return parsePermissions(xml, "permissions") }

func parsePermissions(xml []byte, name string) (*Permissions, error) {
	r := &reader{doc: name}
	p := &Permissions{Document: name}
	root := r.parse(xml, "dds")
	r.known(root, "permissions")
	list := r.one(root, "permissions")
	r.known(list, "grant")
	for _, n := range r.all(list, "grant") {
		p.Grants = append(p.Grants, r.grant(n))
	}
	if r.err != nil {
		return nil, r.err
	}
	return p, nil
}

func (r *reader) grant(n *node) Grant {
	r.known(n, "subject_name", "validity", "allow_rule", "deny_rule", "default")
	g := Grant{Line: n.line, document: r.doc}
	g.Name, _ = n.attr("name")

	subject := r.one(n, "subject_name")
	text := r.leaf(subject, "a subject name such as CN=/talker", false)
	var err error
	if g.Subject, err = ParseName(text); err != nil {
		r.report(subject, Error{Expected: "a subject name such as CN=/talker", Err: err})
	}

	validity := r.one(n, "validity")
	r.known(validity, "not_before", "not_after")
	g.NotBefore = r.time(r.one(validity, "not_before"))
	g.NotAfter = r.time(r.one(validity, "not_after"))
	if g.NotAfter.Before(g.NotBefore) {
		r.expect(validity, "not_after later than not_before",
			g.NotAfter.Format(time.RFC3339)+" before "+g.NotBefore.Format(time.RFC3339), "swap them")
	}
	for _, k := range n.kids {
		if k.name == "allow_rule" || k.name == "deny_rule" {
			g.Rules = append(g.Rules, r.rule(k))
		}
	}
	def := r.one(n, "default")
	g.DefaultLine = def.line
	switch text := r.leaf(def, "ALLOW or DENY", false); strings.ToUpper(text) {
	case "ALLOW":
		g.DefaultAllow = true
	case "DENY":
	default:
		r.expect(def, "ALLOW or DENY", fmt.Sprintf("%q", text), "")
	}
	return g
}

func (r *reader) rule(n *node) Rule {
	r.known(n, "domains", "publish", "subscribe", "relay")
	rule := Rule{Line: n.line, Allow: n.name == "allow_rule", Domains: r.domains(r.one(n, "domains"))}
	for _, k := range n.kids {
		switch k.name {
		case "publish":
			rule.Publish = append(rule.Publish, r.criteria(k))
		case "subscribe":
			rule.Subscribe = append(rule.Subscribe, r.criteria(k))
		case "relay":
			rule.Relay = append(rule.Relay, r.criteria(k))
		}
	}
	return rule
}

func (r *reader) criteria(n *node) Criteria {
	r.known(n, "topics", "partitions", "data_tags")
	c := Criteria{Line: n.line}
	topics := r.one(n, "topics")
	r.known(topics, "topic")
	for _, k := range r.all(topics, "topic") {
		c.Topics = append(c.Topics, r.leaf(k, "an expression such as *", false))
	}
	if partitions := r.opt(n, "partitions"); partitions != nil {
		r.known(partitions, "partition")
		for _, k := range r.all(partitions, "partition") {
			c.Partitions = append(c.Partitions, r.leaf(k, "an expression", true)) // blank: the default partition
		}
	}
	if tags := r.opt(n, "data_tags"); tags != nil {
		r.known(tags, "tag")
		for _, k := range r.all(tags, "tag") {
			r.known(k, "name", "value")
			c.Tags = append(c.Tags, Tag{
				Name:  r.leaf(r.one(k, "name"), "a name", false),
				Value: r.leaf(r.one(k, "value"), "a value", true),
			})
		}
	}
	return c
}

// time reads an xsd:dateTime, with a fraction of a second and a zone or without.
// Without a zone it is UTC. DDS-Security 1.1, 9.4.1.3.2.2.
func (r *reader) time(n *node) time.Time {
	const expected = "a time such as 2026-01-31T23:59:59 (UTC) or 2026-01-31T23:59:59.5+01:00"
	text := r.leaf(n, expected, false)
	if isDateTime(text) {
		for _, layout := range []string{"2006-01-02T15:04:05", "2006-01-02T15:04:05Z07:00"} {
			if t, err := time.Parse(layout, text); err == nil && t.Year() > 0 {
				return t.UTC()
			}
		}
	}
	r.expect(n, expected, fmt.Sprintf("%q", text), "")
	return time.Time{}
}

// isDateTime checks the form, where package time is lenient: all fields in
// full, a fraction after a point, a zone of at most fourteen hours.
func isDateTime(text string) bool {
	const form = "dddd-dd-ddTdd:dd:dd"
	like := func(s, form string) bool {
		for i := range len(form) {
			digit := '0' <= s[i] && s[i] <= '9'
			if digit != (form[i] == 'd') || !digit && s[i] != form[i] {
				return false
			}
		}
		return true
	}
	if len(text) < len(form) || !like(text[:len(form)], form) {
		return false
	}
	rest := text[len(form):]
	if fraction, ok := strings.CutPrefix(rest, "."); ok {
		rest = strings.TrimLeft(fraction, "0123456789")
		if n := len(fraction) - len(rest); n < 1 || n > 12 {
			return false
		}
	}
	switch {
	case rest == "" || rest == "Z":
		return true
	case len(rest) != 6 || rest[0] != '+' && rest[0] != '-' || !like(rest[1:], "dd:dd"):
		return false
	}
	return rest[1:] <= "14:00" && rest[4:] < "60"
}

// Grant returns the grant for a certificate's subject. Of several, the first
// whose validity covers now, and if none does, the first. Without one: an error
// that tells what the document has.
func (p *Permissions) Grant(now time.Time, subject Name) (*Grant, error) {
	var first *Grant
	var reordered string
	var found []string
	for i := range p.Grants {
		g := &p.Grants[i]
		switch {
		case g.Subject.Matches(subject):
			if g.Valid(now) == nil {
				return g, nil
			}
			if first == nil {
				first = g
			}
		case g.Subject.SameAttributes(subject):
			reordered = g.Subject.String()
		}
		if len(found) < 16 {
			found = append(found, g.Subject.String())
		}
	}
	if first != nil {
		return first, nil
	}
	e := &Error{
		Document: p.Document, Rule: "<grant>", Expected: "a grant for subject " + subject.String(),
		Found:  "grants for: " + strings.Join(found, "; "),
		Remedy: fmt.Sprintf("add a grant with <subject_name>%s</subject_name>", subject),
	}
	if reordered != "" {
		e.Remedy = fmt.Sprintf("%s has the same attributes in another order: write %s", reordered, subject)
	}
	return nil, e
}

// Valid reports whether the grant's validity covers now, both ends included;
// the error says how it does not.
func (g *Grant) Valid(now time.Time) error {
	at := func(t time.Time) string { return t.UTC().Format(time.RFC3339) }
	e := &Error{Document: g.document, Line: g.Line, Rule: g.text() + ", validity", Found: "the time " + at(now)}
	switch {
	case now.Before(g.NotBefore):
		e.Problem = "the grant is not valid yet"
		e.Expected = "a time from not_before " + at(g.NotBefore)
		e.Remedy = "check the clock, or sign a document with an earlier not_before"
	case now.After(g.NotAfter):
		e.Problem = "the grant has lapsed"
		e.Expected = "a time up to not_after " + at(g.NotAfter)
		e.Remedy = "check the clock, or sign a document with a later not_after"
	default:
		return nil
	}
	return e
}

// text names the grant: by its attribute, and by its subject where that says more.
func (g *Grant) text() string {
	subject := g.Subject.String()
	if g.Name == "" || g.Name == subject {
		return "grant for " + subject
	}
	return fmt.Sprintf("grant %.128q for %s", g.Name, subject)
}
