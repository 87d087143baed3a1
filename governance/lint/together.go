package lint

import (
	"fmt"

	"github.com/secdds/dds/governance"
)

// A Member is a permissions document that one participant or more have.
type Member struct {
	File        string // for findings
	Line        int    // of the file, where the document begins; see Open
	Permissions *governance.Permissions
}

// Together tells what can never happen under a governance document: rules for
// domains it does not have, and topics it has no rule for.
func Together(g *governance.Governance, m Member) []Finding {
	l := &linter{file: m.File, line: m.Line}
	var governed []governance.Range
	for i := range g.Rules {
		governed = append(governed, g.Rules[i].Domains...)
	}
	for i := range m.Permissions.Grants {
		grant := &m.Permissions.Grants[i]
		for j := range grant.Rules {
			r := &grant.Rules[j]
			if !meets(r.Domains, governed) {
				l.add(Warning, r.Line, "domain-not-governed", fmt.Sprintf("<%s> never applies: %s has no rule for any of its domains", ruleName(r), g.Document), "name domains that the governance has")
				continue
			}
			if !r.Allow {
				continue
			}
			expressions := topicsOf(g, r.Domains)
			for _, c := range ruleCriteria(r) {
				for _, topic := range c.Topics {
					if !anyOverlap(expressions, topic) {
						l.add(Warning, c.Line, "topic-not-governed", fmt.Sprintf("<%s/%v> %q: %s has no topic rule for such a topic, so it cannot be created", ruleName(r), c.action, topic, g.Document), "add a topic rule, or remove it")
					}
				}
			}
		}
	}
	return Sort(l.list)
}

// Unused tells for which topics of the governance document nobody has a right
// that it asks for. members are all that there are. line is that of the file,
// where the governance document begins.
func Unused(g *governance.Governance, file string, line int, members []Member) []Finding {
	l := &linter{file: file, line: line}
	for i := range g.Rules {
		d := &g.Rules[i]
		for j := range d.Topics {
			t := &d.Topics[j]
			for _, need := range []struct {
				asked  bool
				action governance.Action
				name   string
			}{
				{t.WriteAccessControl, governance.Publish, "enable_write_access_control"},
				{t.ReadAccessControl, governance.Subscribe, "enable_read_access_control"},
			} {
				if need.asked && !anyGrant(members, d.Domains, need.action, t.Expression) {
					l.add(Warning, t.Line, "no-grant-for-topic", fmt.Sprintf("<topic_rule> %q has %s, but no grant of the keystore allows to %v such a topic", t.Expression, need.name, need.action), "grant it to somebody, or remove the rule")
				}
			}
		}
	}
	return Sort(l.list)
}

func topicsOf(g *governance.Governance, domains []governance.Range) []string {
	var list []string
	for i := range g.Rules {
		if meets(g.Rules[i].Domains, domains) {
			for _, t := range g.Rules[i].Topics {
				list = append(list, t.Expression)
			}
		}
	}
	return list
}

func anyOverlap(list []string, topic string) bool {
	for _, e := range list {
		if governance.Overlap(e, topic) {
			return true
		}
	}
	return false
}

func anyGrant(members []Member, domains []governance.Range, action governance.Action, topic string) bool {
	for _, m := range members {
		for i := range m.Permissions.Grants {
			g := &m.Permissions.Grants[i]
			if g.DefaultAllow {
				return true
			}
			for j := range g.Rules {
				r := &g.Rules[j]
				if !r.Allow || !meets(r.Domains, domains) {
					continue
				}
				for _, c := range ruleCriteria(r) {
					if c.action == action && anyOverlap(c.Topics, topic) {
						return true
					}
				}
			}
		}
	}
	return false
}
