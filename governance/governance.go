package governance

import (
	"fmt"
	"slices"
	"strings"
)

// A Governance is a governance document. DDS-Security 1.1, 9.4.1.2.
type Governance struct {
	Document string // its name, for error messages
	Rules    []DomainRule
}

// A DomainRule says how the domains it names are protected.
type DomainRule struct {
	Line    int // of the XML
	Domains []Range

	// Tags are the domain tags the rule is for: expressions, those of <tag>
	// without meaning in their characters. None: the default tag, "". 1.2.
	Tags []TagExpression

	AllowUnauthenticated bool       // allow_unauthenticated_participants
	JoinAccessControl    bool       // enable_join_access_control
	Discovery            Protection // discovery_protection_kind
	Liveliness           Protection // liveliness_protection_kind
	RTPS                 Protection // rtps_protection_kind
	PSK                  Protection // rtps_psk_protection_kind: None, Sign or Encrypt. 1.2
	KeyRevision          bool       // enable_key_revision. 1.2

	// Algorithms is allowed_security_algorithms; nil: all. 1.2.
	Algorithms *Algorithms

	Topics []TopicRule

	document string
}

// A TagExpression is a <tag> or a <tag_expression> of a domain rule.
type TagExpression struct {
	Text    string
	Literal bool // <tag>
}

// A TopicRule says how the topics its expression matches are protected.
type TopicRule struct {
	Line       int    // of the XML
	Expression string // fnmatch

	DiscoveryProtection  bool       // enable_discovery_protection
	LivelinessProtection bool       // enable_liveliness_protection
	ReadAccessControl    bool       // enable_read_access_control
	WriteAccessControl   bool       // enable_write_access_control
	Metadata             Protection // metadata_protection_kind
	Data                 Protection // data_protection_kind: None, Sign or Encrypt
}

// ParseGovernance reads a governance document whose signature has been checked.
// An error is an *Error.
func ParseGovernance(xml []byte) (*Governance, error) { return parseGovernance(xml, "governance") }

func parseGovernance(xml []byte, name string) (*Governance, error) {
	r := &reader{doc: name}
	g := &Governance{Document: name}
	root := r.parse(xml, "dds")
	r.known(root, "domain_access_rules")
	rules := r.one(root, "domain_access_rules")
	r.known(rules, "domain_rule")
	for _, n := range r.all(rules, "domain_rule") {
		g.Rules = append(g.Rules, r.domainRule(n))
	}
	if r.err != nil {
		return nil, r.err
	}
	return g, nil
}

// domainRule reads a domain_rule, its elements in any order: the schema's order
// differs between the editions.
func (r *reader) domainRule(n *node) DomainRule {
	r.known(n, "domains", "allow_unauthenticated_participants", "enable_join_access_control",
		"discovery_protection_kind", "liveliness_protection_kind", "rtps_protection_kind", "topic_access_rules",
		"rtps_psk_protection_kind", pskOldName, "enable_key_revision", "allowed_security_algorithms", "tag", "tag_expression")
	all := []Protection{None, Sign, Encrypt, SignOrigin, EncryptOrigin}
	d := DomainRule{
		Line:                 n.line,
		Domains:              r.domains(r.one(n, "domains")),
		Tags:                 r.tags(n),
		AllowUnauthenticated: r.bool(r.one(n, "allow_unauthenticated_participants")),
		JoinAccessControl:    r.bool(r.one(n, "enable_join_access_control")),
		Discovery:            r.protection(r.one(n, "discovery_protection_kind"), all...),
		Liveliness:           r.protection(r.one(n, "liveliness_protection_kind"), all...),
		RTPS:                 r.protection(r.one(n, "rtps_protection_kind"), all...),
		PSK:                  r.psk(n),
		document:             r.doc,
	}
	if k := r.opt(n, "enable_key_revision"); k != nil {
		d.KeyRevision = r.bool(k)
	}
	if k := r.opt(n, "allowed_security_algorithms"); k != nil {
		d.Algorithms = r.algorithms(k)
	}
	topics := r.one(n, "topic_access_rules")
	r.known(topics, "topic_rule")
	for _, t := range r.all(topics, "topic_rule") {
		d.Topics = append(d.Topics, r.topicRule(t))
	}
	return d
}

func (r *reader) topicRule(n *node) TopicRule {
	r.known(n, "topic_expression", "enable_discovery_protection", "enable_liveliness_protection",
		"enable_read_access_control", "enable_write_access_control", "metadata_protection_kind", "data_protection_kind")
	return TopicRule{
		Line:                 n.line,
		Expression:           r.leaf(r.one(n, "topic_expression"), "an expression such as *", false),
		DiscoveryProtection:  r.bool(r.one(n, "enable_discovery_protection")),
		LivelinessProtection: r.bool(r.one(n, "enable_liveliness_protection")),
		ReadAccessControl:    r.bool(r.one(n, "enable_read_access_control")),
		WriteAccessControl:   r.bool(r.one(n, "enable_write_access_control")),
		Metadata:             r.protection(r.one(n, "metadata_protection_kind"), None, Sign, Encrypt, SignOrigin, EncryptOrigin),
		Data:                 r.protection(r.one(n, "data_protection_kind"), None, Sign, Encrypt),
	}
}

// Rule returns the first rule for the domain with the default tag. Without one
// no participant may be made: an error. DDS-Security 1.1, 9.4.1.2.4.
func (g *Governance) Rule(domain uint32) (*DomainRule, error) { return g.RuleTagged(domain, "") }

// RuleTagged returns the first rule for the domain and the domain tag.
func (g *Governance) RuleTagged(domain uint32, tag string) (*DomainRule, error) {
	var found []string
	for i := range g.Rules {
		d := &g.Rules[i]
		if inRanges(d.Domains, domain) && d.hasTag(tag) {
			return d, nil
		}
		if len(found) < 16 {
			found = append(found, rangesText(d.Domains)+d.tagsText())
		}
	}
	want := fmt.Sprintf("a rule for domain %d", domain)
	if tag != "" {
		want += fmt.Sprintf(" with tag %.256q", tag)
	}
	return nil, &Error{
		Document: g.Document, Rule: "<domain_rule>", Expected: want,
		Found:  "rules for domains " + strings.Join(found, "; "),
		Remedy: "add the domain to <domains> of a rule",
	}
}

// Topic returns the first rule whose expression matches the topic. Without one
// the topic may not be used: an error. DDS-Security 1.1, 9.4.1.2.6.
func (d *DomainRule) Topic(name string) (*TopicRule, error) {
	topic := literal(name)
	var found []string
	for i := range d.Topics {
		if match(d.Topics[i].Expression, topic) {
			return &d.Topics[i], nil
		}
		if len(found) < 16 {
			found = append(found, d.Topics[i].Expression)
		}
	}
	return nil, &Error{
		Document: d.document, Line: d.Line, Rule: "<topic_rule>",
		Expected: fmt.Sprintf("a rule for topic %.256q", name), Found: "rules for " + strings.Join(found, ", "),
		Remedy: "add a rule with <topic_expression>*</topic_expression> as the last one",
	}
}

// hasTag: a rule that names no tag is for the default one alone, so that it
// cannot take a tagged participant from the rule made for it further down.
func (d *DomainRule) hasTag(tag string) bool {
	if len(d.Tags) == 0 {
		return tag == ""
	}
	return slices.ContainsFunc(d.Tags, func(e TagExpression) bool {
		return e.Literal && e.Text == tag || !e.Literal && match(e.Text, literal(tag))
	})
}

func (d *DomainRule) tagsText() string {
	if len(d.Tags) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString(" with tags")
	for _, e := range d.Tags[:min(len(d.Tags), 16)] {
		fmt.Fprintf(&b, " %q", e.Text)
	}
	return b.String()
}
