package cdr

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/bits"
	"unsafe"
)

// A Reader is a sticky cursor over XCDR. Once a read fails, [Reader.Err] says
// why, and every later read yields zero.
//
// Make it with [NewReader] or [Reader.Reset]. Alignment is counted from the start of its input.
type Reader struct {
	b    []byte // the whole input, so that b[off] is at offset off
	off  int
	end  int // <= len(b): where the innermost delimited object ends
	mask int
	big  bool
	err  error
}

// NewReader returns a reader of content, which follows an encapsulation header
// with that id.
func NewReader(content []byte, id ID) (r Reader) {
	r.Reset(content, id)
	return r
}

// Reset makes r what [NewReader] returns, as [Writer.Reset] does for a writer.
func (r *Reader) Reset(content []byte, id ID) {
	r.b, r.off, r.end, r.mask, r.big, r.err = content, 0, len(content), maxAlign(id)-1, id.BigEndian(), nil
}

// V2 reports whether r reads XCDR version 2.
func (r *Reader) V2() bool { return r.mask == 3 }

// Err returns the first failure, or nil. It matches [ErrMalformed].
func (r *Reader) Err() error { return r.err }

// Fail makes r fail with err, unless it has failed already.
func (r *Reader) Fail(err error) {
	if r.err == nil {
		r.err = err
	}
	r.off = r.end
}

// Len returns how many octets are left in the innermost delimited object.
func (r *Reader) Len() int { return r.end - r.off }

// Align skips to a multiple of n, or of the largest alignment if that is less.
func (r *Reader) Align(n int) {
	off := r.off + (-r.off & (n - 1) & r.mask)
	if off > r.end {
		r.Fail(ErrShort)
		return
	}
	r.off = off
}

// take aligns to n and returns the next size octets, or nil if r has failed.
func (r *Reader) take(n, size int) []byte {
	off := r.off + (-r.off & (n - 1) & r.mask)
	if r.err != nil || off > r.end || size > r.end-off {
		r.Fail(ErrShort)
		return nil
	}
	r.off = off + size
	return r.b[off:r.off:r.off]
}

// Uint8 reads an octet, a char or an int8.
func (r *Reader) Uint8() uint8 {
	if b := r.take(1, 1); b != nil {
		return b[0]
	}
	return 0
}

// Bool reads a boolean; other values than 0 and 1 are refused.
func (r *Reader) Bool() bool {
	v := r.Uint8()
	if v > 1 {
		r.Fail(ErrBool)
	}
	return v == 1
}

// Uint16 reads an aligned unsigned short.
func (r *Reader) Uint16() uint16 {
	b := r.take(2, 2)
	switch {
	case b == nil:
		return 0
	case r.big:
		return binary.BigEndian.Uint16(b)
	}
	return binary.LittleEndian.Uint16(b)
}

// Uint32 reads an aligned unsigned long.
func (r *Reader) Uint32() uint32 {
	b := r.take(4, 4)
	switch {
	case b == nil:
		return 0
	case r.big:
		return binary.BigEndian.Uint32(b)
	}
	return binary.LittleEndian.Uint32(b)
}

// Uint64 reads an aligned unsigned long long.
func (r *Reader) Uint64() uint64 {
	b := r.take(8, 8)
	switch {
	case b == nil:
		return 0
	case r.big:
		return binary.BigEndian.Uint64(b)
	}
	return binary.LittleEndian.Uint64(b)
}

// Int8 reads an int8.
func (r *Reader) Int8() int8 { return int8(r.Uint8()) }

// Int16 reads an aligned short.
func (r *Reader) Int16() int16 { return int16(r.Uint16()) }

// Int32 reads an aligned long, which is also what an enumeration is.
func (r *Reader) Int32() int32 { return int32(r.Uint32()) }

// Int64 reads an aligned long long.
func (r *Reader) Int64() int64 { return int64(r.Uint64()) }

// Float32 reads an aligned float.
func (r *Reader) Float32() float32 { return math.Float32frombits(r.Uint32()) }

// Float64 reads an aligned double.
func (r *Reader) Float64() float64 { return math.Float64frombits(r.Uint64()) }

// Length reads the length of a sequence whose elements take least octets or more
// each on the wire (least >= 1). It fails with [ErrLength] if that many cannot
// be left, so that its result may be allocated.
func (r *Reader) Length(least int) int {
	n := r.Uint32()
	// A product of 128 bits, as a division is slow.
	if hi, lo := bits.Mul64(uint64(n), uint64(least)); hi != 0 || lo > uint64(r.Len()) {
		r.Fail(ErrLength)
		return 0
	}
	return int(n)
}

// Bytes returns the next n octets; they alias the input. It returns nil if r
// has failed or n is negative.
func (r *Reader) Bytes(n int) []byte {
	if n < 0 {
		r.Fail(ErrLength)
		return nil
	}
	return r.take(1, n)
}

// StringBytes reads a string and returns it without its NUL; it aliases the
// input. A NUL that is missing, or within the string, is refused: two readers
// could see two different strings in it.
//
// Interop: length 0, with no NUL, is taken as the empty string; some vendors
// send it so.
func (r *Reader) StringBytes() []byte {
	n := r.Length(1)
	if n == 0 {
		return nil
	}
	b := r.take(1, n)
	if b == nil {
		return nil
	}
	if bytes.IndexByte(b, 0) != n-1 {
		r.Fail(ErrString)
		return nil
	}
	return b[:n-1]
}

// String reads a string, as StringBytes does, into new memory.
func (r *Reader) String() string { return string(r.StringBytes()) }

// Native fills mem with primitives of size octets each (1, 2, 4 or 8) in the
// byte order of this machine. An empty mem reads nothing, not even padding.
func (r *Reader) Native(size int, mem []byte) {
	if len(mem) == 0 {
		return
	}
	b := r.take(size, len(mem))
	if b == nil {
		return
	}
	copy(mem, b)
	if r.big == hostLittle {
		swap(size, mem)
	}
}

// AppendNative appends n primitives of size octets each (1, 2, 4 or 8) to mem,
// in the byte order of this machine. None at all reads nothing, not even
// padding. If r fails, mem comes back as it was.
func (r *Reader) AppendNative(mem []byte, size, n int) []byte {
	if n == 0 {
		return mem
	}
	if n < 0 || n > r.Len() { // lest the product overflow
		r.Fail(ErrShort)
		return mem
	}
	at := len(mem)
	mem = append(mem, r.take(size, n*size)...)
	if r.big == hostLittle {
		swap(size, mem[at:])
	}
	return mem
}

// Borrow returns the next n primitives of size octets each (1, 2, 4 or 8) as
// they lie in the input, if that is in the byte order of this machine and
// aligned in memory. Otherwise, or if there are none or not as many, it returns
// nil and has read nothing.
func (r *Reader) Borrow(size, n int) []byte {
	if n <= 0 || n > r.Len() || size > 1 && r.big == hostLittle {
		return nil
	}
	off := r.off + (-r.off & (size - 1) & r.mask)
	if r.err != nil || off > r.end || n*size > r.end-off || uintptr(unsafe.Pointer(&r.b[off]))&uintptr(size-1) != 0 {
		return nil
	}
	r.off = off + n*size
	return r.b[off:r.off:r.off]
}

// Skip passes over n primitives of size octets each.
func (r *Reader) Skip(size, n int) {
	if n == 0 {
		return
	}
	r.Align(size)
	if n < 0 || n > r.Len() || n*size > r.Len() {
		r.Fail(ErrShort)
		return
	}
	r.off += n * size
}

// Begin reads a DHEADER and confines r to the octets it covers. The mark it
// returns is for [Reader.End] or [Reader.EndExact], which must be called even
// if r has failed. XTypes 1.3, 7.4.3.4.2.
func (r *Reader) Begin() (mark int) {
	mark = r.end
	n := r.Length(1)
	r.end = r.off + n
	return mark
}

// End leaves the object begun with mark, and skips what is left of it:
// members that were appended to the type since.
func (r *Reader) End(mark int) {
	if r.err != nil {
		r.end, r.off = mark, mark
		return
	}
	r.off, r.end = r.end, mark
}

// EndExact leaves the object begun with mark, and fails with [ErrDelimiter] if
// something is left of it.
func (r *Reader) EndExact(mark int) {
	left := r.Len()
	r.End(mark)
	if left != 0 {
		r.Fail(ErrDelimiter)
	}
}
