package reliable

import (
	"testing"
	"time"

	"github.com/secdds/dds/rtps"
)

// What the machines cost for one small sample that nothing happens to.
func BenchmarkWriteAccept(b *testing.B) {
	w := NewWriter(WriterConfig{Reliable: true})
	r := NewReader(ReaderConfig{Reliable: true})
	var out Outbox
	var in ReaderOutbox
	now := epoch
	w.Match(now, ReaderInfo{GUID: readerGUID(0), Reliable: true}, &out)
	r.Match(now, WriterInfo{GUID: writerGUID, Reliable: true}, &in)
	payload := make([]byte, 64)
	b.ReportAllocs()
	for b.Loop() {
		now = now.Add(2 * time.Microsecond)
		w.Write(now, &Change{Payload: payload}, &out)
		for i := range out.Sends {
			switch s := &out.Sends[i]; s.Kind {
			case SendData:
				if r.Wants(writerGUID, s.Change.SN) {
					r.Accept(now, Sample{Writer: writerGUID, SN: s.Change.SN, Payload: s.Change.Payload}, &in)
				}
			case SendHeartbeat:
				r.HandleHeartbeat(now, writerGUID, &s.Heartbeat, &in)
			}
		}
		out.Reset()
		for i := range in.Acks {
			w.HandleAckNack(now, readerGUID(0), &in.Acks[i].AckNack, &out)
		}
		in.Reset()
	}
	if sn, _ := w.AckedBy(readerGUID(0)); sn < w.Last()-rtps.SequenceNumber(w.cfg.AckEvery) {
		b.Fatal("not acknowledged")
	}
}
