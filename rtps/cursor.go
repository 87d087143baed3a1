package rtps

import (
	"bytes"
	"encoding/binary"
)

// A Cursor reads the fields of a submessage or of a parameter value one after
// the other. It is sticky: what does not fit in the input reads as zero and
// makes Short true, so a parser reads all fields and checks once. Numbers are
// aligned to their size, counted from the start of the input (CDR, XCDR1).
type Cursor struct {
	b     []byte
	off   int
	le    bool
	short bool
}

// NewCursor returns a cursor at the start of b.
func NewCursor(b []byte, littleEndian bool) Cursor { return Cursor{b: b, le: littleEndian} }

// Short reports whether a read went past the end of the input or met
// something that cannot be, like a string without its terminating NUL.
func (c *Cursor) Short() bool { return c.short }

// Remaining is the number of octets not read yet.
func (c *Cursor) Remaining() int { return len(c.b) - c.off }

// Rest returns the octets not read yet. It borrows the input.
func (c *Cursor) Rest() []byte { return c.b[c.off:] }

// fail makes every later read fail too.
func (c *Cursor) fail() { c.short, c.off = true, len(c.b) }

// take returns the next n octets after aligning to align, a power of two, or nil.
func (c *Cursor) take(n, align int) []byte {
	start := c.off + -c.off&(align-1)
	if c.short || n < 0 || start > len(c.b) || n > len(c.b)-start {
		c.fail()
		return nil
	}
	c.off = start + n
	return c.b[start:c.off:c.off]
}

// align skips the padding up to the next multiple of 4, or to the end.
func (c *Cursor) align() { c.off += min(-c.off&3, c.Remaining()) }

// Uint8 reads an octet.
func (c *Cursor) Uint8() uint8 {
	if p := c.take(1, 1); p != nil {
		return p[0]
	}
	return 0
}

// Bool reads an octet: anything but 0 is true.
func (c *Cursor) Bool() bool { return c.Uint8() != 0 }

// Uint16 reads an unsigned short.
func (c *Cursor) Uint16() uint16 {
	p := c.take(2, 2)
	switch {
	case p == nil:
		return 0
	case c.le:
		return binary.LittleEndian.Uint16(p)
	}
	return binary.BigEndian.Uint16(p)
}

// Uint32 reads an unsigned long.
func (c *Cursor) Uint32() uint32 {
	p := c.take(4, 4)
	switch {
	case p == nil:
		return 0
	case c.le:
		return binary.LittleEndian.Uint32(p)
	}
	return binary.BigEndian.Uint32(p)
}

// Uint64 reads an unsigned long long, aligned to 8.
func (c *Cursor) Uint64() uint64 {
	p := c.take(8, 8)
	switch {
	case p == nil:
		return 0
	case c.le:
		return binary.LittleEndian.Uint64(p)
	}
	return binary.BigEndian.Uint64(p)
}

// Int32 reads a long.
func (c *Cursor) Int32() int32 { return int32(c.Uint32()) }

// Octets returns the next n octets, unaligned. It borrows the input.
func (c *Cursor) Octets(n int) []byte { return c.take(n, 1) }

// OctetSeq reads a sequence<octet>. It borrows the input.
func (c *Cursor) OctetSeq() []byte {
	n := c.Uint32()
	if uint64(n) > uint64(c.Remaining()) {
		c.fail()
		return nil
	}
	return c.take(int(n), 1)
}

// String reads a string. Its length counts the terminating NUL, which has to be
// there. A length of zero, which some write for the empty string, is accepted,
// as are further NULs at the end; a NUL inside is not: peers written in C
// would see another string than we do.
func (c *Cursor) String() string { return string(c.stringBytes()) }

func (c *Cursor) stringBytes() []byte {
	p := c.OctetSeq()
	if len(p) == 0 {
		return nil
	}
	s := bytes.TrimRight(p, "\x00")
	if len(s) == len(p) || bytes.IndexByte(s, 0) >= 0 {
		c.fail()
		return nil
	}
	return s
}

// Count reads the length of a sequence whose elements take minSize octets or
// more. A length the input cannot hold fails the cursor and reads as zero, so
// the result may be allocated for.
func (c *Cursor) Count(minSize int) int {
	n := c.Uint32()
	if uint64(n)*uint64(minSize) > uint64(c.Remaining()) {
		c.fail()
		return 0
	}
	return int(n)
}

// EntityID reads an EntityID.
func (c *Cursor) EntityID() (e EntityID) {
	copy(e[:], c.take(4, 1))
	return e
}

// GUIDPrefix reads a GUIDPrefix.
func (c *Cursor) GUIDPrefix() (p GUIDPrefix) {
	copy(p[:], c.take(12, 1))
	return p
}

// GUID reads a GUID; its octets are never swapped.
func (c *Cursor) GUID() GUID { return GUID{Prefix: c.GUIDPrefix(), Entity: c.EntityID()} }

// SequenceNumber reads a SequenceNumber_t: a long, the high half, and an
// unsigned long. DDSI-RTPS 2.5, 9.4.2.5.
func (c *Cursor) SequenceNumber() SequenceNumber {
	high := c.Int32()
	return SequenceNumber(high)<<32 | SequenceNumber(c.Uint32())
}

// Locator reads a Locator_t of 24 octets. DDSI-RTPS 2.5, 9.3.2.4.
func (c *Cursor) Locator() Locator {
	l := Locator{Kind: c.Int32(), Port: c.Uint32()}
	copy(l.Address[:], c.take(16, 1))
	return l
}

// Time reads a Time_t.
func (c *Cursor) Time() Time { return Time{Sec: c.Int32(), Frac: c.Uint32()} }

// Duration reads a Duration_t.
func (c *Cursor) Duration() Duration { return Duration{Sec: c.Int32(), Frac: c.Uint32()} }
