package engine

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestPool(t *testing.T) {
	var p pool
	for _, n := range []int{0, 1, 63, 64, 65, 4096, 65_000, 1_000_016, 64 << 20, 100 << 20} {
		b := p.get(n)
		require.Empty(t, b)
		require.GreaterOrEqual(t, cap(b), n)
		require.LessOrEqual(t, cap(b), max(2*n, 64))
	}

	// What comes back is used again, for the same size even where its class
	// promises less.
	odd := make([]byte, 10, 1_000_016)
	p.put(odd)
	b := p.spare(1_000_016)
	require.Equal(t, &odd[0], &b[:1][0])
	require.Nil(t, p.spare(1_000_016))
	p.put(make([]byte, 0, 100))
	require.Nil(t, p.spare(101))
	require.NotNil(t, p.spare(100))

	// Its bound: one of any size, more up to maxPooled.
	p.put(make([]byte, 0, maxPooled+1))
	p.put(make([]byte, 0, 64))
	require.Equal(t, maxPooled+1, p.octets)
	require.NotNil(t, p.spare(maxPooled+1))
	for range maxInClass + 10 {
		p.put(make([]byte, 0, 64))
	}
	require.Equal(t, maxInClass*64, p.octets)
	p.put(make([]byte, 0, 63)) // too small for any class
	require.Equal(t, maxInClass*64, p.octets)
}

// A frame goes back when nobody holds it any more, and the first of those who
// end does not take it from the others.
func TestFrame(t *testing.T) {
	var home frames
	f := home.get()
	f.hold()
	f.hold()
	f.release()
	f.release()
	require.Empty(t, home.free)
	f.release()
	require.Equal(t, []*frame{f}, home.free)
	require.Same(t, f, home.get())
	require.Equal(t, int32(1), f.held.Load())
	for range spareFrames + 5 {
		home.put(&frame{home: &home})
	}
	require.Len(t, home.free, spareFrames)
}

func TestClock(t *testing.T) {
	var c clock
	last := c.now()
	for range 1000 {
		now := c.now()
		require.False(t, now.Before(last))
		require.InDelta(t, 0, time.Since(now), float64(time.Second))
		last = now
	}
	c.base = time.Now().Add(-time.Hour)
	require.WithinDuration(t, time.Now(), c.now(), time.Second, "an old base is not used")
}
