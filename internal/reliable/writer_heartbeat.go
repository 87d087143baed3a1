package reliable

import (
	"time"

	"github.com/secdds/dds/rtps"
)

// heartbeat announces to p, or to every reader if p is nil, what is held.
//
// DDSI-RTPS 2.5, 8.4.9.2.7: the count of every heartbeat is a new one. Changes
// that were not ordered yet are not announced: nobody shall ask for them.
func (w *Writer) heartbeat(now time.Time, p *remoteReader, final bool, out *Outbox) {
	w.tellGaps(p, out)
	first, ok := w.hist.next(0)
	if !ok || first > w.pushed {
		first = w.pushed + 1
	}
	s := Send{Kind: SendHeartbeat}
	if w.filtered && !w.cfg.TransientLocal {
		// What went to other readers and is dropped since must not look lost:
		// a reader that missed the GAP shall ask.
		first = min(first, w.trimmed+1)
	}
	if p != nil {
		s.To = p.GUID
		first = max(first, p.start)
	} else if !final {
		w.askedAt, w.asked = now, 0
		w.pace.asked = w.pace.ordered
	}
	w.hbCount++
	s.Heartbeat = rtps.Heartbeat{First: first, Last: w.pushed, Count: w.hbCount, Final: final}
	out.Sends = append(out.Sends, s)
}

// hbReset starts the heartbeats over: something new awaits acknowledgement.
func (w *Writer) hbReset(now time.Time) {
	w.hbEvery = w.cfg.HeartbeatMin
	w.hbAt = now.Add(w.hbEvery)
}

// heartbeatLaggards repeats the announcement to those who have not
// acknowledged everything, and doubles the time until the next.
//
// DDSI-RTPS 2.5, 8.4.2.2.3: heartbeats go on until the reader has acknowledged
// every available sample or is gone.
func (w *Writer) heartbeatLaggards(now time.Time, out *Outbox) {
	n := 0
	for _, p := range w.readers {
		if w.lags(p) {
			n++
		}
	}
	switch {
	case n == 0:
		w.hbAt = time.Time{}
		return
	case n == w.reliable && n > 1:
		w.heartbeat(now, nil, false, out)
	default:
		for _, p := range w.readers {
			if w.lags(p) {
				w.heartbeat(now, p, false, out)
			}
		}
	}
	w.hbEvery = min(2*w.hbEvery, w.cfg.HeartbeatPeriod)
	w.hbAt = now.Add(w.hbEvery)
}

// RequestAck asks those who lag to acknowledge now: for a caller that waits
// for acknowledgements or for room in the history.
func (w *Writer) RequestAck(now time.Time, out *Outbox) {
	w.now = now
	for _, p := range w.readers {
		if w.lags(p) {
			w.hbEvery = w.cfg.HeartbeatMin
			w.heartbeatLaggards(now, out)
			return
		}
	}
}

// Probe asks one reliable reader for an answer, whatever it has acknowledged.
// DDSI-RTPS 2.5, 8.3.8.6: without the FinalFlag it must respond.
func (w *Writer) Probe(now time.Time, reader rtps.GUID, out *Outbox) {
	w.now = now
	if p := w.byGUID[reader]; p != nil && p.Reliable {
		w.heartbeat(now, p, false, out)
	}
}

// AssertLiveliness tells every reader that the writer is alive (manual by
// topic): DDSI-RTPS 2.5, 8.3.8.6, LivelinessFlag.
func (w *Writer) AssertLiveliness(now time.Time, out *Outbox) {
	w.now = now
	w.heartbeat(now, nil, true, out)
	out.Sends[len(out.Sends)-1].Heartbeat.Liveliness = true
}

// tellGaps orders the GAPs that p, or every reader if p is nil, has coming.
func (w *Writer) tellGaps(p *remoteReader, out *Outbox) {
	if p != nil {
		p.tellGaps(out)
		return
	}
	for _, p := range w.readers {
		p.tellGaps(out)
	}
}

func (p *remoteReader) tellGaps(out *Outbox) {
	if p.gaps.Empty() {
		return
	}
	// The first range is Start..Base-1, what follows closely goes into the
	// bits: DDSI-RTPS 2.5, 8.3.8.4.
	ranges := p.gaps.Ranges()
	for len(ranges) > 0 {
		g := rtps.Gap{Start: ranges[0].Lo, List: rtps.SequenceNumberSet{Base: ranges[0].Hi + 1}}
		ranges = ranges[1:]
		for len(ranges) > 0 && ranges[0].Hi-g.List.Base < 256 {
			for sn := ranges[0].Lo; sn <= ranges[0].Hi; sn++ {
				g.List.Add(sn)
			}
			ranges = ranges[1:]
		}
		out.Sends = append(out.Sends, Send{Kind: SendGap, To: p.GUID, Gap: g})
	}
	p.gaps.Clear()
}
