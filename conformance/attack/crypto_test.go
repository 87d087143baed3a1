package attack

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds"
	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/security/keystore"
	"github.com/secdds/dds/spi"
	"github.com/secdds/dds/transport/memnet"
)

// levels are the governances that protect the victim's samples at one level
// alone, in every kind.
func levels() map[string]keystore.Governance {
	gs := map[string]keystore.Governance{}
	for _, p := range []spi.Protection{spi.ProtectSign, spi.ProtectEncrypt, spi.ProtectSignOrigin, spi.ProtectEncryptOrigin} {
		gs["rtps "+p.String()] = rtpsOnly(p)
		gs["submessage "+p.String()] = topicGovernance(p, spi.ProtectNone)
	}
	return gs
}

// A lie is a message that would do harm if it were taken.
type lie struct {
	name string
	as   *dds.Participant // who says so
	from rtps.EntityID    // its endpoint
	to   *dds.Participant
	what appender
}

// lies are what would make the next hundred samples vanish, or puts others in
// their place.
func (v *victim) lies() []lie {
	w, r := v.wr.GUID().Entity, v.r.GUID().Entity
	sn := v.sn()
	some := rtps.SequenceNumberSet{Base: sn + 100}
	return []lie{
		{"DATA", v.a, w, v.b, rtps.Data{Reader: r, Writer: w, SN: sn, Payload: payload}},
		{"DATA_FRAG", v.a, w, v.b, rtps.DataFrag{
			Reader: r, Writer: w, SN: sn, First: 1, Count: 1, FragmentSize: 1024, SampleSize: uint32(len(payload)), Payload: payload,
		}},
		{"HEARTBEAT", v.a, w, v.b, rtps.Heartbeat{Reader: r, Writer: w, First: sn + 100, Last: sn + 200, Count: 1 << 20}},
		{"HEARTBEAT_FRAG", v.a, w, v.b, rtps.HeartbeatFrag{Reader: r, Writer: w, SN: sn, Last: 9, Count: 1 << 20}},
		{"GAP", v.a, w, v.b, rtps.Gap{Reader: r, Writer: w, Start: sn, List: some}},
		{"ACKNACK", v.b, r, v.a, rtps.AckNack{Reader: r, Writer: w, State: rtps.SequenceNumberSet{Base: sn + 3}, Count: 1 << 20}},
		{"NACK_FRAG", v.b, r, v.a, rtps.NackFrag{Reader: r, Writer: w, SN: sn, State: rtps.FragmentNumberSet{Base: 1, NumBits: 1, Bits: [8]uint32{1 << 31}}, Count: 1 << 20}},
	}
}

// sealed is a lie as its sender would seal it.
func (v *victim) sealed(l *lie) []byte {
	i := v.ia
	if l.as == v.b {
		i = v.ib
	}
	return i.forge(v, l.as, l.from, l.what, l.to)
}

// harmless are the octets of a protected message nobody looks at: flags but E
// of the submessages that seal, and the header's version and vendor where
// whole messages are not protected.
func harmless(t require.TestingT, msg []byte) map[int]byte {
	h := map[int]byte{}
	_, rest, err := rtps.ParseHeader(msg)
	require.NoError(t, err)
	if rest[0] != rtps.SubSRTPSPrefix {
		for i := 4; i < 8; i++ {
			h[i] = 0xff
		}
	}
	for len(rest) > 0 {
		s, next, err := rtps.Next(rest)
		require.NoError(t, err)
		if s.Kind >= rtps.SubSecBody && s.Kind <= rtps.SubSRTPSPostfix {
			h[len(msg)-len(rest)+1] = 0xfe
		}
		rest = next
	}
	return h
}

// spoiled returns every form of a message that differs in an octet, is cut off
// or too long, and yet not the same in what is looked at.
func spoiled(t require.TestingT, msg []byte) map[string][]byte {
	all := map[string][]byte{}
	free := harmless(t, msg)
	if msg[rtps.HeaderLen] == rtps.SubSRTPSPrefix { // else what is behind a submessage is another
		all["one octet more"] = append(slices.Clone(msg), 1)
	}
	for i := range msg {
		for _, x := range []byte{0x01, 0x80, 0xff} {
			if x&^free[i] == 0 {
				continue
			}
			b := slices.Clone(msg)
			b[i] ^= x
			all[fmt.Sprintf("octet %d changed by %#x", i, x)] = b
		}
		if i != 0 && i != rtps.HeaderLen { // a header alone is a message that says nothing
			all[fmt.Sprintf("cut off at %d", i)] = msg[:i]
		}
	}
	return all
}

// Of a message sealed by whoever it is from, with every octet changed and cut off
// at every length: each form is dropped and counted, and nothing comes of it.
// The same message as it was is taken: it would have done harm.
func TestItem18_EveryOctetOfEveryMessage(t *testing.T) {
	for name, g := range levels() {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				v := newVictim(w, g)
				v.net.Partition("a", "b")
				first := v.n
				for _, l := range v.lies() {
					msg := v.sealed(&l)
					for how, bad := range spoiled(w, msg) {
						require.Positive(w, v.at(l.to, bad), "%s, %s: %x", l.name, how, bad)
					}
				}
				for range 3 {
					write(w, v.wr, shape{"RED", v.n, 42})
					v.n++
				}
				v.net.Heal()
				v.arrive(first)
				v.unharmed()
				for i := range v.lies() {
					l := v.lies()[i]
					require.Zero(w, v.at(l.to, v.sealed(&l)), "%s: as it was", l.name)
					v.n++
				}
			})
		})
	}
}

// The same of payloads: they are all that is protected, and all that is looked at.
func TestItem18_EveryOctetOfAPayload(t *testing.T) {
	for _, p := range []spi.Protection{spi.ProtectSign, spi.ProtectEncrypt} {
		t.Run(p.String(), func(t *testing.T) {
			inWorld(t, func(w *world) {
				v := newVictim(w, topicGovernance(spi.ProtectNone, p))
				sealed, non := v.ia.payload(w, v.wr.GUID().Entity, payload)
				d := rtps.Data{Reader: v.r.GUID().Entity, Writer: v.wr.GUID().Entity, SN: v.sn(), NonStandard: non}
				f := rtps.DataFrag{
					Reader: d.Reader, Writer: d.Writer, SN: d.SN, First: 1, Count: 1, FragmentSize: 1024, SampleSize: uint32(len(payload)), NonStandard: non,
				}
				bads := map[string][]byte{}
				for i := range sealed {
					for _, x := range []byte{0x01, 0x80, 0xff} {
						b := slices.Clone(sealed)
						b[i] ^= x
						bads[fmt.Sprintf("octet %d changed by %#x", i, x)] = b
					}
					if i <= len(sealed)-4 { // in DATA it is padded with zeros again
						bads[fmt.Sprintf("cut off at %d", i)] = sealed[:i]
					}
				}
				bads["in clear"] = payload
				for how, bad := range bads {
					d.Payload, f.Payload = bad, bad
					if len(bad) == 0 {
						continue // says nothing of a value
					}
					require.Positive(w, v.at(v.b, d.Append(message(v.a))), "DATA, %s: %x", how, bad)
					require.Positive(w, v.at(v.b, f.Append(message(v.a))), "DATA_FRAG, %s: %x", how, bad)
				}
				v.unharmed()
				d.SN, d.Payload = v.sn(), sealed
				require.Zero(w, v.at(v.b, d.Append(message(v.a))), "as it was")
				require.Equal(w, int32(666), next(w, v.r).Value.X)
			})
		})
	}
}

// Every datagram of a whole session comes altered before it comes as it was: at
// each octet that of the handshake, of the key exchange, of protected discovery
// and of the first samples. The two meet all the same, and nobody else.
func TestItem18_EveryOctetOfASessionsBeginning(t *testing.T) {
	for name, g := range map[string]keystore.Governance{
		"sros2": keystore.SROS2Governance(), "origin": keystore.UniformGovernance(spi.ProtectEncryptOrigin), "rtps": closedRTPS(spi.ProtectSign),
	} {
		t.Run(name, func(t *testing.T) {
			inWorldOf(t, memnet.Config{QueueLimit: 1 << 16}, func(w *world) {
				v := &victim{world: w, rec: w.record(), k: w.keystoreOf(g)}
				h := w.hold(func(p *memnet.Packet) bool { return !announces(p.Data) })
				v.a = w.participant("a", w.enclave(v.k, "/a", keystore.EnclaveOptions{}))
				v.b = w.participant("b", w.enclave(v.k, "/b", keystore.EnclaveOptions{}))
				v.wr = writerOf[shape](w, v.a, "Square", qosKeepAll)
				v.r = readerOf[shape](w, v.b, "Square", qosReliable, qosKeepAll)
				spoilt := map[string]int{}
				for range 400 {
					for _, d := range h.take() {
						spoilt[h.kind(d.data)]++
						for i := range d.data {
							b := slices.Clone(d.data)
							b[i] ^= 1 << (i % 8)
							v.inject(d, b)
							v.inject(d, d.data[:i])
							if i%64 == 0 {
								v.settle(0)
							}
						}
						v.settle(0)
						v.inject(d, d.data)
					}
					v.settle(50 * 1e6)
				}
				require.Equal(w, 1, v.wr.Matched().Current)
				v.exchangeHeld(h, 3)
				w.net.Filter(nil)
				v.exchange(5)
				v.unharmed()
				t.Log(spoilt)
			})
		})
	}
}

// announces reports whether a datagram is an announcement of a participant,
// which nothing protects.
func announces(msg []byte) bool { return carries(msg, rtps.EntitySPDPWriter) }

// carries reports whether a datagram has a DATA in clear of that writer.
func carries(msg []byte, writer rtps.EntityID) bool {
	_, rest, err := rtps.ParseHeader(msg)
	for err == nil && len(rest) > 0 {
		var s rtps.Submessage
		if s, rest, err = rtps.Next(rest); err == nil && s.Kind == rtps.SubData {
			if d, err := rtps.ParseData(s); err == nil && d.Writer == writer {
				return true
			}
		}
	}
	return false
}
