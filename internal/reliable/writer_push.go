package reliable

import (
	"time"

	"github.com/secdds/dds/rtps"
)

// sendCost is what a DATA counts against the budget besides its payload, so
// that a backlog of empty changes is paced as well.
const sendCost = 64

// push orders changes that were never ordered, oldest first, until the budget
// is used up, and the heartbeat that announces them.
func (w *Writer) push(now time.Time, budget *int, out *Outbox) {
	news := false // for every reader
	full := false
	room, limited := w.room()
	for w.pushed < w.last && *budget > 0 {
		sn := w.pushed + 1
		c := w.hist.get(sn)
		if c == nil { // removed before it was its turn
			w.pushHole(sn)
			news = true
			continue
		}
		to := w.byGUID[c.To]
		if w.fragAt == 1 {
			if cost := len(c.Payload) + sendCost; limited && room < noLimit && cost > room {
				full = true
				break
			}
			c.at = w.pace.ordered
			w.waiting -= len(c.Payload)
		}
		ordered := w.pace.ordered
		if c.To.IsZero() && len(w.readers) > 0 || to != nil {
			w.tellGaps(to, out)
			whole := w.pushChange(c, budget, out)
			room = min(room, w.pace.window) - int(w.pace.ordered-ordered)
			if !whole {
				break
			}
		}
		w.pushed, w.fragAt = sn, 1
		if c.To.IsZero() {
			w.asked++
			news = true
		} else {
			w.pushAddressed(now, c, to, out)
		}
	}
	switch {
	case !full:
		w.pace.full = time.Time{}
	case w.pace.full.IsZero():
		w.pace.full = now
	}
	w.more = w.pushed < w.last && !full // a full window is opened by an acknowledgement
	if w.reliable == 0 {
		w.trim()
		return
	}
	if news {
		if w.asked >= w.cfg.AckEvery || now.Sub(w.askedAt) >= w.cfg.AckPeriod || w.pace.wantsAck() {
			w.heartbeat(now, nil, false, out)
		}
		w.hbReset(now)
	}
}

// pushHole passes over changes that were removed before they were ordered.
func (w *Writer) pushHole(sn rtps.SequenceNumber) {
	hi, ok := w.hist.next(sn)
	if !ok {
		hi = w.last + 1
	}
	for _, p := range w.readers {
		if p.Reliable && p.gaps.Len() < maxRanges {
			p.gaps.Add(sn, hi-1)
		}
	}
	w.pushed, w.fragAt = hi-1, 1
}

// pushAddressed does what follows after c was ordered for the reader to alone,
// who is nil if not matched. No other reader has anything to acknowledge.
func (w *Writer) pushAddressed(now time.Time, c *Change, to *remoteReader, out *Outbox) {
	for _, p := range w.readers {
		if p != to && p.Reliable && p.gaps.Len() < maxRanges {
			p.gaps.Add(c.SN, c.SN)
		}
	}
	if !w.cfg.TransientLocal && (to == nil || !to.Reliable) {
		w.Remove(c.SN)
	}
	if to != nil && to.Reliable {
		w.heartbeat(now, to, false, out)
		w.hbReset(now)
	}
}

// pushChange orders c, or as many fragments of it as the budget allows, and
// reports whether that was all of it.
func (w *Writer) pushChange(c *Change, budget *int, out *Outbox) bool {
	n := w.fragments(c)
	if n == 0 {
		out.Sends = append(out.Sends, Send{Kind: SendData, To: c.To, Change: c})
		*budget -= len(c.Payload) + sendCost
		w.pace.order(len(c.Payload) + sendCost)
		return true
	}
	left := *budget
	w.fragAt = w.sendFrags(c, c.To, w.fragAt, n, budget, out)
	w.pace.order(left - *budget)
	if w.fragAt > n {
		return true
	}
	if w.reliable > 0 {
		// Repairs of a large sample need not wait for its end.
		w.hbFragCount++
		out.Sends = append(out.Sends, Send{Kind: SendHeartbeatFrag, To: c.To, HeartbeatFrag: rtps.HeartbeatFrag{
			SN: c.SN, Last: w.fragAt - 1, Count: w.hbFragCount,
		}})
	}
	return false
}

// fragments returns how many DATA_FRAG fragments c takes; 0: it leaves as DATA.
func (w *Writer) fragments(c *Change) rtps.FragmentNumber {
	if len(c.Payload) <= c.frag {
		return 0
	}
	return rtps.FragmentNumber((len(c.Payload) + c.frag - 1) / c.frag)
}

// sendFrags orders fragments lo..hi of c as the budget allows, at least one,
// and returns the first that is not ordered.
func (w *Writer) sendFrags(c *Change, to rtps.GUID, lo, hi rtps.FragmentNumber, budget *int, out *Outbox) rtps.FragmentNumber {
	size := c.frag
	for lo <= hi {
		n := min(int64(hi-lo)+1, int64(max(*budget/size, 1)), 0xffff)
		out.Sends = append(out.Sends, Send{
			Kind: SendFrag, To: to, Change: c,
			FragFirst: lo, FragCount: uint16(n), FragSize: uint16(size),
		})
		lo += rtps.FragmentNumber(n)
		if *budget -= int(n) * size; *budget <= 0 {
			break
		}
	}
	return lo
}

// Behind reports whether there is more to order than a call orders at once, and
// no window to wait for.
func (w *Writer) Behind() bool { return w.more }
