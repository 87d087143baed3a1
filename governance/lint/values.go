package lint

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/secdds/dds/governance"
)

// Domain ids: 232 is the last that has UDP ports with the default mapping
// (DDSI-RTPS 2.5, 9.6.2.3); Cyclone DDS refuses documents with more than 230.
const (
	maxDomain        = 232
	maxCycloneDomain = 230
)

func (l *linter) value(n *node, expected string) {
	l.add(Error, n.line, "value", fmt.Sprintf("<%s>: expected %s, found %.64q", n.path(), expected, n.text), "")
}

func (l *linter) boolean(n *node) {
	switch n.text {
	case "true", "false", "1", "0":
		return
	}
	if s := strings.ToLower(n.text); s == "true" || s == "false" {
		l.add(Warning, n.line, "boolean-case", fmt.Sprintf("<%s>: %s is not of the schema; Fast DDS reads it only if its tinyxml2 does", n.path(), n.text),
			"write "+s, Fast)
		return
	}
	l.value(n, "true or false")
}

func (l *linter) kind(n *node)      { l.protection(n, governance.EncryptOrigin) }
func (l *linter) basicKind(n *node) { l.protection(n, governance.Encrypt) }

// protection checks for a protection kind up to last.
func (l *linter) protection(n *node, last governance.Protection) {
	var names []string
	for p := governance.None; p <= last; p++ {
		names = append(names, p.String())
	}
	if slices.Contains(names, n.text) {
		return
	}
	if i := slices.IndexFunc(names, func(s string) bool { return strings.EqualFold(s, n.text) }); i >= 0 {
		l.add(Error, n.line, "value-case", fmt.Sprintf("<%s>: %s is not of the schema; Fast DDS and Cyclone DDS refuse the document", n.path(), n.text), "write "+names[i], Fast, Cyclone)
		return
	}
	l.value(n, "one of "+strings.Join(names, ", "))
}

func (l *linter) domains(n *node) {
	if n.find("id").name == "" && n.find("id_range").name == "" {
		l.add(Error, n.line, "missing-element", fmt.Sprintf("<%s>: expected <id> or <id_range>, found none", n.path()), "add one")
	}
}

func (l *linter) domainID(n *node) {
	v, err := strconv.ParseUint(n.text, 10, 32)
	switch {
	case err != nil:
		l.value(n, "a domain id, 0 to 232")
	case v > maxDomain:
		l.add(Warning, n.line, "domain-id", fmt.Sprintf("<%s>: domain %d has no UDP ports, and Cyclone DDS refuses a document with domain ids above 230", n.path(), v),
			"use 0 to 230", Cyclone)
	case v > maxCycloneDomain:
		l.add(Warning, n.line, "domain-id", fmt.Sprintf("<%s>: Cyclone DDS refuses a document with domain ids above 230, found %d", n.path(), v), "use 0 to 230", Cyclone)
	}
}

func (l *linter) domainRange(n *node) {
	lo, hi := n.find("min"), n.find("max")
	switch {
	case lo.name == "" && hi.name == "":
		l.add(Error, n.line, "missing-element", fmt.Sprintf("<%s>: expected <min> and <max>, found none", n.path()), "add both")
	case lo.name == "":
		l.add(Warning, n.line, "open-range", fmt.Sprintf("<%s> without <min>: Cyclone DDS refuses the document, to others it is 0", n.path()), "write <min>0</min>", Cyclone)
	case hi.name == "":
		l.add(Warning, n.line, "open-range", fmt.Sprintf("<%s> without <max>: to Cyclone DDS it is domain %s alone, to others there is no end", n.path(), lo.text),
			"write <max>", Cyclone)
	default:
		a, err1 := strconv.ParseUint(lo.text, 10, 32)
		b, err2 := strconv.ParseUint(hi.text, 10, 32)
		if err1 == nil && err2 == nil && a > b {
			l.add(Error, n.line, "value", fmt.Sprintf("<%s>: min %d is above max %d", n.path(), a, b), "swap them")
		}
	}
}

func (l *linter) expression(n *node) {
	switch {
	case len(n.text) > governance.MaxExpression:
		l.add(Error, n.line, "value", fmt.Sprintf("<%s>: an expression of %d octets, expected at most %d", n.path(), len(n.text), governance.MaxExpression), "")
	case strings.Contains(n.text, `\`):
		l.add(Warning, n.line, "expression", fmt.Sprintf("<%s>: a backslash escapes nothing in %.64q, it stands for itself", n.path(), n.text), `write [*] for a literal *`)
	case openSet(n.text):
		l.add(Warning, n.line, "expression", fmt.Sprintf("<%s>: the [ in %.64q is not closed, so it stands for itself", n.path(), n.text), "close the set with ]")
	}
}

// openSet reports whether a [ begins no set.
func openSet(s string) bool {
	for {
		i := strings.IndexByte(s, '[')
		if i < 0 {
			return false
		}
		s = s[i+1:]
		if s != "" && (s[0] == '!' || s[0] == '^') {
			s = s[1:]
		}
		if s == "" {
			return true
		}
		i = strings.IndexByte(s[1:], ']') // the first of a set may be ]
		if i < 0 {
			return true
		}
		s = s[i+2:]
	}
}

func (l *linter) grantName(n *node) {
	if _, ok := n.attr("name"); !ok {
		l.add(Error, n.line, "missing-attribute", `<grant>: expected an attribute name="…", found none; Fast DDS refuses the document`, "add it", Fast)
	}
}

func (l *linter) subject(n *node) {
	name, err := governance.ParseName(n.text)
	if err != nil {
		l.add(Error, n.line, "value", fmt.Sprintf("<%s>: expected a subject name such as CN=/talker: %v", n.path(), err), "")
		return
	}
	warn := func(problem, mend string, peers ...string) {
		l.add(Warning, n.line, "subject", fmt.Sprintf("<%s>: %s", n.path(), problem), mend, peers...)
	}
	if strings.HasPrefix(n.text, "/") {
		warn("Fast DDS 2.9 refuses the form with slashes", "write "+name.String(), Fast)
	}
	for _, rdn := range name {
		if len(rdn) > 1 {
			warn("an attribute of several values (a+b): peers compare it in different ways", "use certificates without")
		}
		for _, a := range rdn {
			switch {
			case a.Type == "1.2.840.113549.1.9.1":
				warn("peers write emailAddress in different ways", "use certificates without")
			case strings.ContainsAny(a.Value, `,+"\<>;=|#`):
				warn(fmt.Sprintf("the value %.40q has characters that peers escape or split at in different ways", a.Value), "use certificates without")
			case strings.ContainsFunc(a.Value, func(r rune) bool { return r > 126 }):
				warn(fmt.Sprintf("the value %.40q is not ASCII: peers escape it in different ways", a.Value), "use certificates without")
			}
		}
	}
	if len(name) > 20 {
		warn("Cyclone DDS compares the first 20 attributes only", "", Cyclone)
	}
}

func (l *linter) time(n *node) {
	if _, err := time.Parse("2006-01-02T15:04:05", n.text); err == nil {
		if strings.ContainsAny(n.text, ".,") {
			l.add(Info, n.line, "time", fmt.Sprintf("<%s>: Fast DDS does not read fractions of a second", n.path()), "", Fast)
		}
		return
	}
	if _, err := time.Parse(time.RFC3339, n.text); err != nil {
		l.value(n, "a time such as 2026-01-31T23:59:59")
		return
	}
	l.add(Warning, n.line, "time", fmt.Sprintf("<%s>: Fast DDS ignores the zone in %s and takes the rest for local time", n.path(), n.text),
		"write UTC without a zone, with a day to spare", Fast)
}

func (l *linter) defaultAction(n *node) {
	switch n.text {
	case "DENY":
	case "ALLOW":
		l.add(Warning, n.line, "default-allow", "<grant/default> ALLOW allows whatever no rule names; Fast DDS does not heed it for endpoints",
			"write an allow_rule for * and DENY", Fast)
	default:
		if s := strings.ToUpper(n.text); s == "ALLOW" || s == "DENY" {
			l.add(Error, n.line, "value-case", fmt.Sprintf("<%s>: %s is not of the schema; Fast DDS refuses the document", n.path(), n.text), "write "+s, Fast)
			return
		}
		l.value(n, "ALLOW or DENY")
	}
}
