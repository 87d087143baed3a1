package lint

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/governance"
)

// A rule that is said to be unreachable never decides, whatever is asked.
func TestUnreachableIsNeverReached(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	pick := func(list ...string) string { return list[r.IntN(len(list))] }
	pickTags := func() []governance.Tag {
		switch r.IntN(12) {
		case 0:
			return []governance.Tag{{Name: "n", Value: "v"}}
		case 1:
			return []governance.Tag{{Name: "n", Value: "v"}, {Name: "m", Value: "*"}}
		}
		return nil
	}
	criteria := func() []governance.Criteria {
		var list []governance.Criteria
		for range r.IntN(3) {
			c := governance.Criteria{Topics: []string{pick("*", "*", "a", "b", "a*", "[ab]", "?", "?*", "ab")}, Tags: pickTags()}
			if r.IntN(3) == 0 {
				c.Topics = append(c.Topics, pick("b*", "*b", "??"))
			}
			for range r.IntN(3) {
				c.Partitions = append(c.Partitions, pick("", "*", "P", "P*", "Q"))
			}
			list = append(list, c)
		}
		return list
	}
	dead := 0
	for range 2000 {
		g := &governance.Grant{DefaultAllow: r.IntN(2) == 0}
		for i := range 2 + r.IntN(3) {
			lo := uint32(r.IntN(2))
			g.Rules = append(g.Rules, governance.Rule{
				Line: i + 1, Allow: r.IntN(2) == 0, Domains: []governance.Range{{Min: lo, Max: lo + uint32(r.IntN(3))}},
				Publish: criteria(), Subscribe: criteria(),
			})
		}
		l := &linter{line: 1}
		unreachable := map[int]bool{}
		for i := range g.Rules {
			l.rule(g, i)
		}
		for _, f := range l.list {
			if f.Rule == "unreachable-rule" {
				unreachable[f.Line-1] = true
				dead++
			}
		}
		for range 150 {
			var partitions []string
			for range r.IntN(3) {
				partitions = append(partitions, pick("", "P", "PX", "Q", "R", "*"))
			}
			action := governance.Action(r.IntN(2))
			topic, domain, tags := pick("a", "b", "ab", "ba", "c", "abc"), uint32(r.IntN(6)), pickTags()
			d := g.Check(domain, action, topic, partitions, tags)
			require.False(t, d.Rule >= 0 && unreachable[d.Rule], "%+v decides about %s in domain %d, partitions %q, tags %v: %+v", d, topic, domain, partitions, tags, g)
		}
	}
	require.Greater(t, dead, 50, "there is something to be wrong about")
}
