package admission

import (
	"hash/fnv"
	"time"

	"github.com/secdds/dds/rtps"
)

// passers remember strangers that could not wait, for those that come again are
// more likely to be real. They forget some: newer ones take their place.
type passers []passer

type passer struct {
	hash uint32
	at   uint32 // in tenths of a second; 0: nobody
}

const (
	maxPassers   = 1 << 15 // 256 KiB
	passersSince = 40      // seconds. Interop: Cyclone DDS announces itself every 30 s
)

func tenths(now time.Time) uint32 { return uint32(now.UnixMilli() / 100) }

func hashOf(prefix rtps.GUIDPrefix) uint32 {
	h := fnv.New32a()
	_, _ = h.Write(prefix[:])
	return h.Sum32()
}

func (p *passers) note(now time.Time, prefix rtps.GUIDPrefix) {
	if *p == nil {
		*p = make(passers, maxPassers)
	}
	h := hashOf(prefix)
	(*p)[h%maxPassers] = passer{h, tenths(now)}
}

// saw reports whether the stranger was noted some time ago.
func (p passers) saw(now time.Time, prefix rtps.GUIDPrefix) bool {
	if p == nil {
		return false
	}
	h := hashOf(prefix)
	q := p[h%maxPassers]
	age := tenths(now) - q.at
	return q.hash == h && q.at != 0 && age >= 2 && age < 10*passersSince
}
