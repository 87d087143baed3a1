//go:build !race

package dds_test

import (
	"math"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds"
	"github.com/secdds/dds/qos"
	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/security"
	"github.com/secdds/dds/security/keystore"
	"github.com/secdds/dds/security/psk"
	"github.com/secdds/dds/spi"
	"github.com/secdds/dds/transport/memnet"
)

// A pipe carries datagrams from one participant to another without allocating.
type pipe struct {
	free, full chan []byte
	done       chan struct{}
	once       sync.Once
}

func newPipe() *pipe {
	p := &pipe{free: make(chan []byte, 64), full: make(chan []byte, 64), done: make(chan struct{})}
	for range cap(p.free) {
		p.free <- make([]byte, 0, 2048)
	}
	return p
}

func (p *pipe) ReadBatch(bufs [][]byte, sizes, segs []int, _ []rtps.Locator) (int, error) {
	select {
	case b := <-p.full:
		sizes[0] = copy(bufs[0], b)
		segs[0] = max(sizes[0], 1)
		p.free <- b[:0]
		return 1, nil
	case <-p.done:
		return 0, net.ErrClosed
	}
}

// A pipedHost is a host that, once on is set, sends by a pipe.
type pipedHost struct {
	*memnet.Host
	in, out *pipe
	on      *atomic.Bool
}

type pipedConn struct {
	spi.Conn
	h *pipedHost
}

func (h *pipedHost) Listen(cfg spi.ListenConfig) (spi.Conn, error) {
	c, err := h.Host.Listen(cfg)
	return pipedConn{c, h}, err
}

func (c pipedConn) Receivers() []spi.PacketReceiver { return append(c.Conn.Receivers(), c.h.in) }

func (c pipedConn) WriteBatch(batch []spi.Datagram) error {
	if !c.h.on.Load() {
		return c.Conn.WriteBatch(batch)
	}
	for i := range batch {
		c.h.out.full <- append(append(<-c.h.out.free, batch[i].Data...), batch[i].Tail...)
	}
	return nil
}

func (c pipedConn) Close() error {
	c.h.in.once.Do(func() { close(c.h.in.done) })
	return c.Conn.Close()
}

type fixed struct {
	A, B int64
	C    float64
}

type fixedKeyed struct {
	ID   int64 `dds:"key"`
	A, B int64
}

// From Write to TakeInto nothing is allocated, in neither participant.
func TestNothingIsAllocated(t *testing.T) {
	sros2, origin := keystore.SROS2Governance(), keystore.UniformGovernance(spi.ProtectEncryptOrigin)
	for name, tt := range map[string]struct {
		g          *keystore.Governance
		passphrase string // where there is no governance
	}{
		"plain":      {nil, ""},
		"sros2":      {&sros2, ""},
		"origin":     {&origin, ""},
		"passphrase": {nil, pskOld},
	} {
		t.Run(name, func(t *testing.T) {
			t.Run("keyless", func(t *testing.T) { testAllocs(t, tt.g, tt.passphrase, fixed{1, 2, 3}) })
			t.Run("keyed", func(t *testing.T) { testAllocs(t, tt.g, tt.passphrase, fixedKeyed{1, 2, 3}) })
		})
	}
}

func testAllocs[T any](t *testing.T, g *keystore.Governance, passphrase string, v T) {
	network := memnet.New(memnet.Config{})
	on := &atomic.Bool{}
	ab, ba := newPipe(), newPipe()
	hosts := []*pipedHost{{network.Host("a"), ba, ab, on}, {network.Host("b"), ab, ba, on}}
	var k *keystore.Keystore
	if g != nil {
		var err error
		k, err = keystore.Create(t.TempDir(), keystore.Options{Governance: g})
		require.NoError(t, err)
	}
	var ps [2]*dds.Participant
	for i, h := range hosts {
		cfg := dds.Config{Transport: h, LeaseDuration: time.Hour}
		if passphrase != "" {
			var err error
			cfg.Security, err = security.PSK(psk.Config{Passphrase: passphrase})
			require.NoError(t, err)
		}
		if k != nil {
			dir, err := k.CreateEnclave([]string{"/a", "/b"}[i], keystore.EnclaveOptions{})
			require.NoError(t, err)
			cfg.Security, err = security.FromEnclave(dir)
			require.NoError(t, err)
		}
		p, err := dds.NewParticipant(0, &cfg)
		require.NoError(t, err)
		defer p.Close()
		ps[i] = p
	}
	ta, err := dds.NewTopic[T](ps[0], "Fixed")
	require.NoError(t, err)
	tb, err := dds.NewTopic[T](ps[1], "Fixed")
	require.NoError(t, err)
	w, err := dds.NewWriter(ps[0].Publisher(), ta, qos.KeepLast(8))
	require.NoError(t, err)
	r, err := dds.NewReader(ps[1].Subscriber(), tb, qos.Reliable(0), qos.KeepAll())
	require.NoError(t, err)
	ctx := t.Context()
	require.NoError(t, w.WaitForMatched(ctx, 1))
	require.NoError(t, r.WaitForMatched(ctx, 1))
	require.NoError(t, w.Write(ctx, &v))
	_, err = r.Next(ctx)
	require.NoError(t, err)
	on.Store(true)
	defer on.Store(false)
	var one [1]dds.Sample[T]
	round := func() {
		if err := w.Write(ctx, &v); err != nil {
			t.Fatal(err)
		}
		for r.TakeInto(one[:], dds.Query{}) == 0 {
			runtime.Gosched()
		}
	}
	for range 500 {
		round()
	}
	allocatesNothing(t, 200, round)
	require.Equal(t, v, one[0].Value)
}

// allocatesNothing holds that f allocates nothing. What other goroutines allocate
// counts as well, and participants announce themselves every now and then, the
// more of them during so many calls the busier the machine is. So there only have
// to be calls, so many one after the other, during which nothing is.
func allocatesNothing(t *testing.T, calls int, f func()) {
	t.Helper()
	var before, after runtime.MemStats
	least := uint64(math.MaxUint64)
	for range 100 {
		runtime.ReadMemStats(&before)
		for range calls {
			f()
		}
		runtime.ReadMemStats(&after)
		if least = min(least, after.Mallocs-before.Mallocs); least == 0 {
			return
		}
	}
	require.Zero(t, least, "allocations in %d calls, at least", calls)
}
