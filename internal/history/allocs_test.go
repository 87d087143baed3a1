//go:build !race

package history

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/rtps"
)

// Whatever the history QoS and however many instances, a sample in steady
// state allocates nothing: not in the writer's book, ...
func TestBookAllocs(t *testing.T) {
	for _, l := range bookLoads() {
		w, sn := NewWriter(l.cfg), rtps.SequenceNumber(0)
		many := func() {
			for range 4 * l.lot {
				sn++
				l.write(w, sn)
			}
		}
		for range 8 { // every instance has its depth then
			many()
		}
		require.Zero(t, testing.AllocsPerRun(10, many), l.String())
	}
}

// ... and not in the reader's cache, filled to its limit and drained in lots.
func TestCacheLoadAllocs(t *testing.T) {
	for _, l := range cacheLoads() {
		r := newCacheRun(l)
		for range 8 { // every instance is known then
			r.round()
		}
		require.Zero(t, testing.AllocsPerRun(10, r.round), l.name)
	}
}
