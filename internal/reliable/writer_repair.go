package reliable

import (
	"slices"
	"time"

	"github.com/secdds/dds/internal/seqset"
	"github.com/secdds/dds/rtps"
)

// HandleNackFrag takes which fragments a reader lacks.
func (w *Writer) HandleNackFrag(now time.Time, reader rtps.GUID, n *rtps.NackFrag, out *Outbox) {
	w.now = now
	p := w.byGUID[reader]
	if p == nil || !p.Reliable || p.nackSeen && !newer(n.Count, p.nackCount) {
		return
	}
	p.nackSeen, p.nackCount, p.heard = true, n.Count, true
	sn := n.SN
	if sn <= p.acked || sn > w.pushed+1 || sn == w.pushed+1 && w.fragAt == 1 {
		return // has it, or it is still to come
	}
	w.freshen(now, p)
	c := w.hist.get(sn)
	if c == nil || !p.relevant(c) {
		p.gaps.Add(sn, max(sn, w.irrelevant(p, sn)))
		p.tellGaps(out)
		return
	}
	total := w.fragments(c)
	if total == 0 { // it left as DATA: only that can answer
		if p.done.Has(sn) {
			w.hbSoon(p.doneUntil)
			return
		}
		p.want.Add(sn, sn)
		w.scheduleRepair(now, p, out)
		return
	}
	if sn > w.pushed {
		total = w.fragAt - 1
	}
	set := fragsOf(&p.frags, sn)
	if set == nil {
		return
	}
	done := findFrags(p.doneFrags, sn)
	asked := false
	base, bits := n.State.Base, min(n.State.NumBits, 256)
	for i := uint32(0); i < bits; i++ {
		f := base + rtps.FragmentNumber(i)
		switch {
		case f < 1 || f > total || f < base || !n.State.Has(f) || set.Len() >= maxRanges:
		case done != nil && done.Has(f):
			w.hbSoon(p.doneUntil)
		default:
			set.Add(f, f)
			asked = true
		}
	}
	if asked {
		w.lost(p, sn)
		w.scheduleRepair(now, p, out)
	}
	p.frags = slices.DeleteFunc(p.frags, func(f fragSet) bool { return f.set.Empty() })
}

// freshen ends the window in which repairs are not repeated.
//
// DDSI-RTPS 2.5, 8.4.7.1, nackSuppressionDuration: requests that come too soon
// after the change was sent ask for what is still on its way.
func (w *Writer) freshen(now time.Time, p *remoteReader) {
	if !now.Before(p.doneUntil) {
		p.done.Clear()
		p.doneFrags = p.doneFrags[:0]
		p.doneUntil = now.Add(max(w.cfg.NackSuppression, 0))
	}
}

// scheduleRepair answers the requests of p after NackDelay, or at once.
func (w *Writer) scheduleRepair(now time.Time, p *remoteReader, out *Outbox) {
	if w.cfg.NackDelay > 0 {
		if p.repairAt.IsZero() {
			p.repairAt = now.Add(w.cfg.NackDelay)
		}
		w.repairAt = earliest(w.repairAt, p.repairAt)
		return
	}
	if !p.repairAt.IsZero() {
		return // a budget ended the last answer; Advance goes on with it
	}
	p.repairAt = now
	budget := w.cfg.Budget
	w.repair(now, &budget, out)
}

// repair answers the requests that are due, reader after reader, until the
// budget is used up. New changes are left half of it.
func (w *Writer) repair(now time.Time, budget *int, out *Outbox) {
	reserve := 0
	if w.pushed < w.last {
		reserve = *budget / 2
	}
	*budget -= reserve
	w.repairAt = time.Time{}
	for i := range w.readers {
		p := w.readers[(w.turn+i)%len(w.readers)]
		if due(p.repairAt, now) && *budget > 0 && w.repairReader(now, p, budget, out) {
			p.repairAt = time.Time{}
			if p.Reliable {
				// A heartbeat follows the repairs at once, so that what got
				// lost again is asked for again.
				w.heartbeat(now, p, false, out)
			}
		}
		w.repairAt = earliest(w.repairAt, p.repairAt)
	}
	w.turn++
	*budget += reserve
}

// repairReader orders what p asked for, oldest first, and reports whether that
// was all of it.
func (w *Writer) repairReader(now time.Time, p *remoteReader, budget *int, out *Outbox) bool {
	for *budget > 0 {
		r, ok := p.want.First()
		if ok && (len(p.frags) == 0 || r.Lo <= p.frags[0].sn) {
			p.want.Remove(r.Lo, r.Lo)
			w.repairChange(now, p, r.Lo, budget, out)
			continue
		}
		if len(p.frags) == 0 {
			return true
		}
		f := &p.frags[0]
		c := w.hist.get(f.sn)
		fr, ok := f.set.First()
		if !ok || c == nil {
			if c == nil {
				w.repairChange(now, p, f.sn, budget, out)
			}
			p.frags = slices.Delete(p.frags, 0, 1)
			continue
		}
		next := w.sendFrags(c, p.GUID, fr.Lo, fr.Hi, budget, out)
		sn := f.sn
		if f.set.Remove(fr.Lo, next-1); f.set.Empty() {
			p.frags = slices.Delete(p.frags, 0, 1)
		}
		if w.cfg.NackSuppression > 0 {
			w.freshen(now, p)
			if done := fragsOf(&p.doneFrags, sn); done != nil && done.Len() < maxRanges {
				done.Add(fr.Lo, next-1)
			}
		}
	}
	return p.want.Empty() && len(p.frags) == 0
}

// repairChange orders the whole change sn: DATA at once, a large one by way of
// p.frags, and GAP when it is gone since it was asked for.
func (w *Writer) repairChange(now time.Time, p *remoteReader, sn rtps.SequenceNumber, budget *int, out *Outbox) {
	c := w.hist.get(sn)
	if c == nil || !p.relevant(c) {
		hi := max(sn, w.irrelevant(p, sn))
		p.want.Remove(sn, hi)
		if p.Reliable {
			p.gaps.Add(sn, hi)
			p.tellGaps(out)
		}
		return
	}
	if n := w.fragments(c); n > 0 {
		set := fragsOf(&p.frags, sn)
		if set == nil {
			return
		}
		set.Add(1, n)
		if done := findFrags(p.doneFrags, sn); done != nil {
			for _, r := range done.Ranges() {
				set.Remove(r.Lo, r.Hi)
			}
			w.hbSoon(p.doneUntil)
		}
		return
	}
	out.Sends = append(out.Sends, Send{Kind: SendData, To: p.GUID, Change: c})
	*budget -= len(c.Payload) + sendCost
	if w.cfg.NackSuppression > 0 {
		w.freshen(now, p)
		if p.done.Len() < maxRanges {
			p.done.Add(sn, sn)
		}
	}
}

// findFrags returns the set of change sn in l, or nil.
func findFrags(l []fragSet, sn rtps.SequenceNumber) *seqset.Set[rtps.FragmentNumber] {
	for i := range l {
		if l[i].sn == sn {
			return &l[i].set
		}
	}
	return nil
}

// fragsOf returns the set of change sn in l, making one if it is not there;
// nil if l is full.
func fragsOf(l *[]fragSet, sn rtps.SequenceNumber) *seqset.Set[rtps.FragmentNumber] {
	i := 0
	for i < len(*l) && (*l)[i].sn < sn {
		i++
	}
	if i == len(*l) || (*l)[i].sn != sn {
		if len(*l) >= maxFragSets {
			return nil
		}
		*l = slices.Insert(*l, i, fragSet{sn: sn})
	}
	return &(*l)[i].set
}

// dropFrags drops the sets of changes up to sn.
func dropFrags(l []fragSet, sn rtps.SequenceNumber) []fragSet {
	i := 0
	for i < len(l) && l[i].sn <= sn {
		i++
	}
	return slices.Delete(l, 0, i)
}
