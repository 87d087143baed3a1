// Package bufpool lends buffers of a few sizes, and no more than a ceiling of
// them. It is a leaf of the shell: safe for concurrent use, never blocking.
package bufpool

import (
	"fmt"
	"sync"
)

// classes are the sizes kept for reuse, in octets: a message within the MTU, a
// larger sample, and the largest datagram.
var classes = [...]int{2 << 10, 16 << 10, 64 << 10}

// A Config configures a Pool. The zero Config is valid.
type Config struct {
	// Ceiling bounds the octets of all buffers, lent and kept. If zero, 64 MiB.
	Ceiling int
	// Poison overwrites what is given back, so that a use after that shows.
	// It is for tests.
	Poison bool
}

// A Pool lends buffers.
type Pool struct {
	cfg Config

	mu   sync.Mutex
	free [len(classes)][]*Buffer // guarded by mu, as is all below
	size int                     // octets lent and kept
	lent int                     // buffers lent
}

// A Buffer is lent by a Pool until Release.
type Buffer struct {
	// B has the length asked for; its capacity is that of the size class. The
	// contents are arbitrary. It may be resliced: Release restores it.
	B []byte

	pool  *Pool
	all   []byte
	class int  // -1: larger than any, not kept
	lent  bool // guarded by pool.mu
}

// New returns an empty pool.
func New(cfg Config) *Pool {
	if cfg.Ceiling <= 0 {
		cfg.Ceiling = 64 << 20
	}
	return &Pool{cfg: cfg}
}

// Get lends a buffer of n octets; nil where the ceiling forbids it, which the
// caller treats as a lost datagram. Of more than 64 KiB the pool lends, but
// keeps none.
func (p *Pool) Get(n int) *Buffer {
	if n < 0 {
		panic(fmt.Sprintf("BUG: bufpool: a buffer of %d octets", n))
	}
	class, size := -1, n
	for c, s := range classes {
		if n <= s {
			class, size = c, s
			break
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if class >= 0 {
		if k := len(p.free[class]); k > 0 {
			b := p.free[class][k-1]
			p.free[class][k-1] = nil
			p.free[class] = p.free[class][:k-1]
			b.B, b.lent = b.all[:n], true
			p.lent++
			return b
		}
	}
	if !p.fit(size) {
		return nil
	}
	p.size += size
	p.lent++
	b := &Buffer{pool: p, all: make([]byte, size), class: class, lent: true}
	b.B = b.all[:n]
	return b
}

// fit drops kept buffers, the largest first, until size more octets are within
// the ceiling.
func (p *Pool) fit(size int) bool {
	for c := len(classes) - 1; c >= 0; c-- {
		for len(p.free[c]) > 0 && size > p.cfg.Ceiling-p.size {
			k := len(p.free[c]) - 1
			p.free[c][k] = nil
			p.free[c] = p.free[c][:k]
			p.size -= classes[c]
		}
	}
	return size <= p.cfg.Ceiling-p.size
}

// Release gives b back. Nothing may use its bytes afterwards. It panics when b
// was given back before.
func (b *Buffer) Release() {
	p := b.pool
	if p == nil {
		panic("BUG: bufpool: a buffer of no pool is released")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !b.lent {
		panic("BUG: bufpool: a buffer is released twice")
	}
	b.lent, b.B = false, nil
	p.lent--
	if p.cfg.Poison {
		for i := range b.all {
			b.all[i] = 0xdb
		}
	}
	if b.class < 0 {
		p.size -= len(b.all)
		return
	}
	p.free[b.class] = append(p.free[b.class], b)
}

// Detach takes b out of the pool for good and returns its B: for a payload that
// the history keeps. It panics when b was given back before.
func (b *Buffer) Detach() []byte {
	p := b.pool
	if p == nil {
		panic("BUG: bufpool: a buffer of no pool is detached")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !b.lent {
		panic("BUG: bufpool: a released buffer is detached")
	}
	out := b.B
	b.lent, b.B = false, nil
	p.lent--
	p.size -= len(b.all)
	return out
}

// Lent returns how many buffers are lent: zero when all is closed, as tests check.
func (p *Pool) Lent() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.lent
}
