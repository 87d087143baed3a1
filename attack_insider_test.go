package dds_test

import (
	"bytes"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync/atomic"
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

// An insider is an authenticated participant that seals what it likes with its
// own keys: bend changes what is about to be sealed.
type insider struct {
	spi.Cryptography
	message    atomic.Pointer[func([]byte) []byte]
	submessage atomic.Pointer[func([]byte) []byte]
}

func (i *insider) join(c *dds.Config) {
	s := *c.Security
	i.Cryptography = s.Cryptography
	s.Cryptography = i
	c.Security = &s
}

func (i *insider) NewParticipant(a spi.ParticipantAttributes) (spi.ParticipantCrypto, error) {
	c, err := i.Cryptography.NewParticipant(a)
	return insiderParticipant{c, i}, err
}

type insiderParticipant struct {
	spi.ParticipantCrypto
	i *insider
}

func (p insiderParticipant) Message() spi.MessageSealer {
	if m := p.ParticipantCrypto.Message(); m != nil {
		return insiderMessage{m, p.i}
	}
	return nil
}

func (p insiderParticipant) NewEndpoint(e rtps.EntityID, a spi.EndpointAttributes) (spi.EndpointCrypto, error) {
	c, err := p.ParticipantCrypto.NewEndpoint(e, a)
	if c == nil {
		return nil, err
	}
	return insiderEndpoint{c, p.i}, err
}

type insiderEndpoint struct {
	spi.EndpointCrypto
	i *insider
}

func (e insiderEndpoint) Submessage() spi.SubmessageSealer {
	if s := e.EndpointCrypto.Submessage(); s != nil {
		return insiderSubmessage{s, e.i}
	}
	return nil
}

type insiderMessage struct {
	spi.MessageSealer
	i *insider
}

func (m insiderMessage) SealMessage(dst, msg []byte, to []spi.Receiver) ([]byte, error) {
	if f := m.i.message.Load(); f != nil {
		msg = (*f)(slices.Clone(msg))
	}
	return m.MessageSealer.SealMessage(dst, msg, to)
}

type insiderSubmessage struct {
	spi.SubmessageSealer
	i *insider
}

func (s insiderSubmessage) SealSubmessage(dst, sub []byte, to []spi.Receiver) ([]byte, error) {
	if f := s.i.submessage.Load(); f != nil {
		sub = (*f)(slices.Clone(sub))
	}
	return s.SubmessageSealer.SealSubmessage(dst, sub, to)
}

// What an authenticated participant seals is not taken as another's: neither
// its messages under another's prefix nor its submessages as another writer's.
func TestInsiderCannotImpersonate(t *testing.T) {
	for name, g := range protected() {
		t.Run(name, func(t *testing.T) {
			inWorld(t, memnet.Config{}, func(w *world) {
				k := w.keystoreOf(g)
				in := &insider{}
				a := w.participant("a", w.enclave(k, "/a", keystore.EnclaveOptions{}))
				b := w.participant("b", w.enclave(k, "/b", keystore.EnclaveOptions{}))
				c := w.participant("c", w.enclave(k, "/c", keystore.EnclaveOptions{}), in.join)
				wa := writerOf[shape](w, a, "Square", qos.KeepAll())
				r := readerOf[shape](w, b, "Square", qos.Reliable(0), qos.KeepAll())
				wc := writerOf[shape](w, c, "Circle", qos.KeepAll())
				wc2 := writerOf[shape](w, c, "Square", qos.KeepAll())
				rc := readerOf[shape](w, b, "Circle", qos.Reliable(0), qos.KeepAll())
				matched(w, wa, r)
				matched(w, wc, rc)
				matched(w, wc2, r)
				require.NoError(w, r.WaitForMatched(w.soon(), 2))
				write(w, wa, shape{"RED", 1, 1})
				next(w, r)
				write(w, wc, shape{"BLUE", 1, 1})
				next(w, rc)

				// As another participant: in the header of the datagram, by an
				// INFO_SRC inside the seal, by one outside.
				header := a.GUID().Prefix
				src := rtps.InfoSrc{Version: rtps.ProtocolVer2_5, Vendor: rtps.VendorSecdds, Prefix: header}.Append(nil)
				inside := func(m []byte) []byte { return slices.Insert(m, rtps.HeaderLen, src...) }
				in.message.Store(&inside)
				for _, id := range []rtps.EntityID{wa.GUID().Entity, wc2.GUID().Entity} {
					as := func(s []byte) []byte {
						if s[0] == rtps.SubData || s[0] == rtps.SubHeartbeat {
							copy(s[writerAt(s[0]):], id[:])
						}
						return s
					}
					in.submessage.Store(&as)
					write(w, wc, shape{"RED", 666, 6})
					w.settle(100 * time.Millisecond)
					in.message.Store(nil)
					write(w, wc, shape{"RED", 666, 6})
					w.settle(100 * time.Millisecond)
					w.net.Filter(func(p *memnet.Packet) bool {
						if p.FromHost == "c" && p.ToHost == "b" {
							copy(p.Data[8:20], header[:])
						}
						return true
					})
					write(w, wc, shape{"RED", 666, 6})
					w.settle(100 * time.Millisecond)
					w.net.Filter(func(p *memnet.Packet) bool {
						if p.FromHost == "c" && p.ToHost == "b" {
							p.Data = slices.Insert(p.Data, rtps.HeaderLen, src...)
						}
						return true
					})
					write(w, wc, shape{"RED", 666, 6})
					w.settle(100 * time.Millisecond)
					w.net.Filter(nil)
				}
				for _, s := range r.Take(0, dds.Query{}) {
					require.NotEqual(w, int32(666), s.Value.X)
				}
				in.submessage.Store(nil)
				w.settle(5 * time.Second)
				write(w, wa, shape{"RED", 2, 1})
				require.Equal(w, shape{"RED", 2, 1}, next(w, r).Value)
				require.Positive(w, b.Stats().Dropped["foreign_key"])
			})
		})
	}
}

// writerAt is where a submessage of a writer has its id.
func writerAt(kind byte) int {
	if kind == rtps.SubData {
		return 12
	}
	return 8
}

// Thousands of invented participants neither disturb those that are
// authenticated nor fill the memory.
func TestFloodOfParticipants(t *testing.T) {
	inWorld(t, memnet.Config{}, func(w *world) {
		v := newVictim(w, keystore.SROS2Governance())
		real, err := discovery.ParseParticipantPayload(v.announcement())
		require.NoError(w, err)
		rng := rand.New(rand.NewPCG(7, 8))
		before := heap()
		const n = 4000
		for i := range n {
			d := *real
			for j := range d.GUID.Prefix {
				d.GUID.Prefix[j] = byte(rng.Uint32())
			}
			d.UserData = make([]byte, 1000)
			msg := rtps.Header{Version: rtps.ProtocolVer2_5, Vendor: rtps.VendorSecdds, Prefix: d.GUID.Prefix}.Append(nil)
			v.throw(rtps.Data{Writer: rtps.EntitySPDPWriter, SN: 1, Payload: discovery.AppendParticipantPayload(nil, &d)}.Append(msg))
			if i%200 == 0 {
				v.settle(time.Millisecond)
			}
		}
		v.settle(time.Second)
		require.Less(w, heap(), before+64<<20)
		require.LessOrEqual(w, len(v.b.Peers()), 1001)
		require.Equal(w, 1, v.r.Matched().Current)
		v.exchange(50)
		// Room is made for real ones, in time.
		v.settle(time.Minute)
		v.exchange(5)
	})
}

// Fragments of handshake messages that are never completed do not fill the
// memory, whatever they say of the whole.
func TestFloodOfFragments(t *testing.T) {
	inWorld(t, memnet.Config{}, func(w *world) {
		v := newVictim(w, keystore.SROS2Governance())
		real, err := discovery.ParseParticipantPayload(v.announcement())
		require.NoError(w, err)
		before := heap()
		const n = 400
		for i := range n {
			d := *real
			d.GUID.Prefix[10], d.GUID.Prefix[11] = byte(i>>8), byte(i)
			d.IdentityToken = nil
			msg := rtps.Header{Version: rtps.ProtocolVer2_5, Vendor: rtps.VendorSecdds, Prefix: d.GUID.Prefix}.Append(nil)
			v.throw(rtps.Data{Writer: rtps.EntitySPDPWriter, SN: 1, Payload: discovery.AppendParticipantPayload(nil, &d)}.Append(slices.Clone(msg)))
			if i%20 == 0 {
				v.settle(time.Millisecond)
			}
			for sn := range rtps.SequenceNumber(4) {
				v.strike(rtps.DataFrag{
					Writer: rtps.EntityStatelessWriter, SN: sn + 1, First: 900, Count: 1,
					FragmentSize: 1000, SampleSize: 1 << 20, Payload: make([]byte, 1000),
				}.Append(slices.Clone(msg)))
			}
		}
		require.Greater(w, len(v.b.Peers()), 100) // as many as are remembered
		require.Less(w, heap(), before+64<<20)
		require.Equal(w, 1, v.r.Matched().Current)
		v.exchange(50)
	})
}

// heap returns how much memory is in use.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// announcement is the payload of an SPDP message that was on the network.
func (v *victim) announcement() []byte { return v.announcementOf(v.a) }

func (v *victim) announcementOf(p *dds.Participant) []byte {
	for _, d := range v.rec.take() {
		h, rest, err := rtps.ParseHeader(d.data)
		for err == nil && len(rest) > 0 && h.Prefix == p.GUID().Prefix {
			var s rtps.Submessage
			if s, rest, err = rtps.Next(rest); err == nil && s.Kind == rtps.SubData {
				if m, err := rtps.ParseData(s); err == nil && m.Writer == rtps.EntitySPDPWriter {
					return m.Payload
				}
			}
		}
	}
	return nil
}

// Who speaks first in the name of a participant that is about to come cannot
// keep it out: its own announcement begins anew.
func TestSpoofedFirstAnnouncement(t *testing.T) {
	for name, spoil := range map[string]func(d *discovery.ParticipantData){
		"security info": func(d *discovery.ParticipantData) { d.SecurityInfo.PluginAttributes ^= 1 << 2 },
		"no tokens": func(d *discovery.ParticipantData) {
			d.IdentityToken, d.PermissionsToken, d.SecurityInfo = nil, nil, nil
		},
		"identity token": func(d *discovery.ParticipantData) { d.IdentityToken.ClassID = "DDS:Auth:Other:1.0" },
		"endless lease":  func(d *discovery.ParticipantData) { d.SecurityInfo.PluginAttributes ^= 1 << 2; d.Lease = qos.Infinite },
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, memnet.Config{}, func(w *world) {
				v := &victim{world: w, rec: w.record()}
				k := w.keystoreOf(keystore.SROS2Governance())
				a := w.participant("a", w.enclave(k, "/a", keystore.EnclaveOptions{}))
				w.net.Partition("a", "c")
				c := w.participant("c", w.enclave(k, "/c", keystore.EnclaveOptions{}))
				w.settle(time.Second)
				d, err := discovery.ParseParticipantPayload(v.announcementOf(c))
				require.NoError(w, err)
				spoil(d)
				v.strike(rtps.Data{Writer: rtps.EntitySPDPWriter, SN: 1, Payload: discovery.AppendParticipantPayload(nil, d)}.Append(message(c)))
				require.Len(w, a.Peers(), 1)
				w.settle(5 * time.Second)
				w.net.Heal()
				wr := writerOf[shape](w, a, "Square", qos.KeepAll())
				r := readerOf[shape](w, c, "Square", qos.Reliable(0))
				matched(w, wr, r)
				write(w, wr, shape{"RED", 1, 1})
				next(w, r)
			})
		})
	}
}

// What a participant announces in clear can be forged while it authenticates
// itself. What it has signed counts: where it is and which built-in endpoints
// it has.
func TestSpoofedDuringTheHandshake(t *testing.T) {
	for name, spoil := range map[string]func(d *discovery.ParticipantData){
		"endpoints": func(d *discovery.ParticipantData) { d.BuiltinEndpoints = 0x3 },
		"locators": func(d *discovery.ParticipantData) {
			elsewhere := d.MetatrafficUnicast[0]
			elsewhere.Address[15], elsewhere.Port = 99, 9
			d.MetatrafficUnicast, d.DefaultUnicast = []rtps.Locator{elsewhere}, []rtps.Locator{elsewhere}
		},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, memnet.Config{MinDelay: 10 * time.Millisecond}, func(w *world) {
				v := &victim{world: w, rec: w.record()}
				k := w.keystoreOf(keystore.SROS2Governance())
				a := w.participant("a", w.enclave(k, "/a", keystore.EnclaveOptions{}))
				c := w.participant("c", w.enclave(k, "/c", keystore.EnclaveOptions{}))
				for len(a.Peers()) == 0 {
					w.settle(time.Millisecond)
				}
				w.net.Filter(func(p *memnet.Packet) bool { return !bytes.Contains(p.Data, rtps.EntitySPDPWriter[:]) })
				d, err := discovery.ParseParticipantPayload(v.announcementOf(c))
				require.NoError(w, err)
				spoil(d)
				msg := rtps.Data{Writer: rtps.EntitySPDPWriter, SN: 1, Payload: discovery.AppendParticipantPayload(nil, d)}.Append(message(c))
				w.settle(15 * time.Millisecond) // a has sent its part
				for range 100 {
					v.strike(msg)
				}
				w.net.Filter(nil)
				wr := writerOf[shape](w, a, "Square", qos.KeepAll())
				r := readerOf[shape](w, c, "Square", qos.Reliable(0))
				matched(w, wr, r)
				write(w, wr, shape{"RED", 1, 1})
				next(w, r)
			})
		})
	}
}

// Nor is a participant kept out by farewells in its name while it authenticates
// itself.
func TestForgedFarewellsDuringTheHandshake(t *testing.T) {
	inWorld(t, memnet.Config{MinDelay: 10 * time.Millisecond}, func(w *world) {
		v := &victim{world: w, rec: w.record()}
		v.a, v.b = w.securedPair(keystore.SROS2Governance())
		for range 300 {
			for _, p := range []*dds.Participant{v.a, v.b} {
				v.strike(rtps.Data{
					Writer: rtps.EntitySPDPWriter, SN: 1, IsKey: true, Payload: discovery.AppendParticipantKey(nil, p.GUID()),
					InlineQoS: rtps.AppendInlineQoS(nil, &rtps.InlineQoS{HasStatus: true, StatusInfo: 3}),
				}.Append(message(p)))
			}
		}
		require.Len(w, v.a.Peers(), 1)
		require.True(w, v.a.Peers()[0].Authenticated)
		require.Len(w, v.b.Peers(), 1)
		require.True(w, v.b.Peers()[0].Authenticated)
	})
}
