package gotype

import "unsafe"

// A part is a string or a slice in a value: what makes one payload longer than
// another.
type part struct {
	off  uintptr // in the value
	each int     // octets of an element on the wire, about
}

// extent returns how long what p encodes is, at most, but for its parts. What
// the parts of elements add is not counted.
func (p plan) extent(base uintptr) (fixed int, parts []part) {
	for i := range p {
		o := &p[i]
		if o.dheader {
			fixed = satAdd(fixed, 3+4)
		}
		switch o.kind {
		case opRun, opBools:
			fixed = satAdd(fixed, satAdd(o.size-1, satMul(o.n, o.size)))
		case opString:
			fixed = satAdd(fixed, 3+4+1)
			parts = append(parts, part{base + o.off, 1})
		case opDelim:
			n, sub := o.sub.extent(base + o.off)
			fixed, parts = satAdd(fixed, satAdd(3+4, n)), append(parts, sub...)
		case opArray:
			n, _ := o.sub.extent(0)
			fixed = satAdd(fixed, satMul(o.n, n))
		case opSeqRun, opSeqBool:
			fixed = satAdd(fixed, 3+4+o.size-1)
			parts = append(parts, part{base + o.off, o.size})
		case opSeq:
			n, _ := o.sub.extent(0)
			fixed = satAdd(fixed, 3+4)
			parts = append(parts, part{base + o.off, n})
		}
	}
	return fixed, parts
}

// room returns how much room to make for the payload of v before encoding it:
// what it takes, or somewhat more.
//
// What is long is left to the append that brings it: that grows to what is
// needed, too, but does not clear first what is overwritten at once.
func (t *Type) room(v unsafe.Pointer) int {
	const long = 32 << 10
	n := 4 + 7 + t.fixed + 3 // with the header, a DHEADER and padding
	for i := range t.parts {
		k := &t.parts[i]
		if l := (*lengthy)(unsafe.Add(v, k.off)).len; l < long && k.each < long {
			n += l * k.each
		}
	}
	return min(n, long)
}

// A lengthy is what strings and slices begin with.
type lengthy struct {
	_   unsafe.Pointer
	len int
}
