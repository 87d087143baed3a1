// Package pairwise chooses few combinations of many factors such that any two
// values of any two factors come together in one of them at least: most faults
// need no more than two things to meet. It is a pure package, of the
// conformance tests only.
package pairwise

// A pair is a value of one factor and one of a later factor.
type pair struct{ f, v, g, w int }

// Cover returns rows of one value per factor, such that every pair of values of
// every two factors is in a row. levels[i] is how many values factor i has, at
// least 1: 0 to levels[i]-1. There are two factors at least. The same levels
// give the same rows.
//
// It is greedy: a row begins with a pair that no row has yet, and takes of every
// other factor the value that adds the most new pairs.
func Cover(levels ...int) (rows [][]int) {
	missing := make(map[pair]bool)
	var order []pair // of missing, so that the result does not depend on a map
	for f := range levels {
		for g := f + 1; g < len(levels); g++ {
			for v := range levels[f] {
				for w := range levels[g] {
					p := pair{f, v, g, w}
					missing[p] = true
					order = append(order, p)
				}
			}
		}
	}
	for _, first := range order {
		if !missing[first] {
			continue
		}
		row := make([]int, len(levels))
		for i := range row {
			row[i] = -1
		}
		row[first.f], row[first.g] = first.v, first.w
		for f := range row {
			if row[f] < 0 {
				row[f] = best(missing, row, f, levels[f], len(rows))
			}
		}
		for f := range row {
			for g := f + 1; g < len(row); g++ {
				delete(missing, pair{f, row[f], g, row[g]})
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// best returns the value of factor f that adds the most pairs to what row has.
// Of equals another one wins each time, for the factors that follow to vary.
func best(missing map[pair]bool, row []int, f, level, turn int) int {
	choice, most := 0, -1
	for i := range level {
		v := (i + turn) % level
		n := 0
		for g, w := range row {
			if w < 0 {
				continue
			}
			if g < f && missing[pair{g, w, f, v}] || g > f && missing[pair{f, v, g, w}] {
				n++
			}
		}
		if n > most {
			choice, most = v, n
		}
	}
	return choice
}
