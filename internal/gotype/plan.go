package gotype

import "reflect"

// A plan is what to do, in order, to encode or decode one value.
type plan []op

// An op encodes or decodes what stands off octets into the value.
type op struct {
	kind    opKind
	size    int     // opRun, opSeqRun: octets of an element
	first   bool    // begins a member that an older writer may not have sent
	skip    bool    // decoding passes over it; the value is not touched
	dheader bool    // the collection has a DHEADER in XCDR2
	off     uintptr // in the value
	n       int     // opRun, opBools, opArray: elements
	bound   int     // opString, opSeq…: largest length, 0: any
	least   [2]int  // opSeq: octets of an element on the wire, in XCDR1 and XCDR2
	stride  uintptr // opSeq, opArray: octets of an element in Go
	typ     reflect.Type
	sub     plan // opSeq, opArray: an element. opDelim: the members
	path    string
}

type opKind uint8

const (
	opRun     opKind = iota // n primitives of equal size, side by side in Go too
	opBools                 // n booleans, likewise
	opString                // a string
	opSeqRun                // a slice of primitives
	opSeqBool               // a slice of booleans
	opSeq                   // a slice of anything else
	opArray                 // an array of anything else
	opDelim                 // an appendable struct: delimited in XCDR2
)

// A mode says which members a plan is about.
type mode uint8

const (
	all        mode = iota // every member
	keyOnly                // the key holder
	scanForKey             // every member is there, those of the key are wanted
	skipAll                // every member is there, none is wanted
)

// plan returns the plan for the members of the struct n.
func (n *node) plan(m mode) plan {
	p := n.members(nil, 0, m)
	for m == scanForKey && p[len(p)-1].skip {
		p = p[:len(p)-1] // nothing of interest follows
	}
	return p
}

// members appends the plan of the members of the struct n at offset off.
func (n *node) members(p plan, off uintptr, m mode) plan {
	fields := n.fields
	if m == keyOnly {
		fields = n.keyFields()
	}
	explicit, start := n.hasKey(), len(p)
	for _, f := range fields {
		fm := m
		if m == scanForKey && explicit && !f.key {
			fm = skipAll
		}
		at := len(p)
		p = f.append(p, off+f.off, fm)
		p[at].first = n.ext == Appendable
		if at > start && p[at-1].mergeable(&p[at]) {
			p[at-1].n += p[at].n
			p = append(p[:at], p[at+1:]...)
		}
	}
	return p
}

// mergeable reports whether o follows p in Go's memory as on the wire.
func (p *op) mergeable(o *op) bool {
	return p.kind == o.kind && (p.kind == opRun || p.kind == opBools) &&
		p.size == o.size && p.skip == o.skip && !o.first && !p.dheader && !o.dheader &&
		p.off+uintptr(p.n*p.size) == o.off
}

// append appends the plan of a value of type n at offset off.
func (n *node) append(p plan, off uintptr, m mode) plan {
	o := op{off: off, skip: m == skipAll, n: 1, bound: n.bound, typ: n.typ, path: n.path}
	if n.elem != nil {
		o.dheader = !n.elem.primitive()
		o.stride = n.elem.typ.Size()
		o.least = [2]int{n.elem.minSize(false, m == keyOnly), n.elem.minSize(true, m == keyOnly)}
	}
	switch n.kind {
	case nodePrim:
		o.kind, o.size = opRun, n.size
	case nodeBool:
		o.kind, o.size = opBools, 1
	case nodeString:
		o.kind = opString
	case nodeSeq:
		switch n.elem.kind {
		case nodePrim:
			o.kind, o.size = opSeqRun, n.elem.size
		case nodeBool:
			o.kind, o.size = opSeqBool, 1
		default:
			o.kind, o.sub = opSeq, n.elem.append(nil, 0, m)
		}
	case nodeArray:
		o.n = n.n
		switch n.elem.kind {
		case nodePrim:
			o.kind, o.size = opRun, n.elem.size
		case nodeBool:
			o.kind, o.size = opBools, 1
		default:
			o.kind, o.sub = opArray, n.elem.append(nil, 0, m)
		}
	case nodeStruct:
		if n.ext != Appendable {
			return n.members(p, off, m)
		}
		o.kind, o.sub = opDelim, n.members(nil, 0, m)
	}
	return append(p, o)
}
