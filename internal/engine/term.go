package engine

import (
	"math"
	"time"
)

// A term is the end of something that lasts until a date. It is over when the
// wall clock shows the date, or when as much time has passed as there was left
// when it began: setting the clock back prolongs nothing (CVE-2025-67109).
type term struct {
	date time.Time     // by the wall clock; zero: it has no end
	end  time.Duration // by the monotonic clock
}

// A reading is what the two clocks of the machine show.
type reading struct {
	wall time.Time
	mono time.Duration // since some moment in the past
}

func (t term) over(r reading) bool {
	return !t.date.IsZero() && (!r.wall.Before(t.date) || r.mono >= t.end)
}

// in is how long the term lasts at most; it has an end.
func (t term) in(r reading) time.Duration {
	return max(0, min(t.date.Sub(r.wall), t.end-r.mono))
}

func termOf(r reading, date time.Time) term {
	if date.IsZero() {
		return term{}
	}
	// Certificates without an end have the date 9999-12-31 (RFC 5280, 4.1.2.5),
	// and what is longer than 292 years is no more than that.
	left := max(0, date.Sub(r.wall))
	return term{date, r.mono + min(left, math.MaxInt64-r.mono)}
}

// clocks read both clocks and notice when the wall clock jumps.
type clocks struct {
	start time.Time
	last  reading
	skew  func() time.Duration // tests set the wall clock with it; nil: it is right
}

func newClocks() clocks {
	c := clocks{start: time.Now()}
	c.last = c.read(c.start)
	return c
}

// read reads the clocks; now comes from time.Now.
func (c *clocks) read(now time.Time) reading {
	r := reading{wall: now.Round(0), mono: now.Sub(c.start)}
	if c.skew != nil {
		r.wall = r.wall.Add(c.skew())
	}
	return r
}

func (c *clocks) term(now, date time.Time) term { return termOf(c.read(now), date) }

// leastJump is from when on a difference between the clocks is more than
// somebody keeping the time.
const leastJump = 2 * time.Second

// jumped returns by how much the wall clock was set since the last call.
func (c *clocks) jumped(r reading) (d time.Duration) {
	d = r.wall.Sub(c.last.wall) - (r.mono - c.last.mono)
	c.last = r
	if d.Abs() < leastJump {
		return 0
	}
	return d
}

// first returns the earlier of two dates, of which a zero one never comes.
func first(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
