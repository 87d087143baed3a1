package admission

import (
	"slices"
	"time"
)

// A work is what waits for a Bucket: at most one job of each peer.
type work struct {
	bucket Bucket
	jobs   []Job
}

// order orders a slow call of p, now or when it may be made: f runs on a worker;
// what it returns, on the loop. Every handshake
// message may be forged, so what one costs is limited, also what one in the
// name of an authenticated peer does.
func (g *Gate) order(now time.Time, p *Peer, f func() func(time.Time, *Outbox), out *Outbox) {
	p.busy = true
	w := &g.work
	if p.state == peerAuthed {
		w = &g.rework
	}
	w.jobs = append(w.jobs, Job{Peer: p, Run: func() { p.result = f() }})
	g.release(now, w, out)
}

// release orders what the bucket allows.
func (g *Gate) release(now time.Time, w *work, out *Outbox) {
	if b := g.bounds(); w.bucket.Rate == 0 {
		w.bucket.Rate, w.bucket.Burst = b.Jobs, b.JobBurst
		if w == &g.rework {
			w.bucket.Rate, w.bucket.Burst = b.Jobs/2, max(1, b.JobBurst/2)
		}
	}
	for len(w.jobs) > 0 && w.bucket.Take(now) {
		first := 0
		for i := range w.jobs {
			if w.jobs[i].Peer.rank() < w.jobs[first].Peer.rank() {
				first = i
			}
		}
		w.jobs[first].Peer.jobs++
		out.Jobs = append(out.Jobs, w.jobs[first])
		w.jobs = slices.Delete(w.jobs, first, first+1)
	}
}

// rank says whose job comes first: that of a peer that has shown a valid
// certificate, then of one that has sent something; last of one that has cost
// more than a handshake does.
func (p *Peer) rank() int {
	switch {
	case p.jobs > 4:
		return 3
	case p.proven:
		return 0
	case p.heard:
		return 1
	}
	return 2
}

// cancel takes back the job of p that was not ordered yet.
func (g *Gate) cancel(p *Peer) {
	for _, w := range []*work{&g.work, &g.rework} {
		w.jobs = slices.DeleteFunc(w.jobs, func(j Job) bool { return j.Peer == p })
	}
}

// Next reports when Advance is due; the zero time means never.
func (g *Gate) Next(now time.Time) (next time.Time) {
	for _, w := range []*work{&g.work, &g.rework} {
		if len(w.jobs) > 0 {
			next = sooner(next, w.bucket.Next(now))
		}
	}
	l := &g.lobby
	if len(l.waiting) == 0 {
		return next
	}
	if l.evictAt.IsZero() || len(l.seats) < g.bounds().Handshakes {
		return now
	}
	return sooner(next, l.evictAt)
}

// Advance does what has come due by now for all peers together. The peers are
// advanced one by one, besides.
func (g *Gate) Advance(now time.Time, out *Outbox) {
	g.release(now, &g.work, out)
	g.release(now, &g.rework, out)
	g.callIn(now, out)
}
