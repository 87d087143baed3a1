package bufpool

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestClasses(t *testing.T) {
	p := New(Config{})
	for _, tt := range []struct{ n, size int }{
		{0, 2048}, {1500, 2048}, {2048, 2048}, {2049, 16384}, {16385, 65536}, {65536, 65536}, {65537, 65537},
	} {
		b := p.Get(tt.n)
		require.Len(t, b.B, tt.n)
		require.Equal(t, tt.size, cap(b.B))
		b.Release()
	}
	require.Zero(t, p.Lent())
	require.Equal(t, 2048+16384+65536, p.size)
}

func TestCeiling(t *testing.T) {
	p := New(Config{Ceiling: 2 * 65536})
	a, b := p.Get(65536), p.Get(65536)
	require.NotNil(t, a)
	require.NotNil(t, b)
	require.Nil(t, p.Get(1))
	require.Equal(t, 2, p.Lent())
	a.Release()
	small := p.Get(1) // what is kept of another size makes room
	require.NotNil(t, small)
	require.Nil(t, p.Get(65536))
	small.Release()
	b.Release()
	require.Nil(t, p.Get(1<<20))
	big := p.Get(2 * 65536) // nothing kept is worth more than what is wanted
	require.NotNil(t, big)
	big.Release()
	require.Zero(t, p.size)
}

func TestMisuse(t *testing.T) {
	p := New(Config{Poison: true})
	b := p.Get(4)
	bytes := b.B
	b.Release()
	require.Equal(t, []byte{0xdb, 0xdb, 0xdb, 0xdb}, bytes)
	require.PanicsWithValue(t, "BUG: bufpool: a buffer is released twice", b.Release)
	require.PanicsWithValue(t, "BUG: bufpool: a released buffer is detached", func() { b.Detach() })
	require.Panics(t, new(Buffer).Release)
	require.Panics(t, func() { new(Buffer).Detach() })
	require.Panics(t, func() { p.Get(-1) })

	// The same buffer, lent again: resliced by its last user, whole for the next.
	c := p.Get(10)
	require.Same(t, b, c)
	c.B = c.B[5:6]
	c.Release()
	require.Len(t, p.Get(2048).B, 2048)
}

func TestDetach(t *testing.T) {
	p := New(Config{Poison: true})
	b := p.Get(3)
	copy(b.B, "abc")
	kept := b.Detach()
	require.Equal(t, "abc", string(kept))
	require.Zero(t, p.Lent())
	require.Zero(t, p.size)
	require.Panics(t, b.Release)
	other := p.Get(3)
	copy(other.B, "xyz")
	other.Release()
	require.Equal(t, "abc", string(kept))
}

func TestConcurrent(t *testing.T) {
	p := New(Config{Ceiling: 10 * 2048})
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for range 1000 {
				b := p.Get(8)
				if b == nil {
					t.Error("within the ceiling, but refused")
					return
				}
				for i := range b.B {
					b.B[i] = byte(w)
				}
				for _, v := range b.B {
					if v != byte(w) {
						t.Error("lent to two")
						return
					}
				}
				b.Release()
			}
		})
	}
	wg.Wait()
	require.Zero(t, p.Lent())
}

func TestAllocs(t *testing.T) {
	p := New(Config{})
	p.Get(100).Release()
	require.Zero(t, testing.AllocsPerRun(100, func() { p.Get(1400).Release() }))
}
