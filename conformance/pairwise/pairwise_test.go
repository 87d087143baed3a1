package pairwise_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/conformance/pairwise"
)

func TestEveryPairIsCovered(t *testing.T) {
	for _, levels := range [][]int{{2, 2}, {3, 3, 3, 3}, {5, 5, 5, 5, 3, 2, 2}, {2, 7, 1, 4}} {
		t.Run(fmt.Sprint(levels), func(t *testing.T) {
			rows := pairwise.Cover(levels...)
			require.Equal(t, rows, pairwise.Cover(levels...), "another result")
			for _, row := range rows {
				require.Len(t, row, len(levels))
				for f, v := range row {
					require.Less(t, v, levels[f])
					require.GreaterOrEqual(t, v, 0)
				}
			}
			for f := range levels {
				for g := range f {
					for v := range levels[f] {
						for w := range levels[g] {
							require.True(t, has(rows, f, v, g, w), "factor %d = %d with factor %d = %d", f, v, g, w)
						}
					}
				}
			}
		})
	}
}

func has(rows [][]int, f, v, g, w int) bool {
	for _, row := range rows {
		if row[f] == v && row[g] == w {
			return true
		}
	}
	return false
}

// The rows are few: no more than half as many again as two factors alone need.
func TestRowsAreFew(t *testing.T) {
	require.LessOrEqual(t, len(pairwise.Cover(5, 5, 5, 5, 3, 2, 2)), 37)
	require.Len(t, pairwise.Cover(4, 1), 4)
}
