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
	Line    int    // of the XML, of what Name names
	Name    string // "grant "/a" for CN=/a, rule 2 (allow_rule), publish"
	Why     string // "allow_rule at line 14 (rule 2 of the grant)", "no rule applies and the default is DENY"

	// Of a refusal: what the rule that Name names asks for, what there is
	// instead, and what would allow it. Where no rule applies, Name is the rule
	// that comes closest.
	Expected, Found, Remedy string
}

// Check decides whether the grant's subject may do that. The rules are looked
// at in the document's order: the first that applies decides, and without one
// the default. DDS-Security 1.1, 9.4.1.3.2.3.
//
// A rule applies if it names the domain and one of its criteria for that
// action matches the topic, the partitions and the tags. To be allowed, all
// partitions must match; to be denied, one is enough. An endpoint without
// partitions is in the default one, "". A partition may be an expression: it is
// allowed where the rule's expression covers all of it, and denied where the
// two overlap.
//
// Tags work in the same way. An allow criterion with data_tags is for endpoints
// that carry tags, all of them among those it lists; one without is for
// endpoints that carry none. A deny criterion with data_tags is for endpoints
// that carry one of them; one without, for all. Names and values are compared as
// they stand. DDS-Security 1.1, 9.4.1.3.2.3, asks of an allow rule only that the
// endpoint's tags are among the rule's, so that leaving a tag out would open
// what the tag was to guard: here it does not.
func (g *Grant) Check(domain uint32, action Action, topic string, partitions []string, tags []Tag) Decision {
	q := query{domain: domain, action: action, name: topic, topic: literal(topic), names: partitions, tags: tags}
	if len(partitions) == 0 {
		q.names = []string{""}
	}
	for _, p := range q.names {
		q.partitions = append(q.partitions, expression(p))
	}
	for i := range g.Rules {
		r := &g.Rules[i]
		if !inRanges(r.Domains, domain) {
			continue
		}
		for j := range r.criteria(action) {
			if c := &r.criteria(action)[j]; c.matches(&q, r.Allow) {
				return g.decision(i, c, &q)
			}
		}
	}
	return g.fallback(&q)
}

// CheckTopic decides whether the subject may publish or subscribe the topic in
// some partition with some tags: what creating a topic needs.
// DDS-Security 1.1, 8.4.2.9.3.
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
				return Decision{Allowed: true, Rule: i, Line: r.Line, Name: g.ruleName(i), Why: r.why(i)}
			}
		}
	}
	return pub
}

// CheckJoin decides whether the subject may have a participant in the domain:
// an allow rule names it. DDS-Security 1.1, 8.4.2.9.1 (check_create_participant).
func (g *Grant) CheckJoin(domain uint32) Decision {
	var found []Range
	for i := range g.Rules {
		r := &g.Rules[i]
		if !r.Allow {
			continue
		}
		if inRanges(r.Domains, domain) {
			return Decision{Allowed: true, Rule: i, Line: r.Line, Name: g.ruleName(i), Why: r.why(i)}
		}
		found = append(found, r.Domains...)
	}
	if g.DefaultAllow {
		return g.fallback(&query{domain: domain})
	}
	d := Decision{
		Rule: -1, Line: g.Line, Name: g.text(), Why: fmt.Sprintf("no allow_rule names domain %d", domain),
		Expected: fmt.Sprintf("an allow_rule for domain %d", domain), Found: "no allow_rule",
		Remedy: "add the domain to <domains> of an allow_rule",
	}
	if len(found) > 0 {
		d.Found = "allow rules for domains " + rangesText(found)
	}
	return d
}

// A query is what is asked, taken apart once for all rules.
type query struct {
	domain     uint32
	action     Action
	name       string // of the topic
	topic      []token
	names      []string // of the partitions; at least one
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

func (c *Criteria) matches(q *query, allow bool) bool {
	if allow {
		return c.hasTopic(q.topic) && c.allowsPartitions(q.partitions) && c.allowsTags(q.tags)
	}
	return (q.topic == nil || c.hasTopic(q.topic)) && c.deniesPartitions(q.partitions) && c.deniesTags(q.tags)
}

func (c *Criteria) hasTopic(topic []token) bool {
	return slices.ContainsFunc(c.Topics, func(e string) bool { return match(e, topic) })
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

func (c *Criteria) allowsTags(tags []Tag) bool {
	if len(c.Tags) == 0 || len(tags) == 0 {
		return len(c.Tags) == 0 && len(tags) == 0
	}
	return !slices.ContainsFunc(tags, func(t Tag) bool { return !slices.Contains(c.Tags, t) })
}

func (c *Criteria) deniesTags(tags []Tag) bool {
	return len(c.Tags) == 0 || slices.ContainsFunc(tags, func(t Tag) bool { return slices.Contains(c.Tags, t) })
}

// Describe tells a question in words, for error messages.
func Describe(action Action, topic string, partitions []string) string {
	s := fmt.Sprintf("%s topic %.256q", action, topic)
	if len(partitions) > 0 {
		s += fmt.Sprintf(" in partitions %.256q", strings.Join(partitions, ", "))
	}
	return s
}
