//go:build !race

package dds_test

import (
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds"
	"github.com/secdds/dds/qos"
	"github.com/secdds/dds/transport/memnet"
)

type octets struct {
	ID   int32 `dds:"key"`
	Data []byte
	F    []float32
}

type doubles struct {
	N int32
	F []float64
}

// From Write to the end of a loop that is lent the sample, nothing is
// allocated, in neither participant, with a listener or without.
func TestNothingIsAllocatedForLoans(t *testing.T) {
	v := octets{7, make([]byte, 500), make([]float32, 9)}
	t.Run("each", func(t *testing.T) { testLoanAllocs(t, v, each) })
	t.Run("each of doubles", func(t *testing.T) { testLoanAllocs(t, doubles{7, make([]float64, 20)}, each) })
	t.Run("raw", func(t *testing.T) { testLoanAllocs(t, v, raw) })
	t.Run("listener", func(t *testing.T) { testLoanAllocs(t, v, heard) })
	t.Run("write raw", func(t *testing.T) { testLoanAllocs(t, v, rewritten) })
}

// A taker returns what a round does that writes a sample and takes it.
type taker func(t *testing.T, write func(), rewrite func([]byte), each, raw func() int, listen func(func())) func()

func each(t *testing.T, write func(), _ func([]byte), each, _ func() int, _ func(func())) func() {
	return func() {
		write()
		for each() == 0 {
			runtime.Gosched()
		}
	}
}

func raw(t *testing.T, write func(), _ func([]byte), _, raw func() int, _ func(func())) func() {
	return func() {
		write()
		for raw() == 0 {
			runtime.Gosched()
		}
	}
}

func heard(t *testing.T, write func(), _ func([]byte), each, _ func() int, listen func(func())) func() {
	var n, want atomic.Int64
	listen(func() { n.Add(int64(each())) })
	return func() {
		want.Add(1)
		write()
		for n.Load() != want.Load() {
			runtime.Gosched()
		}
	}
}

// rewritten writes the payload of the first sample again and again.
func rewritten(t *testing.T, write func(), rewrite func([]byte), each, raw func() int, _ func(func())) func() {
	return func() {
		rewrite(nil)
		for each() == 0 {
			runtime.Gosched()
		}
	}
}

func testLoanAllocs[T any](t *testing.T, v T, take taker) {
	network := memnet.New(memnet.Config{})
	on := &atomic.Bool{}
	ab, ba := newPipe(), newPipe()
	var ps [2]*dds.Participant
	for i, h := range []*pipedHost{{network.Host("a"), ba, ab, on}, {network.Host("b"), ab, ba, on}} {
		p, err := dds.NewParticipant(0, &dds.Config{Transport: h, LeaseDuration: time.Hour})
		require.NoError(t, err)
		defer p.Close()
		ps[i] = p
	}
	ta, err := dds.NewTopic[T](ps[0], "Lent")
	require.NoError(t, err)
	tb, err := dds.NewTopic[T](ps[1], "Lent")
	require.NoError(t, err)
	w, err := dds.NewWriter(ps[0].Publisher(), ta, qos.KeepLast(8))
	require.NoError(t, err)
	r, err := dds.NewReader(ps[1].Subscriber(), tb, qos.Reliable(0), qos.KeepAll())
	require.NoError(t, err)
	ctx := t.Context()
	require.NoError(t, w.WaitForMatched(ctx, 1))
	require.NoError(t, r.WaitForMatched(ctx, 1))
	require.NoError(t, w.Write(ctx, &v))
	require.NoError(t, r.WaitForData(ctx))
	var payload []byte
	for b := range r.TakeRaw(0, dds.Query{}) {
		payload = append(payload, b...)
	}
	on.Store(true)
	defer on.Store(false)
	defer r.OnData(nil)
	round := take(t,
		func() {
			if err := w.Write(ctx, &v); err != nil {
				t.Fatal(err)
			}
		},
		func([]byte) {
			if err := w.WriteRaw(ctx, payload); err != nil {
				t.Fatal(err)
			}
		},
		func() (n int) {
			for range r.TakeEach(0, dds.Query{}) {
				n++
			}
			return n
		},
		func() (n int) {
			for b := range r.TakeRaw(0, dds.Query{}) {
				n += min(len(b), 1)
			}
			return n
		},
		func(f func()) { r.OnData(func(*dds.Reader[T]) { f() }) },
	)
	for range 500 {
		round()
	}
	allocatesNothing(t, 200, round)
}
