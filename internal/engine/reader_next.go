package engine

import (
	"time"

	"github.com/secdds/dds/internal/history"
)

// Taking sample by sample out of a full cache would ask for one more each time:
// an ACKNACK per sample. The machine goes on when there is room for some, when
// nothing is left to take, and at the latest when resumeWithin has passed.
const (
	resumeRoom   = 64 // samples
	resumeWithin = time.Millisecond
)

// TakeNext recycles *e, which is zero or what the call before took, and takes
// the next sample that q chooses into it. If there is none *e is zero again.
// DDS 1.4, 2.2.2.5.3.13.
func (r *Reader) TakeNext(e *[1]history.Entry, q history.Query) (ok bool) {
	r.mu.Lock()
	r.recycle(e[:])
	held := true
	defer func() {
		if held { // q.Match panicked
			r.mu.Unlock()
		}
	}()
	full := r.cache.Room() == 0
	ok = len(r.cache.Take(e[:0], 1, q)) > 0
	held = false
	room := r.cache.Room()
	begins := full && room != 0 && !r.closed
	switch {
	case !ok:
		e[0] = history.Entry{}
	case !r.closed:
		r.m.SetRoom(room)
		r.resuming = r.resuming || begins
	}
	if r.resume(!ok || room >= resumeRoom || r.cache.Len() == 0); begins {
		r.p.sched.wake(r, time.Now().Add(resumeWithin))
	}
	return ok
}

// EndNext recycles *e, the last that TakeNext took.
func (r *Reader) EndNext(e *[1]history.Entry) {
	r.mu.Lock()
	r.recycle(e[:])
	e[0] = history.Entry{}
	r.resume(true)
}

// resume has the machine make use of new room, if there is any and it is to be
// done now. mu is held at entry and free at return.
func (r *Reader) resume(now bool) {
	if !now || !r.resuming || r.closed {
		r.mu.Unlock()
		return
	}
	r.resuming = false
	at := time.Now()
	r.m.Advance(at, &r.out)
	r.flushAside(at)
}
