package attack

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
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

// memory bounds what an attack may make a participant keep, in octets.
const memory = 64 << 20

// Every number of every message of a session's beginning says that something is
// huge, in both byte orders: announcements and handshakes, as anybody can send
// them. No memory is taken for what is not there.
func TestItem01_LengthsThatLie(t *testing.T) {
	inWorldOf(t, memnet.Config{QueueLimit: 1 << 16}, func(w *world) {
		v := newVictim(w, keystore.SROS2Governance())
		before, sent := heap(), 0
		for _, d := range v.rec.take() {
			if !announces(d.data) && !carries(d.data, rtps.EntityStatelessWriter) {
				continue
			}
			for i := rtps.HeaderLen; i+4 <= len(d.data); i += 2 {
				for _, n := range []uint32{math.MaxUint32, math.MaxInt32, 1 << 16} {
					b := slices.Clone(d.data)
					b[8+i%12] ^= byte(n >> 8) // of somebody else
					binary.LittleEndian.PutUint32(b[i:], n)
					v.inject(d, b)
					binary.BigEndian.PutUint32(b[i:], n)
					v.inject(d, b)
					sent += 2
				}
			}
			v.settle(time.Millisecond)
		}
		require.Greater(w, sent, 5000)
		require.Less(w, heap(), before+memory)
		v.unharmed()
	})
}

// The same from an authenticated participant in what it announces of its
// endpoints, and in samples.
func TestItem01_LengthsThatLieFromInside(t *testing.T) {
	inWorldOf(t, memnet.Config{QueueLimit: 1 << 16}, func(w *world) {
		v, c := newHostile(w, keystore.SROS2Governance())
		before := heap()
		q := discovery.AppendEndpointPayload(nil, c.announced())
		token := rtps.AppendGenericMessage(nil, &rtps.GenericMessage{
			DestinationParticipant: v.b.GUID(), ClassID: spi.ClassWriterTokens,
			Data: []spi.Token{{ClassID: "x", BinaryProperties: []rtps.BinaryProperty{{Name: "n", Value: make([]byte, 40)}}}},
		})
		for _, s := range []struct {
			from    rtps.EntityID
			payload []byte
		}{{rtps.EntitySecureSEDPPubWriter, q}, {rtps.EntitySecureSPDPWriter, q}, {rtps.EntitySecureMessageWriter, token}, {c.wr.GUID().Entity, payload}} {
			sn := c.next(s.from)
			past := rtps.Gap{Writer: s.from, Start: 1, List: rtps.SequenceNumberSet{Base: sn}}
			v.hit(v.b, c.i.forge(w, c.p, s.from, past, v.b)) // so that what follows is in order
			for i := 0; i+4 <= len(s.payload); i++ {
				for _, n := range []uint32{math.MaxUint32, math.MaxInt32, 1 << 16} {
					b := slices.Clone(s.payload)
					binary.LittleEndian.PutUint32(b[i:], n)
					if s.from == c.wr.GUID().Entity {
						b, _ = c.i.payload(w, s.from, b)
					}
					v.hit(v.b, c.i.forge(w, c.p, s.from, rtps.Data{Writer: s.from, SN: sn, Payload: b}, v.b))
					sn++
				}
			}
		}
		require.Less(w, heap(), before+memory)
		require.NotEmpty(w, c.victimR.Take(0, dds.Query{}), "they were read")
		require.Positive(w, c.victimR.Undecodable()+v.b.Stats().Dropped["bad_key"])
		v.unharmedBut(c)
	})
}

// extremes are numbers of samples at the edges.
var extremes = []rtps.SequenceNumber{math.MinInt64, -1, 0, 1, 2, 255, 256, 257, 1 << 31, 1 << 32, 1 << 40, math.MaxInt64 - 256, math.MaxInt64 - 1, math.MaxInt64}

// absurd are submessages with extreme and reversed numbers, in every combination.
func absurd(w, r rtps.EntityID, f func(appender)) {
	full := [8]uint32{math.MaxUint32, math.MaxUint32, math.MaxUint32, math.MaxUint32, math.MaxUint32, math.MaxUint32, math.MaxUint32, math.MaxUint32}
	count := int32(math.MaxInt32 - 20) // wraps around on the way
	for _, x := range extremes {
		for _, y := range extremes {
			for _, final := range []bool{true, false} {
				f(rtps.Heartbeat{Reader: r, Writer: w, First: x, Last: y, Count: count, Final: final})
				f(rtps.AckNack{Reader: r, Writer: w, State: rtps.SequenceNumberSet{Base: x, NumBits: uint32(y) & 0xff, Bits: full}, Count: count, Final: final})
				count++
			}
			f(rtps.Gap{Reader: r, Writer: w, Start: x, List: rtps.SequenceNumberSet{Base: y}})
			f(rtps.Gap{Reader: r, Writer: w, Start: x, List: rtps.SequenceNumberSet{Base: y, NumBits: 256, Bits: full}})
			f(rtps.HeartbeatFrag{Reader: r, Writer: w, SN: x, Last: rtps.FragmentNumber(y), Count: count})
			f(rtps.NackFrag{Reader: r, Writer: w, SN: x, State: rtps.FragmentNumberSet{Base: rtps.FragmentNumber(y), NumBits: 256, Bits: full}, Count: count})
			f(rtps.Data{Reader: r, Writer: w, SN: x, Payload: payload})
			count++
		}
	}
}

// Extreme numbers from outside change nothing; from inside they harm nobody but
// the one who sends them. Nothing is done for each number of a range: that would
// not end.
func TestItem02_ExtremeNumbers(t *testing.T) {
	underAttack(t, func(v *victim) {
		absurd(v.wr.GUID().Entity, v.r.GUID().Entity, func(s appender) {
			v.strike(s.Append(message(v.a)))
			v.strike(s.Append(message(v.b)))
		})
		v.unharmed()
	})
}

func TestItem02_ExtremeNumbersFromInside(t *testing.T) {
	for name, g := range protected() {
		t.Run(name, func(t *testing.T) {
			inWorldOf(t, memnet.Config{QueueLimit: 1 << 16}, func(w *world) {
				v, c := newHostile(w, g)
				before := heap()
				n := 0
				for _, pair := range []struct {
					own, to rtps.EntityID
					flip    bool
				}{{own: c.wr.GUID().Entity, to: c.victimR.GUID().Entity}, {own: c.r.GUID().Entity, to: c.victimW.GUID().Entity, flip: true}} {
					wr, r := pair.own, pair.to
					if pair.flip {
						wr, r = r, wr
					}
					absurd(wr, r, func(s appender) {
						v.hit(v.b, c.i.forge(w, c.p, pair.own, s, v.b))
						if n++; n%100 == 0 {
							v.settle(time.Second)
						}
					})
				}
				v.settle(time.Minute)
				require.Less(w, heap(), before+memory)
				v.unharmedBut(c)
			})
		})
	}
}

// Fragments that cannot be, that contradict each other and that never become
// whole, from an authenticated participant.
func TestItem03_Fragments(t *testing.T) {
	for name, g := range protected() {
		t.Run(name, func(t *testing.T) {
			inWorldOf(t, memnet.Config{QueueLimit: 1 << 16}, func(w *world) {
				v, c := newHostile(w, g)
				before := heap()
				from := c.wr.GUID().Entity
				sn := c.next(from)
				octets := make([]byte, 1024)
				send := func(f rtps.DataFrag) {
					f.Reader, f.Writer = c.victimR.GUID().Entity, from
					f.Payload, f.NonStandard = c.i.payload(w, from, f.Payload)
					v.hit(v.b, c.i.forge(w, c.p, from, f, v.b))
				}
				for _, size := range []uint16{0, 1, 1024, 0xffff} {
					for _, whole := range []uint32{0, 1, 1023, 1024, 1025, 4096, math.MaxInt32, math.MaxUint32} {
						for _, first := range []rtps.FragmentNumber{0, 1, 2, 4, 5, math.MaxUint32 - 1, math.MaxUint32} {
							for _, count := range []uint16{0, 1, 2, 0xffff} {
								for _, n := range []int{0, 1, 1024} {
									send(rtps.DataFrag{SN: sn + 5, First: first, Count: count, FragmentSize: size, SampleSize: whole, Payload: octets[:n]})
								}
							}
						}
					}
				}
				for i := range rtps.SequenceNumber(2000) { // huge, and never whole
					send(rtps.DataFrag{SN: sn + 10 + i, First: 1 + rtps.FragmentNumber(i), Count: 1, FragmentSize: 1024, SampleSize: math.MaxInt32, Payload: octets})
				}
				for _, whole := range []uint32{4096, 8192, 2048} { // now this, now that
					for i := range rtps.FragmentNumber(4) {
						send(rtps.DataFrag{SN: sn, First: i + 1, Count: 1, FragmentSize: 1024, SampleSize: whole, Payload: octets})
					}
				}
				require.Less(w, heap(), before+memory)
				v.settle(2 * time.Minute)
				v.unharmedBut(c)
			})
		})
	}
}

// Submessages of length 0 and lists of locators that are longer than the
// message, from anybody; and one that says it is of another.
func TestItem04_Submessages(t *testing.T) {
	underAttack(t, func(v *victim) {
		before := v.b.Stats().Dropped["malformed"]
		for kind := range 256 {
			for _, flags := range []byte{0, 1, 3, 0xff} {
				for _, rest := range [][]byte{nil, make([]byte, 4), make([]byte, 64), {0xff, 0xff, 0xff, 0x7f, 0, 0, 0, 0}} {
					b := append(message(v.a), byte(kind), flags, 0, 0)
					b = append(b, rest...)
					v.throw(b)
					c := slices.Clone(b)
					binary.LittleEndian.PutUint16(c[rtps.HeaderLen+2:], uint16(len(rest)))
					v.throw(c)
					v.strike(append(b[:len(b):len(b)], rtps.Data{Writer: v.wr.GUID().Entity, SN: v.sn(), Payload: payload}.Append(nil)...))
				}
			}
		}
		require.Greater(v, v.b.Stats().Dropped["malformed"], before+1000)
		many := rtps.InfoReply{Unicast: make([]rtps.Locator, 2000)}
		for range 100 {
			v.strike(rtps.Heartbeat{Writer: v.wr.GUID().Entity, First: 1, Last: 9, Count: 1 << 20}.Append(many.Append(message(v.a))))
		}
		for _, l := range v.lies() {
			src := rtps.InfoSrc{Version: rtps.ProtocolVer2_5, Vendor: rtps.VendorSecdds, Prefix: l.as.GUID().Prefix}
			v.hit(l.to, l.what.Append(src.Append(messageOf(rtps.GUIDPrefix{9, 9, 9}))))
			src.Prefix = rtps.GUIDPrefix{9, 9, 9}
			i := v.ia
			if l.as == v.b {
				i = v.ib
			}
			if i.message != nil { // even with its own keys nobody may say that it is another
				msg := i.datagram(v, message(l.as), src.Append(nil), l.to)
				require.Equal(v, uint64(1), v.at(l.to, msg), "foreign_key")
			}
		}
		v.unharmed()
	})
}

// A hostile is an authenticated participant c that shares topics of its own with
// the victim's b and seals what it likes.
type hostile struct {
	p       *dds.Participant
	i       *insider
	wr      *dds.Writer[shape]
	r       *dds.Reader[shape]
	victimR *dds.Reader[shape]
	victimW *dds.Writer[shape]
}

func newHostile(w *world, g keystore.Governance) (*victim, *hostile) {
	w.Helper()
	v := newVictim(w, g)
	c := &hostile{i: &insider{}}
	c.p = w.participant("c", w.enclave(v.k, "/c", keystore.EnclaveOptions{}), c.i.join)
	writerOf[shape](w, c.p, "Other") // so that no id is one of the victim's
	readerOf[shape](w, c.p, "Other")
	c.wr = writerOf[shape](w, c.p, "Circle", qosKeepAll)
	c.victimR = readerOf[shape](w, v.b, "Circle", qosReliable, qosKeepAll)
	c.victimW = writerOf[shape](w, v.b, "Triangle", qosKeepAll)
	c.r = readerOf[shape](w, c.p, "Triangle", qosReliable, qosKeepAll)
	matched(w, c.wr, c.victimR)
	matched(w, c.victimW, c.r)
	write(w, c.wr, shape{"BLUE", 1, 1})
	require.Equal(w, "BLUE", next(w, c.victimR).Value.Color)
	w.settle(time.Second)
	return v, c
}

// next is a sequence number that a writer of the hostile has not used.
func (c *hostile) next(from rtps.EntityID) rtps.SequenceNumber {
	if from == c.wr.GUID().Entity {
		return 2
	}
	return 10
}

// announced is what the hostile could say of an endpoint.
func (c *hostile) announced() *discovery.EndpointData {
	d := &discovery.EndpointData{GUID: c.wr.GUID(), Participant: c.p.GUID(), Topic: "Circle", Type: "shape"}
	d.GUID.Entity[1] = 7
	q := qos.NewWriter()
	d.Writer = &q
	return d
}

// unharmedBut is unharmed, where the hostile is authenticated and matched as well.
func (v *victim) unharmedBut(c *hostile) {
	v.Helper()
	v.settle(time.Second)
	require.Empty(v, v.r.Take(0, dds.Query{}))
	for _, m := range []dds.MatchedStatus{v.r.Matched(), v.wr.Matched()} {
		require.Equal(v, [2]int{1, 1}, [2]int{m.Current, m.Total})
	}
	require.Zero(v, v.r.Lost())
	v.exchange(20)
	v.settle(time.Second)
	require.Empty(v, v.r.Take(0, dds.Query{}), fmt.Sprint(c.p.GUID()))
}
