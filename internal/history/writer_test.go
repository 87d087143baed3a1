package history

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/rtps"
)

type sns = []rtps.SequenceNumber

// A writerTest is a script of one writer.
type writerTest struct {
	t  *testing.T
	w  *Writer
	sn rtps.SequenceNumber
}

func newWriterTest(t *testing.T, cfg WriterConfig) *writerTest {
	return &writerTest{t: t, w: NewWriter(cfg)}
}

func (tt *writerTest) add(k byte, evict ...rtps.SequenceNumber) {
	tt.t.Helper()
	tt.step(tt.w.Add, k, evict)
}

func (tt *writerTest) unregister(k byte, evict ...rtps.SequenceNumber) {
	tt.t.Helper()
	tt.step(tt.w.Unregister, k, evict)
}

func (tt *writerTest) step(f func(rtps.KeyHash, rtps.SequenceNumber) (sns, bool), k byte, want sns) {
	tt.t.Helper()
	require.Equal(tt.t, Free, tt.w.CanAdd(key(k)))
	tt.sn++
	got, ok := f(key(k), tt.sn)
	require.True(tt.t, ok)
	require.ElementsMatch(tt.t, want, got)
	tt.w.check(tt.t)
}

func (tt *writerTest) refused(k byte, want Room) {
	tt.t.Helper()
	require.Equal(tt.t, want, tt.w.CanAdd(key(k)))
	_, ok := tt.w.Add(key(k), tt.sn+1)
	require.False(tt.t, ok)
	tt.w.check(tt.t)
}

func (tt *writerTest) acked(sn rtps.SequenceNumber, evict ...rtps.SequenceNumber) {
	tt.t.Helper()
	require.ElementsMatch(tt.t, evict, tt.w.Acked(sn))
	tt.w.check(tt.t)
}

// DDS 1.4, 2.2.3.18: KEEP_LAST overwrites, acknowledged or not.
func TestWriterKeepLast(t *testing.T) {
	tt := newWriterTest(t, WriterConfig{Depth: 2})
	tt.add(1)
	tt.add(2)
	tt.add(1)
	tt.add(1, 1)
	tt.add(1, 3)
	tt.acked(5)
	require.Equal(t, 3, tt.w.Len())
	require.EqualValues(t, 2, tt.w.First())
	require.True(t, tt.w.Has(2))
	require.False(t, tt.w.Has(3))
}

func TestWriterVolatile(t *testing.T) {
	tt := newWriterTest(t, WriterConfig{Depth: 2, Volatile: true})
	tt.add(1)
	tt.add(2)
	tt.add(1)
	tt.acked(2, 1, 2)
	tt.acked(1)
	tt.acked(3, 3)
	require.Zero(t, tt.w.Len())
	require.Zero(t, tt.w.Instances())
	require.Zero(t, tt.w.First())
}

// DDS 1.4, 2.2.3.18 and .19: KEEP_ALL waits for acknowledgements.
func TestWriterKeepAllWaits(t *testing.T) {
	tt := newWriterTest(t, WriterConfig{MaxSamples: 3, MaxSamplesPerInstance: 2})
	tt.add(1)
	tt.add(1)
	tt.refused(1, Wait)
	tt.add(2)
	tt.refused(2, Wait)
	tt.acked(1)
	tt.add(1, 1) // kept for late joiners until the room is wanted
	tt.refused(1, Wait)
	tt.acked(3)
	tt.add(3, 2)
	tt.add(3, 3)
}

func TestWriterKeepAllVolatile(t *testing.T) {
	tt := newWriterTest(t, WriterConfig{MaxSamples: 2, Volatile: true})
	tt.add(1)
	tt.add(2)
	tt.refused(3, Wait)
	tt.acked(1, 1)
	tt.add(3)
}

// Limits hold for KEEP_LAST, too. Where waiting would be in vain it says so.
func TestWriterKeepLastUnderMaxSamples(t *testing.T) {
	tt := newWriterTest(t, WriterConfig{Depth: 1, MaxSamples: 2})
	tt.add(1)
	tt.add(2)
	tt.refused(3, Never)
	tt.add(1, 1)
	tt.unregister(2, 2)
	tt.refused(3, Wait)
	tt.acked(4, 4)
	tt.add(3)

	tt = newWriterTest(t, WriterConfig{Depth: 1, MaxSamples: 2, Volatile: true})
	tt.add(1)
	tt.add(2)
	tt.refused(3, Wait)
}

func TestWriterInstances(t *testing.T) {
	tt := newWriterTest(t, WriterConfig{Depth: 1, MaxInstances: 2, Volatile: true})
	tt.add(1)
	tt.add(2)
	tt.refused(3, Never)
	tt.acked(2, 1, 2)
	tt.refused(3, Never) // both are registered
	tt.unregister(1)
	tt.refused(3, Wait)
	tt.acked(3, 3)
	tt.add(3)
}

// Unregistering forgets the instance, once everyone knows.
func TestWriterUnregister(t *testing.T) {
	tt := newWriterTest(t, WriterConfig{})
	tt.add(1)
	tt.add(2)
	tt.unregister(1) // 3
	tt.acked(2)
	require.Equal(t, 3, tt.w.Len())
	tt.acked(3, 1, 3)
	require.Equal(t, 1, tt.w.Instances())

	// Written again before that, it stays.
	tt.unregister(2) // 4
	tt.add(2)        // 5
	tt.acked(5)
	require.Equal(t, 3, tt.w.Len())
	tt.unregister(2) // 6
	tt.unregister(3) // 7
	tt.acked(7, 2, 4, 5, 6, 7)
	require.Zero(t, tt.w.Instances())
}

// Registering and unregistering without end, nothing acknowledged, is bounded.
func TestWriterUnregisterBounded(t *testing.T) {
	tt := newWriterTest(t, WriterConfig{Depth: 1})
	for range 1000 {
		tt.sn++
		_, ok := tt.w.Add(key(1), tt.sn)
		require.True(t, ok)
		tt.sn++
		_, ok = tt.w.Unregister(key(1), tt.sn)
		require.True(t, ok)
		require.LessOrEqual(t, len(tt.w.leaving), 20)
	}
	tt.acked(tt.sn, tt.sn)
	require.Zero(t, tt.w.Instances())
	require.Empty(t, tt.w.leaving)
}

func TestWriterRemove(t *testing.T) {
	tt := newWriterTest(t, WriterConfig{Depth: 2})
	tt.add(1)
	tt.add(1)
	require.True(t, tt.w.Remove(1))
	require.False(t, tt.w.Remove(1))
	tt.w.check(t)
	tt.add(1)
	require.Equal(t, 2, tt.w.Len())
	tt.unregister(1, 2)
	require.True(t, tt.w.Remove(3))
	require.True(t, tt.w.Remove(4))
	tt.w.check(t)
	require.Zero(t, tt.w.Instances())
	tt.add(1)
	tt.acked(5)
	require.Equal(t, 1, tt.w.Len())
}

func TestWriterAllocs(t *testing.T) {
	w := NewWriter(WriterConfig{Depth: 4})
	sn := rtps.SequenceNumber(0)
	add := func() {
		for range 100 {
			sn++
			w.Add(key(byte(sn%3)), sn)
			w.Acked(sn - 2)
		}
	}
	add()
	require.Zero(t, testing.AllocsPerRun(50, add))
}

// FuzzWriter does what the bytes say, checks every book, and holds CanAdd and
// the returned numbers against a plain model.
func FuzzWriter(f *testing.F) {
	f.Add([]byte{2, 0, 0, 0, 0, 0x01, 0x02, 0x03, 0x81, 0xc3})
	f.Add([]byte{0, 3, 2, 2, 1, 0x00, 0x01, 0x02, 0xc1, 0x81, 0xf0, 0x01})
	f.Fuzz(func(t *testing.T, ops []byte) {
		if len(ops) < 5 || len(ops) > 300 {
			return
		}
		cfg := WriterConfig{Depth: int(ops[0] % 4), MaxSamples: int(ops[1] % 8), MaxInstances: int(ops[2] % 4), MaxSamplesPerInstance: int(ops[3] % 4), Volatile: ops[4]&1 != 0}
		if cfg.MaxSamplesPerInstance > 0 && cfg.Depth > cfg.MaxSamplesPerInstance {
			return
		}
		w := NewWriter(cfg)
		held := map[rtps.SequenceNumber]bool{}
		sn := rtps.SequenceNumber(0)
		drop := func(evict sns) {
			for _, e := range evict {
				require.True(t, held[e], "%d goes twice", e)
				delete(held, e)
			}
		}
		for _, op := range ops[5:] {
			k := key(op & 3)
			switch op >> 5 {
			case 0, 1, 2, 3:
				room := w.CanAdd(k)
				evict, ok := w.Add(k, sn+1)
				require.Equal(t, room == Free, ok)
				if ok {
					sn++
					held[sn] = true
					if cfg.Depth == 0 {
						for _, e := range evict {
							require.LessOrEqual(t, e, w.acked, "KEEP_ALL lost what nobody has")
						}
					}
					drop(evict)
				}
				if room == Wait && sn > 0 {
					drop(w.Acked(sn))
					require.NotEqual(t, Wait, w.CanAdd(k), "everything is acknowledged")
				}
			case 4:
				if evict, ok := w.Unregister(k, sn+1); ok {
					sn++
					held[sn] = true
					drop(evict)
				}
			case 5, 6:
				drop(w.Acked(sn - rtps.SequenceNumber(op&7)))
			case 7:
				e := sn - rtps.SequenceNumber(op&15)
				require.Equal(t, held[e], w.Remove(e))
				delete(held, e)
			}
			require.Equal(t, len(held), w.Len())
			for e := range held {
				require.True(t, w.Has(e))
			}
			w.check(t)
		}
	})
}
