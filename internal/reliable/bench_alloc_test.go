//go:build !race

package reliable

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// In steady state neither machine allocates, paced or not, for whole samples
// and for those that come in fragments.
func TestMachinesAllocateNothing(t *testing.T) {
	for _, l := range stageLots {
		for _, window := range []int{0, 1 << 20, l.size * l.count / 4} {
			w := newWriterRun(l, window)
			w.lot()
			require.Zero(t, testing.AllocsPerRun(20, w.lot), "%v, window %d", l, window)
		}
		r := newReaderRun(l)
		r.lot()
		require.Zero(t, testing.AllocsPerRun(20, r.lot), l.String())
	}
}
