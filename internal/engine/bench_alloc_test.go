//go:build !race

package engine

import (
	"fmt"
	"math"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

// Neither making messages of samples nor interpreting them nor taking the
// samples allocates, however protected and however long they are.
func TestStagesAllocateNothing(t *testing.T) {
	const runs = 50
	for _, world := range labWorlds {
		x := newLab(t, world.gov())
		for _, l := range append(loneLots, fullLots...) {
			payload := payloadOf(l.size)
			send := func() {
				x.order(l, payload)
				x.send()
			}
			round := func() { x.pass(t, l, payload) }
			for range 10 {
				round()
			}
			what := fmt.Sprint(world.name, " ", l)
			allocatesNothing(t, runs, round, what)
			before := x.sn
			allocatesNothing(t, runs, send, what)
			x.sn = before // nobody received them
		}
	}
}

// allocatesNothing holds that f allocates nothing. What other goroutines allocate
// counts as well, and participants announce themselves every now and then, the
// more of them during so many calls the busier the machine is. So there only have
// to be calls, so many one after the other, during which nothing is.
func allocatesNothing(t *testing.T, calls int, f func(), what string) {
	t.Helper()
	var before, after runtime.MemStats
	least := uint64(math.MaxUint64)
	for range 100 {
		runtime.ReadMemStats(&before)
		for range calls {
			f()
		}
		runtime.ReadMemStats(&after)
		if least = min(least, after.Mallocs-before.Mallocs); least == 0 {
			return
		}
	}
	require.Zero(t, least, "%s: allocations in %d calls, at least", what, calls)
}
