package gotype

import "reflect"

// A node is a type as the compiler understands it: the tree that plans are
// made from.
type node struct {
	kind   nodeKind
	size   int          // nodePrim: octets, in Go and on the wire
	n      int          // nodeArray: elements, all dimensions multiplied
	bound  int          // nodeString, nodeSeq: 0 is unbounded
	elem   *node        // nodeArray, nodeSeq
	typ    reflect.Type // the Go type
	enum   bool         // nodePrim: not primitive in the eyes of XCDR2
	ext    Extensibility
	fields []field // nodeStruct
	path   string  // for messages: from the outermost type
}

type nodeKind uint8

const (
	nodePrim nodeKind = iota
	nodeBool
	nodeString
	nodeSeq
	nodeArray
	nodeStruct
)

type field struct {
	off uintptr
	key bool
	*node
}

// primitive reports whether collections of n have no DHEADER.
func (n *node) primitive() bool { return n.kind == nodeBool || n.kind == nodePrim && !n.enum }

// hasKey reports whether a struct has key members of its own.
func (n *node) hasKey() bool {
	for _, f := range n.fields {
		if f.key {
			return true
		}
	}
	return false
}

// keyFields returns the members of the key holder made of n: XTypes 1.3,
// 7.6.8.3.1 has it that a key member without key members is key as a whole.
func (n *node) keyFields() []field {
	if !n.hasKey() {
		return n.fields
	}
	var out []field
	for _, f := range n.fields {
		if f.key {
			out = append(out, f)
		}
	}
	return out
}

// minSize returns a lower bound of the encoded size in octets, at least 1: of
// the whole value, or of its key holder.
func (n *node) minSize(v2, key bool) int {
	switch n.kind {
	case nodePrim:
		return n.size
	case nodeBool:
		return 1
	case nodeString:
		return 4
	case nodeSeq:
		return 4 + n.header(v2)
	case nodeArray:
		return n.header(v2) + satMul(n.n, n.elem.minSize(v2, key))
	}
	if n.ext == Appendable && v2 {
		return 4 // a DHEADER; every member may be missing
	}
	fields, sum := n.fields, 0
	if key {
		fields = n.keyFields()
	}
	for _, f := range fields {
		sum = satAdd(sum, f.minSize(v2, key))
	}
	return sum
}

// header returns the size of the DHEADER of a collection.
func (n *node) header(v2 bool) int {
	if v2 && !n.elem.primitive() {
		return 4
	}
	return 0
}

// maxKeySize returns the offset at which n, encoded from offset off as part of
// a key hash, ends at most. Offsets only grow with what precedes them, so the
// largest members make the largest whole.
//
// DDSI-RTPS 2.5, 9.6.4.8; XTypes 1.3, 7.6.8.4: the maximum size decides.
func (n *node) maxKeySize(off int, v2 bool) int {
	switch n.kind {
	case nodeBool:
		return satAdd(off, 1)
	case nodePrim:
		return satAdd(align(off, n.size, v2), n.size)
	case nodeString:
		if n.bound == 0 {
			return tooBig
		}
		return satAdd(align(off, 4, v2), 4+min(n.bound, tooBig)+1)
	case nodeSeq:
		if n.bound == 0 {
			return tooBig
		}
		off = satAdd(align(off, 4, v2), 4+n.header(v2))
		return n.elem.maxRepeat(off, n.bound, v2)
	case nodeArray:
		if h := n.header(v2); h > 0 {
			off = satAdd(align(off, 4, v2), h)
		}
		return n.elem.maxRepeat(off, n.n, v2)
	}
	for _, f := range n.keyFields() {
		off = f.maxKeySize(off, v2)
	}
	return off
}

func (n *node) maxRepeat(off, count int, v2 bool) int {
	for ; count > 0 && off <= 16; count-- { // beyond 16 nobody asks how much
		off = n.maxKeySize(off, v2)
	}
	return off
}

// tooBig stands for every size that is not worth adding to.
const tooBig = 1 << 29

func satAdd(a, b int) int { return min(a+b, tooBig) }

func satMul(a, b int) int {
	if b > 0 && a > tooBig/b {
		return tooBig
	}
	return a * b
}

func align(off, size int, v2 bool) int {
	if v2 {
		size = min(size, 4)
	}
	return off + -off&(size-1)
}
