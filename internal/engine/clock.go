package engine

import "time"

// A clock tells the time of a sample at half the price of time.Now, which reads
// two clocks: it reads the one that only goes forward and adds it to a time that
// is at most clockAge old. Guarded by the mutex of the cell it belongs to.
type clock struct{ base time.Time }

const clockAge = time.Millisecond

func (c *clock) now() time.Time {
	if d := time.Since(c.base); d < clockAge && d >= 0 {
		return c.base.Add(d)
	}
	c.base = time.Now()
	return c.base
}
