package admission

import "time"

// A Bucket limits how often something happens: it holds up to Burst tokens,
// gets Rate of them a second, and begins full.
type Bucket struct {
	Rate  float64 // tokens a second, more than 0
	Burst float64 // at least 1

	spent float64
	at    time.Time // when spent was right
}

func (b *Bucket) refill(now time.Time) {
	if d := now.Sub(b.at); d > 0 {
		b.spent = max(0, b.spent-b.Rate*d.Seconds())
		b.at = now
	}
}

// Take takes a token. It reports false when there is none.
func (b *Bucket) Take(now time.Time) bool {
	b.refill(now)
	if b.spent+1 > b.Burst {
		return false
	}
	b.spent++
	return true
}

// Next returns when there is a token.
func (b *Bucket) Next(now time.Time) time.Time {
	b.refill(now)
	if b.spent+1 <= b.Burst {
		return now
	}
	return now.Add(time.Duration((b.spent+1-b.Burst)/b.Rate*float64(time.Second)) + time.Microsecond)
}
