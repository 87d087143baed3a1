package rtps

import "encoding/binary"

// A ParameterID says what a parameter is. DDSI-RTPS 2.5, 9.4.2.11.
type ParameterID uint16

// MustUnderstand reports whether whoever does not know the parameter has to
// refuse the list it is in. DDSI-RTPS 2.5, 9.4.2.11.2.
func (id ParameterID) MustUnderstand() bool { return id&0x4000 != 0 }

// VendorSpecific reports whether the meaning of the parameter is the sending
// vendor's. DDSI-RTPS 2.5, 9.4.2.11.2.
func (id ParameterID) VendorSpecific() bool { return id&0x8000 != 0 }

// A Parameter is one element of a parameter list.
type Parameter struct {
	ID    ParameterID
	Value []byte // with the padding, if any, that the sender counted
}

// MaxParameter is the largest value of a parameter in octets.
const MaxParameter = 0xfffc

// NextParameter splits the first parameter off rest, a parameter list without
// encapsulation header; p.Value and next, what follows, borrow it. ok is false
// at the sentinel; next is then what follows the list. PID_PAD is skipped. A
// list that ends without a sentinel is malformed. It allocates nothing.
//
// DDSI-RTPS 2.5, 9.4.2.11.
func NextParameter(rest []byte, littleEndian bool) (p Parameter, next []byte, ok bool, err error) {
	for {
		if len(rest) < 4 {
			return Parameter{}, nil, false, malformedIn("parameter list", "no sentinel")
		}
		var n int
		if littleEndian {
			p.ID = ParameterID(binary.LittleEndian.Uint16(rest))
			n = int(binary.LittleEndian.Uint16(rest[2:]))
		} else {
			p.ID = ParameterID(binary.BigEndian.Uint16(rest))
			n = int(binary.BigEndian.Uint16(rest[2:]))
		}
		rest = rest[4:]
		if p.ID == PIDSentinel { // its length means nothing
			return Parameter{}, rest, false, nil
		}
		// The length has to be a multiple of 4. Where it is not, the next
		// parameter is still aligned.
		end := (n + 3) &^ 3
		if end > len(rest) {
			return Parameter{}, nil, false, malformedIn("parameter list", "parameter longer than the list")
		}
		if p.ID != PIDPad {
			p.Value = rest[:n:n]
			return p, rest[end:], true, nil
		}
		rest = rest[end:]
	}
}

// parameterList returns the parameter list the cursor is at, sentinel
// included, and goes behind it.
func (c *Cursor) parameterList() []byte {
	start := c.Rest()
	for rest := start; ; {
		_, next, ok, err := NextParameter(rest, c.le)
		if err != nil {
			c.fail()
			return nil
		}
		if !ok {
			n := len(start) - len(next)
			return c.take(n, 1)
		}
		rest = next
	}
}

// AppendParameter appends a parameter, its value padded to a multiple of 4.
// The value is at most MaxParameter octets long.
func AppendParameter(b []byte, littleEndian bool, id ParameterID, value []byte) []byte {
	b, mark := BeginParameter(b, littleEndian, id)
	return EndParameter(append(b, value...), littleEndian, mark)
}

// BeginParameter appends the header of a parameter. Append its value, then call
// EndParameter with mark.
func BeginParameter(b []byte, littleEndian bool, id ParameterID) (_ []byte, mark int) {
	b = AppendUint16(b, littleEndian, uint16(id))
	return append(b, 0, 0), len(b) + 2
}

// EndParameter pads the value appended since BeginParameter returned mark and
// sets its length. It panics when that is above MaxParameter: what lets itself
// be configured is to be checked before it is announced.
func EndParameter(b []byte, littleEndian bool, mark int) []byte {
	b = AppendPad(b, len(b)-mark)
	n := len(b) - mark
	if n < 0 || n > MaxParameter {
		panic("BUG: rtps: parameter too long")
	}
	if littleEndian {
		binary.LittleEndian.PutUint16(b[mark-2:], uint16(n))
	} else {
		binary.BigEndian.PutUint16(b[mark-2:], uint16(n))
	}
	return b
}

// AppendSentinel appends the end of a parameter list.
func AppendSentinel(b []byte, littleEndian bool) []byte {
	b = AppendUint16(b, littleEndian, uint16(PIDSentinel))
	return append(b, 0, 0)
}
