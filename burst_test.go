package dds_test

import (
	"bytes"
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds"
	"github.com/secdds/dds/qos"
	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/transport/memnet"
)

// inOrder takes everything there is and demands 0 to n-1, each with its octets.
func inOrder(w *world, r *dds.Reader[plainValue], n int) {
	w.Helper()
	got := slices.DeleteFunc(r.Take(0, dds.Query{}), func(s dds.Sample[plainValue]) bool { return !s.Info.ValidData })
	require.Equal(w, n, len(got))
	for i, s := range got {
		require.Equal(w, int32(i), s.Value.N)
		require.Equal(w, bytes.Repeat([]byte{byte(i)}, len(s.Value.Data)), s.Value.Data)
	}
}

func (w *world) burst(wr *dds.Writer[plainValue], n, size int) {
	w.Helper()
	for i := range n {
		write(w, wr, plainValue{int32(i), bytes.Repeat([]byte{byte(i)}, size)})
	}
}

// inOrder demands that the samples of a writer left in the order of their
// numbers, each once, and returns how many there were.
func (r *recorder) inOrder(w *world, writer rtps.GUID) (n rtps.SequenceNumber) {
	w.Helper()
	for _, d := range r.take() {
		_, rest, err := rtps.ParseHeader(d.data)
		require.NoError(w, err)
		for sub := (rtps.Submessage{}); len(rest) > 0; {
			sub, rest, err = rtps.Next(rest)
			require.NoError(w, err)
			if sub.Kind != rtps.SubData {
				continue
			}
			data, err := rtps.ParseData(sub)
			require.NoError(w, err)
			if data.Writer == writer.Entity {
				n++
				require.Equal(w, n, data.SN)
			}
		}
	}
	return n
}

// What has been written is sent before the writer, or its participant, is gone.
func TestCloseSendsTheBurst(t *testing.T) {
	for name, reliability := range map[string]qos.WriterPolicy{"reliable": qos.Reliable(time.Second), "best effort": qos.BestEffort()} {
		for _, whole := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				inWorld(t, memnet.Config{}, func(w *world) {
					a, b := w.participant("a"), w.participant("b")
					wr := writerOf[plainValue](w, a, "Burst", reliability, qos.KeepAll())
					r := readerOf[plainValue](w, b, "Burst", qos.BestEffort(), qos.KeepAll())
					if name == "reliable" {
						r = readerOf[plainValue](w, b, "Burst", qos.Reliable(0), qos.KeepAll())
						require.NoError(w, wr.WaitForMatched(w.soon(), 2))
					}
					matched(w, wr, r)
					rec := w.record()
					w.burst(wr, 500, 100) // less than a window
					if whole {
						require.NoError(w, a.Close())
					} else {
						require.NoError(w, wr.Close())
					}
					require.Equal(w, rtps.SequenceNumber(500), rec.inOrder(w, wr.GUID()))
					require.ErrorIs(w, wr.Write(w.soon(), &plainValue{}), dds.ErrClosed)
				})
			})
		}
	}
}

// That holds for more than a window, too, if it is not very much.
func TestCloseSendsWhatWaits(t *testing.T) {
	for _, whole := range []bool{false, true} {
		inWorld(t, memnet.Config{}, func(w *world) {
			a, b := w.participant("a"), w.participant("b")
			wr := writerOf[plainValue](w, a, "Burst", qos.KeepAll())
			matched(w, wr, readerOf[plainValue](w, b, "Burst", qos.Reliable(0), qos.KeepAll()))
			rec := w.record()
			w.burst(wr, 60, 10_000)
			if whole {
				require.NoError(w, a.Close())
			} else {
				require.NoError(w, wr.Close())
			}
			require.Equal(w, rtps.SequenceNumber(60), rec.inOrder(w, wr.GUID()))
		})
	}
}

// A best-effort writer has nobody to wait for: large samples, and many, go out
// as they are written.
func TestBestEffortBurst(t *testing.T) {
	for _, size := range []int{100, 20_000, 300_000, 2_000_000} {
		inWorld(t, memnet.Config{}, func(w *world) {
			a, b := w.participant("a"), w.participant("b")
			wr := writerOf[plainValue](w, a, "Burst", qos.BestEffort(), qos.KeepAll())
			r := readerOf[plainValue](w, b, "Burst", qos.KeepAll())
			matched(w, wr, r)
			w.burst(wr, 5, size)
			w.settle(time.Second)
			inOrder(w, r, 5)
		})
	}
}

// A reliable writer whose readers are all best effort has nobody to wait for.
func TestReliableWriterOfBestEffortReaders(t *testing.T) {
	inWorld(t, memnet.Config{}, func(w *world) {
		a, b := w.participant("a"), w.participant("b")
		wr := writerOf[plainValue](w, a, "Burst", qos.KeepAll(), qos.Reliable(time.Second),
			qos.ResourceLimits{MaxSamples: 10, MaxInstances: 1, MaxSamplesPerInstance: 10})
		r := readerOf[plainValue](w, b, "Burst", qos.KeepAll())
		matched(w, wr, r)
		start := time.Now()
		w.burst(wr, 100, 1000)
		require.Zero(w, time.Since(start))
		w.settle(time.Second)
		inOrder(w, r, 100)
	})
}

// What each goroutine writes stays in order, and what leaves the socket is in
// the order of sequence numbers.
func TestManyBurstsLeaveInOrder(t *testing.T) {
	inWorld(t, memnet.Config{}, func(w *world) {
		a, b := w.participant("a"), w.participant("b")
		wr := writerOf[shape](w, a, "Square", qos.KeepAll())
		r := readerOf[shape](w, b, "Square", qos.Reliable(0), qos.KeepAll())
		matched(w, wr, r)
		rec := w.record()
		const writers, each = 8, 500
		var wg sync.WaitGroup
		for g := range writers {
			wg.Go(func() {
				for i := range each {
					_ = wr.Write(w.Context(), &shape{string(rune('A' + g)), int32(i), 0})
					if i%100 == g {
						time.Sleep(time.Duration(g) * time.Microsecond)
					}
				}
			})
		}
		wg.Wait()
		require.NoError(w, wr.WaitForAcks(w.soon()))
		next := make(map[string]int32)
		for _, s := range r.Take(0, dds.Query{}) {
			require.Equal(w, next[s.Value.Color], s.Value.X)
			next[s.Value.Color]++
		}
		require.Len(w, next, writers)
		require.Equal(w, rtps.SequenceNumber(writers*each), rec.inOrder(w, wr.GUID()))
	})
}

// A writer that keeps all is slowed down when a reader is far behind, waits for
// it when its history is full, and goes on when it acknowledges.
func TestKeepAllWaitsForAcknowledgements(t *testing.T) {
	inWorld(t, memnet.Config{}, func(w *world) {
		a, b := w.participant("a"), w.participant("b")
		wr := writerOf[plainValue](w, a, "Burst", qos.KeepAll(), qos.Reliable(2*time.Second),
			qos.ResourceLimits{MaxSamples: 60, MaxInstances: 1, MaxSamplesPerInstance: 60})
		r := readerOf[plainValue](w, b, "Burst", qos.Reliable(0), qos.KeepAll())
		matched(w, wr, r)
		w.settle(time.Second)
		w.net.Cut("b", "a")
		const size = 200_000
		n, slowed := 0, 0
		next := func(ctx context.Context) (time.Duration, error) {
			start := time.Now()
			err := wr.Write(ctx, &plainValue{int32(n), bytes.Repeat([]byte{byte(n)}, size)})
			return time.Since(start), err
		}
		for ; n < 60; n++ {
			took, err := next(w.soon())
			require.NoError(w, err)
			require.LessOrEqual(w, took, 20*time.Millisecond)
			if took > 0 {
				slowed++
			}
		}
		require.GreaterOrEqual(w, slowed, 30)
		took, err := next(w.soon())
		require.ErrorIs(w, err, dds.ErrTimeout)
		require.InDelta(w, 2*time.Second, took, float64(20*time.Millisecond))

		ctx, cancel := context.WithCancel(w.Context())
		time.AfterFunc(time.Second, cancel)
		_, err = next(ctx)
		require.ErrorIs(w, err, context.Canceled)

		time.AfterFunc(time.Second, w.net.Heal)
		took, err = next(w.soon())
		require.NoError(w, err)
		require.Less(w, took, 1600*time.Millisecond) // heartbeats are rare by now
		start := time.Now()
		for n++; n < 200; n++ {
			_, err = next(w.soon())
			require.NoError(w, err)
		}
		require.NoError(w, wr.WaitForAcks(w.soon()))
		require.Less(w, time.Since(start), time.Second)
		inOrder(w, r, 200)
	})
}

// Closing ends a write that waits.
func TestCloseEndsAWaitingBurst(t *testing.T) {
	for _, whole := range []bool{false, true} {
		inWorld(t, memnet.Config{}, func(w *world) {
			a, b := w.participant("a"), w.participant("b")
			wr := writerOf[plainValue](w, a, "Burst", qos.KeepAll(), qos.Reliable(time.Hour))
			r := readerOf[plainValue](w, b, "Burst", qos.Reliable(0), qos.KeepAll())
			matched(w, wr, r)
			w.net.Cut("b", "a")
			ended := make(chan error, 4)
			for range cap(ended) {
				go func() {
					for {
						if err := wr.Write(w.Context(), &plainValue{0, make([]byte, 50_000)}); err != nil {
							ended <- err
							return
						}
					}
				}()
			}
			w.settle(time.Second)
			if whole {
				require.NoError(w, a.Close())
			} else {
				require.NoError(w, wr.Close())
			}
			for range cap(ended) {
				require.ErrorIs(w, <-ended, dds.ErrClosed)
			}
		})
	}
}

// A reader that is stuck holds up neither a writer that keeps the last samples
// nor, but for a moment, the other readers.
func TestKeepLastWaitsForNobody(t *testing.T) {
	inWorld(t, memnet.Config{}, func(w *world) {
		lease := func(c *dds.Config) { c.LeaseDuration = time.Hour }
		a, b, c := w.participant("a", lease), w.participant("b", lease), w.participant("c", lease)
		wr := writerOf[plainValue](w, a, "Burst", qos.KeepLast(3), qos.Reliable(time.Second))
		r := readerOf[plainValue](w, b, "Burst", qos.Reliable(0), qos.KeepAll())
		stuck := readerOf[plainValue](w, c, "Burst", qos.Reliable(0), qos.KeepAll())
		require.NoError(w, wr.WaitForMatched(w.soon(), 2))
		require.NoError(w, r.WaitForMatched(w.soon(), 1))
		require.NoError(w, stuck.WaitForMatched(w.soon(), 1))
		w.net.Cut("c", "a")
		late := 0
		for i := range 1000 {
			start := time.Now()
			write(w, wr, plainValue{int32(i), make([]byte, 50_000)})
			require.Zero(w, time.Since(start))
			w.settle(5 * time.Millisecond)
			if got := r.Take(0, dds.Query{}); len(got) == 0 || got[len(got)-1].Value.N != int32(i) {
				late++
			}
		}
		require.Less(w, late, 60) // 300 ms
		require.NoError(w, stuck.Close())
		w.net.Heal()
		w.settle(time.Minute)
		require.Equal(w, 1, wr.Matched().Current)
		require.NoError(w, wr.WaitForAcks(w.soon()))
	})
}
