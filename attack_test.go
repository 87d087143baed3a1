package dds_test

import (
	"bytes"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds"
	"github.com/secdds/dds/internal/discovery"
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

// strike sends a message to every socket.
func (v *victim) strike(msg []byte) {
	v.throw(msg)
	v.settle(time.Millisecond)
}

// throw is strike without waiting for what follows.
func (v *victim) throw(msg []byte) {
	v.rec.mu.Lock()
	sockets := maps.Clone(v.rec.sockets)
	v.rec.mu.Unlock()
	for to, from := range sockets {
		v.net.Inject(from, to, msg)
	}
}

// take returns what passed since the last call.
func (r *recorder) take() []datagram {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.seen
	r.seen = nil
	return s
}

// A victim is a secured pair that exchanges data while it is attacked.
type victim struct {
	*world
	a, b *dds.Participant
	wr   *dds.Writer[shape]
	r    *dds.Reader[shape]
	rec  *recorder
	n    int32
}

func newVictim(w *world, g keystore.Governance) *victim {
	w.Helper()
	v := &victim{world: w, rec: w.record()}
	v.a, v.b = w.securedPair(g)
	v.wr = writerOf[shape](w, v.a, "Square", qos.KeepAll())
	v.r = readerOf[shape](w, v.b, "Square", qos.Reliable(0), qos.KeepAll())
	matched(w, v.wr, v.r)
	v.exchange(20)
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
	for i := first; i < v.n; i++ {
		s := next(v.world, v.r)
		require.True(v, s.Info.ValidData)
		require.Equal(v, shape{"RED", i, 42}, s.Value)
	}
	require.NoError(v, v.wr.WaitForAcks(v.soon()))
}

// unharmed checks that the attack before it changed nothing and that the
// session goes on.
func (v *victim) unharmed() {
	v.Helper()
	v.settle(time.Second)
	require.Empty(v, v.r.Take(0, dds.Query{}))
	m := v.r.Matched()
	require.Equal(v, 1, m.Current)
	require.Equal(v, 1, m.Total)
	m = v.wr.Matched()
	require.Equal(v, 1, m.Current)
	require.Equal(v, 1, m.Total)
	for _, p := range []*dds.Participant{v.a, v.b} {
		require.True(v, p.Peers()[0].Authenticated)
	}
	require.Zero(v, v.r.Lost())
	v.exchange(5)
	v.settle(time.Second)
	require.Empty(v, v.r.Take(0, dds.Query{}))
}

func (v *victim) inject(d datagram, data []byte) { v.net.Inject(d.from, d.to, data) }

// protected are the kinds of protection under which the victim's data cannot
// be forged.
func protected() map[string]keystore.Governance {
	rtpsOnly := keystore.OpenGovernance()
	rtpsOnly.RTPS = spi.ProtectSign
	metadataOnly := topicGovernance(spi.ProtectSign, spi.ProtectNone)
	metadataOnly.Discovery, metadataOnly.Topics[0].DiscoveryProtection = spi.ProtectSign, true
	return map[string]keystore.Governance{
		"sros2": keystore.SROS2Governance(), "encrypt": keystore.UniformGovernance(spi.ProtectEncrypt),
		"origin": keystore.UniformGovernance(spi.ProtectSignOrigin), "rtps": rtpsOnly, "metadata": metadataOnly,
	}
}

// closedRTPS protects whole messages and lets nobody in unauthenticated: so the
// open topics of discovery are sealed as well.
func closedRTPS() keystore.Governance {
	g := keystore.OpenGovernance()
	g.RTPS, g.AllowUnauthenticated = spi.ProtectEncrypt, false
	return g
}

func underAttack(t *testing.T, f func(v *victim)) {
	for name, g := range protected() {
		t.Run(name, func(t *testing.T) {
			inWorld(t, memnet.Config{}, func(w *world) { f(newVictim(w, g)) })
		})
	}
}

// Replaying everything that was ever sent changes nothing.
func TestReplay(t *testing.T) {
	underAttack(t, func(v *victim) {
		all := v.rec.take()
		for range 2 {
			for _, d := range all {
				v.inject(d, d.data)
			}
			v.unharmed()
		}
		slices.Reverse(all)
		for _, d := range all {
			v.inject(d, d.data)
		}
		v.unharmed()
	})
}

// Datagrams of the session, altered anywhere or cut short, deliver nothing.
func TestAlteredDatagrams(t *testing.T) {
	underAttack(t, func(v *victim) {
		v.rec.take()
		v.exchange(3)
		rng := rand.New(rand.NewPCG(1, 2))
		for _, d := range v.rec.take() {
			for i := range d.data {
				b := slices.Clone(d.data)
				b[i] ^= 1 << rng.IntN(8)
				v.inject(d, b)
				v.inject(d, d.data[:i])
			}
			v.settle(10 * time.Millisecond)
		}
		v.unharmed()
	})
}

// The same for samples under way: the original is held back until forgeries of
// it have come. What is not authentic cannot take its place; an alteration of
// what carries no meaning (the header's vendor, say) may bring the sample itself.
func TestAlteredBeforeTheOriginal(t *testing.T) {
	underAttack(t, func(v *victim) {
		v.rec.take()
		v.net.Cut("a", "b")
		for range 3 {
			write(v.world, v.wr, shape{"RED", v.n, 42})
			v.n++
		}
		rng := rand.New(rand.NewPCG(3, 4))
		for _, d := range v.rec.take() {
			for i := range d.data {
				b := slices.Clone(d.data)
				b[i] ^= 1 << rng.IntN(8)
				v.inject(d, b)
			}
			v.settle(time.Millisecond)
		}
		v.net.Heal()
		for i := v.n - 3; i < v.n; i++ {
			require.Equal(v, shape{"RED", i, 42}, next(v.world, v.r).Value)
		}
		v.unharmed()
	})
}

// message starts a message that claims to be of a participant.
func message(from *dds.Participant) []byte {
	return rtps.Header{Version: rtps.ProtocolVer2_5, Vendor: rtps.VendorSecdds, Prefix: from.GUID().Prefix}.Append(nil)
}

// Submessages in clear, with the right GUIDs, change nothing where protection
// is demanded.
func TestForgedInClear(t *testing.T) {
	underAttack(t, func(v *victim) {
		w, r := v.wr.GUID().Entity, v.r.GUID().Entity
		ts := rtps.InfoTS{Time: rtps.TimeOf(time.Now())}.Append(message(v.a))
		payload := []byte("\x00\x01\x00\x00\x04\x00\x00\x00RED\x00\x07\x00\x00\x00\x2a\x00\x00\x00")
		for sn := rtps.SequenceNumber(1); sn < 60; sn++ {
			v.strike(rtps.Data{Reader: r, Writer: w, SN: sn, Payload: payload}.Append(slices.Clone(ts)))
			v.strike(rtps.Data{Writer: w, SN: sn, Payload: payload}.Append(slices.Clone(ts)))
			v.strike(rtps.DataFrag{Writer: w, SN: sn, First: 1, Count: 1, FragmentSize: 1024, SampleSize: uint32(len(payload)), Payload: payload}.Append(slices.Clone(ts)))
		}
		for i := range int32(3) {
			v.strike(rtps.Heartbeat{Writer: w, First: 1000, Last: 2000, Count: 1 << (10 * i)}.Append(message(v.a)))
			v.strike(rtps.Heartbeat{Reader: r, Writer: w, First: 1000, Last: 999, Count: 1 << (10 * i), Final: true}.Append(message(v.a)))
			v.strike(rtps.Gap{Reader: r, Writer: w, Start: 1, List: rtps.SequenceNumberSet{Base: 1000}}.Append(message(v.a)))
			v.strike(rtps.HeartbeatFrag{Reader: r, Writer: w, SN: 21, Last: 9, Count: 1 << (10 * i)}.Append(message(v.a)))
			ack := rtps.AckNack{Reader: r, Writer: w, State: rtps.SequenceNumberSet{Base: 5000}, Count: 1 << (10 * i)}
			v.strike(ack.Append(message(v.b)))
		}
		v.unharmed()
	})
}

// Farewells and announcements in clear, in the name of an authenticated
// participant, are not believed: CVE-2023-50257.
func TestForgedDiscovery(t *testing.T) {
	kinds := protected()
	kinds["rtps"] = closedRTPS()
	for name, g := range kinds {
		t.Run(name, func(t *testing.T) {
			inWorld(t, memnet.Config{}, func(w *world) {
				v := newVictim(w, g)
				status := func(k rtps.GUID) []byte {
					return rtps.AppendInlineQoS(nil, &rtps.InlineQoS{
						HasStatus: true, StatusInfo: 3, HasKeyHash: true, KeyHash: rtps.KeyHash(append(k.Prefix[:], k.Entity[:]...)),
					})
				}
				for sn := rtps.SequenceNumber(1); sn < 20; sn++ {
					for _, p := range []*dds.Participant{v.a, v.b} {
						v.strike(rtps.Data{
							Writer: rtps.EntitySPDPWriter, SN: sn, InlineQoS: status(p.GUID()),
							Payload: discovery.AppendParticipantKey(nil, p.GUID()), IsKey: true,
						}.Append(message(p)))
						v.strike(rtps.Data{Writer: rtps.EntitySPDPWriter, SN: sn, InlineQoS: status(p.GUID())}.Append(message(p)))
						v.strike(rtps.Data{
							Writer: rtps.EntitySPDPWriter, SN: sn,
							Payload: discovery.AppendParticipantPayload(nil, &discovery.ParticipantData{
								GUID: p.GUID(), Version: rtps.ProtocolVer2_5, Vendor: rtps.VendorSecdds, Lease: time.Millisecond,
							}),
						}.Append(message(p)))
					}
					for _, e := range []struct {
						of     *dds.Participant
						guid   rtps.GUID
						writer rtps.EntityID
					}{{v.a, v.wr.GUID(), rtps.EntitySEDPPubWriter}, {v.b, v.r.GUID(), rtps.EntitySEDPSubWriter}} {
						v.strike(rtps.Data{
							Writer: e.writer, SN: sn, InlineQoS: status(e.guid),
							Payload: discovery.AppendEndpointKey(nil, e.guid), IsKey: true,
						}.Append(message(e.of)))
						d := &discovery.EndpointData{GUID: e.guid, Participant: e.of.GUID(), Topic: "Other", Type: "Other"}
						if e.of == v.a {
							q := qos.NewWriter()
							d.Writer = &q
						} else {
							q := qos.NewReader()
							d.Reader = &q
						}
						v.strike(rtps.Data{Writer: e.writer, SN: 20 + sn, Payload: discovery.AppendEndpointPayload(nil, d)}.Append(message(e.of)))
					}
				}
				v.unharmed()
			})
		})
	}
}

// Where whole messages are encrypted the names of topics are not in clear, though
// discovery has no protection of its own.
func TestOpenTopicsAreSealed(t *testing.T) {
	for sealed, g := range map[bool]keystore.Governance{true: closedRTPS(), false: topicGovernance(spi.ProtectEncrypt, spi.ProtectNone)} {
		inWorld(t, memnet.Config{}, func(w *world) {
			v := newVictim(w, g)
			v.settle(5 * time.Second)
			found := 0
			for _, d := range v.rec.take() {
				found += bytes.Count(d.data, []byte("Square"))
			}
			require.Equal(w, sealed, found == 0)
		})
	}
}

// Who announces an endpoint in clear before its participant does by protected
// discovery does not keep it from being matched.
func TestForgedAnnouncementOfAnEndpointToCome(t *testing.T) {
	for name, spoil := range map[string]func(d *discovery.EndpointData){
		"as it will be":  func(*discovery.EndpointData) {},
		"security info":  func(d *discovery.EndpointData) { d.SecurityInfo.PluginAttributes ^= 1 },
		"another topic":  func(d *discovery.EndpointData) { d.Topic = "Circle" },
		"other policies": func(d *discovery.EndpointData) { d.Writer.Reliability.Reliable = false },
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, memnet.Config{}, func(w *world) {
				v := newVictim(w, keystore.SROS2Governance())
				d := &discovery.EndpointData{GUID: v.wr.GUID(), Participant: v.a.GUID(), Topic: "Square"}
				d.GUID.Entity[2]++ // the next one
				d.SecurityInfo = &rtps.SecurityInfo{Attributes: rtps.SecurityInfoValid | 0x7, PluginAttributes: rtps.SecurityInfoValid}
				q := qos.NewWriter()
				d.Writer = &q
				name, err := dds.TypeNameOf[shape]()
				require.NoError(w, err)
				d.Type = name
				spoil(d)
				for sn := rtps.SequenceNumber(1); sn < 20; sn++ {
					v.strike(rtps.Data{Writer: rtps.EntitySEDPPubWriter, SN: sn, Payload: discovery.AppendEndpointPayload(nil, d)}.Append(message(v.a)))
				}
				again := writerOf[shape](w, v.a, "Square", qos.KeepAll())
				require.Equal(w, d.GUID, again.GUID())
				require.NoError(w, again.WaitForMatched(w.soon(), 1))
				require.NoError(w, v.r.WaitForMatched(w.soon(), 2))
				write(w, again, shape{"BLUE", 1, 1})
				require.Equal(w, "BLUE", next(w, v.r).Value.Color)
			})
		})
	}
}

// Where the governance leaves discovery unprotected, a farewell on the secure
// topic is no more believed than one on the plain topic.
func TestForgedFarewellWithoutDiscoveryProtection(t *testing.T) {
	inWorld(t, memnet.Config{}, func(w *world) {
		v := newVictim(w, topicGovernance(spi.ProtectSign, spi.ProtectNone))
		for _, p := range []*dds.Participant{v.a, v.b} {
			g := p.GUID()
			q := rtps.AppendInlineQoS(nil, &rtps.InlineQoS{
				HasStatus: true, StatusInfo: 3, HasKeyHash: true, KeyHash: rtps.KeyHash(append(g.Prefix[:], g.Entity[:]...)),
			})
			for sn := rtps.SequenceNumber(1); sn < 20; sn++ {
				v.strike(rtps.Data{
					Reader: rtps.EntitySecureSPDPReader, Writer: rtps.EntitySecureSPDPWriter, SN: sn, InlineQoS: q,
					Payload: discovery.AppendParticipantKey(nil, g), IsKey: true,
				}.Append(message(p)))
			}
		}
		v.unharmed()
	})
}

// Rubbish is counted and nothing else.
func TestFloodOfRubbish(t *testing.T) {
	inWorld(t, memnet.Config{}, func(w *world) {
		v := newVictim(w, keystore.SROS2Governance())
		rng := rand.New(rand.NewPCG(5, 6))
		before := v.b.Stats()
		const n = 3000
		for i := range n {
			b := make([]byte, rng.IntN(2000))
			for j := range b {
				b[j] = byte(rng.Uint32())
			}
			if i%2 == 0 {
				b = append(message(v.a), b...) // with a good header
			}
			v.throw(b)
			if i%100 == 0 {
				v.settle(time.Millisecond)
			}
		}
		v.settle(time.Second)
		after := v.b.Stats()
		require.GreaterOrEqual(v, after.Received-before.Received, uint64(n))
		require.Greater(v, after.Dropped["malformed"], uint64(n/2))
		v.unharmed()
	})
}
