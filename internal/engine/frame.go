package engine

import (
	"sync"
	"sync/atomic"
)

// A frame is the memory one datagram, or several that the kernel joined, is
// received into. A long sample stays where it came until it is taken: the cache
// then holds the frame.
type frame struct {
	b    []byte // of maxDatagram octets
	held atomic.Int32
	home *frames
}

// hold says that something in f is kept for longer than the interpretation of
// its message.
func (f *frame) hold() { f.held.Add(1) }

// release takes back one hold. Whoever is last gives f back.
func (f *frame) release() {
	if f.held.Add(-1) == 0 {
		f.home.put(f)
	}
}

// Bounds of what stays in frames.
const (
	leastLease  = 4 << 10 // octets of a sample; shorter ones are copied
	maxLeases   = 64      // samples of a reader; further ones are copied
	spareFrames = 64      // 4 MiB
)

// frames keeps frames for another use.
type frames struct {
	mu   sync.Mutex
	free []*frame
}

func (p *frames) get() *frame {
	p.mu.Lock()
	var f *frame
	if n := len(p.free); n > 0 {
		f, p.free = p.free[n-1], p.free[:n-1]
	}
	p.mu.Unlock()
	if f == nil {
		f = &frame{b: make([]byte, maxDatagram), home: p}
	}
	f.held.Store(1) // of the receiver
	return f
}

func (p *frames) put(f *frame) {
	p.mu.Lock()
	if len(p.free) < spareFrames {
		p.free = append(p.free, f)
	}
	p.mu.Unlock()
}
