//go:build !race

package engine

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Neither making messages of samples nor interpreting them nor taking the
// samples allocates, however protected and however long they are.
func TestStagesAllocateNothing(t *testing.T) {
	const runs = 400 // many, as participants announce themselves and begin new session keys meanwhile
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
			require.Zero(t, testing.AllocsPerRun(runs, round), "%s %v", world.name, l)
			before := x.sn
			require.Zero(t, testing.AllocsPerRun(runs, send), "%s %v", world.name, l)
			x.sn = before // nobody received them
		}
	}
}
