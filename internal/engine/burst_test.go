package engine

import (
	"context"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/internal/history"
	"github.com/secdds/dds/qos"
	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
	"github.com/secdds/dds/transport/memnet"
)

// A valve is a host whose participant calls sent before it sends a batch.
type valve struct {
	*memnet.Host
	sent func()
}

type valveConn struct {
	spi.Conn
	v *valve
}

func (v *valve) Listen(cfg spi.ListenConfig) (spi.Conn, error) {
	c, err := v.Host.Listen(cfg)
	return valveConn{c, v}, err
}

func (c valveConn) WriteBatch(batch []spi.Datagram) error {
	if c.v.sent != nil {
		c.v.sent()
	}
	return c.Conn.WriteBatch(batch)
}

// A flow is a matched writer and reader in virtual time.
type flow struct {
	*testing.T
	v *valve
	p *Participant // of w
	w *Writer
	r *Reader
}

func inFlow(t *testing.T, f func(*flow), policies ...qos.WriterPolicy) {
	synctest.Test(t, func(t *testing.T) {
		network := memnet.New(memnet.Config{})
		start := func(host spi.Transport) *Participant {
			p, err := Start(Config{
				Transport: host, ParticipantID: -1, Logger: slog.New(slog.DiscardHandler),
				Lease: time.Hour, Announce: time.Minute,
			})
			require.NoError(t, err)
			t.Cleanup(func() { _ = p.Close() })
			return p
		}
		x := &flow{T: t, v: &valve{Host: network.Host("a")}}
		a, b := start(x.v), start(network.Host("b"))
		var err error
		x.p = a
		x.w, err = a.NewWriter(WriterSpec{Topic: "T", Type: "T", Keyed: true, QoS: qos.NewWriter(policies...)})
		require.NoError(t, err)
		keyOf := func(payload []byte, _, _ bool) (k rtps.KeyHash, err error) { copy(k[:], payload[4:8]); return k, nil }
		x.r, err = b.NewReader(ReaderSpec{
			Topic: "T", Type: "T", Keyed: true, KeyOf: keyOf,
			KeyPayload: func(payload []byte, _ bool) ([]byte, error) { return payload, nil },
			QoS:        qos.NewReader(qos.KeepAll(), qos.LatencyBudget(time.Second)),
		})
		require.NoError(t, err)
		require.NoError(t, x.w.WaitMatched(t.Context(), 1))
		require.NoError(t, x.r.WaitMatched(t.Context(), 1))
		synctest.Wait()
		f(x)
	})
}

func (x *flow) write(key byte, size int) {
	x.Helper()
	b := append(x.w.Buffer(), 0, 1, 0, 0, key)
	b = append(b[:5], make([]byte, size-5)...)
	require.NoError(x, x.w.Write(context.Background(), Change{Key: rtps.KeyHash{key}, Payload: b}))
}

// come returns how many samples came since the last call.
func (x *flow) come() int {
	synctest.Wait()
	return len(x.r.Take(nil, 0, history.Query{}))
}

// DDS 1.4, 2.2.3.8: a sample waits for others no longer than the budget, half
// of which is left to the way, and not at all when a message is full.
func TestLatencyBudget(t *testing.T) {
	inFlow(t, func(x *flow) {
		for range 3 {
			x.write(1, 100)
			time.Sleep(10 * time.Millisecond)
			x.write(1, 100)
			time.Sleep(39 * time.Millisecond)
			require.Zero(x, x.come())
			time.Sleep(time.Millisecond)
			require.Equal(x, 2, x.come())
			time.Sleep(time.Second)
		}
		sent := x.p.Stats().Sent
		for range 20 {
			x.write(1, 100)
			time.Sleep(time.Millisecond)
		}
		require.Zero(x, x.come())
		x.w.Flush()
		require.Equal(x, 20, x.come())
		require.Equal(x, sent+1, x.p.Stats().Sent, "they go as one message")
		x.w.Flush() // there is nothing
		require.Zero(x, x.come())

		start := time.Now()
		for range 2 * x.p.pack / 1000 {
			x.write(1, 1000)
		}
		require.Greater(x, x.come(), x.p.pack/1000*9/10, "a message is full")
		require.Zero(x, time.Since(start))
		x.w.Flush()
		x.write(1, 100)
		x.w.stop() // sends it
		require.Positive(x, x.come())
		require.Zero(x, time.Since(start))
	}, qos.BestEffort(), qos.LatencyBudget(100*time.Millisecond))
}

// Flush returns when what was written before is sent, however much others
// write meanwhile.
func TestFlushAmidWriting(t *testing.T) {
	inFlow(t, func(x *flow) {
		const most = 5000
		var n atomic.Int32
		more := make(chan struct{})
		defer close(more)
		wrote := make(chan struct{})
		go func() {
			for range more {
				x.write(1, 100) // by another goroutine, while somebody sends
				wrote <- struct{}{}
			}
		}()
		x.v.sent = func() {
			if n.Add(1) < most {
				more <- struct{}{}
				<-wrote
			}
		}
		x.write(1, 100)
		x.w.Flush()
		require.Less(x, n.Load(), int32(10))
		synctest.Wait()
	}, qos.BestEffort())
}

// Where one sample stays for long, the memory of what was written after it and
// is gone is not kept.
func TestShelfLetsGoOfWhatIsStuck(t *testing.T) {
	inFlow(t, func(x *flow) {
		x.write(1, 100) // stays
		for range 100 {
			x.write(2, 1<<20)
			require.NoError(x, x.w.WaitAcks(x.Context()))
			x.come()
		}
		x.w.mu.Lock()
		defer x.w.mu.Unlock()
		octets := 0
		for _, c := range x.w.shelf.lent {
			if c != nil {
				octets += cap(c.Payload)
			}
		}
		require.Less(x, octets, maxShelf+(8<<20))
	}, qos.KeepLast(1), qos.TransientLocal)
}

// Senders of many writers end with their participant, whatever they were at.
func TestSendersEnd(t *testing.T) {
	for range 50 {
		inFlow(t, func(x *flow) {
			for range 20 {
				x.write(1, 1000)
			}
			go x.w.Flush()
			go x.p.Remove(x.w.GUID())
			require.NoError(x, x.p.Close())
			x.w.Flush()
			require.ErrorIs(x, x.w.Write(x.Context(), Change{}), ErrClosed)
			x.w.mu.Lock()
			defer x.w.mu.Unlock()
			require.False(x, x.w.flushing)
			require.True(x, x.w.out.Empty())
		}, qos.KeepLast(5))
	}
}

// A writer that nobody acknowledges is not ahead of the network by more than
// what goes out at a time, and a sample or two.
func TestBestEffortIsNotFarAhead(t *testing.T) {
	for _, reliability := range []qos.WriterPolicy{qos.BestEffort(), qos.Reliable(time.Second)} {
		inFlow(t, func(x *flow) {
			most := 0
			for range 100 {
				x.write(1, 2<<20)
				x.w.mu.Lock()
				most = max(most, x.w.m.Held())
				x.w.mu.Unlock()
			}
			require.LessOrEqual(x, most, 4)
			x.w.Flush()
			require.GreaterOrEqual(x, x.p.Stats().Sent, uint64(100*(2<<20)/x.p.pack))
			x.w.mu.Lock()
			defer x.w.mu.Unlock()
			require.Zero(x, x.w.m.Held())
		}, reliability, qos.KeepAll())
	}
}
