package dds_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds"
	"github.com/secdds/dds/qos"
	"github.com/secdds/dds/transport/memnet"
)

// An ear takes everything whenever it is called, and finds calls that overlap.
type ear struct {
	w       *world
	running atomic.Bool
	pause   time.Duration

	mu    sync.Mutex
	calls int
	got   []int32
	ended int // samples without data
}

func (e *ear) hear(r *dds.Reader[plainValue]) {
	require.False(e.w, e.running.Swap(true), "calls overlap")
	for v, info := range r.TakeEach(0, dds.Query{}) {
		e.mu.Lock()
		if info.ValidData {
			e.got = append(e.got, v.N)
		} else {
			e.ended++
		}
		e.mu.Unlock()
	}
	e.mu.Lock()
	e.calls++
	e.mu.Unlock()
	if e.pause > 0 {
		time.Sleep(e.pause) // for more to come during the call
	}
	e.running.Store(false)
}

func (e *ear) heard() (got []int32, calls, ended int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]int32(nil), e.got...), e.calls, e.ended
}

func TestOnData(t *testing.T) {
	inPair(t, func(w *world, wr *dds.Writer[plainValue], r *dds.Reader[plainValue]) {
		e := &ear{w: w}
		r.OnData(e.hear)
		_, calls, _ := e.heard()
		require.Zero(w, calls, "nothing has come")
		for i := range int32(20) {
			write(w, wr, plainValue{N: i})
			w.settle(time.Millisecond)
			got, calls, _ := e.heard()
			require.Len(w, got, int(i)+1)
			require.Equal(w, i, got[i])
			require.Equal(w, int(i)+1, calls)
		}
		// That there are no writers any more is told, too.
		require.NoError(w, wr.Close())
		w.settle(time.Second)
		_, _, ended := e.heard()
		require.Equal(w, 1, ended)
	})
}

// A writer whose liveliness lapses, or whose participant vanishes, is heard of.
func TestOnDataOfWriterGone(t *testing.T) {
	inWorld(t, memnet.Config{}, func(w *world) {
		a, b := w.participant("a"), w.participant("b")
		wr := writerOf[plainValue](w, a, "Gone")
		r := readerOf[plainValue](w, b, "Gone", qos.Reliable(0))
		matched(w, wr, r)
		e := &ear{w: w}
		r.OnData(e.hear)
		write(w, wr, plainValue{N: 1})
		w.settle(time.Second)
		w.net.Partition("a", "b")
		w.settle(time.Minute)
		got, _, ended := e.heard()
		require.Equal(w, []int32{1}, got)
		require.Equal(w, 1, ended)
	})
}

// Set when there is something already, it is called at once; taken away, no more.
func TestOnDataSetLateAndRemoved(t *testing.T) {
	inPair(t, func(w *world, wr *dds.Writer[plainValue], r *dds.Reader[plainValue]) {
		lot(w, wr, 3)
		e := &ear{w: w}
		r.OnData(e.hear)
		got, calls, _ := e.heard()
		require.Equal(w, []int32{0, 1, 2}, got)
		require.Equal(w, 1, calls)

		r.OnData(nil)
		lot(w, wr, 2)
		w.settle(time.Second)
		_, calls, _ = e.heard()
		require.Equal(w, 1, calls)
		require.Len(w, r.Read(0, dds.Query{}), 2)

		other := &ear{w: w}
		r.OnData(other.hear)
		r.OnData(e.hear) // replaces it; there is nothing any more
		lot(w, wr, 1)
		w.settle(time.Second)
		got, _, _ = other.heard()
		require.Equal(w, []int32{0, 1}, got)
		got, _, _ = e.heard()
		require.Equal(w, []int32{0, 1, 2, 0}, got)
	})
}

func TestOnDataAfterClose(t *testing.T) {
	inPair(t, func(w *world, wr *dds.Writer[plainValue], r *dds.Reader[plainValue]) {
		e := &ear{w: w}
		r.OnData(e.hear)
		require.NoError(w, r.Close())
		write(w, wr, plainValue{N: 1})
		w.settle(time.Second)
		r.OnData(e.hear)
		_, calls, _ := e.heard()
		require.Zero(w, calls)
	})
}

// A listener may close its own reader, and others, and make new ones.
func TestOnDataClosesAndCreates(t *testing.T) {
	inWorld(t, memnet.Config{}, func(w *world) {
		a, b := w.participant("a"), w.participant("b")
		wr := writerOf[plainValue](w, a, "Pair", qos.TransientLocal)
		topic := topicOf[plainValue](w, b, "Pair")
		second := make(chan plainValue, 8)
		r := readerOf[plainValue](w, b, "Pair", qos.Reliable(0))
		matched(w, wr, r)
		calls := 0
		r.OnData(func(r *dds.Reader[plainValue]) {
			calls++
			require.NoError(w, r.Close())
			again, err := dds.NewReader(b.Subscriber(), topic, qos.Reliable(0), qos.TransientLocal)
			require.NoError(w, err)
			again.OnData(func(again *dds.Reader[plainValue]) {
				for v := range again.TakeEach(0, dds.Query{}) {
					second <- plainValue{N: v.N}
				}
			})
		})
		write(w, wr, plainValue{N: 5})
		w.settle(time.Second)
		require.Equal(w, 1, calls)
		require.Equal(w, plainValue{N: 5}, <-second)
		require.Empty(w, second)
	})
}

// Many writers in several participants, calls that take their time, and a
// reader that has to resume within a take: every sample is heard, no two calls
// overlap, and the last sample is heard without another one after it.
func TestOnDataMissesNothing(t *testing.T) {
	for name, tt := range map[string]struct {
		depth int
		pause time.Duration
	}{
		"short calls": {depth: 1000},
		"long calls":  {depth: 1000, pause: 300 * time.Microsecond},
		"little room": {depth: 5, pause: 100 * time.Microsecond},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, memnet.Config{Seed: 4, Loss: 0.05, MaxDelay: time.Millisecond}, func(w *world) {
				const writers, each = 6, 60
				b := w.participant("b")
				limits := qos.ResourceLimits{MaxSamples: tt.depth, MaxInstances: qos.LengthUnlimited, MaxSamplesPerInstance: qos.LengthUnlimited}
				r := readerOf[plainValue](w, b, "Many", qos.Reliable(0), qos.KeepAll(), limits)
				var all sync.WaitGroup
				e := &ear{w: w, pause: tt.pause}
				r.OnData(e.hear)
				for i := range writers {
					p := b // two of them are of the reader's own participant
					if i >= 2 {
						p = w.participant(string(rune('p' + i)))
					}
					wr := writerOf[plainValue](w, p, "Many", qos.KeepAll(), qos.Reliable(qos.Infinite))
					require.NoError(w, wr.WaitForMatched(w.soon(), 1))
					require.NoError(w, r.WaitForMatched(w.soon(), i+1))
					all.Go(func() {
						for n := range each {
							write(w, wr, plainValue{N: int32(i*each + n)})
							if n%7 == i {
								time.Sleep(200 * time.Microsecond)
							}
						}
						require.NoError(w, wr.WaitForAcks(w.soon()))
					})
				}
				all.Wait()
				w.settle(time.Second)
				got, _, _ := e.heard()
				require.Len(w, got, writers*each)
				last := make([]int32, writers)
				for _, n := range got {
					i, n := n/each, n%each
					require.Equal(w, last[i], n, "of writer %d", i)
					last[i]++
				}
			})
		})
	}
}

// Ping and pong, each written from the call that the other's sample led to.
func TestOnDataPingPong(t *testing.T) {
	inWorld(t, memnet.Config{}, func(w *world) {
		a, b := w.participant("a"), w.participant("b")
		ping, in := writerOf[plainValue](w, a, "Ping", qos.KeepLast(1)), readerOf[plainValue](w, b, "Ping", qos.Reliable(0))
		pong, out := writerOf[plainValue](w, b, "Pong", qos.KeepLast(1)), readerOf[plainValue](w, a, "Pong", qos.Reliable(0))
		matched(w, ping, in)
		matched(w, pong, out)
		const trips = 500
		var there, back int32
		done := make(chan struct{})
		in.OnData(func(in *dds.Reader[plainValue]) {
			for v, info := range in.TakeEach(0, dds.Query{}) {
				if !info.ValidData {
					return // the other has ended
				}
				require.Equal(w, there, v.N)
				there++
				require.NoError(w, pong.Write(w.Context(), v))
			}
		})
		out.OnData(func(out *dds.Reader[plainValue]) {
			for v, info := range out.TakeEach(0, dds.Query{}) {
				if !info.ValidData {
					return // the other has ended
				}
				require.Equal(w, back, v.N)
				back++
				if v.N++; v.N == trips {
					close(done)
					return
				}
				require.NoError(w, ping.Write(w.Context(), v))
			}
		})
		write(w, ping, plainValue{0, []byte("ball")})
		select {
		case <-done:
		case <-time.After(time.Minute):
			require.Fail(w, "the ball is lost")
		}
	})
}

// A panic of the first call, which is made by OnData, is the caller's; the
// listener goes on.
func TestOnDataPanics(t *testing.T) {
	inPair(t, func(w *world, wr *dds.Writer[plainValue], r *dds.Reader[plainValue]) {
		lot(w, wr, 1)
		e := &ear{w: w}
		require.PanicsWithValue(w, "ear", func() {
			r.OnData(func(r *dds.Reader[plainValue]) {
				if _, calls, _ := e.heard(); calls == 0 {
					e.hear(r)
					panic("ear")
				}
				e.hear(r)
			})
		})
		lot(w, wr, 1)
		w.settle(time.Second)
		got, _, _ := e.heard()
		require.Equal(w, []int32{0, 0}, got)
	})
}
