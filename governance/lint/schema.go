package lint

import (
	"fmt"
	"slices"
	"strings"
)

// An element says what the schema has at one place.
type element struct {
	name     string
	rank     int // place in the sequence of its parent; equal: any order among them
	min, max int // max 0: any number
	kids     []element
	fast     bool // Fast DDS reads the kids by their places
	blank    bool // the text may be empty
	check    func(*linter, *node)
}

// The elements that DDS-Security 1.2 added to a domain_rule.
var edition12 = []string{"rtps_psk_protection_kind", "rtps_preshared_secret_protection_kind", "enable_key_revision", "allowed_security_algorithms", "tag", "tag_expression"}

// The elements that all peers trim.
var trimmed = []string{"id", "min", "max", "subject_name"}

func leaf(name string, rank int, check func(*linter, *node)) element {
	return element{name: name, rank: rank, min: 1, max: 1, check: check}
}

func domainSet(rank int) element {
	return element{name: "domains", rank: rank, min: 1, max: 1, check: (*linter).domains, kids: []element{
		{name: "id", check: (*linter).domainID},
		{name: "id_range", check: (*linter).domainRange, kids: []element{
			{name: "min", rank: 0, max: 1, check: (*linter).domainID},
			{name: "max", rank: 1, max: 1, check: (*linter).domainID},
		}},
	}}
}

var governanceSchema = element{name: "dds", fast: true, kids: []element{
	{name: "domain_access_rules", min: 1, max: 1, fast: true, kids: []element{
		{name: "domain_rule", min: 1, fast: true, kids: []element{
			domainSet(0),
			leaf("allow_unauthenticated_participants", 1, (*linter).boolean),
			leaf("enable_join_access_control", 2, (*linter).boolean),
			leaf("discovery_protection_kind", 3, (*linter).kind),
			leaf("liveliness_protection_kind", 4, (*linter).kind),
			leaf("rtps_protection_kind", 5, (*linter).kind),
			{name: "topic_access_rules", rank: 6, min: 1, max: 1, fast: true, kids: []element{
				{name: "topic_rule", min: 1, fast: true, kids: []element{
					leaf("topic_expression", 0, (*linter).expression),
					leaf("enable_discovery_protection", 1, (*linter).boolean),
					leaf("enable_liveliness_protection", 2, (*linter).boolean),
					leaf("enable_read_access_control", 3, (*linter).boolean),
					leaf("enable_write_access_control", 4, (*linter).boolean),
					leaf("metadata_protection_kind", 5, (*linter).kind),
					leaf("data_protection_kind", 6, (*linter).basicKind),
				}},
			}},
		}},
	}},
}}

func criteria(name string, rank int) element {
	return element{name: name, rank: rank, kids: []element{
		{name: "topics", min: 1, max: 1, kids: []element{{name: "topic", min: 1, check: (*linter).expression}}},
		{name: "partitions", max: 1, kids: []element{{name: "partition", min: 1, blank: true, check: (*linter).expression}}},
		{name: "data_tags", max: 1, kids: []element{{name: "tag", min: 1, kids: []element{
			{name: "name", rank: 0, min: 1, max: 1}, {name: "value", rank: 1, min: 1, max: 1, blank: true},
		}}}},
	}}
}

func ruleKids() []element {
	return []element{domainSet(0), criteria("publish", 1), criteria("subscribe", 2), criteria("relay", 3)}
}

var permissionsSchema = element{name: "dds", kids: []element{
	{name: "permissions", min: 1, max: 1, kids: []element{
		{name: "grant", min: 1, fast: true, check: (*linter).grantName, kids: []element{
			leaf("subject_name", 0, (*linter).subject),
			{name: "validity", rank: 1, min: 1, max: 1, fast: true, kids: []element{
				leaf("not_before", 0, (*linter).time), leaf("not_after", 1, (*linter).time),
			}},
			{name: "allow_rule", rank: 2, kids: ruleKids()},
			{name: "deny_rule", rank: 2, kids: ruleKids()},
			leaf("default", 3, (*linter).defaultAction),
		}},
	}},
}}

// walk compares n with what the schema has there.
func (l *linter) walk(n *node, e element) {
	l.attributes(n)
	if e.kids == nil {
		l.leafText(n, e)
		return
	}
	if n.text != "" {
		l.add(Error, n.line, "text", fmt.Sprintf("<%s>: expected elements only, found the text %.40q", n.path(), n.text), "remove it")
	}
	counts := make([]int, len(e.kids))
	last, told := -1, false
	for _, k := range n.kids {
		i := l.known(k, e)
		if i < 0 {
			continue
		}
		spec := e.kids[i]
		counts[i]++
		if spec.max > 0 && counts[i] == spec.max+1 {
			l.add(Error, k.line, "repeated-element", fmt.Sprintf("<%s>: expected once, found again", k.path()), "remove all but one")
		}
		if last >= 0 && spec.rank < e.kids[last].rank && !told {
			told = true
			l.order(n, k, e, e.kids[last].name)
		}
		if last < 0 || spec.rank > e.kids[last].rank {
			last = i
		}
		l.walk(k, spec)
	}
	for i, spec := range e.kids {
		if counts[i] < spec.min {
			l.add(Error, n.line, "missing-element", fmt.Sprintf("<%s>: expected an element <%s>, found none", n.path(), spec.name), "add it")
		}
	}
	if e.check != nil {
		e.check(l, n)
	}
}

func (l *linter) order(n, k *node, e element, before string) {
	var want []string
	for _, spec := range e.kids {
		want = append(want, spec.name)
	}
	problem := fmt.Sprintf("<%s> stands behind <%s>; the order is %s", k.path(), before, strings.Join(want, ", "))
	if e.fast {
		l.add(Error, k.line, "order", problem+"; Fast DDS reads by position and refuses the document", "move it", Fast)
		return
	}
	l.add(Warning, k.line, "order", problem+"; the known peers read it all the same", "move it")
}

// known returns the index of the schema's element for k, or -1.
func (l *linter) known(k *node, parent element) int {
	i := slices.IndexFunc(parent.kids, func(e element) bool { return e.name == k.name })
	if i >= 0 {
		return i
	}
	i = slices.IndexFunc(parent.kids, func(e element) bool { return strings.EqualFold(e.name, k.name) })
	skip, _ := k.attr("must_interpret")
	switch {
	case i >= 0:
		l.add(Error, k.line, "unknown-element", fmt.Sprintf("<%s>: names of elements are case-sensitive, only Cyclone DDS reads this one", k.path()),
			"write <"+parent.kids[i].name+">")
	case parent.name == "domain_rule" && slices.Contains(edition12, k.name):
		l.add(Warning, k.line, "edition-1.2", fmt.Sprintf("<%s> is of DDS-Security 1.2: Fast DDS and Cyclone DDS refuse the document, OpenDDS does not heed the element", k.path()),
			"remove it where such peers take part", Fast, Cyclone, OpenDDS)
	case skip == "false" || skip == "0":
		l.add(Warning, k.line, "unknown-element", fmt.Sprintf("<%s> is not of the schema; it may be skipped (must_interpret), but Fast DDS and Cyclone DDS refuse the document", k.path()),
			"remove it where such peers take part", Fast, Cyclone)
	default:
		var names []string
		for _, e := range parent.kids {
			names = append(names, e.name)
		}
		l.add(Error, k.line, "unknown-element", fmt.Sprintf("<%s> is not of the schema: expected one of %s", k.path(), strings.Join(names, ", ")), "remove it")
	}
	return i
}

// attributes tells those that Cyclone DDS refuses: it knows the root's schema
// location and a grant's name.
func (l *linter) attributes(n *node) {
	for _, a := range n.attrs {
		root := n.up == nil || n.up.up == nil
		switch {
		case a.Name.Space == "xmlns" && a.Name.Local == "xsi", a.Name.Local == "noNamespaceSchemaLocation":
		case a.Name.Local == "name" && n.name == "grant", a.Name.Local == "must_interpret" && !root:
		default:
			l.add(Warning, n.line, "attribute", fmt.Sprintf("<%s>: Cyclone DDS refuses a document with the attribute %q", n.path(), a.Name.Local), "remove it", Cyclone)
		}
	}
}

func (l *linter) leafText(n *node, e element) {
	switch {
	case len(n.kids) > 0:
		l.add(Error, n.line, "unknown-element", fmt.Sprintf("<%s>: expected a text, found the element <%s>", n.path(), n.kids[0].name), "")
		return
	case n.text == "" && e.blank:
		return
	case n.text == "":
		l.add(Error, n.line, "blank", fmt.Sprintf("<%s>: expected a value, found nothing; older Fast DDS crash on it (CVE-2026-45094)", n.path()), "")
		return
	case strings.TrimSpace(n.raw) != n.raw && !slices.Contains(trimmed, n.name):
		l.add(Warning, n.line, "spacing", fmt.Sprintf("<%s>: space around the value %.40q; Fast DDS takes it for part of the value", n.path(), n.text), "remove it", Fast)
	}
	if e.check != nil {
		e.check(l, n)
	}
}
