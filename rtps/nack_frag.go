package rtps

import "encoding/binary"

// A NackFrag asks for fragments of a sample.
//
// DDSI-RTPS 2.5, 8.3.8.10 (meaning) and 9.4.5.14 (wire).
type NackFrag struct {
	Reader, Writer EntityID
	SN             SequenceNumber
	State          FragmentNumberSet
	Count          int32
}

// Append appends n, header included, to b in little-endian order.
func (n NackFrag) Append(b []byte) []byte {
	b = appendHeader(b, SubNackFrag, 0, 4+4+8+4+setLen(n.State.NumBits)+4)
	b = append(b, n.Reader[:]...)
	b = append(b, n.Writer[:]...)
	b = appendSN(b, n.SN)
	b = binary.LittleEndian.AppendUint32(b, uint32(n.State.Base))
	b = appendBits(b, n.State.NumBits, &n.State.Bits)
	return binary.LittleEndian.AppendUint32(b, uint32(n.Count))
}

// ParseNackFrag decodes the body of s. It borrows nothing from s.
func ParseNackFrag(s Submessage) (NackFrag, error) {
	c := s.cursor()
	n := NackFrag{
		Reader: c.EntityID(), Writer: c.EntityID(),
		SN: c.SequenceNumber(), State: c.fragmentSet(), Count: c.Int32(),
	}
	switch {
	case c.short:
		return NackFrag{}, malformed(s, "truncated or too many bits")
	case !n.SN.valid():
		return NackFrag{}, malformed(s, "bad sequence number")
	case n.State.Base < 1 || n.State.Base > MaxFragmentNumber:
		return NackFrag{}, malformed(s, "bad fragment number set")
	}
	return n, nil
}
