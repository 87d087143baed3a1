package cdr

import (
	"encoding/binary"
	"math"
)

// A Writer appends XCDR to B. It never fails.
//
// Make it with [NewWriter] or [Writer.Reset]. Alignment is counted from the length B had then.
type Writer struct {
	B []byte // what was given to NewWriter, and all that was written since

	origin int
	mask   int // largest alignment - 1
	big    bool
}

// NewWriter returns a writer that appends to b. Its byte order and largest
// alignment are those of id; the encapsulation header itself is not written
// (see [AppendHeader]).
//
// XTypes 1.3, 7.4.1.1.1 and 7.4.3.2.3: primitives align to their size, but in
// XCDR2 never to more than 4.
func NewWriter(b []byte, id ID) (w Writer) {
	w.Reset(b, id)
	return w
}

// Reset makes w what [NewWriter] returns. It is for a writer that is part of
// something larger, where to copy it costs more than to make it.
func (w *Writer) Reset(b []byte, id ID) {
	w.B, w.origin, w.mask, w.big = b, len(b), maxAlign(id)-1, id.BigEndian()
}

func maxAlign(id ID) int {
	if id.V2() {
		return 4
	}
	return 8
}

// V2 reports whether w writes XCDR version 2.
func (w *Writer) V2() bool { return w.mask == 3 }

// Len returns the number of octets written since NewWriter.
func (w *Writer) Len() int { return len(w.B) - w.origin }

// Align appends zeros up to a multiple of n, or of the largest alignment if
// that is less; n is 1, 2, 4 or 8.
func (w *Writer) Align(n int) {
	if pad := -(len(w.B) - w.origin) & (n - 1) & w.mask; pad > 0 {
		w.B = append(w.B, make([]byte, pad)...) // clears in place
	}
}

// Uint8 appends an octet, a char or an int8.
func (w *Writer) Uint8(v uint8) { w.B = append(w.B, v) }

// Bool appends a boolean.
func (w *Writer) Bool(v bool) {
	if v {
		w.B = append(w.B, 1)
	} else {
		w.B = append(w.B, 0)
	}
}

// Uint16 appends an aligned unsigned short.
func (w *Writer) Uint16(v uint16) {
	w.Align(2)
	if w.big {
		w.B = binary.BigEndian.AppendUint16(w.B, v)
	} else {
		w.B = binary.LittleEndian.AppendUint16(w.B, v)
	}
}

// Uint32 appends an aligned unsigned long.
func (w *Writer) Uint32(v uint32) {
	w.Align(4)
	if w.big {
		w.B = binary.BigEndian.AppendUint32(w.B, v)
	} else {
		w.B = binary.LittleEndian.AppendUint32(w.B, v)
	}
}

// Uint64 appends an aligned unsigned long long.
func (w *Writer) Uint64(v uint64) {
	w.Align(8)
	if w.big {
		w.B = binary.BigEndian.AppendUint64(w.B, v)
	} else {
		w.B = binary.LittleEndian.AppendUint64(w.B, v)
	}
}

// Int8 appends an int8.
func (w *Writer) Int8(v int8) { w.Uint8(uint8(v)) }

// Int16 appends an aligned short.
func (w *Writer) Int16(v int16) { w.Uint16(uint16(v)) }

// Int32 appends an aligned long, which is also what an enumeration is.
func (w *Writer) Int32(v int32) { w.Uint32(uint32(v)) }

// Int64 appends an aligned long long.
func (w *Writer) Int64(v int64) { w.Uint64(uint64(v)) }

// Float32 appends an aligned float.
func (w *Writer) Float32(v float32) { w.Uint32(math.Float32bits(v)) }

// Float64 appends an aligned double.
func (w *Writer) Float64(v float64) { w.Uint64(math.Float64bits(v)) }

// String appends the length of s with its NUL, s, and the NUL. A string8 holds
// no NUL: that is for the caller to check.
func (w *Writer) String(s string) {
	w.Uint32(uint32(len(s)) + 1)
	w.B = append(w.B, s...)
	w.B = append(w.B, 0)
}

// Raw appends b as it is.
func (w *Writer) Raw(b []byte) { w.B = append(w.B, b...) }

// Native appends the primitives of size octets each (1, 2, 4 or 8) that mem
// holds in the byte order of this machine. An empty mem appends nothing, not
// even padding. Where the orders agree it is one copy.
func (w *Writer) Native(size int, mem []byte) {
	if len(mem) == 0 {
		return
	}
	w.Align(size)
	at := len(w.B)
	w.B = append(w.B, mem...)
	if w.big == hostLittle {
		swap(size, w.B[at:])
	}
}

// Begin appends a place for a DHEADER and returns the mark that [Writer.End]
// needs to fill it in. XTypes 1.3, 7.4.3.4.2.
func (w *Writer) Begin() int {
	w.Uint32(0)
	return len(w.B)
}

// End writes the number of octets appended since Begin into the DHEADER.
func (w *Writer) End(mark int) {
	n := uint32(len(w.B) - mark)
	if w.big {
		binary.BigEndian.PutUint32(w.B[mark-4:], n)
	} else {
		binary.LittleEndian.PutUint32(w.B[mark-4:], n)
	}
}
