package governance

import (
	"fmt"
	"slices"
	"strings"
)

// An Action is what permissions are asked about.
type Action uint8

// The actions. DDS-Security 1.1, 9.4.1.3.2.3.1.
const (
	Publish Action = iota
	Subscribe
	Relay
)

// String returns the documents' name of a.
func (a Action) String() string {
	return [...]string{"publish", "subscribe", "relay"}[min(a, Relay)]
}

// A Decision is the answer to a question, and where it comes from.
type Decision struct {
	Allowed bool
	Rule    int    // index of the rule that decided; -1: the default, or no rule at all
	Line    int    // of the XML
	Why     string // "allow_rule 2 (line 14)", "no rule applies and the default is DENY"
}

// Check decides whether the grant's subject may do that. The first rule that
// applies decides, then the default. DDS-Security 1.1, 9.4.1.3.2.3.
//
// A rule applies if it names the domain and one of its criteria for that
// action matches the topic, the partitions and the tags. To be allowed, all
// partitions must match; to be denied, one is enough. An endpoint without
// partitions is in the default one, "". A partition may be an expression: it is allowed where
// the rule's expression covers all of it, and denied where the two overlap.
func (g *Grant) Check(domain uint32, action Action, topic string, partitions []string, tags []Tag) Decision {
	q := query{topic: literal(topic), tags: tags}
	if len(partitions) == 0 {
		partitions = []string{""}
	}
	for _, p := range partitions {
		q.partitions = append(q.partitions, expression(p))
	}
	for i := range g.Rules {
		r := &g.Rules[i]
		if !inRanges(r.Domains, domain) {
			continue
		}
		for _, c := range r.criteria(action) {
			if c.matches(q, r.Allow) {
				return r.decision(i)
			}
		}
	}
	return g.fallback()
}

// CheckTopic decides whether the subject may publish or subscribe the topic in
// some partition: what creating a topic needs. DDS-Security 1.1, 8.4.2.9.3.
func (g *Grant) CheckTopic(domain uint32, topic string) Decision {
	pub := g.Check(domain, Publish, topic, nil, nil)
	if pub.Allowed {
		return pub
	}
	if sub := g.Check(domain, Subscribe, topic, nil, nil); sub.Allowed {
		return sub
	}
	name := literal(topic)
	for i := range g.Rules {
		r := &g.Rules[i]
		if !r.Allow || !inRanges(r.Domains, domain) {
			continue
		}
		for _, c := range slices.Concat(r.Publish, r.Subscribe) {
			if c.hasTopic(name) {
				return r.decision(i)
			}
		}
	}
	return pub
}

// CheckJoin decides whether the subject may have a participant in the domain:
// an allow rule names it. DDS-Security 1.1, 8.4.2.9.1 (check_create_participant).
func (g *Grant) CheckJoin(domain uint32) Decision {
	for i := range g.Rules {
		if g.Rules[i].Allow && inRanges(g.Rules[i].Domains, domain) {
			return g.Rules[i].decision(i)
		}
	}
	if g.DefaultAllow {
		return g.fallback()
	}
	return Decision{Rule: -1, Line: g.Line, Why: fmt.Sprintf("no allow_rule names domain %d", domain)}
}

// A query is what is asked, taken apart once for all rules.
type query struct {
	topic      []token
	partitions [][]token
	tags       []Tag
}

func (r *Rule) criteria(a Action) []Criteria {
	switch a {
	case Publish:
		return r.Publish
	case Subscribe:
		return r.Subscribe
	case Relay:
		return r.Relay
	}
	return nil
}

func (r *Rule) decision(i int) Decision {
	kind := "deny_rule"
	if r.Allow {
		kind = "allow_rule"
	}
	return Decision{Allowed: r.Allow, Rule: i, Line: r.Line, Why: fmt.Sprintf("%s at line %d (rule %d of the grant)", kind, r.Line, i+1)}
}

func (g *Grant) fallback() Decision {
	def := "DENY"
	if g.DefaultAllow {
		def = "ALLOW"
	}
	return Decision{Allowed: g.DefaultAllow, Rule: -1, Line: g.Line, Why: "no rule applies and the default is " + def}
}

func (c *Criteria) hasTopic(topic []token) bool {
	return slices.ContainsFunc(c.Topics, func(e string) bool { return match(e, topic) })
}

func (c *Criteria) matches(q query, allow bool) bool {
	if allow {
		return c.hasTopic(q.topic) && c.allowsPartitions(q.partitions) && c.allowsTags(q.tags)
	}
	return (q.topic == nil || c.hasTopic(q.topic)) && c.deniesPartitions(q.partitions) && c.deniesTags(q.tags)
}

// allowsPartitions: an allow rule without partitions is for the default one
// alone. DDS-Security 1.1, 9.4.1.3.2.3.1.4.
func (c *Criteria) allowsPartitions(list [][]token) bool {
	expressions := c.Partitions
	if expressions == nil {
		expressions = []string{""}
	}
	return !slices.ContainsFunc(list, func(p []token) bool {
		return !slices.ContainsFunc(expressions, func(e string) bool { return match(e, p) })
	})
}

// deniesPartitions: a deny rule without partitions applies whatever the
// partition is. DDS-Security 1.1, 9.4.1.3.2.3.2.4.
func (c *Criteria) deniesPartitions(list [][]token) bool {
	return c.Partitions == nil || slices.ContainsFunc(list, func(p []token) bool {
		return slices.ContainsFunc(c.Partitions, func(e string) bool { return overlaps(expression(e), p) })
	})
}

// allowsTags: an endpoint may only carry tags the rule lists.
func (c *Criteria) allowsTags(tags []Tag) bool {
	return !slices.ContainsFunc(tags, func(t Tag) bool { return !c.hasTag(t) })
}

// deniesTags: a rule without tags denies whatever the endpoint's tags are.
func (c *Criteria) deniesTags(tags []Tag) bool {
	return len(c.Tags) == 0 || slices.ContainsFunc(tags, c.hasTag)
}

func (c *Criteria) hasTag(t Tag) bool {
	return slices.ContainsFunc(c.Tags, func(have Tag) bool {
		return have.Name == t.Name && match(have.Value, literal(t.Value))
	})
}

// Describe tells a question in words, for error messages.
func Describe(action Action, topic string, partitions []string) string {
	s := fmt.Sprintf("%s topic %.256q", action, topic)
	if len(partitions) > 0 {
		s += fmt.Sprintf(" in partitions %.256q", strings.Join(partitions, ", "))
	}
	return s
}
