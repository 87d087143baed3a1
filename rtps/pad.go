package rtps

// A Pad means nothing. DDSI-RTPS 2.5, 8.3.8 (meaning) and 9.4.5.13 (wire).
type Pad struct{ Len int } // octets after the header, up to 65535

// Append appends p, header included, to b.
func (p Pad) Append(b []byte) []byte {
	n := min(max(p.Len, 0), 0xffff)
	b = appendHeader(b, SubPad, 0, n)
	return append(b, make([]byte, n)...)
}

// ParsePad returns the length of s, whatever it holds.
func ParsePad(s Submessage) (Pad, error) { return Pad{Len: len(s.Body)}, nil }
