package gotype

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"unsafe"

	"github.com/secdds/dds/cdr"
)

// Append appends v to b as a SerializedPayload: encapsulation header, content
// in little-endian order, and padding to a multiple of 4 octets, counted in
// the header's options. It allocates only to make room in b, in advance for what
// is not very long.
//
// The representation identifier is CDR_LE in XCDR1; in XCDR2 it is CDR2_LE for
// a final type, D_CDR2_LE for an appendable one. XTypes 1.3, 7.6.3.1.2.
//
// It fails, and returns b as it was, if a string holds a NUL or something is
// longer than its bound; the error names the field.
func (t *Type) Append(b []byte, v unsafe.Pointer, rep Representation) ([]byte, error) {
	return t.append(b, v, rep, t.whole)
}

// AppendKey appends the key of v to b as the SerializedPayload that goes with
// flag K: as Append does, but of the key holder, which has the members of the
// key only. It is empty for a type without key.
//
// XTypes 1.3, 7.6.8: the key holder keeps the type's extensibility, so that it
// has a DHEADER in XCDR2 where the whole has one.
//
// Interop: Cyclone DDS does so since 11; version 0.10 writes, and expects, keys
// without it. Fast DDS sends no keys at all, but PID_KEY_HASH.
func (t *Type) AppendKey(b []byte, v unsafe.Pointer, rep Representation) ([]byte, error) {
	return t.append(b, v, rep, t.key)
}

func (t *Type) append(b []byte, v unsafe.Pointer, rep Representation, p plan) ([]byte, error) {
	id, err := t.id(rep)
	if err != nil {
		return b, err
	}
	start := len(b)
	if n := t.room(v); n > cap(b)-start {
		b = slices.Grow(b, n)
	}
	var e encoder
	e.w.Reset(cdr.AppendHeader(b, id), id)
	mark := 0
	if id.Delimited() {
		mark = e.w.Begin()
	}
	e.run(p, v)
	if e.bad != nil {
		return b, fmt.Errorf("encode %s: field %s: %s", t.name, e.bad.path, e.why)
	}
	if id.Delimited() {
		e.w.End(mark)
	}
	return cdr.Pad(e.w.B, start), nil
}

// An encoder carries out plans.
type encoder struct {
	w    cdr.Writer
	hash bool   // for a key hash: types are taken as final, any string will do
	bad  *op    // the first op that failed
	why  string // and why
}

func (e *encoder) fail(o *op, why string) {
	if e.bad == nil {
		e.bad, e.why = o, why
	}
}

// run encodes the value at base.
func (e *encoder) run(p plan, base unsafe.Pointer) {
	for i := range p {
		o := &p[i]
		v := unsafe.Add(base, o.off)
		switch o.kind {
		case opRun:
			e.fixed(o, v)
		case opBools:
			e.w.Raw(unsafe.Slice((*byte)(v), o.n))
		case opString:
			e.str(o, *(*string)(v))
		case opDelim:
			if e.hash || !e.w.V2() {
				e.run(o.sub, v)
				continue
			}
			mark := e.w.Begin()
			e.run(o.sub, v)
			e.w.End(mark)
		default:
			e.collection(o, v)
		}
	}
}

// fixed encodes one or more primitives.
func (e *encoder) fixed(o *op, v unsafe.Pointer) {
	if o.n > 1 || o.dheader {
		mark := e.begin(o)
		e.w.Native(o.size, unsafe.Slice((*byte)(v), o.n*o.size))
		e.end(mark)
		return
	}
	switch o.size {
	case 1:
		e.w.Uint8(*(*uint8)(v))
	case 2:
		e.w.Uint16(*(*uint16)(v))
	case 4:
		e.w.Uint32(*(*uint32)(v))
	case 8:
		e.w.Uint64(*(*uint64)(v))
	}
}

func (e *encoder) str(o *op, s string) {
	switch {
	case e.hash: // whatever it holds, it has a hash
	case strings.IndexByte(s, 0) >= 0:
		e.fail(o, "a string cannot hold a NUL")
	case o.bound > 0 && len(s) > o.bound || len(s) >= math.MaxInt32:
		e.fail(o, fmt.Sprintf("the string has %d octets, more than its bound", len(s)))
	}
	e.w.String(s)
}

// begin opens the DHEADER of a collection, if it has one; else it returns -1.
func (e *encoder) begin(o *op) int {
	if o.dheader && e.w.V2() {
		return e.w.Begin()
	}
	return -1
}

// end fills in what begin opened.
func (e *encoder) end(mark int) {
	if mark >= 0 {
		e.w.End(mark)
	}
}

// collection encodes a slice, or an array of what is not primitive.
func (e *encoder) collection(o *op, v unsafe.Pointer) {
	mark := e.begin(o)
	n := o.n
	if o.kind != opArray {
		s := *(*slice)(v)
		if o.bound > 0 && s.len > o.bound || s.len > math.MaxInt32 {
			e.fail(o, fmt.Sprintf("the sequence has %d elements, more than its bound", s.len))
			return
		}
		e.w.Uint32(uint32(s.len))
		v, n = s.data, s.len
	}
	if o.sub == nil {
		if n > 0 {
			e.w.Native(o.size, unsafe.Slice((*byte)(v), n*o.size))
		}
	} else {
		for i := range n {
			e.run(o.sub, unsafe.Add(v, uintptr(i)*o.stride))
		}
	}
	e.end(mark)
}
