package engine

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/internal/history"
	"github.com/secdds/dds/internal/reliable"
	"github.com/secdds/dds/qos"
	"github.com/secdds/dds/rtps"
	plugins "github.com/secdds/dds/security"
	"github.com/secdds/dds/security/keystore"
	"github.com/secdds/dds/spi"
	"github.com/secdds/dds/transport/memnet"
)

// A sink is a host that keeps what goes to one address to itself: it counts it
// and may record it. Discovery goes its way.
type sink struct {
	*memnet.Host
	to      atomic.Pointer[rtps.Locator] // nil: none yet
	records bool
	wire    [][]byte // of which n are in use, with records
	n       int
}

type sinkConn struct {
	spi.Conn
	s *sink
}

func (s *sink) Listen(cfg spi.ListenConfig) (spi.Conn, error) {
	c, err := s.Host.Listen(cfg)
	return sinkConn{c, s}, err
}

func (c sinkConn) WriteBatch(batch []spi.Datagram) error {
	if to := c.s.to.Load(); to == nil || batch[0].To != *to {
		return c.Conn.WriteBatch(batch)
	}
	for i := range batch {
		if c.s.records {
			c.s.record(&batch[i])
		}
		c.s.n++
	}
	return nil
}

func (s *sink) record(d *spi.Datagram) {
	if s.n == len(s.wire) {
		s.wire = append(s.wire, nil)
	}
	s.wire[s.n] = append(append(s.wire[s.n][:0], d.Data...), d.Tail...)
}

// A lab is the sending half of a writer and the receiving half of a reader with
// a wire between them that is a list of datagrams. Messages are as long as those
// on loopback.
type lab struct {
	sink   *sink
	p, q   *Participant // of w and of r
	w      *Writer
	r      *Reader
	in     *receiver // of q
	lane   *lane     // of p
	sn     rtps.SequenceNumber
	change []reliable.Change
	out    reliable.Outbox

	frames []*frame
}

// A lot is so many samples of one size that are sent together.
type lot struct{ size, count int }

func (l lot) String() string { return fmt.Sprintf("%dx%dB", l.count, l.size) }

var (
	loneLots = []lot{{64, 1}, {1 << 10, 1}, {16 << 10, 1}}
	fullLots = []lot{{64, 512}, {1 << 10, 128}, {16 << 10, 16}, {1 << 20, 1}}
)

// payloadOf returns a payload like that of a struct of a key, a number and
// so many octets.
func payloadOf(size int) []byte {
	b := make([]byte, 20+size)
	copy(b, []byte{0, 1, 0, 0, 1, 2, 3, 4})
	return b
}

var labWorlds = []struct {
	name string
	gov  func() *keystore.Governance
}{
	{"plain", func() *keystore.Governance { return nil }},
	{"sros2", func() *keystore.Governance { g := keystore.SROS2Governance(); return &g }},
	{"encrypt", func() *keystore.Governance { g := keystore.UniformGovernance(spi.ProtectEncrypt); return &g }},
}

func newLab(t testing.TB, g *keystore.Governance) *lab {
	network := memnet.New(memnet.Config{MaxMessage: 65500})
	x := &lab{sink: &sink{Host: network.Host("a")}}
	var k *keystore.Keystore
	if g != nil {
		var err error
		k, err = keystore.Create(t.TempDir(), keystore.Options{Governance: g})
		require.NoError(t, err)
	}
	start := func(name string, host spi.Transport) *Participant {
		cfg := Config{
			Transport: host, ParticipantID: -1, Logger: slog.New(slog.DiscardHandler),
			Lease: time.Hour, Announce: time.Minute,
		}
		if k != nil {
			dir, err := k.CreateEnclave("/"+name, keystore.EnclaveOptions{})
			require.NoError(t, err)
			cfg.Security, err = plugins.FromEnclave(dir)
			require.NoError(t, err)
		}
		p, err := Start(cfg)
		require.NoError(t, err)
		t.Cleanup(func() { _ = p.Close() })
		return p
	}
	x.p, x.q = start("a", x.sink), start("b", network.Host("b"))
	var err error
	x.w, err = x.p.NewWriter(WriterSpec{Topic: "T", Type: "T", Keyed: true, QoS: qos.NewWriter(qos.KeepAll())})
	require.NoError(t, err)
	keyOf := func(payload []byte, _, _ bool) (k rtps.KeyHash, err error) { copy(k[:], payload[4:8]); return k, nil }
	x.r, err = x.q.NewReader(ReaderSpec{
		Topic: "T", Type: "T", Keyed: true, KeyOf: keyOf,
		KeyPayload: func(payload []byte, _ bool) ([]byte, error) { return slices.Clone(payload), nil },
		QoS:        qos.NewReader(qos.Reliable(0), qos.KeepAll(), qos.LatencyBudget(time.Second)),
	})
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	require.NoError(t, x.w.WaitMatched(ctx, 1))
	require.NoError(t, x.r.WaitMatched(ctx, 1))
	require.NoError(t, x.w.Write(ctx, Change{Payload: payloadOf(64)}))
	require.NoError(t, x.w.WaitAcks(ctx))
	require.Len(t, x.r.Take(nil, 0, history.Query{}), 1)

	x.sn = x.w.m.Last()
	x.in, x.lane = newReceiver(x.q), x.p.lane()
	x.sink.to.Store(&x.w.fan.all[0].target.locs[0])
	return x
}

// order orders a lot, as the machine does, without the machine.
func (x *lab) order(l lot, payload []byte) {
	now := rtps.TimeOf(time.Unix(1, 0))
	if len(x.change) < l.count {
		x.change = make([]reliable.Change, l.count)
	}
	x.out.Reset()
	for i := range l.count {
		x.sn++
		c := &x.change[i]
		*c = reliable.Change{SN: x.sn, Time: now, Payload: payload}
		s := reliable.Send{Kind: reliable.SendData, Change: c}
		if size := x.p.fragmentSize; len(payload) > size {
			s = reliable.Send{
				Kind: reliable.SendFrag, Change: c, FragFirst: 1,
				FragCount: uint16((len(payload) + size - 1) / size), FragSize: uint16(size),
			}
		}
		x.out.Sends = append(x.out.Sends, s)
	}
}

// send makes messages of what is ordered and hands them to the transport.
func (x *lab) send() {
	x.w.send(x.lane, &x.out, x.w.fan)
	x.lane.flush()
}

// record sends what is ordered to the wire.
func (x *lab) record() {
	x.sink.n, x.sink.records = 0, true
	x.send()
	x.sink.records = false
}

// arrive puts what is on the wire into frames, as the kernel does.
func (x *lab) arrive() {
	x.frames = x.frames[:0]
	for _, d := range x.sink.wire[:x.sink.n] {
		f := x.q.frames.get()
		copy(f.b, d)
		x.frames = append(x.frames, f)
	}
}

// receive interprets what arrived: it ends in the cache.
func (x *lab) receive(now time.Time) {
	for i, f := range x.frames {
		x.in.frame = f
		x.in.message(now, f.b[:len(x.sink.wire[i])])
		f.release()
	}
}

// take empties the cache, sample by sample.
func (x *lab) take(t testing.TB, count int) {
	var e [1]history.Entry
	n := 0
	for x.r.TakeNext(&e, history.Query{}) {
		n++
	}
	x.r.EndNext(&e)
	if n != count {
		t.Fatalf("%d samples came, %d were sent; dropped: %v", n, count, x.q.Stats().Dropped)
	}
}

// pass sends a lot, receives and takes it, and returns how long each took.
func (x *lab) pass(t testing.TB, l lot, payload []byte) (send, receive, take time.Duration) {
	x.order(l, payload)
	start := time.Now()
	x.record()
	sent := time.Now()
	x.arrive()
	arrived := time.Now()
	x.receive(arrived)
	received := time.Now()
	x.take(t, l.count)
	return sent.Sub(start), received.Sub(arrived), time.Since(received)
}

// What it costs to make messages of samples, sealed where they are protected,
// and to hand them to a transport that drops them.
func BenchmarkSend(b *testing.B) {
	for _, world := range labWorlds {
		x := newLab(b, world.gov())
		for _, l := range append(loneLots, fullLots...) {
			b.Run(world.name+"/"+l.String(), func(b *testing.B) {
				payload := payloadOf(l.size)
				x.order(l, payload)
				x.send()
				x.sink.n = 0
				x.send()
				messages := x.sink.n
				b.SetBytes(int64(l.size * l.count))
				b.ReportAllocs()
				for b.Loop() {
					x.send()
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*l.count), "ns/sample")
				b.ReportMetric(float64(l.count)/float64(messages), "samples/message")
			})
		}
	}
}

// What it costs to interpret messages that lie in frames, until their samples
// are in the cache, and to take these from there.
func BenchmarkReceive(b *testing.B) {
	for _, world := range labWorlds {
		x := newLab(b, world.gov())
		for _, l := range append(loneLots, fullLots...) {
			b.Run(world.name+"/"+l.String(), func(b *testing.B) {
				payload := payloadOf(l.size)
				x.pass(b, l, payload)
				var receive, take time.Duration
				b.ReportAllocs()
				for b.Loop() {
					_, r, t := x.pass(b, l, payload)
					receive += r
					take += t
				}
				per := float64(b.N * l.count)
				b.ReportMetric(0, "ns/op")
				b.ReportMetric(float64(receive.Nanoseconds())/per, "receive-ns/sample")
				b.ReportMetric(float64(take.Nanoseconds())/per, "take-ns/sample")
				b.ReportMetric(float64(l.size*b.N*l.count)/(1e6*receive.Seconds()), "receive-MB/s")
			})
		}
	}
}
