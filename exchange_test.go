package dds_test

import (
	"bytes"
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds"
	"github.com/secdds/dds/qos"
	"github.com/secdds/dds/transport/memnet"
)

// A life of an instance: written, disposed, written again, unregistered.
func TestInstanceLife(t *testing.T) {
	inWorld(t, memnet.Config{}, func(w *world) {
		a, b := w.participant("a"), w.participant("b")
		wr := writerOf[shape](w, a, "Square", qos.KeepAll(), qos.WriterDataLifecycle{AutoDispose: false})
		r := readerOf[shape](w, b, "Square", qos.Reliable(0), qos.KeepAll())
		matched(w, wr, r)

		write(w, wr, shape{"RED", 1, 10})
		s := next(w, r)
		require.Equal(w, shape{"RED", 1, 10}, s.Value)
		require.True(w, s.Info.ValidData)
		require.Equal(w, wr.GUID(), s.Info.Publication)
		require.Equal(w, dds.New, s.Info.ViewState)
		require.Equal(w, dds.NotRead, s.Info.SampleState)
		require.Equal(w, dds.Alive, s.Info.InstanceState)

		require.NoError(w, wr.Dispose(w.soon(), &shape{Color: "RED"}))
		s = next(w, r)
		require.False(w, s.Info.ValidData)
		require.Equal(w, "RED", s.Value.Color)
		require.Equal(w, dds.Disposed, s.Info.InstanceState)
		require.Equal(w, dds.NotNew, s.Info.ViewState)

		write(w, wr, shape{"RED", 2, 20})
		s = next(w, r)
		require.Equal(w, dds.New, s.Info.ViewState)
		require.Equal(w, int32(1), s.Info.DisposedGeneration)

		require.NoError(w, wr.Unregister(w.soon(), &shape{Color: "RED"}))
		s = next(w, r)
		require.False(w, s.Info.ValidData)
		require.Equal(w, dds.NoWriters, s.Info.InstanceState)
		require.NoError(w, wr.WaitForAcks(w.soon()))
	})
}

// By default an unregistration disposes, too. DDS 1.4, 2.2.3.21.
func TestUnregisterDisposesByDefault(t *testing.T) {
	inWorld(t, memnet.Config{}, func(w *world) {
		a, b := w.participant("a"), w.participant("b")
		wr := writerOf[shape](w, a, "Square")
		r := readerOf[shape](w, b, "Square", qos.Reliable(0))
		matched(w, wr, r)
		write(w, wr, shape{"RED", 1, 10})
		next(w, r)
		require.NoError(w, wr.Unregister(w.soon(), &shape{Color: "RED"}))
		require.Equal(w, dds.Disposed, next(w, r).Info.InstanceState)
	})
}

// A writer that goes leaves its instances without writers, however it goes.
// DDS 1.4, 2.2.2.5.1.3.
func TestWriterGoesInstancesStay(t *testing.T) {
	for name, leave := range map[string]func(w *world, p *dds.Participant, wr *dds.Writer[shape]){
		"writer closed":      func(w *world, p *dds.Participant, wr *dds.Writer[shape]) { require.NoError(w, wr.Close()) },
		"participant closed": func(w *world, p *dds.Participant, wr *dds.Writer[shape]) { require.NoError(w, p.Close()) },
		"lease lapsed":       func(w *world, p *dds.Participant, wr *dds.Writer[shape]) { w.net.Partition("a", "b") },
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, memnet.Config{}, func(w *world) {
				a, b := w.participant("a"), w.participant("b")
				wr := writerOf[shape](w, a, "Square", qos.KeepAll())
				r := readerOf[shape](w, b, "Square", qos.Reliable(0), qos.KeepAll())
				matched(w, wr, r)
				write(w, wr, shape{"RED", 1, 10})
				next(w, r)
				leave(w, a, wr)
				s := next(w, r)
				require.False(w, s.Info.ValidData)
				require.Equal(w, dds.NoWriters, s.Info.InstanceState)
				m := r.Matched()
				require.Zero(w, m.Current)
				require.Equal(w, 1, m.Total)
			})
		})
	}
}

// After a partition both sides find each other again and go on.
func TestPartitionHeals(t *testing.T) {
	inWorld(t, memnet.Config{}, func(w *world) {
		a, b := w.participant("a"), w.participant("b")
		wr := writerOf[shape](w, a, "Square", qos.KeepAll(), qos.TransientLocal)
		r := readerOf[shape](w, b, "Square", qos.Reliable(0), qos.KeepAll(), qos.TransientLocal)
		matched(w, wr, r)
		write(w, wr, shape{"RED", 1, 10})
		require.Equal(w, int32(1), next(w, r).Value.X)
		w.net.Partition("a", "b")
		w.settle(time.Minute)
		require.Zero(w, wr.Matched().Current)
		require.Empty(w, a.Peers())
		write(w, wr, shape{"RED", 2, 10})
		w.net.Heal()
		matched(w, wr, r)
		var xs []int32
		for len(xs) < 2 {
			if s := next(w, r); s.Info.ValidData {
				xs = append(xs, s.Value.X)
			}
		}
		// The writer is a new one to the reader, which kept no numbers of it.
		require.Equal(w, []int32{1, 2}, xs)
	})
}

// A late reader gets what a transient-local writer holds, and a volatile one
// does not.
func TestLateJoiner(t *testing.T) {
	inWorld(t, memnet.Config{}, func(w *world) {
		a := w.participant("a")
		wr := writerOf[shape](w, a, "Square", qos.KeepLast(2), qos.TransientLocal)
		for i := range 5 {
			write(w, wr, shape{"RED", int32(i), 0})
			write(w, wr, shape{"BLUE", int32(i), 0})
		}
		w.settle(time.Second)
		b := w.participant("b")
		late := readerOf[shape](w, b, "Square", qos.Reliable(0), qos.KeepAll(), qos.TransientLocal)
		volatile := readerOf[shape](w, b, "Square", qos.Reliable(0), qos.KeepAll())
		matched(w, wr, late)
		matched(w, wr, volatile)
		got := make(map[string][]int32)
		for range 4 {
			s := next(w, late)
			got[s.Value.Color] = append(got[s.Value.Color], s.Value.X)
		}
		require.Equal(w, map[string][]int32{"RED": {3, 4}, "BLUE": {3, 4}}, got)
		w.settle(5 * time.Second)
		require.Empty(w, late.Take(0, dds.Query{}))
		require.Empty(w, volatile.Take(0, dds.Query{}))
		require.Zero(w, late.Lost())
		write(w, wr, shape{"RED", 9, 0})
		require.Equal(w, int32(9), next(w, volatile).Value.X)
		require.Equal(w, int32(9), next(w, late).Value.X)
	})
}

// Keep last keeps the newest of each instance at the reader.
func TestKeepLast(t *testing.T) {
	inWorld(t, memnet.Config{}, func(w *world) {
		a, b := w.participant("a"), w.participant("b")
		wr := writerOf[shape](w, a, "Square", qos.KeepAll())
		r := readerOf[shape](w, b, "Square", qos.Reliable(0), qos.KeepLast(2))
		matched(w, wr, r)
		for i := range 10 {
			write(w, wr, shape{"RED", int32(i), 0})
		}
		require.NoError(w, wr.WaitForAcks(w.soon()))
		got := r.Take(0, dds.Query{})
		require.Len(w, got, 2)
		require.Equal(w, int32(8), got[0].Value.X)
		require.Equal(w, int32(9), got[1].Value.X)
	})
}

// A reader that may hold one instance tells of the samples of others that it
// rejected, and goes on. DDS 1.4, 2.2.4.1.
func TestSampleRejected(t *testing.T) {
	inWorld(t, memnet.Config{}, func(w *world) {
		a, b := w.participant("a"), w.participant("b")
		wr := writerOf[shape](w, a, "Square", qos.KeepAll())
		r := readerOf[shape](w, b, "Square", qos.Reliable(0), qos.KeepAll(),
			qos.ResourceLimits{MaxSamples: 10, MaxInstances: 1, MaxSamplesPerInstance: 10})
		matched(w, wr, r)
		for i := range 3 {
			write(w, wr, shape{"RED", int32(i), 0})
			write(w, wr, shape{"BLUE", int32(i), 0})
		}
		start := time.Now()
		require.NoError(w, wr.WaitForAcks(w.soon()))
		require.Less(w, time.Since(start), 5*time.Millisecond) // it is asked for
		require.Equal(w, int64(3), r.Rejected())
		for i := range 3 {
			require.Equal(w, shape{"RED", int32(i), 0}, next(w, r).Value)
		}
		require.Empty(w, r.Take(0, dds.Query{}))
	})
}

// A full history blocks a write for max_blocking_time, then it is a timeout.
// A reader that takes makes room. DDS 1.4, 2.2.2.4.2.11.
func TestFullHistoryBlocks(t *testing.T) {
	inWorld(t, memnet.Config{}, func(w *world) {
		a, b := w.participant("a"), w.participant("b")
		wr := writerOf[shape](w, a, "Square", qos.KeepAll(), qos.Reliable(2*time.Second), qos.ResourceLimits{MaxSamples: 3, MaxInstances: 10, MaxSamplesPerInstance: 3})
		r := readerOf[shape](w, b, "Square", qos.Reliable(0), qos.KeepAll(), qos.ResourceLimits{MaxSamples: 2, MaxInstances: 10, MaxSamplesPerInstance: 2})
		matched(w, wr, r)
		for i := range 5 { // two at the reader, three at the writer
			require.NoError(w, wr.Write(w.soon(), &shape{"RED", int32(i), 0}))
			w.settle(100 * time.Millisecond)
		}
		start := time.Now()
		err := wr.Write(w.soon(), &shape{"RED", 5, 0})
		require.ErrorIs(w, err, dds.ErrTimeout)
		require.Equal(w, dds.CodeTimeout, dds.ReturnCode(err))
		require.Equal(w, 2*time.Second, time.Since(start))

		ctx, cancel := context.WithCancel(w.Context())
		time.AfterFunc(time.Second, cancel)
		start = time.Now()
		require.ErrorIs(w, wr.Write(ctx, &shape{"RED", 5, 0}), context.Canceled)
		require.Equal(w, time.Second, time.Since(start))

		time.AfterFunc(time.Second, func() { r.Take(1, dds.Query{}) })
		start = time.Now()
		require.NoError(w, wr.Write(w.soon(), &shape{"RED", 5, 0}))
		require.Less(w, time.Since(start), 1500*time.Millisecond)
		for i := int32(1); i <= 5; i++ {
			require.Equal(w, i, next(w, r).Value.X)
		}
		// Never: no acknowledgement makes room for an eleventh instance of one
		// whose instances are all registered.
		require.NoError(w, wr.WaitForAcks(w.soon()))
	})
}

// A thousand samples arrive, each once and in order, over a wretched network.
func TestReliableOverBadNetwork(t *testing.T) {
	for _, network := range []memnet.Config{
		{Seed: 1, Loss: 0.3},
		{Seed: 2, Loss: 0.3, Duplicate: 0.3, Reorder: 0.3, MinDelay: time.Millisecond, MaxDelay: 5 * time.Millisecond},
	} {
		inWorld(t, network, func(w *world) {
			a, b := w.participant("a"), w.participant("b")
			wr := writerOf[shape](w, a, "Square", qos.KeepAll())
			r := readerOf[shape](w, b, "Square", qos.Reliable(0), qos.KeepAll())
			matched(w, wr, r)
			const n = 1000
			go func() {
				for i := range n {
					_ = wr.Write(w.Context(), &shape{"RED", int32(i), 0})
				}
			}()
			for i := range n {
				s := next(w, r)
				require.Equal(w, int32(i), s.Value.X)
			}
			require.NoError(w, wr.WaitForAcks(w.soon()))
			w.settle(time.Second)
			require.Empty(w, r.Take(0, dds.Query{}))
			require.Zero(w, r.Lost())
		})
	}
}

// A sample of 5 MB is fragmented, repaired and put together.
func TestLargeSampleOverLoss(t *testing.T) {
	inWorld(t, memnet.Config{Seed: 3, Loss: 0.2}, func(w *world) {
		a, b := w.participant("a"), w.participant("b")
		wr := writerOf[plainValue](w, a, "Large", qos.KeepAll())
		r := readerOf[plainValue](w, b, "Large", qos.Reliable(0), qos.KeepAll())
		matched(w, wr, r)
		v := plainValue{N: 7, Data: bytes.Repeat([]byte("0123456789abcdef!"), 5<<20/17)}
		write(w, wr, v)
		write(w, wr, plainValue{N: 8})
		got := next(w, r)
		require.Equal(w, v.N, got.Value.N)
		require.True(w, bytes.Equal(v.Data, got.Value.Data))
		require.Equal(w, int32(8), next(w, r).Value.N)
	})
}

// Many goroutines write and take at once; what each writes stays in order.
func TestConcurrentUse(t *testing.T) {
	inWorld(t, memnet.Config{}, func(w *world) {
		a, b := w.participant("a"), w.participant("b")
		wr := writerOf[shape](w, a, "Square", qos.KeepAll())
		r := readerOf[shape](w, b, "Square", qos.Reliable(0), qos.KeepAll())
		matched(w, wr, r)
		const writers, each = 8, 100
		var wg sync.WaitGroup
		for g := range writers {
			wg.Go(func() {
				for i := range each {
					_ = wr.Write(w.Context(), &shape{string(rune('A' + g)), int32(i), 0})
				}
			})
		}
		var mu sync.Mutex
		seen := make(map[string][]int32)
		total := 0
		ctx, cancel := context.WithCancel(w.Context())
		for range 4 {
			wg.Go(func() {
				buf := make([]dds.Sample[shape], 16)
				for r.WaitForData(ctx) == nil {
					mu.Lock()
					n := r.TakeInto(buf, dds.Query{})
					for i := range n {
						v := buf[i].Value
						seen[v.Color] = append(seen[v.Color], v.X)
					}
					if total += n; total == writers*each {
						cancel()
					}
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		cancel()
		require.Len(w, seen, writers)
		for _, xs := range seen {
			require.Len(w, xs, each)
			for i, x := range xs {
				require.Equal(w, int32(i), x)
			}
		}
	})
}

// Endpoints of one participant meet each other: each reader gets what both
// writers write, once.
func TestSelfMatch(t *testing.T) {
	inWorld(t, memnet.Config{}, func(w *world) { testSelfMatch(w, w.participant("a")) })
}

func testSelfMatch(w *world, p *dds.Participant) {
	w1 := writerOf[shape](w, p, "Square", qos.KeepAll())
	r1 := readerOf[shape](w, p, "Square", qos.Reliable(0), qos.KeepAll())
	r2 := readerOf[shape](w, p, "Square", qos.Reliable(0), qos.KeepAll())
	w2 := writerOf[shape](w, p, "Square", qos.KeepAll())
	for _, wr := range []*dds.Writer[shape]{w1, w2} {
		require.NoError(w, wr.WaitForMatched(w.soon(), 2))
	}
	for i := range 20 {
		write(w, w1, shape{"RED", int32(i), 1})
		write(w, w2, shape{"BLUE", int32(i), 2})
	}
	for _, r := range []*dds.Reader[shape]{r1, r2} {
		require.NoError(w, r.WaitForMatched(w.soon(), 2))
		count := map[string]int32{}
		for range 40 {
			s := next(w, r)
			require.Equal(w, count[s.Value.Color], s.Value.X)
			count[s.Value.Color]++
		}
	}
	require.NoError(w, w1.WaitForAcks(w.soon()))
	require.NoError(w, r1.Close())
	synctest.Wait()
	require.Equal(w, 1, w1.Matched().Current)
	require.Zero(w, len(p.Peers()))
}
