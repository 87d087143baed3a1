package dds_test

import (
	"bytes"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds"
	"github.com/secdds/dds/qos"
	"github.com/secdds/dds/transport/memnet"
)

// lot writes n values, and returns when they wait in the reader's cache.
func lot(w *world, wr *dds.Writer[plainValue], n int32) {
	for i := range n {
		write(w, wr, plainValue{i, bytes.Repeat([]byte{byte(i)}, int(i)+1)})
	}
	require.NoError(w, wr.WaitForAcks(w.soon()))
}

// inPair runs f with a writer and a reader that are matched.
func inPair[T any](t *testing.T, f func(w *world, wr *dds.Writer[T], r *dds.Reader[T])) {
	t.Helper()
	inWorld(t, memnet.Config{}, func(w *world) {
		a, b := w.participant("a"), w.participant("b")
		wr := writerOf[T](w, a, "Pair", qos.KeepAll(), qos.WriterDataLifecycle{AutoDispose: false})
		r := readerOf[T](w, b, "Pair", qos.Reliable(0), qos.KeepAll())
		matched(w, wr, r)
		f(w, wr, r)
	})
}

func TestTakeEach(t *testing.T) {
	inPair(t, func(w *world, wr *dds.Writer[plainValue], r *dds.Reader[plainValue]) {
		for range r.TakeEach(0, dds.Query{}) {
			require.Fail(w, "there is nothing to take")
		}
		lot(w, wr, 10)

		// What a loop that is left early was given is taken, the rest is not.
		var got []int32
		for v, info := range r.TakeEach(0, dds.Query{}) {
			require.True(w, info.ValidData)
			require.Equal(w, wr.GUID(), info.Publication)
			require.Equal(w, bytes.Repeat([]byte{byte(v.N)}, int(v.N)+1), v.Data)
			got = append(got, v.N)
			if v.N == 3 {
				break
			}
		}
		require.Equal(w, []int32{0, 1, 2, 3}, got)
		for v, info := range r.TakeEach(2, dds.Query{}) {
			require.Equal(w, dds.NotNew, info.ViewState)
			got = append(got, v.N)
		}
		require.Equal(w, []int32{0, 1, 2, 3, 4, 5}, got)
		require.Len(w, r.Read(1, dds.Query{}), 1)
		for v := range r.TakeEach(0, dds.Query{Sample: dds.NotRead}) {
			got = append(got, v.N)
		}
		require.Equal(w, []int32{0, 1, 2, 3, 4, 5, 7, 8, 9}, got)
		require.Equal(w, int32(6), next(w, r).Value.N)
	})
}

// What comes during a loop without limit belongs to it.
func TestTakeEachGoesOn(t *testing.T) {
	inPair(t, func(w *world, wr *dds.Writer[plainValue], r *dds.Reader[plainValue]) {
		lot(w, wr, 1)
		var got []int32
		for v := range r.TakeEach(0, dds.Query{}) {
			if got = append(got, v.N); v.N < 5 {
				write(w, wr, plainValue{N: v.N + 1})
				require.NoError(w, wr.WaitForAcks(w.soon()))
			}
		}
		require.Equal(w, []int32{0, 1, 2, 3, 4, 5}, got)
	})
}

// Within a loop everything may be done with its reader; the value stays.
func TestTakeEachNested(t *testing.T) {
	inPair(t, func(w *world, wr *dds.Writer[plainValue], r *dds.Reader[plainValue]) {
		lot(w, wr, 12)
		var outer, inner []int32
		var one [1]dds.Sample[plainValue]
		for v := range r.TakeEach(0, dds.Query{}) {
			outer = append(outer, v.N)
			keep := plainValue{v.N, slices.Clone(v.Data)}
			require.NotEmpty(w, r.Read(0, dds.Query{}))
			for u := range r.TakeEach(1, dds.Query{}) {
				inner = append(inner, u.N)
				for raw := range r.TakeRaw(1, dds.Query{}) {
					require.Equal(w, byte(u.N+1), raw[4])
				}
				require.Equal(w, bytes.Repeat([]byte{byte(u.N)}, int(u.N)+1), u.Data)
			}
			require.Equal(w, 1, r.TakeInto(one[:], dds.Query{}))
			require.Equal(w, keep, *v)
		}
		require.Equal(w, []int32{0, 4, 8}, outer)
		require.Equal(w, []int32{1, 5, 9}, inner)
	})
}

// A loop that is left by a panic lets go of what it was lent.
func TestTakeEachPanics(t *testing.T) {
	inPair(t, func(w *world, wr *dds.Writer[plainValue], r *dds.Reader[plainValue]) {
		lot(w, wr, 3)
		require.PanicsWithValue(w, "step", func() {
			for range r.TakeEach(0, dds.Query{}) {
				panic("step")
			}
		})
		require.PanicsWithValue(w, "match", func() {
			for range r.TakeEach(0, dds.Query{Match: func([]byte, *dds.SampleInfo) bool { panic("match") }}) {
				require.Fail(w, "nothing was chosen")
			}
		})
		require.Equal(w, int32(1), next(w, r).Value.N)
		require.Equal(w, int32(2), next(w, r).Value.N)
	})
}

// A sample without data has its key; a sample after it is whole again.
func TestTakeEachStates(t *testing.T) {
	inPair(t, func(w *world, wr *dds.Writer[shape], r *dds.Reader[shape]) {
		write(w, wr, shape{"RED", 1, 10})
		require.NoError(w, wr.Dispose(w.soon(), &shape{Color: "RED"}))
		write(w, wr, shape{"BLUE", 2, 20})
		require.NoError(w, wr.WaitForAcks(w.soon()))
		var got []shape
		var valid []bool
		for v, info := range r.TakeEach(0, dds.Query{}) {
			got, valid = append(got, *v), append(valid, info.ValidData)
		}
		require.Equal(w, []shape{{"RED", 1, 10}, {Color: "RED"}, {"BLUE", 2, 20}}, got)
		require.Equal(w, []bool{true, false, true}, valid)
	})
}

type wideValue struct {
	F []float64
	G []uint16
}

// Slices of any width are whole, wherever they lie.
func TestTakeEachWide(t *testing.T) {
	inPair(t, func(w *world, wr *dds.Writer[wideValue], r *dds.Reader[wideValue]) {
		want := []wideValue{{[]float64{1, 2, 3}, []uint16{4}}, {[]float64{5}, []uint16{6, 7, 8}}, {[]float64{9, 10}, []uint16{}}}
		for _, v := range want {
			write(w, wr, v)
		}
		require.NoError(w, wr.WaitForAcks(w.soon()))
		n := 0
		for v := range r.TakeEach(0, dds.Query{}) {
			require.Equal(w, want[n].F, v.F)
			require.Equal(w, want[n].G, append([]uint16{}, v.G...))
			n++
		}
		require.Equal(w, 3, n)
	})
}

// Two loops and a reader at once: each sample goes to one of the loops, whole.
func TestTakeEachShared(t *testing.T) {
	inPair(t, func(w *world, wr *dds.Writer[plainValue], r *dds.Reader[plainValue]) {
		const n = 200
		var mu sync.Mutex
		seen := make(map[int32]int)
		whole := func(v *plainValue) {
			require.Equal(w, bytes.Repeat([]byte{byte(v.N)}, int(v.N)+1), v.Data)
		}
		done := make(chan struct{})
		var all sync.WaitGroup
		for range 2 {
			all.Go(func() {
				for running := true; running; {
					select {
					case <-done:
						running = false
					case <-time.After(time.Millisecond):
					}
					for v := range r.TakeEach(7, dds.Query{}) {
						whole(v)
						mu.Lock()
						seen[v.N]++
						mu.Unlock()
					}
				}
			})
		}
		all.Go(func() {
			for range 50 {
				for _, s := range r.Read(0, dds.Query{}) {
					whole(&s.Value)
				}
				time.Sleep(time.Millisecond)
			}
		})
		for i := range int32(n) {
			write(w, wr, plainValue{i, bytes.Repeat([]byte{byte(i)}, int(i)+1)})
			if i%10 == 0 {
				time.Sleep(time.Millisecond)
			}
		}
		require.NoError(w, wr.WaitForAcks(w.soon()))
		close(done)
		all.Wait()
		require.Len(w, seen, n)
		for _, times := range seen {
			require.Equal(w, 1, times)
		}
	})
}

// A loop over a full cache lets the writer go on: in time, and at its end.
func TestTakeEachMakesRoom(t *testing.T) {
	for _, depth := range []int{1, 4, 100} {
		inWorld(t, memnet.Config{}, func(w *world) {
			a, b := w.participant("a"), w.participant("b")
			limits := qos.ResourceLimits{MaxSamples: depth, MaxInstances: qos.LengthUnlimited, MaxSamplesPerInstance: qos.LengthUnlimited}
			wr := writerOf[plainValue](w, a, "Room", qos.KeepAll(), qos.Reliable(time.Minute))
			r := readerOf[plainValue](w, b, "Room", qos.Reliable(0), qos.KeepAll(), limits)
			matched(w, wr, r)
			total := 3 * depth
			for i := range total {
				write(w, wr, plainValue{N: int32(i)})
			}
			w.settle(time.Second)
			var got []int32
			for v := range r.TakeEach(1, dds.Query{}) { // at its end, at once
				got = append(got, v.N)
			}
			synctest.Wait()
			require.Len(w, r.Read(0, dds.Query{}), depth, "what was taken has been made up for")
			for v := range r.TakeEach(1, dds.Query{}) { // a step takes its time
				got = append(got, v.N)
				w.settle(5 * time.Millisecond)
				require.Len(w, r.Read(0, dds.Query{}), depth)
			}
			for range total {
				w.settle(time.Second)
				for v := range r.TakeEach(0, dds.Query{}) {
					got = append(got, v.N)
				}
			}
			for i := range total {
				require.Equal(w, int32(i), got[i])
			}
			require.NoError(w, wr.WaitForAcks(w.soon()))
			require.Zero(w, r.Rejected())
		})
	}
}
