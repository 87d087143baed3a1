package reliable

import (
	"time"

	"github.com/secdds/dds/rtps"
)

// newer reports whether count a comes after b, with wrap-around.
//
// DDSI-RTPS 2.5, 8.3.8.1.5: a message whose count is not higher than the last
// one's is a duplicate, sent over redundant paths, and is ignored.
func newer(a, b int32) bool { return a-b > 0 }

// HandleAckNack takes what a reader says it has and lacks. What cannot be true
// is ignored.
func (w *Writer) HandleAckNack(now time.Time, reader rtps.GUID, a *rtps.AckNack, out *Outbox) {
	w.now = now
	p := w.byGUID[reader]
	base := a.State.Base
	if p == nil || !p.Reliable || base < 0 || base > w.last+1 {
		return
	}
	if p.ackSeen && !newer(a.Count, p.ackCount) {
		return
	}
	first := !p.heard
	p.ackSeen, p.ackCount, p.heard = true, a.Count, true
	if base <= 1 && a.State.NumBits == 0 && !a.Final && p.acked >= p.start {
		// It asks as one that has just met us: it lost us and what it had,
		// while we noticed nothing.
		p.acked = p.start - 1
		p.ackedAt = max(p.liveAt, w.orderedAt(p.acked))
		p.slow = true // until it has caught up
	}
	w.acknowledge(p, base-1)
	if last := w.request(now, p, a, out); last > 0 {
		w.lost(p, last)
		w.scheduleRepair(now, p, out)
	} else if !a.Final {
		w.answer(now, p, first, out)
	}
	w.resume(now, out)
	if w.lags(p) {
		w.hbSoon(now.Add(w.hbEvery))
	} else if !w.hbAt.IsZero() {
		w.settle()
	}
}

// acknowledge notes that p has everything up to sn: DDSI-RTPS 2.5, 8.4.7.4,
// acked_changes_set. It cannot have what was never ordered.
func (w *Writer) acknowledge(p *remoteReader, sn rtps.SequenceNumber) {
	from := p.acked
	if sn = min(sn, w.pushed); sn <= from {
		return
	}
	p.acked = sn
	w.advanced(p)
	w.hbEvery = w.cfg.HeartbeatMin // it makes progress
	p.gaps.Remove(0, sn)
	p.want.Remove(0, sn)
	p.done.Remove(0, sn)
	p.frags = dropFrags(p.frags, sn)
	p.doneFrags = dropFrags(p.doneFrags, sn)
	if w.cfg.TransientLocal {
		return
	}
	if w.addressed > 0 {
		for i := w.hist.index(from + 1); i < len(w.hist.e) && w.hist.e[i].sn <= sn; i++ {
			if c := w.hist.e[i].c; c != nil && c.To == p.GUID {
				w.forget(i)
			}
		}
	}
	if from <= w.trimmed { // otherwise another reader is the last
		w.trim()
	}
	w.hist.tidy()
}

// request notes what p asks for, answers by GAP for what it cannot have, and
// returns the last change there is to repair, 0 if none: DDSI-RTPS 2.5, 8.4.7.4,
// requested_changes_set.
func (w *Writer) request(now time.Time, p *remoteReader, a *rtps.AckNack, out *Outbox) (last rtps.SequenceNumber) {
	if a.State.NumBits == 0 {
		return 0
	}
	w.freshen(now, p)
	n := rtps.SequenceNumber(min(a.State.NumBits, 256))
	base := a.State.Base
	p.want.Remove(base, base+n-1) // the newest word counts
	for sn := max(base, 1); sn < base+n && sn <= w.pushed; sn++ {
		if !a.State.Has(sn) || p.start <= sn && sn <= p.acked {
			continue
		}
		c := w.hist.get(sn)
		switch {
		case c == nil || !p.relevant(c):
			hi := w.irrelevant(p, sn)
			if p.gaps.Len() < maxRanges {
				p.gaps.Add(sn, hi)
			}
			sn = hi
		case p.done.Has(sn):
			w.hbSoon(p.doneUntil) // sent a moment ago: ask again then
		case p.want.Len() < maxRanges:
			p.want.Add(sn, sn)
			last = sn
		}
	}
	p.tellGaps(out)
	return last
}

// irrelevant returns the end of the run of numbers, from sn on, that hold
// nothing for p. It looks at a bounded number of changes.
func (w *Writer) irrelevant(p *remoteReader, sn rtps.SequenceNumber) rtps.SequenceNumber {
	i := w.hist.index(max(sn, p.start))
	for n := 0; i < len(w.hist.e); i, n = i+1, n+1 {
		if e := w.hist.e[i]; e.sn > w.pushed {
			break
		} else if n == maxRanges || e.c != nil && p.relevant(e.c) {
			return max(e.sn-1, sn)
		}
	}
	return w.pushed
}

// answer sends the heartbeat that a reader without requests asked for. A
// reader that answers every heartbeat that way is slowed down to HeartbeatMin.
func (w *Writer) answer(now time.Time, p *remoteReader, first bool, out *Outbox) {
	if at := p.hbAnswered.Add(w.cfg.HeartbeatMin); !first && at.After(now) {
		w.hbSoon(at)
		return
	}
	p.hbAnswered = now
	w.heartbeat(now, p, !w.lags(p), out)
}

// AckedAll reports whether every matched reliable reader has acknowledged
// every change held up to and including sn that is meant for it.
func (w *Writer) AckedAll(sn rtps.SequenceNumber) bool {
	for _, p := range w.readers {
		if p.Reliable && p.acked < sn && max(w.common, p.to) > p.acked && w.owes(p, sn) {
			return false
		}
	}
	return true
}

// owes reports whether p has not acknowledged a change held up to sn.
func (w *Writer) owes(p *remoteReader, sn rtps.SequenceNumber) bool {
	for i := w.hist.index(p.acked + 1); i < len(w.hist.e) && w.hist.e[i].sn <= sn; i++ {
		if c := w.hist.e[i].c; c != nil && p.relevant(c) {
			return true
		}
	}
	return false
}

// AckedBy returns the highest number such that the reader has acknowledged
// everything up to it; ok is false when no such reliable reader is matched.
func (w *Writer) AckedBy(reader rtps.GUID) (sn rtps.SequenceNumber, ok bool) {
	p := w.byGUID[reader]
	if p == nil || !p.Reliable {
		return 0, false
	}
	return p.acked, true
}

// AwaitsAcks reports whether a reliable reader is matched.
func (w *Writer) AwaitsAcks() bool { return w.reliable > 0 }

// Acked returns the highest number such that everything up to it was ordered
// and every matched reliable reader has acknowledged it.
func (w *Writer) Acked() rtps.SequenceNumber {
	low := w.pushed
	for _, p := range w.readers {
		if p.Reliable {
			low = min(low, p.acked)
		}
	}
	return low
}

// Ordered returns the highest number such that every change up to it, all of
// it, was ordered.
func (w *Writer) Ordered() rtps.SequenceNumber { return w.pushed }

// UnackedOctets returns the size of what was ordered and is not acknowledged
// by every reliable reader, with what waits to be ordered.
func (w *Writer) UnackedOctets() int {
	low := w.pace.ordered
	for _, p := range w.readers {
		if p.Reliable {
			low = min(low, p.ackedAt)
		}
	}
	return int(w.pace.ordered-low) + w.waiting
}

// Unacked returns the number of held changes that some matched reliable
// reader has not acknowledged.
func (w *Writer) Unacked() int {
	low := w.Acked()
	n := 0
	for i := w.hist.index(low + 1); i < len(w.hist.e); i++ {
		c := w.hist.e[i].c
		if c == nil {
			continue
		}
		if p := w.byGUID[c.To]; c.To.IsZero() || p != nil && p.Reliable && p.acked < c.SN {
			n++
		}
	}
	return n
}

// First returns the number of the oldest change held; Last+1 when there is none.
func (w *Writer) First() rtps.SequenceNumber {
	if sn, ok := w.hist.next(0); ok {
		return sn
	}
	return w.last + 1
}

// Last returns the number of the newest change written, FirstSN-1 before the first.
func (w *Writer) Last() rtps.SequenceNumber { return w.last }

// Held returns the number of changes held.
func (w *Writer) Held() int { return w.hist.live }

// Get returns the change numbered sn if it is held, or nil.
func (w *Writer) Get(sn rtps.SequenceNumber) *Change { return w.hist.get(sn) }
