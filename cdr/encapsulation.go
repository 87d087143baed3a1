package cdr

import "encoding/binary"

// An ID is the representation identifier that opens a SerializedPayload; it is
// always sent in big-endian order. DDSI-RTPS 2.5, 10.2; XTypes 1.3, 7.6.3.1.2.
type ID uint16

// The representation identifiers.
const (
	BE         ID = 0x0000 // plain XCDR1
	LE         ID = 0x0001
	PLBE       ID = 0x0002 // parameter list: XCDR1, mutable
	PLLE       ID = 0x0003
	V2BE       ID = 0x0006 // PLAIN_CDR2: XCDR2, final
	V2LE       ID = 0x0007
	V2DelimBE  ID = 0x0008 // DELIMITED_CDR2: XCDR2, appendable
	V2DelimLE  ID = 0x0009
	V2PLBE     ID = 0x000a // PL_CDR2: XCDR2, mutable
	V2PLLE     ID = 0x000b
	HeaderSize    = 4 // octets of the encapsulation header
)

// Known reports whether id is one of the constants of this package.
func (id ID) Known() bool { return id <= PLLE || id >= V2BE && id <= V2PLLE }

// BigEndian reports whether the content is in big-endian order.
func (id ID) BigEndian() bool { return id&1 == 0 }

// V2 reports whether the content is XCDR version 2.
func (id ID) V2() bool { return id >= V2BE }

// Delimited reports whether the outermost type opens with a DHEADER.
func (id ID) Delimited() bool { return id == V2DelimBE || id == V2DelimLE }

// Mutable reports whether the outermost type is a list of parameters.
func (id ID) Mutable() bool { return id&^1 == PLBE || id&^1 == V2PLBE }

// A Header is an encapsulation header.
type Header struct {
	ID      ID
	Options uint16 // the two lowest bits count the octets of padding at the end
}

// AppendHeader appends the encapsulation header of id with no options.
func AppendHeader(b []byte, id ID) []byte {
	return append(b, byte(id>>8), byte(id), 0, 0)
}

// Pad appends zeros until the payload that began at b[start], header included,
// is a multiple of 4 octets long, and counts them in the header's options.
//
// XTypes 1.3, 7.6.3.1.2.
func Pad(b []byte, start int) []byte {
	n := -(len(b) - start) & 3
	b = append(b, make([]byte, n)...)
	b[start+3] = b[start+3]&^3 | byte(n)
	return b
}

// ParseHeader splits payload into its encapsulation header and its content,
// which aliases payload. It fails with [ErrShort] or [ErrEncapsulation].
//
// The padding at the end stays part of the content; see [Header.Trim].
func ParseHeader(payload []byte) (Header, []byte, error) {
	if len(payload) < HeaderSize {
		return Header{}, nil, ErrShort
	}
	h := Header{
		ID:      ID(binary.BigEndian.Uint16(payload)),
		Options: binary.BigEndian.Uint16(payload[2:]),
	}
	if !h.ID.Known() {
		return h, nil, ErrEncapsulation
	}
	return h, payload[HeaderSize:], nil
}

// Trim returns content without the padding that h announces.
//
// Interop: Fast DDS announces padding that its payload does not hold, as it
// leaves it to the submessage; then the length is no multiple of 4 and nothing
// is to be cut.
func (h Header) Trim(content []byte) []byte {
	n := int(h.Options & 3)
	if len(content)%4 != 0 || n > len(content) {
		return content
	}
	return content[:len(content)-n]
}
