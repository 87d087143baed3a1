package reliable

import (
	"time"

	"github.com/secdds/dds/rtps"
)

// A pace limits what is under way to readers that acknowledge, so that the
// slowest of them is not sent more than its socket holds. How much that is
// nobody says: the window grows while nothing gets lost and shrinks when
// something does, as that of TCP (RFC 5681, 3.1).
//
// It holds back new samples only. A sample that is under way is sent to its
// end, for RTPS has no acknowledgement of a part.
type pace struct {
	window  int // octets; 0: no limit
	least   int
	most    int
	enough  int                 // octets up to which the window doubles
	recover rtps.SequenceNumber // losses up to it have been answered

	ordered int64     // octets ordered so far
	asked   int64     // of them, when everyone was last asked for an acknowledgement
	full    time.Time // since when samples wait for the window to open; zero: none does
}

// Bounds of pace.
const (
	noLimit     = 1 << 30 // octets: nothing is under way
	leastWindow = 64 << 10
	stallAfter  = 200 * time.Millisecond // a reader that is silent that long holds up the others no more
)

func newPace(cfg *WriterConfig) pace {
	return pace{window: cfg.Window, least: min(leastWindow, cfg.Window), most: cfg.MaxWindow, enough: cfg.MaxWindow, recover: -1}
}

func (a *pace) order(n int) { a.ordered += int64(n) }

// wantsAck reports whether it is time to ask, so that an answer comes before
// the window is used up.
func (a *pace) wantsAck() bool { return a.window > 0 && a.ordered-a.asked >= int64(a.window/4) }

// room returns how many octets of new samples may be ordered now; whatever it
// is, one sample may be under way.
func (w *Writer) room() (n int, limited bool) {
	if w.pace.window == 0 || w.reliable == 0 {
		return 0, false
	}
	low, all := w.pace.ordered, w.allSlow()
	for _, p := range w.readers {
		if p.ackedAt == w.pace.ordered {
			p.progress = w.now // from now on it may be silent
		}
		if p.Reliable && (!p.slow || all) {
			low = min(low, p.ackedAt)
		}
	}
	if low == w.pace.ordered {
		return noLimit, true
	}
	return w.pace.window - int(w.pace.ordered-low), true
}

// allSlow reports whether no reader keeps up. Then they are all waited for:
// nobody would have anything of it if they were not.
func (w *Writer) allSlow() bool {
	for _, p := range w.readers {
		if p.Reliable && !p.slow {
			return false
		}
	}
	return true
}

// orderedAt returns how many octets had been ordered up to the end of sn.
func (w *Writer) orderedAt(sn rtps.SequenceNumber) int64 {
	for i := w.hist.index(sn + 1); i < len(w.hist.e); i++ {
		switch e := w.hist.e[i]; {
		case e.sn > w.pushed && (e.sn > w.pushed+1 || w.fragAt == 1):
			return w.pace.ordered
		case e.c != nil:
			return e.c.at
		}
	}
	return w.pace.ordered
}

// advanced notes that p has acknowledged more.
func (w *Writer) advanced(p *remoteReader) {
	if w.pace.window == 0 {
		return
	}
	a := &w.pace
	before := p.ackedAt
	p.ackedAt = max(p.liveAt, w.orderedAt(p.acked))
	p.progress = w.now
	if n := int(p.ackedAt - before); n > 0 && !a.full.IsZero() {
		if a.window >= a.enough {
			n = int(int64(n) * leastWindow / int64(a.window))
		}
		a.window = min(a.window+n, a.most)
	}
	if p.slow && p.acked >= p.live-1 && a.ordered-p.ackedAt <= int64(a.window/2) {
		p.slow = false
	}
}

// lost notes that p lacks something, sn at the latest, that was sent to it. One
// window is one loss, however many requests it makes. What the pace does not
// wait for says nothing about it.
func (w *Writer) lost(p *remoteReader, sn rtps.SequenceNumber) {
	a := &w.pace
	if a.window == 0 || sn < p.live || sn <= a.recover || p.slow && !w.allSlow() {
		return
	}
	a.recover = max(w.pushed, sn) // sn may be half sent
	a.window = max(a.window/2, a.least)
	a.enough = a.window
}

// resume orders what waited for the window to open, if it has.
func (w *Writer) resume(now time.Time, out *Outbox) {
	if !w.pace.full.IsZero() {
		budget := w.cfg.Budget
		w.push(now, &budget, out)
	}
}

// Widen lets n octets more be under way than are, and orders what that allows.
func (w *Writer) Widen(now time.Time, n int, out *Outbox) {
	w.now = now
	if room, limited := w.room(); limited && w.pushed < w.last {
		w.pace.window += n - room
		budget := n
		w.push(now, &budget, out)
	}
}

// stallAt returns when findSlow is due; zero: never.
func (w *Writer) stallAt() (at time.Time) {
	if w.pace.full.IsZero() || w.reliable < 2 {
		return time.Time{}
	}
	for _, p := range w.readers {
		if w.holdsUp(p) {
			at = earliest(at, w.patience(p))
		}
	}
	return at
}

// holdsUp reports whether what waits may wait for p.
func (w *Writer) holdsUp(p *remoteReader) bool {
	return p.Reliable && !p.slow && p.ackedAt < w.pace.ordered
}

// patience returns until when the others wait for p.
func (w *Writer) patience(p *remoteReader) time.Time {
	from := w.pace.full
	if p.progress.After(from) {
		from = p.progress
	}
	return from.Add(stallAfter)
}

// findSlow lets the readers that keep up go on without those that do not: as
// long as the history lasts, they can ask for what they lack.
func (w *Writer) findSlow(now time.Time) {
	if !due(w.stallAt(), now) {
		return
	}
	for _, p := range w.readers {
		if w.holdsUp(p) && due(w.patience(p), now) {
			p.slow = true
		}
	}
}
