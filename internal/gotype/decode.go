package gotype

import (
	"fmt"
	"unsafe"

	"github.com/secdds/dds/cdr"
)

// Decode decodes a SerializedPayload into v. It takes XCDR1 and XCDR2, final
// and delimited, in either byte order. What v gets is a copy of payload.
//
// Slices in v are reused if their capacity suffices, and a string that is
// equal already is left alone, so that decoding into the same variable again
// and again need not allocate. Of an appendable type, members at the end that
// were not sent become zero, and sent members that are unknown are skipped.
//
// The error matches [cdr.ErrMalformed] and names the field; v has then been
// overwritten in part. What is allocated is in proportion to payload, by a
// factor that the Go type determines (a struct per few octets at worst).
func (t *Type) Decode(payload []byte, v unsafe.Pointer) error {
	return t.decode(payload, v, t.whole)
}

// DecodeLent is Decode into a variable that is lent for as long as payload is
// left alone: slices of primitives lie in payload where its byte order and its
// place in memory allow that, and in memory of their own where not. A variable
// that was decoded so must not be given to Decode.
func (t *Type) DecodeLent(payload []byte, v unsafe.Pointer) error {
	id, content, err := t.open(payload)
	if err != nil {
		return err
	}
	d := decoder{lend: true}
	d.r.Reset(content, id)
	d.outer(t.whole, v, id.Delimited())
	return d.err(t)
}

// DecodeKey decodes a SerializedPayload sent with flag K into the key members
// of v, and leaves the others alone. A key that lacks a member is refused.
//
// Interop: Cyclone DDS 0.10 leaves the DHEADERs of types out of the keys it
// sends in XCDR2, D_CDR2 or not; later versions put them in. Both are taken:
// the whole content must fit the key one way or the other.
func (t *Type) DecodeKey(payload []byte, v unsafe.Pointer) error {
	id, content, err := t.open(payload)
	if err != nil {
		return err
	}
	d := decoder{r: cdr.NewReader(content, id), closed: true}
	d.outer(t.key, v, id.Delimited())
	if d.r.Err() == nil && (d.r.Len() < 4 || !id.V2()) { // less than 4 may be padding
		return nil
	}
	if id.V2() {
		flat := decoder{r: cdr.NewReader(content, id), closed: true, flat: true}
		flat.outer(t.key, v, false)
		if flat.r.Err() == nil && flat.r.Len() < 4 {
			return nil
		}
		d.r.Fail(cdr.ErrLength) // unless there is a failure already
	}
	return d.err(t)
}

func (t *Type) decode(payload []byte, v unsafe.Pointer, p plan) error {
	id, content, err := t.open(payload)
	if err != nil {
		return err
	}
	var d decoder
	d.r.Reset(content, id)
	d.outer(p, v, id.Delimited())
	return d.err(t)
}

// open returns the content of payload and how it is encoded.
func (t *Type) open(payload []byte) (cdr.ID, []byte, error) {
	h, content, err := cdr.ParseHeader(payload)
	if err == nil && h.ID.Mutable() {
		err = errMutable
	}
	if err != nil {
		return 0, nil, fmt.Errorf("decode %s: %w", t.name, err)
	}
	if t.ext == Appendable {
		content = h.Trim(content) // where it ends tells which members are there
	}
	return h.ID, content, nil
}

// A decoder carries out plans.
type decoder struct {
	r      cdr.Reader
	closed bool // every member must be there
	flat   bool // types have no DHEADER
	lend   bool // slices of primitives may lie in the input
	bad    *op  // the first op that failed
}

var errMutable = fmt.Errorf("%w: parameter lists (mutable types) are not supported", cdr.ErrMalformed)

// outer decodes the outermost type.
func (d *decoder) outer(p plan, v unsafe.Pointer, delimited bool) {
	if !delimited {
		d.run(p, v, true)
		return
	}
	mark := d.r.Begin()
	if d.r.Err() == nil {
		d.run(p, v, true)
	}
	d.leave(mark)
}

// leave ends a delimited struct.
func (d *decoder) leave(mark int) {
	if d.closed {
		d.r.EndExact(mark)
	} else {
		d.r.End(mark)
	}
}

// err returns what went wrong, and where in t.
func (d *decoder) err(t *Type) error {
	switch err := d.r.Err(); {
	case err == nil:
		return nil
	case d.bad == nil:
		return fmt.Errorf("decode %s: %w", t.name, err)
	default:
		return fmt.Errorf("decode %s: field %s: %w", t.name, d.bad.path, err)
	}
}

// errBound refuses what is longer than the type says.
var errBound = fmt.Errorf("%w: longer than its bound", cdr.ErrMalformed)

// run decodes into the value at base. If open, the writer's type may end
// before ours does: where nothing is left, the other members become zero.
func (d *decoder) run(p plan, base unsafe.Pointer, open bool) {
	for i := range p {
		o := &p[i]
		if open && o.first && !d.closed && d.r.Len() == 0 && d.r.Err() == nil {
			p[i:].zero(base)
			return
		}
		v := o.at(base)
		switch o.kind {
		case opRun:
			d.fixed(o, v)
		case opBools:
			d.bools(o, v, o.n)
		case opString:
			d.str(o, (*string)(v))
		case opArray:
			d.array(o, v)
		case opDelim:
			d.delimited(o, v)
		default:
			d.sequence(o, (*slice)(v))
		}
		if d.r.Err() != nil {
			if d.bad == nil {
				d.bad = o
			}
			return
		}
	}
}

// at returns where o's value stands in the value at base: nowhere, if nobody
// wants it.
func (o *op) at(base unsafe.Pointer) unsafe.Pointer {
	if o.skip {
		return nil
	}
	return unsafe.Add(base, o.off)
}

// element returns where element i of the collection at v stands.
func (o *op) element(v unsafe.Pointer, i int) unsafe.Pointer {
	if o.skip {
		return nil
	}
	return unsafe.Add(v, uintptr(i)*o.stride)
}

// fixed decodes one or more primitives.
func (d *decoder) fixed(o *op, v unsafe.Pointer) {
	if o.n > 1 || o.dheader || o.skip {
		mark := d.begin(o)
		if o.skip {
			d.r.Skip(o.size, o.n)
		} else {
			d.r.Native(o.size, unsafe.Slice((*byte)(v), o.n*o.size))
		}
		d.end(mark)
		return
	}
	switch o.size {
	case 1:
		*(*uint8)(v) = d.r.Uint8()
	case 2:
		*(*uint16)(v) = d.r.Uint16()
	case 4:
		*(*uint32)(v) = d.r.Uint32()
	case 8:
		*(*uint64)(v) = d.r.Uint64()
	}
}

// bools decodes n booleans; a Go bool must never be anything but 0 or 1.
func (d *decoder) bools(o *op, v unsafe.Pointer, n int) {
	b := d.r.Bytes(n)
	for _, c := range b {
		if c > 1 {
			d.r.Fail(cdr.ErrBool)
			return
		}
	}
	if !o.skip && len(b) > 0 {
		copy(unsafe.Slice((*byte)(v), n), b)
	}
}

func (d *decoder) str(o *op, v *string) {
	b := d.r.StringBytes()
	switch {
	case o.bound > 0 && len(b) > o.bound:
		d.r.Fail(errBound)
	case d.r.Err() == nil && !o.skip && *v != string(b):
		*v = string(b)
	}
}

// delimited decodes a struct that has a DHEADER in XCDR2.
func (d *decoder) delimited(o *op, v unsafe.Pointer) {
	if d.flat || !d.r.V2() {
		d.run(o.sub, v, false)
		return
	}
	mark := d.r.Begin()
	if !o.skip {
		d.run(o.sub, v, true)
	}
	d.leave(mark)
}

// begin enters the DHEADER of a collection, if it has one; else it returns -1.
func (d *decoder) begin(o *op) int {
	if o.dheader && d.r.V2() {
		return d.r.Begin()
	}
	return -1
}

// end leaves what begin entered.
func (d *decoder) end(mark int) {
	if mark >= 0 {
		d.r.EndExact(mark)
	}
}

func (d *decoder) array(o *op, v unsafe.Pointer) {
	mark := d.begin(o)
	if o.skip && mark >= 0 {
		d.r.End(mark)
		return
	}
	for i := 0; i < o.n && d.r.Err() == nil; i++ {
		d.run(o.sub, o.element(v, i), false)
	}
	d.end(mark)
}

// sequence decodes into the slice v.
func (d *decoder) sequence(o *op, v *slice) {
	mark := d.begin(o)
	least := o.least[0]
	if d.r.V2() {
		least = o.least[1]
	}
	n := d.r.Length(least)
	switch {
	case o.bound > 0 && n > o.bound:
		d.r.Fail(errBound)
	case o.skip:
		d.skipElements(o, n)
	case o.sub != nil:
		d.elements(o, v, n)
	case o.kind == opSeqBool:
		if n > v.cap {
			*v = grown(o.typ, slice{}, n)
		}
		v.len = n
		d.bools(o, v.data, n)
	default:
		d.primitives(o, v, n)
	}
	d.end(mark)
}

// primitives decodes n primitives into v. New memory is not cleared before it
// is filled, which takes as long as filling it; it holds no pointers, and any
// that holds whole primitives is aligned for them.
func (d *decoder) primitives(o *op, v *slice, n int) {
	if d.lend {
		if mem := d.r.Borrow(o.size, n); mem != nil || n == 0 {
			*v = slice{data: unsafe.Pointer(unsafe.SliceData(mem)), len: n, cap: n}
			return
		}
	} else if n <= v.cap {
		v.len = n
		d.r.Native(o.size, unsafe.Slice((*byte)(v.data), n*o.size))
		return
	}
	mem := d.r.AppendNative(nil, o.size, n)
	*v = slice{data: unsafe.Pointer(unsafe.SliceData(mem)), len: len(mem) / o.size, cap: cap(mem) / o.size}
}

// elements decodes n elements that are not primitive. Length has seen to it
// that n*least octets are there; where the Go type is much larger than that,
// memory is had by and by, as elements turn out to be well-formed.
func (d *decoder) elements(o *op, v *slice, n int) {
	const generous = 16 // octets of memory for one of the input that may yet be bad
	v.len = min(n, v.cap)
	for i := range n {
		if i == v.len {
			afford := max(generous*d.r.Len()/int(o.stride), 1)
			*v = grown(o.typ, *v, min(n, max(2*i, afford)))
		}
		d.run(o.sub, o.element(v.data, i), false)
		if d.r.Err() != nil {
			return
		}
	}
	v.len = n
}

func (d *decoder) skipElements(o *op, n int) {
	if o.sub == nil {
		d.r.Skip(o.size, n)
		return
	}
	for i := 0; i < n && d.r.Err() == nil; i++ {
		d.run(o.sub, nil, false)
	}
}

// zero sets what p decodes to zero. Slices keep their capacity.
func (p plan) zero(base unsafe.Pointer) {
	for i := range p {
		o := &p[i]
		if o.skip {
			continue
		}
		v := unsafe.Add(base, o.off)
		switch o.kind {
		case opRun, opBools:
			clear(unsafe.Slice((*byte)(v), o.n*o.size))
		case opString:
			*(*string)(v) = ""
		case opArray:
			for i := range o.n {
				o.sub.zero(unsafe.Add(v, uintptr(i)*o.stride))
			}
		case opDelim:
			o.sub.zero(v)
		default:
			(*slice)(v).len = 0
		}
	}
}
