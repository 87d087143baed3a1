package governance

import (
	"fmt"
	"strings"
)

// Why a grant decides as it does, in words.

func (r *Rule) kind() string {
	if r.Allow {
		return "allow_rule"
	}
	return "deny_rule"
}

func (r *Rule) why(i int) string {
	return fmt.Sprintf("%s at line %d (rule %d of the grant)", r.kind(), r.Line, i+1)
}

func (g *Grant) ruleName(i int) string {
	return fmt.Sprintf("%s, rule %d (%s)", g.text(), i+1, g.Rules[i].kind())
}

// decision is that of a rule one of whose criteria matched.
func (g *Grant) decision(i int, c *Criteria, q *query) Decision {
	r := &g.Rules[i]
	d := Decision{Allowed: r.Allow, Rule: i, Line: r.Line, Name: g.ruleName(i) + ", " + q.action.String(), Why: r.why(i)}
	if !r.Allow {
		d.Line = c.Line
		d.Expected, d.Found = "anything but "+c.text(), q.text(c.Partitions != nil, len(c.Tags) > 0)
		d.Remedy = fmt.Sprintf("add an <allow_rule> above line %d, or remove the deny_rule", r.Line)
	}
	return d
}

// fallback is the decision where no rule applies: the default. A refusal tells
// of the allow rule that comes closest, and what of it is not met.
func (g *Grant) fallback(q *query) Decision {
	if g.DefaultAllow {
		return Decision{Allowed: true, Rule: -1, Line: g.Line, Name: g.text() + ", default", Why: "no rule applies and the default is ALLOW"}
	}
	d := Decision{
		Rule: -1, Line: g.DefaultLine, Name: g.text() + ", default", Why: "no rule applies and the default is DENY",
		Expected: fmt.Sprintf("an allow_rule for domain %d", q.domain), Found: "none",
		Remedy: fmt.Sprintf("add an <allow_rule> with <%s> for it", q.action),
	}
	var domains []Range
	var topics []string
	met := 0 // criteria of the closest rule so far: domain, action, topic, partitions
	for i := range g.Rules {
		r := &g.Rules[i]
		if !r.Allow {
			continue
		}
		if !inRanges(r.Domains, q.domain) {
			if domains = append(domains, r.Domains...); met == 0 {
				d.Found = "allow rules for domains " + rangesText(domains)
			}
			continue
		}
		if met < 1 {
			met = 1
			d.Expected, d.Found = fmt.Sprintf("an allow_rule with <%s>", q.action), "none for the domain"
		}
		for j := range r.criteria(q.action) {
			c := &r.criteria(q.action)[j]
			switch {
			case !c.hasTopic(q.topic):
				if topics = append(topics, c.Topics...); met <= 2 {
					met = 2
					d.Expected, d.Found = "a topic among "+quoted(topics), fmt.Sprintf("%.256q", q.name)
				}
				continue
			case met < 3 && !c.allowsPartitions(q.partitions):
				met = 3
				d.Expected, d.Found = c.partitionsText(), "partitions "+quoted(q.names)
			case met < 4 && c.allowsPartitions(q.partitions):
				met = 4
				d.Expected, d.Found = c.tagsText(), tagsText(q.tags)
			default:
				continue
			}
			d.Line, d.Name = c.Line, g.ruleName(i)+", "+q.action.String()
		}
	}
	return d
}

func (c *Criteria) text() string {
	s := "topics " + quoted(c.Topics)
	if c.Partitions != nil {
		s += " in partitions " + quoted(c.Partitions)
	}
	if len(c.Tags) > 0 {
		s += " with " + tagsText(c.Tags)
	}
	return s
}

func (c *Criteria) partitionsText() string {
	if c.Partitions == nil {
		return `the default partition ""`
	}
	return "partitions " + quoted(c.Partitions)
}

func (c *Criteria) tagsText() string {
	if len(c.Tags) == 0 {
		return "no data tags"
	}
	return "one or more of " + tagsText(c.Tags) + " and no other"
}

func (q *query) text(partitions, tags bool) string {
	s := fmt.Sprintf("topic %.256q", q.name)
	if partitions {
		s += " in partitions " + quoted(q.names)
	}
	if tags {
		s += " with " + tagsText(q.tags)
	}
	return s
}

func tagsText(list []Tag) string {
	if len(list) == 0 {
		return "no data tags"
	}
	parts := make([]string, 0, len(list))
	for _, t := range list {
		parts = append(parts, t.Name+"="+t.Value)
	}
	return "data tags " + quoted(parts)
}

// quoted lists what may come from a peer: not without end.
func quoted(list []string) string {
	var b strings.Builder
	for i, s := range list {
		if i > 0 {
			b.WriteString(", ")
		}
		if i == 16 {
			b.WriteString("…")
			break
		}
		fmt.Fprintf(&b, "%.64q", s)
	}
	return b.String()
}
