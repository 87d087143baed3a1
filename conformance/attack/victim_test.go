package attack

import (
	"maps"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds"
	"github.com/secdds/dds/qos"
	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/security/keystore"
	"github.com/secdds/dds/spi"
	"github.com/secdds/dds/transport/memnet"
)

// A datagram is one that was on the network.
type datagram struct {
	from, to rtps.Locator
	data     []byte
}

// A recorder keeps what passes.
type recorder struct {
	mu      sync.Mutex
	seen    []datagram
	sockets map[rtps.Locator]rtps.Locator // where something went, and from where
}

func (w *world) record() *recorder {
	r := &recorder{sockets: make(map[rtps.Locator]rtps.Locator)}
	w.net.Tap(func(from, to rtps.Locator, data []byte) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.seen = append(r.seen, datagram{from, to, slices.Clone(data)})
		r.sockets[to] = from
	})
	return r
}

// take returns what passed since the last call.
func (r *recorder) take() []datagram {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.seen
	r.seen = nil
	return s
}

// A victim is a secured pair that exchanges data while it is attacked. in and
// out know the keys of a and of b: what they forge an insider could.
type victim struct {
	*world
	k    *keystore.Keystore
	a, b *dds.Participant
	wr   *dds.Writer[shape]
	r    *dds.Reader[shape]
	rec  *recorder
	ia   *insider // of a, the writer's side
	ib   *insider // of b, the reader's side
	n    int32
}

func newVictim(w *world, g keystore.Governance, with ...func(*dds.Config)) *victim {
	w.Helper()
	v := &victim{world: w, rec: w.record(), k: w.keystoreOf(g), ia: &insider{}, ib: &insider{}}
	as := func(path string, i *insider) []func(*dds.Config) {
		return append([]func(*dds.Config){w.enclave(v.k, path, keystore.EnclaveOptions{}), i.join}, with...)
	}
	v.a = w.participant("a", as("/a", v.ia)...)
	v.b = w.participant("b", as("/b", v.ib)...)
	v.wr = writerOf[shape](w, v.a, "Square", qos.KeepAll())
	v.r = readerOf[shape](w, v.b, "Square", qos.Reliable(0), qos.KeepAll())
	matched(w, v.wr, v.r)
	v.exchange(10)
	v.settle(time.Second)
	return v
}

// exchange writes n samples and takes exactly these.
func (v *victim) exchange(n int) {
	v.Helper()
	first := v.n
	for range n {
		write(v.world, v.wr, shape{"RED", v.n, 42})
		v.n++
	}
	v.arrive(first)
	require.NoError(v, v.wr.WaitForAcks(v.soon()))
}

// arrive takes exactly the samples from first on.
// exchangeHeld is exchange while what is held is let go.
func (v *victim) exchangeHeld(h *holder, n int) {
	v.Helper()
	first := v.n
	for range n {
		write(v.world, v.wr, shape{"RED", v.n, 42})
		v.n++
	}
	for range 100 {
		for _, d := range h.take() {
			v.inject(d, d.data)
		}
		v.settle(50 * time.Millisecond)
	}
	v.arrive(first)
}

func (v *victim) arrive(first int32) {
	v.Helper()
	for i := first; i < v.n; i++ {
		s := next(v.world, v.r)
		require.True(v, s.Info.ValidData)
		require.Equal(v, shape{"RED", i, 42}, s.Value)
	}
}

// sn is the sequence number of the sample that is written next.
func (v *victim) sn() rtps.SequenceNumber { return rtps.SequenceNumber(v.n) + 1 }

// unharmed checks that the attack before it changed nothing and that the
// session goes on: nobody was dropped or let in, nothing lost, doubled or altered.
func (v *victim) unharmed() {
	v.Helper()
	v.settle(time.Second)
	require.Empty(v, v.r.Take(0, dds.Query{}))
	for _, m := range []dds.MatchedStatus{v.r.Matched(), v.wr.Matched()} {
		require.Equal(v, 1, m.Current)
		require.Equal(v, 1, m.Total)
	}
	for p, q := range map[*dds.Participant]*dds.Participant{v.a: v.b, v.b: v.a} {
		in := 0
		for _, i := range p.Peers() {
			if i.Authenticated {
				in++
				require.Equal(v, q.GUID(), i.GUID)
			}
		}
		require.Equal(v, 1, in)
	}
	require.Zero(v, v.r.Lost())
	v.exchange(5)
	v.settle(time.Second)
	require.Empty(v, v.r.Take(0, dds.Query{}))
}

// drops is how much p dropped so far, for whatever reason.
func drops(p *dds.Participant) (n uint64) {
	for _, c := range p.Stats().Dropped {
		n += c
	}
	return n
}

// inject sends data the way a datagram went.
func (v *victim) inject(d datagram, data []byte) { v.net.Inject(d.from, d.to, data) }

// throw sends a message to every socket there is.
func (v *victim) throw(msg []byte) {
	v.rec.mu.Lock()
	sockets := maps.Clone(v.rec.sockets)
	v.rec.mu.Unlock()
	for to, from := range sockets {
		v.net.Inject(from, to, msg)
	}
}

// strike is throw, and what follows at once.
func (v *victim) strike(msg []byte) {
	v.throw(msg)
	synctest.Wait()
}

// at throws a message at one participant, from an address nobody has, and
// returns what it dropped for that.
func (v *victim) at(p *dds.Participant, msg []byte) uint64 {
	before := drops(p)
	v.hit(p, msg)
	return drops(p) - before
}

// stranger is an address that no participant has.
var stranger = rtps.Locator{Kind: rtps.LocatorUDPv4, Port: 4711, Address: [16]byte{12: 10, 13: 66, 14: 6, 15: 6}}

// hit throws a message at one participant, from an address nobody has.
func (v *victim) hit(p *dds.Participant, msg []byte) {
	to := v.socketOf(p)
	require.True(v, v.net.Inject(stranger, to, msg))
	synctest.Wait()
}

// socketOf is a unicast socket of a participant.
func (v *victim) socketOf(p *dds.Participant) rtps.Locator {
	host := "a"
	if p == v.b {
		host = "b"
	}
	return v.socketAt(host)
}

func (v *victim) socketAt(host string) rtps.Locator {
	addr := v.net.Host(host).Addr().As4()
	v.rec.mu.Lock()
	defer v.rec.mu.Unlock()
	var at rtps.Locator
	for to := range v.rec.sockets {
		if [4]byte(to.Address[12:]) == addr && (at.Port == 0 || to.Port < at.Port) {
			at = to
		}
	}
	require.NotZero(v, at.Port, "nothing was sent to %s", host)
	return at
}

// message starts a message that claims to be of a participant.
func message(from *dds.Participant) []byte { return messageOf(from.GUID().Prefix) }

func messageOf(from rtps.GUIDPrefix) []byte {
	return rtps.Header{Version: rtps.ProtocolVer2_5, Vendor: rtps.VendorSecdds, Prefix: from}.Append(nil)
}

// payload is a sample that nobody wrote.
var payload = []byte("\x00\x01\x00\x00\x04\x00\x00\x00RED\x00\x9a\x02\x00\x00\x2a\x00\x00\x00")

// disposed is inline QoS that says an entity is gone.
func disposed(g rtps.GUID) []byte {
	return rtps.AppendInlineQoS(nil, &rtps.InlineQoS{
		HasStatus: true, StatusInfo: rtps.StatusDisposed | rtps.StatusUnregistered, HasKeyHash: true,
		KeyHash: rtps.KeyHash(append(g.Prefix[:], g.Entity[:]...)),
	})
}

func topicGovernance(metadata, data spi.Protection) keystore.Governance {
	g := keystore.OpenGovernance()
	g.Topics = []keystore.TopicRule{{Metadata: metadata, Data: data}}
	return g
}

// rtpsOnly protects whole messages and nothing else.
func rtpsOnly(p spi.Protection) keystore.Governance {
	g := keystore.OpenGovernance()
	g.RTPS = p
	return g
}

// protected are governances under which the victim's data cannot be forged.
func protected() map[string]keystore.Governance {
	metadata := topicGovernance(spi.ProtectSign, spi.ProtectNone)
	metadata.Discovery, metadata.Topics[0].DiscoveryProtection = spi.ProtectSign, true
	return map[string]keystore.Governance{
		"sros2": keystore.SROS2Governance(), "encrypt": keystore.UniformGovernance(spi.ProtectEncrypt),
		"origin": keystore.UniformGovernance(spi.ProtectSignOrigin), "rtps": rtpsOnly(spi.ProtectSign), "metadata": metadata,
	}
}

func underAttack(t *testing.T, f func(v *victim)) {
	for name, g := range protected() {
		t.Run(name, func(t *testing.T) {
			inWorldOf(t, memnet.Config{QueueLimit: 1 << 16}, func(w *world) { f(newVictim(w, g)) })
		})
	}
}

// closedRTPS is rtpsOnly with nobody let in unauthenticated: so the open topics
// of discovery are sealed as well.
func closedRTPS(p spi.Protection) keystore.Governance {
	g := rtpsOnly(p)
	g.AllowUnauthenticated = false
	return g
}
