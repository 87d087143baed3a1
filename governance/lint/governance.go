package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/secdds/dds/governance"
)

func protectionOf(n *node) governance.Protection {
	for p := governance.None; p <= governance.EncryptOrigin; p++ {
		if strings.EqualFold(n.text, p.String()) {
			return p
		}
	}
	return governance.None
}

func isTrue(n *node) bool { return n.text == "1" || strings.EqualFold(n.text, "true") }

func encrypts(p governance.Protection) bool {
	return p == governance.Encrypt || p == governance.EncryptOrigin
}

// governance looks at a governance document: root is its tree, g what it says.
func (l *linter) governance(root *node, g *governance.Governance) {
	if root.after > 0 {
		l.add(Warning, root.after, "comment", "a comment behind </domain_access_rules>: Fast DDS refuses the document", "move it up", Fast)
	}
	// Rules for other domain tags take nothing from this one.
	byTags := make(map[string][]governance.Range)
	rules := root.find("domain_access_rules").kids
	at := 0
	for _, n := range rules {
		if !strings.EqualFold(n.name, "domain_rule") || at >= len(g.Rules) {
			continue
		}
		rule := &g.Rules[at]
		at++
		tags := fmt.Sprint(rule.Tags)
		earlier := byTags[tags]
		byTags[tags] = slices.Concat(earlier, rule.Domains)
		switch {
		case within(rule.Domains, earlier):
			l.add(Warning, n.line, "unreachable-domain-rule", "<domain_rule>: rules before it name all of its domains, so it never applies", "remove it, or move it up")
		case meets(rule.Domains, earlier):
			l.add(Info, n.line, "overlapping-domains", "<domain_rule>: rules before it name some of its domains; for those, the first one decides", "")
		}
		for i, d := range rule.Domains {
			if within([]governance.Range{d}, rule.Domains[:i]) {
				l.add(Info, n.line, "overlapping-domains", fmt.Sprintf("<domain_rule/domains>: %s is named twice", rangeText(d)), "")
			}
		}
		l.domainRule(n)
		l.topicRules(n, rule)
	}
}

func rangeText(d governance.Range) string {
	if d.Min == d.Max {
		return fmt.Sprintf("domain %d", d.Min)
	}
	return fmt.Sprintf("domains %d to %d", d.Min, d.Max)
}

// domainRule looks at what holds for the whole domain.
func (l *linter) domainRule(n *node) {
	discovery, liveliness, rtps := n.find("discovery_protection_kind"), n.find("liveliness_protection_kind"), n.find("rtps_protection_kind")
	for _, k := range []*node{discovery, liveliness, rtps} {
		l.origin(k)
	}
	if !encrypts(protectionOf(discovery)) && !encrypts(protectionOf(rtps)) {
		l.add(Warning, discovery.line, "weak-discovery", fmt.Sprintf("discovery_protection_kind %s and rtps_protection_kind %s: whoever listens learns which topics there are (CVE-2019-19625); SIGN is no confidentiality",
			discovery.text, rtps.text), "write ENCRYPT for discovery_protection_kind")
	}
	open := n.find("allow_unauthenticated_participants")
	if isTrue(open) {
		l.add(Warning, open.line, "weak-unauthenticated", "allow_unauthenticated_participants: whoever reaches the network takes part on topics without protection and access control", "write false")
		if protectionOf(rtps) != governance.None {
			l.add(Warning, rtps.line, "conflict", "allow_unauthenticated_participants is true, but with rtps_protection_kind "+rtps.text+" nothing is exchanged with them", "decide for one of both")
		}
	}
	if join := n.find("enable_join_access_control"); !isTrue(join) {
		l.add(Warning, join.line, "weak-join", "enable_join_access_control is false: every certificate of the identity CA may join, whatever its permissions say", "write true")
	}
}

// origin tells that OpenDDS has no origin authentication.
func (l *linter) origin(k *node) {
	if protectionOf(k) >= governance.SignOrigin {
		l.add(Warning, k.line, "opendds-origin", fmt.Sprintf("<%s>: OpenDDS sends no receiver-specific MACs, so others refuse what it sends", k.path()),
			"write "+strings.TrimSuffix(strings.ToUpper(k.text), "_WITH_ORIGIN_AUTHENTICATION")+" where OpenDDS takes part", OpenDDS)
	}
}

func (l *linter) topicRules(n *node, rule *governance.DomainRule) {
	var earlier []string
	at := 0
	for _, t := range n.find("topic_access_rules").kids {
		if !strings.EqualFold(t.name, "topic_rule") || at >= len(rule.Topics) {
			continue
		}
		expression := rule.Topics[at].Expression
		at++
		if governance.Covered(expression, earlier...) {
			l.add(Warning, t.line, "unreachable-topic-rule", fmt.Sprintf("<topic_rule> %q: rules before it match all of its topics, so it never applies", expression), "move it up, or remove it")
		}
		earlier = append(earlier, expression)
		l.topicRule(n, t, expression)
	}
	if !governance.Covered("*", earlier...) {
		l.add(Warning, n.find("topic_access_rules").line, "no-catch-all", "<topic_access_rules>: no rule matches every topic; a topic without a rule cannot be created", "add a rule for * as the last one")
	}
}

func (l *linter) topicRule(domain, n *node, expression string) {
	metadata, data := n.find("metadata_protection_kind"), n.find("data_protection_kind")
	discovery, liveliness := n.find("enable_discovery_protection"), n.find("enable_liveliness_protection")
	m, d, r := protectionOf(metadata), protectionOf(data), protectionOf(domain.find("rtps_protection_kind"))
	l.origin(metadata)
	if d == governance.Sign {
		l.add(Warning, data.line, "opendds-data-sign", "<topic_rule/data_protection_kind> SIGN: OpenDDS cannot receive it (DDSSEC12-59)", "write ENCRYPT, or SIGN for metadata_protection_kind", OpenDDS)
	}
	protected := m != governance.None || d != governance.None || r != governance.None
	access := isTrue(n.find("enable_read_access_control")) || isTrue(n.find("enable_write_access_control"))
	switch {
	case !protected && access:
		l.add(Warning, n.line, "weak-open-topic", fmt.Sprintf("<topic_rule> %q: access control without any protection: who may not take part can read and forge the samples on the wire all the same", expression), "protect metadata or data")
	case !protected:
		l.add(Warning, n.line, "weak-open-topic", fmt.Sprintf("<topic_rule> %q: samples are neither signed nor encrypted", expression), "protect metadata or data")
	case d != governance.None && m == governance.None && r == governance.None:
		l.add(Warning, n.line, "weak-open-headers", fmt.Sprintf("<topic_rule> %q: data protection alone leaves headers, key hashes, sequence numbers and acknowledgements open: they can be read and forged", expression), "protect metadata or RTPS messages as well")
	case !encrypts(m) && !encrypts(d) && !encrypts(r):
		l.add(Warning, n.line, "weak-sign-only", fmt.Sprintf("<topic_rule> %q: signed, but nothing is encrypted: whoever listens can read the samples (CVE-2019-19625)", expression), "write ENCRYPT for metadata, data or RTPS messages, unless that is meant")
	}
	for _, f := range []struct{ flag, kind *node }{
		{discovery, domain.find("discovery_protection_kind")}, {liveliness, domain.find("liveliness_protection_kind")},
	} {
		kind := protectionOf(f.kind)
		if isTrue(f.flag) && kind == governance.None {
			l.add(Warning, f.flag.line, "flag-without-protection", fmt.Sprintf("<%s> is true, but <%s> is NONE: nothing is protected by it", f.flag.path(), f.kind.path()), "protect it, or write false")
		}
		if !isTrue(f.flag) && kind != governance.None && protected {
			l.add(Warning, f.flag.line, "weak-clear-discovery", fmt.Sprintf("<%s> is false for %q: it is announced in clear, though <%s> is %s", f.flag.path(), expression, f.kind.path(), f.kind.text), "write true")
		}
	}
	for _, name := range []string{"enable_read_access_control", "enable_write_access_control"} {
		if k := n.find(name); protected && !isTrue(k) {
			l.add(Info, k.line, "weak-no-access-control", fmt.Sprintf("<%s> is false for %q: every participant that has joined may", k.path(), expression), "")
		}
	}
}
