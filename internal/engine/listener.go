package engine

import (
	"sync/atomic"
	"time"

	"github.com/secdds/dds/internal/history"
)

// A listener is what the application has called when there are samples. Its
// calls never overlap, and what comes during a call leads to another one.
type listener struct {
	f    atomic.Pointer[func()] // nil: none; set with the reader's mu held
	news atomic.Bool            // samples came for which no call has begun
	busy atomic.Bool            // a call is under way
}

// listenRounds is how many calls a goroutine makes in a row. What then comes
// is left to the scheduler: a socket is waiting for its reader.
const listenRounds = 4

// note says that samples came. The reader's mu is held, so that who sets a
// listener and then looks into the cache misses none.
func (l *listener) note() {
	if l.f.Load() != nil {
		l.news.Store(true)
	}
}

// tell calls the listener if there is news, so many times at most, and reports
// whether there is more. Where a call is under way, whoever makes it looks for
// news after it: this order of the two flags is why nothing is missed.
func (l *listener) tell(rounds int) (more bool) {
	for l.news.Load() && !l.busy.Load() {
		if rounds == 0 {
			return true
		}
		if l.busy.CompareAndSwap(false, true) {
			l.call()
			rounds--
		}
	}
	return false
}

func (l *listener) call() {
	defer l.busy.Store(false) // even if f panics, which is the application's affair
	l.news.Store(false)
	if f := l.f.Load(); f != nil {
		(*f)()
	}
}

// flush is flushOut for the goroutines that may run the application's code:
// those that read sockets, and the scheduler.
func (r *Reader) flush(now time.Time) {
	r.flushOut(now)
	if r.listener.tell(listenRounds) {
		r.p.sched.wake(r, now)
	}
}

// flushAside is flushOut for the others: the control loop, which the
// application's code may wait for, and the application itself, within a take.
// The scheduler calls the listener in their place.
func (r *Reader) flushAside(now time.Time) {
	r.flushOut(now)
	if r.listener.tell(0) {
		r.p.sched.wake(r, now)
	}
}

// OnData sets what is called when samples have entered the cache; nil: nothing.
// If there are some already it is called now. A closed reader calls nothing.
func (r *Reader) OnData(f func()) {
	r.mu.Lock()
	if f == nil || r.closed {
		r.listener.f.Store(nil)
		r.mu.Unlock()
		return
	}
	r.listener.f.Store(&f)
	if r.cache.Has(history.Query{}) {
		r.listener.note()
	}
	r.mu.Unlock()
	if r.listener.tell(1) {
		r.p.sched.wake(r, time.Now())
	}
}
