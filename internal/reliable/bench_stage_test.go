package reliable

import (
	"fmt"
	"testing"
	"time"

	"github.com/secdds/dds/rtps"
)

// A stageLot is so many samples of one size that are acknowledged together.
type stageLot struct{ size, count int }

func (l stageLot) String() string { return fmt.Sprintf("%dx%dB", l.count, l.size) }

var stageLots = []stageLot{{64, 1}, {64, 512}, {1 << 10, 128}, {16 << 10, 16}, {1 << 20, 1}}

// A writerRun writes lots to a reader that acknowledges them.
type writerRun struct {
	w       *Writer
	now     time.Time
	out     Outbox
	changes []Change
	payload []byte
	count   int32
}

// newWriterRun returns one whose window is so many octets; 0: no limit.
func newWriterRun(l stageLot, window int) *writerRun {
	x := &writerRun{
		w:   NewWriter(WriterConfig{Reliable: true, FragmentSize: 63_000, AckEvery: 512, Window: window}),
		now: epoch, changes: make([]Change, l.count), payload: make([]byte, l.size),
	}
	x.w.Match(x.now, ReaderInfo{GUID: readerGUID(0), Reliable: true}, &x.out)
	x.lot()
	return x
}

// lot writes one and has the reader acknowledge what was ordered until that is all.
func (x *writerRun) lot() {
	for i := range x.changes {
		x.now = x.now.Add(time.Microsecond)
		x.changes[i] = Change{Payload: x.payload}
		x.w.Write(x.now, &x.changes[i], &x.out)
	}
	for acked := false; !acked; {
		for due(x.w.Next(), x.now) {
			x.w.Advance(x.now, &x.out)
		}
		x.out.Reset()
		x.count++
		a := rtps.AckNack{State: rtps.SequenceNumberSet{Base: x.w.Ordered() + 1}, Count: x.count, Final: true}
		x.w.HandleAckNack(x.now, readerGUID(0), &a, &x.out)
		acked = x.w.AckedAll(x.w.Last())
	}
}

// What the writer's machine costs, with its acknowledgements: where a lot fits
// into the window, and where it is sent a window at a time.
func BenchmarkWriterStage(b *testing.B) {
	for _, l := range stageLots {
		for _, way := range []struct {
			name   string
			window int
		}{{"fits", 1 << 20}, {"paced", max(l.size, l.size*l.count/4)}} {
			b.Run(l.String()+"/"+way.name, func(b *testing.B) {
				x := newWriterRun(l, way.window)
				b.SetBytes(int64(l.size * l.count))
				b.ReportAllocs()
				for b.Loop() {
					x.lot()
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*l.count), "ns/sample")
			})
		}
	}
}

// A readerRun receives lots and acknowledges them.
type readerRun struct {
	l       stageLot
	r       *Reader
	now     time.Time
	in      ReaderOutbox
	sn      rtps.SequenceNumber
	payload []byte
	spare   []byte
}

func newReaderRun(l stageLot) *readerRun {
	x := &readerRun{l: l, now: epoch, payload: make([]byte, l.size), spare: make([]byte, l.size)}
	x.r = NewReader(ReaderConfig{Reliable: true, Spare: func(int) []byte { return x.spare }})
	x.r.Match(x.now, WriterInfo{GUID: writerGUID, Reliable: true}, &x.in)
	x.lot()
	return x
}

// lot receives one in order, as an engine hands it over: DATA, or fragments if
// it is one long sample, and the heartbeat.
func (x *readerRun) lot() {
	x.in.Reset()
	for range x.l.count {
		x.sn++
		x.now = x.now.Add(time.Microsecond)
		if !x.r.Wants(writerGUID, x.sn) {
			panic("not wanted")
		}
		s := Sample{Writer: writerGUID, SN: x.sn, Payload: x.payload, Owned: true}
		if len(x.payload) > 65_000 {
			s = x.fragments()
		}
		x.r.Accept(x.now, s, &x.in)
	}
	x.r.SetRoom(4000)
	h := rtps.Heartbeat{First: x.sn, Last: x.sn, Count: int32(x.sn)}
	x.r.HandleHeartbeat(x.now, writerGUID, &h, &x.in)
	if len(x.in.Deliver) != x.l.count || len(x.in.Acks) == 0 {
		panic("not delivered")
	}
}

// fragments receives the payload in pieces.
func (x *readerRun) fragments() (s Sample) {
	const size = 63_000
	for first := 1; (first-1)*size < len(x.payload); first++ {
		at := (first - 1) * size
		f := rtps.DataFrag{
			Writer: writerGUID.Entity, SN: x.sn, First: rtps.FragmentNumber(first), Count: 1, FragmentSize: size,
			SampleSize: uint32(len(x.payload)), Payload: x.payload[at:min(at+size, len(x.payload))],
		}
		s, _ = x.r.HandleFrag(x.now, writerGUID, &f, &x.in)
	}
	return s
}

// What the reader's machine costs for what comes in order, with the copy that
// puts fragments together, and the acknowledgement of the lot.
func BenchmarkReaderStage(b *testing.B) {
	for _, l := range stageLots {
		b.Run(l.String(), func(b *testing.B) {
			x := newReaderRun(l)
			b.SetBytes(int64(l.size * l.count))
			b.ReportAllocs()
			for b.Loop() {
				x.lot()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*l.count), "ns/sample")
		})
	}
}
