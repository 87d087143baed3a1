package engine

import (
	"math"
	"time"

	"github.com/secdds/dds/qos"
)

// Who sends what a writer has been given to send:
//
//   - a lone sample is sent by the goroutine that wrote it, at once;
//   - what comes while somebody is sending is left for that one;
//   - in a burst, when samples come faster than system calls would take, the
//     writer's own goroutine sends, as many as there are at a time;
//   - within the LATENCY_BUDGET samples are left until a message is full.

// Bounds of a burst.
const (
	burstGap    = 3 * time.Microsecond // from the end of one write to the next, at most: less than a round trip
	burstAfter  = 6                    // so many writes
	maxUnsent   = 512 << 10            // octets a writer may be ahead of the sending
	handOver    = 16 << 10             // octets that a goroutine with other things to do sends itself
	unsentExtra = 64                   // octets of a sample besides its payload
	maxRounds   = 2                    // of sending for others
)

// A burst is what a writer knows of the pace it is written at. Guarded by mu.
type burst struct {
	last   time.Time // the end of the latest write, or of sending it
	run    int       // writes that followed each other closely
	unsent int       // octets written since somebody last began to send
	budget time.Duration
	until  time.Time // what is unsent may wait until then; zero: it may not
	begun  int       // rounds of sending
	ended  int

	kick   chan struct{} // wakes the sender; nil: there is none yet
	kicked bool          // it has not come yet
}

// note counts a write and reports whether it may be left for the sender.
func (b *burst) note(now time.Time, octets, full int) (leave bool) {
	b.unsent += octets + unsentExtra
	if now.Sub(b.last) <= burstGap {
		b.run++
	} else {
		b.run = 0
	}
	b.last = now
	switch {
	case b.budget > 0 && b.unsent < full:
		if b.until.IsZero() {
			b.until = now.Add(b.budget)
		}
		return true
	case b.budget > 0: // there is nothing left to wait for
		b.until = time.Time{}
	}
	return b.run >= burstAfter
}

// written sends what has been written, or sees to it that it is sent. mu is
// held at entry and free at return.
func (w *Writer) written(now time.Time, octets int) {
	switch leave := w.burst.note(now, octets, w.fan.pack); {
	case w.flushing:
		w.mu.Unlock()
	case leave && !w.burst.until.IsZero():
		until := w.burst.until
		w.mu.Unlock()
		w.p.sched.wake(w, until)
	case leave:
		w.callSender()
		w.mu.Unlock()
	default:
		w.flush()
	}
}

// callSender has the writer's own goroutine flush. mu is held.
func (w *Writer) callSender() {
	b := &w.burst
	if b.kicked || w.closed {
		return
	}
	if b.kick == nil {
		b.kick = make(chan struct{}, 1)
		w.p.jobs.Go(w.sender)
	}
	b.kicked = true
	b.kick <- struct{}{}
}

// sender flushes whenever it is called, until the writer is stopped.
func (w *Writer) sender() {
	for range w.burst.kick {
		w.mu.Lock()
		w.burst.kicked = false
		w.flushAll(math.MaxInt)
	}
}

// flush sends what the machine ordered. mu is held at entry and free at
// return. If another goroutine is sending it takes this output too: what the
// machine orders, the wire keeps in order, and nobody waits for a socket while
// holding mu.
func (w *Writer) flush() { w.flushAll(maxRounds) }

// flushAll is flush. What is ordered during that many rounds is left to the sender.
func (w *Writer) flushAll(rounds int) {
	if w.flushing {
		w.mu.Unlock()
		return
	}
	w.flushing = true
	w.burst.unsent, w.burst.until = 0, time.Time{}
	if !w.out.Empty() {
		l := w.p.lane()
		for ; !w.out.Empty(); rounds-- {
			if rounds == 0 && !w.closed {
				w.callSender()
				break
			}
			w.out, w.spare = w.spare, w.out
			w.burst.unsent, w.burst.until = 0, time.Time{}
			w.burst.begun++
			fan := w.fan
			w.caughtUp.broadcast()
			w.mu.Unlock()
			w.send(l, &w.spare, fan)
			l.flush()
			w.mu.Lock()
			w.spare.Reset()
			w.burst.ended = w.burst.begun
			w.shelf.harvest(w.m, &w.out)
			now := time.Now()
			w.burst.last = now
			if due(w.m.Next(), now) {
				w.m.Advance(now, &w.out)
			}
			if !w.m.AwaitsAcks() {
				w.acked() // what was sent in parts is sent now, and nobody else will tell
			}
		}
		l.release()
	}
	w.flushing = false
	w.shelf.harvest(w.m, &w.out)
	w.caughtUp.broadcast()
	next := w.m.Next()
	w.mu.Unlock()
	w.p.sched.wake(w, next)
}

// flushSoon flushes for a goroutine that has other things to do: it sends
// little, and leaves more to the sender. mu is held at entry and free at return.
func (w *Writer) flushSoon() {
	if w.out.Octets() > handOver && !w.flushing && !w.closed {
		w.callSender()
		w.mu.Unlock()
		return
	}
	w.flush()
}

// Flush sends what waits to be sent for the LATENCY_BUDGET or by another
// goroutine, and returns when it has been given to the network. What waits for
// acknowledgements goes on waiting, and what is written meanwhile is not waited
// for.
func (w *Writer) Flush() {
	w.mu.Lock()
	defer w.mu.Unlock()
	last, ordered, round := w.m.Last(), false, 0
	for w.flushing || !w.out.Empty() {
		if !ordered && w.m.Ordered() >= last {
			ordered, round = true, w.burst.begun
			if !w.out.Empty() {
				round++ // the next takes all of it
			}
		}
		if ordered && w.burst.ended >= round {
			return
		}
		w.catchUp()
	}
}

// drain waits until everything that may be sent is. mu is held before and after,
// but not in between.
func (w *Writer) drain() {
	for w.flushing || !w.out.Empty() {
		w.catchUp()
	}
}

// holdBack waits while the writing is too far ahead of the sending. mu is held
// before and after, but not in between.
func (w *Writer) holdBack() {
	for w.burst.unsent > maxUnsent && !w.closed {
		w.catchUp()
	}
}

// catchUp sends, or waits until who sends has taken all there is or ended. mu is
// held before and after, but not in between.
func (w *Writer) catchUp() {
	if !w.flushing {
		if now := time.Now(); w.out.Empty() && due(w.m.Next(), now) {
			w.m.Advance(now, &w.out)
		}
		w.flush()
		w.mu.Lock()
		return
	}
	ch := w.caughtUp.join()
	w.mu.Unlock()
	<-ch
	w.mu.Lock()
	w.caughtUp.leave(ch)
}

// latency returns how long a sample may wait to be sent with others.
// DDS 1.4, 2.2.3.8: a hint; half of it is left to the way.
func latency(q *qos.Writer) time.Duration {
	if q.LatencyBudget <= 0 || q.LatencyBudget >= time.Hour {
		return 0
	}
	return time.Duration(q.LatencyBudget) / 2
}
