package reliable

import (
	"time"

	"github.com/secdds/dds/rtps"
)

// HandleHeartbeat takes what a writer says it holds: DDSI-RTPS 2.5, 8.4.12.2.
func (r *Reader) HandleHeartbeat(now time.Time, writer rtps.GUID, h *rtps.Heartbeat, out *ReaderOutbox) {
	r.now = now
	w := r.byGUID[writer]
	if w == nil {
		r.stats.Unmatched++
		return
	}
	if !w.Reliable {
		return
	}
	if h.First < 1 || h.Last > maxSN || h.Last < h.First-1 || w.heard && !newer(h.Count, w.hbCount) {
		r.stats.Stale++
		return
	}
	lost := w.skip(w.next, h.First-1)
	if w.heard {
		out.Lost += lost
	} // What was gone before the first heartbeat was never promised to us.
	w.heard, w.hbCount, w.askAt = true, h.Count, time.Time{}
	w.last = max(w.last, h.Last)
	r.drain(w, out)
	w.owes = w.owes || !h.Final
	if r.missing(w) || w.owes {
		r.scheduleAck(now, w, out)
	}
}

// HandleHeartbeatFrag takes which fragments of a sample a writer has sent.
func (r *Reader) HandleHeartbeatFrag(now time.Time, writer rtps.GUID, h *rtps.HeartbeatFrag, out *ReaderOutbox) {
	r.now = now
	w := r.byGUID[writer]
	if w == nil {
		r.stats.Unmatched++
		return
	}
	if !w.Reliable || w.fragHeard && !newer(h.Count, w.fragCount) {
		return
	}
	w.fragHeard, w.fragCount = true, h.Count
	if p := w.part(h.SN); p != nil {
		p.known = max(p.known, min(h.Last, p.total))
		if p.lacks(p.known) && r.room != 0 {
			r.scheduleAck(now, w, out)
		}
	}
}

// HandleGap takes which samples of a writer are of no relevance to this
// reader: DDSI-RTPS 2.5, 8.3.8.4. Ranges are handled as ranges.
func (r *Reader) HandleGap(now time.Time, writer rtps.GUID, g *rtps.Gap, out *ReaderOutbox) {
	r.now = now
	w := r.byGUID[writer]
	if w == nil {
		r.stats.Unmatched++
		return
	}
	if !w.Reliable || g.Start < 1 || g.List.Base < g.Start {
		return
	}
	if g.Start > w.next && w.irrelevant.Len() >= maxRanges {
		r.stats.Window++
		return
	}
	w.skip(g.Start, g.List.Base-1)
	r.drain(w, out)
	if w.irrelevant.Len() < maxRanges && g.List.Base < maxSN {
		for i := rtps.SequenceNumber(0); i < rtps.SequenceNumber(min(g.List.NumBits, 256)); i++ {
			if sn := g.List.Base + i; g.List.Has(sn) {
				w.skip(sn, sn)
			}
		}
		r.drain(w, out)
	}
	if !w.ackAt.IsZero() && w.last < w.next {
		r.acknowledge(now, w, out) // what was asked for does not exist: done
	}
}

// missing reports whether an announced sample has to be asked for. By
// construction the next one is then neither held nor irrelevant.
func (r *Reader) missing(w *remoteWriter) bool {
	return w.next <= w.last && r.room != 0
}

// lacksFragments reports whether fragments known to be sent have to be asked for.
func (r *Reader) lacksFragments(w *remoteWriter) bool {
	if r.room == 0 {
		return false
	}
	for _, p := range w.parts {
		if p.lacks(p.known) {
			return true
		}
	}
	return false
}

// scheduleAck answers after AckDelay, or at once; but not before NackRepeat is
// over if that would ask for the same again.
func (r *Reader) scheduleAck(now time.Time, w *remoteWriter, out *ReaderOutbox) {
	at := now.Add(r.cfg.AckDelay)
	if again := w.nackAt.Add(r.cfg.NackRepeat); w.nacked == w.next && again.After(at) &&
		(r.missing(w) || r.lacksFragments(w)) {
		at = again
	}
	if at.After(now) {
		w.ackAt = earliest(w.ackAt, at)
		return
	}
	r.acknowledge(now, w, out)
}

// ask orders the ACKNACK that makes a writer send its first heartbeat:
// DDSI-RTPS 2.5, 8.4.2.3.4, a "preemptive" one.
func (w *remoteWriter) ask(now time.Time, out *ReaderOutbox) {
	base := w.next
	if base == 1 && w.asks%2 == 1 {
		// Interop: Fast DDS answers base 0 at once and base 1 only with its next
		// periodic heartbeat; others do not expect base 0. So try both in turn.
		base = 0
	}
	w.ackCount++
	out.Acks = append(out.Acks, Ack{To: w.GUID, AckNack: rtps.AckNack{
		State: rtps.SequenceNumberSet{Base: base}, Count: w.ackCount,
	}})
	w.askAt = now.Add(min(askMin<<min(w.asks, 16), askMax))
	w.asks++
}

// Probe asks one reliable writer for an answer, and again as Match does, until
// a heartbeat comes. DDSI-RTPS 2.5, 8.3.8.1: without the FinalFlag it must respond.
func (r *Reader) Probe(now time.Time, writer rtps.GUID, out *ReaderOutbox) {
	r.now = now
	if w := r.byGUID[writer]; w != nil && w.Reliable {
		w.asks = 0
		w.ask(now, out)
	}
}

// maxNackFrags bounds the NACK_FRAG that one answer consists of.
const maxNackFrags = 4

// acknowledge orders an ACKNACK for everything below next, asking for what is
// missing, and NACK_FRAGs for samples of which fragments are here: those are
// not asked for in the ACKNACK, which would make them come as a whole again.
func (r *Reader) acknowledge(now time.Time, w *remoteWriter, out *ReaderOutbox) {
	w.ackAt, w.owes = time.Time{}, false
	state := rtps.SequenceNumberSet{Base: w.next}
	frags := maxNackFrags
	if r.missing(w) {
		hi := min(w.last, w.next+min(256, rtps.SequenceNumber(r.cfg.Window))-1)
		if w.full {
			hi = w.next
		}
		for sn := w.next; sn <= hi; sn++ {
			if gap, ok := w.irrelevant.Find(sn); ok {
				sn = gap.Hi
				continue
			}
			if w.held.has(sn) {
				continue
			}
			if p := w.part(sn); p != nil {
				p.known = p.total
				continue
			}
			state.Add(sn)
		}
	}
	if r.room != 0 {
		for _, p := range w.parts {
			frags -= w.nackFrags(p, frags, out)
		}
	}
	w.ackCount++
	asks := state.NumBits > 0 || frags < maxNackFrags
	if n := len(out.Acks); n > 0 && out.Acks[n-1].To == w.GUID && out.Acks[n-1].AckNack.State.NumBits == 0 {
		out.Acks = out.Acks[:n-1] // it says less than what follows
	}
	out.Acks = append(out.Acks, Ack{To: w.GUID, AckNack: rtps.AckNack{
		State: state, Count: w.ackCount,
		// With nothing asked for, no heartbeat is needed in answer: 8.3.8.1.
		Final: state.NumBits == 0,
	}})
	if !asks {
		return
	}
	if w.nacked != w.next {
		w.retry = retryMin
	}
	// Interop: DDSI-RTPS 2.5, 8.4.2.3.4 has readers wait for a heartbeat before
	// they ask again. Fast DDS sends one every 3 s; a lost ACKNACK or repair
	// would stall the reader that long.
	w.nackAt, w.nacked = now, w.next
	w.ackAt = now.Add(w.retry)
	w.retry = min(2*w.retry, retryMax)
}

// nackFrags orders at most n NACK_FRAGs for what p lacks and returns how many.
func (w *remoteWriter) nackFrags(p *partial, n int, out *ReaderOutbox) (used int) {
	f := p.low
	hi := min(p.known, p.reach())
	for used < n {
		for f <= hi && p.has(f) {
			f++
		}
		if f > hi {
			break
		}
		set := rtps.FragmentNumberSet{Base: f}
		for ; f <= hi && f-set.Base < 256; f++ {
			if !p.has(f) {
				set.Add(f)
			}
		}
		w.nackCount++
		out.NackFrags = append(out.NackFrags, NackFrag{To: w.GUID, NackFrag: rtps.NackFrag{
			SN: p.sn, State: set, Count: w.nackCount,
		}})
		used++
	}
	return used
}
