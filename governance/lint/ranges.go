package lint

import (
	"slices"

	"github.com/secdds/dds/governance"
)

// minus returns what of the ranges is not in taken.
func minus(list, taken []governance.Range) []governance.Range {
	rest := slices.Clone(list)
	for _, t := range taken {
		var next []governance.Range
		for _, d := range rest {
			if d.Max < t.Min || t.Max < d.Min {
				next = append(next, d)
				continue
			}
			if d.Min < t.Min {
				next = append(next, governance.Range{Min: d.Min, Max: t.Min - 1})
			}
			if t.Max < d.Max {
				next = append(next, governance.Range{Min: t.Max + 1, Max: d.Max})
			}
		}
		rest = next
	}
	return rest
}

// within reports whether all of list is in taken, meets whether some of it is.
func within(list, taken []governance.Range) bool { return len(minus(list, taken)) == 0 }

func meets(list, taken []governance.Range) bool {
	return slices.ContainsFunc(list, func(d governance.Range) bool {
		return slices.ContainsFunc(taken, func(t governance.Range) bool { return d.Min <= t.Max && t.Min <= d.Max })
	})
}

// pieces cuts list at the ends of others, so that each piece is all inside or
// all outside of each of them.
func pieces(list, others []governance.Range) []governance.Range {
	cut := slices.Clone(list)
	for _, o := range others {
		var next []governance.Range
		for _, d := range cut {
			inside := minus([]governance.Range{d}, minus([]governance.Range{d}, []governance.Range{o}))
			next = append(next, inside...)
			next = append(next, minus([]governance.Range{d}, []governance.Range{o})...)
		}
		cut = next
	}
	return cut
}
