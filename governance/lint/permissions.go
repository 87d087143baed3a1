package lint

import (
	"fmt"
	"slices"
	"time"

	"github.com/secdds/dds/governance"
)

// shortValidity is a validity whose ends local time, instead of UTC, moves
// noticeably: zones are up to 14 hours off.
const shortValidity = 48 * time.Hour

// permissions looks at a permissions document: root is its tree, p what it says.
func (l *linter) permissions(now time.Time, root *node, p *governance.Permissions) {
	for _, n := range root.all("partitions") {
		if p := n.find("partition"); len(n.kids) == 1 && p.text == "*" && n.up.up.name == "allow_rule" {
			continue // all of them: who does not heed it allows the same
		}
		l.add(Warning, n.line, "partitions", "<partitions>: RustDDS ignores them and judges by the topic alone", "limit by topic where RustDDS takes part", RustDDS)
		if n.up.up.name == "deny_rule" {
			l.add(Warning, n.line, "partitions-deny", "<deny_rule> with <partitions>: Fast DDS and Cyclone DDS deny the topic in every partition", "", Fast, Cyclone)
		}
	}
	for _, n := range root.all("data_tags") {
		l.add(Warning, n.line, "data-tags", "<data_tags>: Cyclone DDS, Fast DDS, OpenDDS and RustDDS do not heed them", "limit by topic where they take part", Cyclone, Fast, OpenDDS, RustDDS)
	}
	for _, n := range root.all("relay") {
		l.add(Info, n.line, "relay", "<relay>: no other known peer heeds it", "", Cyclone, Fast, OpenDDS, RustDDS)
	}
	for i := range p.Grants {
		g := &p.Grants[i]
		for _, earlier := range p.Grants[:i] {
			if earlier.Subject.Matches(g.Subject) && earlier.NotBefore.Before(g.NotAfter) && g.NotBefore.Before(earlier.NotAfter) {
				l.add(Warning, g.Line, "duplicate-subject", fmt.Sprintf("<grant>: %s has a grant at line %d already; while both are valid the first one holds", g.Subject, l.fileLine(earlier.Line)), "merge them")
				break
			}
		}
		l.grant(now, g)
	}
}

func (l *linter) fileLine(line int) int {
	if l.line > 0 {
		line += l.line - 1
	}
	return line
}

func (l *linter) grant(now time.Time, g *governance.Grant) {
	at := func(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }
	switch {
	case now.After(g.NotAfter):
		l.add(Warning, g.Line, "lapsed", fmt.Sprintf("<grant> for %s: it has lapsed at %s, the time is %s", g.Subject, at(g.NotAfter), at(now)), "sign a document with a later not_after")
	case now.Before(g.NotBefore):
		l.add(Warning, g.Line, "not-yet-valid", fmt.Sprintf("<grant> for %s: it is valid from %s on, the time is %s", g.Subject, at(g.NotBefore), at(now)), "")
	}
	if g.NotAfter.Sub(g.NotBefore) < shortValidity {
		l.add(Warning, g.Line, "local-time", "<grant/validity> is shorter than two days: Fast DDS reads both times as local ones, up to 14 hours off", "leave a day to spare at both ends", Fast)
	}
	allows := g.DefaultAllow
	for i := range g.Rules {
		allows = allows || g.Rules[i].Allow
	}
	if !allows {
		l.add(Warning, g.Line, "grants-nothing", fmt.Sprintf("<grant> for %s: no allow_rule, and the default is DENY: the subject may not even join", g.Subject), "add an allow_rule, or remove the grant")
	}
	for i := range g.Rules {
		l.rule(g, i)
	}
}

func (l *linter) rule(g *governance.Grant, i int) {
	r := &g.Rules[i]
	name := ruleName(r)
	if len(r.Publish)+len(r.Subscribe)+len(r.Relay) == 0 {
		if r.Allow {
			l.add(Info, r.Line, "empty-rule", "<allow_rule> without topics: it allows to join, and nothing else", "")
		} else {
			l.add(Warning, r.Line, "empty-rule", "<deny_rule> without topics denies nothing", "name topics in <publish> and <subscribe>, or remove it")
		}
		return
	}
	var all, dead int
	var told []Finding
	for _, c := range ruleCriteria(r) {
		for _, topic := range c.Topics {
			all++
			decided, opposite := shadowed(g.Rules[:i], r, c, topic)
			if !decided {
				continue
			}
			dead++
			if opposite {
				told = append(told, Finding{Line: c.Line, Problem: fmt.Sprintf("<%s/%v> %q never applies: rules before it decide otherwise for all of its topics, and the first rule that applies decides", name, c.action, topic)})
			}
		}
	}
	if dead == all {
		l.add(Warning, r.Line, "unreachable-rule", fmt.Sprintf("<%s> never applies: rules before it decide for all of its topics", name), "move it up, or remove it")
		return
	}
	for _, f := range told {
		l.add(Warning, f.Line, "unreachable-topic", f.Problem, "move it up, or remove it")
	}
}

func ruleName(r *governance.Rule) string {
	if r.Allow {
		return "allow_rule"
	}
	return "deny_rule"
}

// An actionCriteria is a Criteria with the action it is for.
type actionCriteria struct {
	governance.Criteria
	action governance.Action
}

func ruleCriteria(r *governance.Rule) []actionCriteria {
	var list []actionCriteria
	for action, criteria := range [][]governance.Criteria{r.Publish, r.Subscribe, r.Relay} {
		for _, c := range criteria {
			list = append(list, actionCriteria{c, governance.Action(action)})
		}
	}
	return list
}

// shadowed reports whether rules before r decide for every endpoint of c's
// action on a topic of that expression, in every domain of r; and whether some
// of them decide the other way.
func shadowed(earlier []governance.Rule, r *governance.Rule, c actionCriteria, topic string) (decided, opposite bool) {
	var cuts []governance.Range
	for i := range earlier {
		cuts = append(cuts, earlier[i].Domains...)
	}
	for _, piece := range pieces(r.Domains, cuts) {
		var topics []string
		for i := range earlier {
			e := &earlier[i]
			if !within([]governance.Range{piece}, e.Domains) {
				continue
			}
			for _, ec := range ruleCriteria(e) {
				if ec.action == c.action && claims(e.Allow, ec.Criteria, r.Allow, c.Criteria) {
					topics = append(topics, ec.Topics...)
					opposite = opposite || e.Allow != r.Allow
				}
			}
		}
		if !governance.Covered(topic, topics...) {
			return false, false
		}
	}
	return true, opposite
}

// claims reports whether e applies to every endpoint that c applies to, as far
// as partitions and data tags go. Where that is not certain it says no.
func claims(allowE bool, e governance.Criteria, allowC bool, c governance.Criteria) bool {
	return claimsPartitions(allowE, e.Partitions, allowC, c.Partitions) && claimsTags(allowE, e.Tags, allowC, c.Tags)
}

// claimsPartitions: an allow rule applies where all partitions of the endpoint
// are in its list (none: the default one), a deny rule where one is (none: any).
func claimsPartitions(allowE bool, e []string, allowC bool, c []string) bool {
	switch {
	case !allowE:
		return e == nil
	case slices.Contains(e, "*"):
		return true
	case !allowC:
		return false
	case e == nil && c == nil:
		return true
	case e == nil || c == nil:
		return false
	}
	for _, p := range c {
		if !slices.Contains(e, p) {
			return false
		}
	}
	return true
}

// claimsTags: an allow rule applies where all tags of the endpoint are in its
// list (none: to those without tags), a deny rule where one is (none: any).
func claimsTags(allowE bool, e []governance.Tag, allowC bool, c []governance.Tag) bool {
	if !allowE {
		return len(e) == 0
	}
	if !allowC || (len(e) == 0) != (len(c) == 0) {
		return false
	}
	for _, t := range c {
		if !slices.Contains(e, t) {
			return false
		}
	}
	return true
}
