package reliable

import (
	"encoding/binary"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/rtps"
)

// A script turns fuzz input into values; past its end everything is zero.
type script struct{ b []byte }

func (s *script) byte() byte {
	if len(s.b) == 0 {
		return 0
	}
	v := s.b[0]
	s.b = s.b[1:]
	return v
}

func (s *script) bits(n int) []uint32 {
	out := make([]uint32, n)
	for i := range out {
		var w [4]byte
		s.b = s.b[copy(w[:], s.b):]
		out[i] = binary.LittleEndian.Uint32(w[:])
	}
	return out
}

// number is near one of the places where arithmetic may go wrong.
func (s *script) number() int64 {
	b := s.byte()
	d := int64(b & 15)
	switch b >> 5 {
	case 0:
		return math.MinInt64 + d
	case 1:
		return math.MaxInt64 - d
	case 2:
		return 1<<62 + d
	case 3:
		return d - 8
	case 4:
		return int64(s.byte())<<4 + d
	default:
		return d
	}
}

func (s *script) sn() rtps.SequenceNumber { return rtps.SequenceNumber(s.number()) }

func (s *script) snSet() rtps.SequenceNumberSet {
	set := rtps.SequenceNumberSet{Base: s.sn(), NumBits: uint32(s.byte()) * 2}
	copy(set.Bits[:], s.bits(8))
	return set
}

func (s *script) fragSet() rtps.FragmentNumberSet {
	set := rtps.FragmentNumberSet{Base: rtps.FragmentNumber(s.number()), NumBits: uint32(s.byte()) * 2}
	copy(set.Bits[:], s.bits(8))
	return set
}

// FuzzReader feeds a reader with what no writer would send. It must not panic,
// and its memory stays inside the configured bounds.
func FuzzReader(f *testing.F) {
	f.Add([]byte{0x00, 0xe1, 0x01, 0xe3, 0x02, 0xe1, 0x40, 0x01, 0x03, 0xe2, 0x4f, 0xff}, true)
	f.Add([]byte{0x05, 0xe1, 1, 1, 100, 3, 0x05, 0xe1, 2, 1, 100, 3, 0x02, 0xe1, 0xe9, 0x00}, true)
	f.Add([]byte{0x05, 0xe1, 1, 1, 100, 3, 0x05, 0xe4, 2, 1, 100, 3, 0x00, 0xe3}, false)
	f.Fuzz(func(t *testing.T, input []byte, reliable bool) {
		s := &script{input}
		r := NewReader(ReaderConfig{
			Reliable: reliable, Window: 300, WindowBytes: 20_000, MaxSampleSize: 5000, MaxPartial: 9000,
		})
		var out ReaderOutbox
		now := epoch
		r.Match(now, WriterInfo{GUID: writerGUID, Reliable: true}, &out)
		w := r.byGUID[writerGUID]
		last := rtps.SequenceNumber(0)
		for steps := 0; len(s.b) > 0 && steps < 2000; steps++ {
			switch op := s.byte(); op % 8 {
			case 0, 1:
				r.Accept(now, Sample{Writer: writerGUID, SN: s.sn(), Payload: make([]byte, s.byte())}, &out)
			case 2:
				r.HandleHeartbeat(now, writerGUID, &rtps.Heartbeat{First: s.sn(), Last: s.sn(), Count: int32(s.number()), Final: op&8 != 0}, &out)
			case 3:
				r.HandleGap(now, writerGUID, &rtps.Gap{Start: s.sn(), List: s.snSet()}, &out)
			case 4:
				r.HandleHeartbeatFrag(now, writerGUID, &rtps.HeartbeatFrag{SN: s.sn(), Last: rtps.FragmentNumber(s.number()), Count: int32(s.number())}, &out)
			case 5, 6:
				x, ok := r.HandleFrag(now, writerGUID, &rtps.DataFrag{
					SN: s.sn(), First: rtps.FragmentNumber(s.number()), Count: uint16(s.number()),
					FragmentSize: uint16(s.byte()), SampleSize: uint32(s.number()), Payload: make([]byte, int(s.byte())*4),
				}, &out)
				if ok && op&8 == 0 {
					r.Accept(now, x, &out)
				} else if ok {
					r.Reject(writerGUID, x.SN)
				}
			case 7:
				if op&8 != 0 {
					r.SetRoom(int(s.byte()) - 1)
				}
				now = now.Add(time.Duration(s.byte()) * 10 * time.Millisecond)
				r.Advance(now, &out)
			}
			for _, x := range out.Deliver {
				require.Greater(t, x.SN, last)
				last = x.SN
			}
			for _, a := range out.Acks {
				require.GreaterOrEqual(t, a.AckNack.State.Base, rtps.SequenceNumber(0))
				require.LessOrEqual(t, a.AckNack.State.NumBits, uint32(256))
			}
			require.GreaterOrEqual(t, out.Lost, int64(0))
			require.LessOrEqual(t, len(out.Acks)+len(out.NackFrags), 12)
			out.Reset()
			require.LessOrEqual(t, len(w.held), 300)
			require.LessOrEqual(t, w.heldBytes, 20_000+5000)
			require.LessOrEqual(t, w.partBytes, 9000+9000/8+maxParts*partCost+600)
			require.LessOrEqual(t, w.irrelevant.Len(), maxRanges+600)
			sum := 0
			for _, p := range w.parts {
				sum += p.cost()
			}
			require.Equal(t, sum, w.partBytes)
			sum = 0
			for _, x := range w.held {
				sum += x.cost()
			}
			require.Equal(t, sum, w.heldBytes)
		}
	})
}

// FuzzWriter feeds a writer with what no reader would send. It must not panic,
// not order more than a budget at once, and still serve an honest reader.
func FuzzWriter(f *testing.F) {
	f.Add([]byte{0x00, 0x05, 0x02, 0xe1, 0x20, 0xff, 0xff, 0xff, 0xff, 0x03, 0xe1, 0xe1, 0x10, 0xff}, false)
	f.Add([]byte{0x00, 0x45, 0x00, 0x0c, 0x02, 0xe1, 0x80, 0xff, 0xff, 0xff, 0xff, 0x04, 0x05}, true)
	f.Fuzz(func(t *testing.T, input []byte, keep bool) {
		s := &script{input}
		w := NewWriter(WriterConfig{Reliable: true, TransientLocal: keep, FragmentSize: 100, Budget: 1000})
		d := &world{t: t, now: epoch, w: w, fate: perfect}
		honest := d.join(ReaderConfig{Reliable: true}, true)
		d.pass(time.Second)
		evil := readerGUID(9)
		w.Match(d.now, ReaderInfo{GUID: evil, Reliable: true, WantsHistory: true}, &d.out)
		p := w.byGUID[evil]
		written, common := 0, 0
		check := func() {
			octets := 0
			for _, o := range d.out.Sends {
				switch o.Kind {
				case SendData:
					octets += len(o.Change.Payload)
				case SendFrag:
					octets += len(o.Fragment())
				case SendHeartbeat:
					require.GreaterOrEqual(t, o.Heartbeat.Last, o.Heartbeat.First-1)
					require.GreaterOrEqual(t, o.Heartbeat.First, rtps.SequenceNumber(1))
					require.LessOrEqual(t, o.Heartbeat.Last, w.Last())
				case SendGap:
					require.GreaterOrEqual(t, o.Gap.List.Base, o.Gap.Start)
					require.GreaterOrEqual(t, o.Gap.Start, rtps.SequenceNumber(1))
					require.LessOrEqual(t, o.Gap.List.Base, w.Last()+1)
				}
			}
			require.LessOrEqual(t, octets, 1500)
			require.LessOrEqual(t, len(p.frags), maxFragSets)
			require.LessOrEqual(t, p.want.Len(), maxRanges+1)
			d.flush()
		}
		for steps := 0; len(s.b) > 0 && steps < 300; steps++ {
			switch op := s.byte(); op % 6 {
			case 0, 1:
				c := &Change{Payload: append(numbered(written+1), make([]byte, int(s.byte())*4)...)}
				if op&0x40 != 0 {
					c.To = evil
				} else {
					common++
				}
				written++
				w.Write(d.now, c, &d.out)
			case 2:
				w.HandleAckNack(d.now, evil, &rtps.AckNack{State: s.snSet(), Count: int32(s.number()), Final: op&8 != 0}, &d.out)
			case 3:
				w.HandleNackFrag(d.now, evil, &rtps.NackFrag{SN: s.sn(), State: s.fragSet(), Count: int32(s.number())}, &d.out)
			case 4:
				if at := w.Next(); due(at, d.now) || op&8 != 0 {
					d.now = d.now.Add(time.Millisecond)
					w.Advance(d.now, &d.out)
				}
			case 5:
				check()
				d.pass(time.Duration(s.byte()) * time.Millisecond)
			}
			check()
		}
		w.Unmatch(d.now, evil, &d.out)
		d.run(60 * time.Second)
		for i := 1; i < len(honest.got); i++ {
			require.Less(t, honest.got[i-1].SN, honest.got[i].SN)
		}
		for _, x := range honest.got {
			require.Equal(t, numbered(int(x.SN)), x.Payload)
		}
		require.Len(t, honest.got, common)
		require.Zero(t, honest.lost)
		require.True(t, w.AckedAll(w.Last()))
		if !keep {
			require.Zero(t, w.Held())
		}
	})
}
