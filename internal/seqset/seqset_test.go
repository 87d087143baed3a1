package seqset

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSet(t *testing.T) {
	var s Set[int64]
	s.Add(5, 6)
	s.Add(8, 8)
	require.Equal(t, []Range[int64]{{5, 6}, {8, 8}}, s.Ranges())
	s.Add(7, 7) // closes the hole
	require.Equal(t, []Range[int64]{{5, 8}}, s.Ranges())
	s.Add(1, 3)
	s.Add(10, math.MaxInt64) // as wide as a hostile GAP
	require.Equal(t, uint64(3+4+math.MaxInt64-9), s.Count(0, math.MaxInt64))
	s.Remove(6, 20)
	require.Equal(t, []Range[int64]{{1, 3}, {5, 5}, {21, math.MaxInt64}}, s.Ranges())
	s.Remove(2, 2)
	require.Equal(t, []Range[int64]{{1, 1}, {3, 3}, {5, 5}, {21, math.MaxInt64}}, s.Ranges())
	r, ok := s.Find(30)
	require.True(t, ok)
	require.Equal(t, Range[int64]{21, math.MaxInt64}, r)
	require.False(t, s.Has(20))
	s.Add(9, 2) // empty
	s.Remove(9, 2)
	require.Equal(t, 4, s.Len())
	s.Add(0, math.MaxInt64)
	require.Equal(t, []Range[int64]{{0, math.MaxInt64}}, s.Ranges())
	s.Remove(0, math.MaxInt64)
	require.True(t, s.Empty())
}

// The set must agree with 64 booleans whatever is done to it.
func FuzzSet(f *testing.F) {
	f.Add([]byte{0x05, 0x07, 0x81, 0x06, 0x10, 0x22})
	f.Fuzz(func(t *testing.T, ops []byte) {
		var s Set[uint32]
		var want [64]bool
		for ; len(ops) >= 2; ops = ops[2:] {
			lo, hi, add := uint32(ops[0]&63), uint32(ops[1]&63), ops[0]&0x80 == 0
			if add {
				s.Add(lo, hi)
			} else {
				s.Remove(lo, hi)
			}
			for n := lo; n <= hi; n++ {
				want[n] = add
			}
		}
		members := uint64(0)
		for n, in := range want {
			require.Equal(t, in, s.Has(uint32(n)), "member %d", n)
			if in {
				members++
			}
		}
		require.Equal(t, members, s.Count(0, 63))
		for i, r := range s.Ranges() {
			require.LessOrEqual(t, r.Lo, r.Hi)
			require.True(t, i == 0 || s.Ranges()[i-1].Hi+1 < r.Lo, "ranges touch: %v", s.Ranges())
		}
	})
}

func TestSteadyStateDoesNotAllocate(t *testing.T) {
	var s Set[int64]
	n := int64(0)
	s.Add(0, 4)
	require.Zero(t, testing.AllocsPerRun(1000, func() {
		n++
		s.Add(n+4, n+4)
		s.Remove(0, n-1)
	}))
}
