package governance

import (
	"fmt"
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

	AllowUnauthenticated bool       // allow_unauthenticated_participants
	JoinAccessControl    bool       // enable_join_access_control
	Discovery            Protection // discovery_protection_kind
	Liveliness           Protection // liveliness_protection_kind
	RTPS                 Protection // rtps_protection_kind
	Topics               []TopicRule

	document string
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

func (r *reader) domainRule(n *node) DomainRule {
	r.known(n, "domains", "allow_unauthenticated_participants", "enable_join_access_control",
		"discovery_protection_kind", "liveliness_protection_kind", "rtps_protection_kind", "topic_access_rules",
		"rtps_psk_protection_kind", "enable_key_revision", "allowed_security_algorithms", "tag", "tag_expression")
	all := []Protection{None, Sign, Encrypt, SignOrigin, EncryptOrigin}
	d := DomainRule{
		Line:                 n.line,
		Domains:              r.domains(r.one(n, "domains")),
		AllowUnauthenticated: r.bool(r.one(n, "allow_unauthenticated_participants")),
		JoinAccessControl:    r.bool(r.one(n, "enable_join_access_control")),
		Discovery:            r.protection(r.one(n, "discovery_protection_kind"), all...),
		Liveliness:           r.protection(r.one(n, "liveliness_protection_kind"), all...),
		RTPS:                 r.protection(r.one(n, "rtps_protection_kind"), all...),
		document:             r.doc,
	}
	r.unsupported(n)
	topics := r.one(n, "topic_access_rules")
	r.known(topics, "topic_rule")
	for _, t := range r.all(topics, "topic_rule") {
		d.Topics = append(d.Topics, r.topicRule(t))
	}
	return d
}

// unsupported refuses what DDS-Security 1.2 added and we cannot do, unless the
// document says that it is not to be done.
func (r *reader) unsupported(n *node) {
	const mend = "this implements DDS-Security 1.1: "
	if k := r.opt(n, "rtps_psk_protection_kind"); k != nil {
		if p := r.protection(k, None, Sign, Encrypt); p != None {
			r.fail(k, fmt.Sprintf("unsupported: expected NONE, found %s", p), mend+"set it to NONE or remove it")
		}
	}
	if k := r.opt(n, "enable_key_revision"); k != nil && r.bool(k) {
		r.fail(k, "unsupported: expected false, found true", mend+"set it to false or remove it")
	}
	if k := r.opt(n, "allowed_security_algorithms"); k != nil {
		r.fail(k, "unsupported: algorithms cannot be restricted", mend+"remove it")
	}
	for _, name := range []string{"tag", "tag_expression"} {
		if k := r.opt(n, name); k != nil {
			if text := r.leaf(k, "a domain tag", true); text != "" && (name == "tag" || text != "*") {
				r.fail(k, fmt.Sprintf("unsupported: expected the default domain tag, found %q", text), mend+"remove it")
			}
		}
	}
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

// Rule returns the first rule that names the domain. Without one no
// participant may be made: an error. DDS-Security 1.1, 9.4.1.2.4.
func (g *Governance) Rule(domain uint32) (*DomainRule, error) {
	var found []Range
	for i := range g.Rules {
		if inRanges(g.Rules[i].Domains, domain) {
			return &g.Rules[i], nil
		}
		found = append(found, g.Rules[i].Domains...)
	}
	return nil, &Error{
		Document: g.Document, Element: "domain_rule",
		Problem: fmt.Sprintf("no rule for domain %d; the document has rules for domains %s", domain, rangesText(found)),
		Mend:    "add the domain to <domains> of a rule",
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
		Document: d.document, Line: d.Line, Element: "topic_rule",
		Problem: fmt.Sprintf("no rule for topic %.256q; the domain's rules are for: %s", name, strings.Join(found, ", ")),
		Mend:    "add a rule with <topic_expression>*</topic_expression> as the last one",
	}
}
