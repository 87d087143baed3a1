package engine

import "math/bits"

// A pool keeps buffers for another use, in classes by size. It is bounded, and
// guarded by the mutex of the cell it belongs to.
type pool struct {
	classes [poolClasses][][]byte // class i: of 1<<(i+minClass) octets or more
	octets  int
}

const (
	minClass    = 6  // 64 octets
	poolClasses = 21 // up to 64 MiB
	maxPooled   = 16 << 20
	maxInClass  = 8192
)

// get returns an empty buffer with room for n octets, a used one if there is one.
func (p *pool) get(n int) []byte {
	if b := p.spare(n); b != nil {
		return b
	}
	if c := class(n); c < poolClasses {
		return make([]byte, 0, 1<<(c+minClass))
	}
	return make([]byte, 0, n)
}

// spare returns a used buffer with room for n octets, or nil.
func (p *pool) spare(n int) []byte {
	c := class(n)
	if b := p.pop(c, n); b != nil {
		return b
	}
	// Samples of one size have buffers of one size, which may have been made
	// without this pool: just large enough.
	return p.pop(c-1, n)
}

// pop takes the latest buffer of a class if it has room for n octets.
func (p *pool) pop(c, n int) []byte {
	if c < 0 || c >= poolClasses {
		return nil
	}
	l := p.classes[c]
	last := len(l) - 1
	if last < 0 || cap(l[last]) < n {
		return nil
	}
	b := l[last]
	l[last] = nil
	p.classes[c] = l[:last]
	p.octets -= cap(b)
	return b
}

// put takes a buffer back that nobody needs any more. One of any size is kept,
// further ones up to a limit.
func (p *pool) put(b []byte) {
	n := cap(b)
	if n < 1<<minClass {
		return
	}
	c := bits.Len(uint(n)) - 1 - minClass
	if c >= poolClasses || len(p.classes[c]) >= maxInClass || p.octets > 0 && p.octets+n > maxPooled {
		return
	}
	p.classes[c] = append(p.classes[c], b[:0])
	p.octets += n
}

// class returns the class whose buffers hold n octets.
func class(n int) int { return max(bits.Len(uint(max(n, 1)-1)), minClass) - minClass }
