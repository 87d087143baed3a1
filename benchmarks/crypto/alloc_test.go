//go:build !race

package crypto

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestNoAllocations holds the data path to what the benchmarks report. The
// race detector allocates, so it is not built with it.
func TestNoAllocations(t *testing.T) {
	for _, p := range protections {
		w := newWorld(t, alike(p))
		sealed, opened := make([]byte, 0, room), make([]byte, 0, room)
		for _, l := range levels {
			for _, n := range l.sizes() {
				plain := l.plain(n)
				b, err := l.seal(w, sealed, plain)
				require.NoError(t, err)
				_, err = l.open(w, opened, b)
				require.NoError(t, err)

				// Few runs: a new session, after 1 GiB, allocates.
				var failed error
				allocs := testing.AllocsPerRun(5, func() {
					if b, err = l.seal(w, sealed, plain); err != nil {
						failed = err
					}
					if _, err = l.open(w, opened, b); err != nil {
						failed = err
					}
				})
				require.NoError(t, failed)
				require.Zero(t, allocs, "%s %v %d", l.name, p, n)

				start := l.room(w)
				allocs = testing.AllocsPerRun(5, func() {
					if b, err = l.sealInPlace(w, append(sealed[:start], plain...), start); err != nil {
						failed = err
					}
					if _, err = l.openInPlace(w, b); err != nil {
						failed = err
					}
				})
				require.NoError(t, failed)
				require.Zero(t, allocs, "in place: %s %v %d", l.name, p, n)
			}
		}
	}
}

// TestNoAllocationsInAChain is the same for what takes a sample through all
// levels, for one receiver and for 16.
func TestNoAllocationsInAChain(t *testing.T) {
	for _, s := range chainSettings {
		c := newChain(newWorld(t, s.setting))
		for _, n := range chainSizes {
			sample := data(n)
			for _, way := range []struct {
				name string
				seal func([]byte) ([]byte, error)
				open func([]byte) ([]byte, error)
			}{{"apart", c.seal, c.open}, {"in place", c.sealInPlace, c.openInPlace}} {
				var failed error
				once := func() {
					b, err := way.seal(sample)
					if err == nil {
						_, err = way.open(b)
					}
					if err != nil {
						failed = err
					}
				}
				once()
				allocs := testing.AllocsPerRun(5, once)
				require.NoError(t, failed)
				require.Zero(t, allocs, "%s: %s %d", way.name, s.name, n)
			}
		}
	}
}
