package rtps

import "encoding/binary"

// A HeartbeatFrag tells readers which fragments of a sample a writer has.
//
// DDSI-RTPS 2.5, 8.3.8.7 (meaning) and 9.4.5.8 (wire).
type HeartbeatFrag struct {
	Reader, Writer EntityID
	SN             SequenceNumber
	Last           FragmentNumber
	Count          int32
}

const heartbeatFragLen = 24 // 4+4+8+4+4

// Append appends h, header included, to b in little-endian order.
func (h HeartbeatFrag) Append(b []byte) []byte {
	b = appendHeader(b, SubHeartbeatFrag, 0, heartbeatFragLen)
	b = append(b, h.Reader[:]...)
	b = append(b, h.Writer[:]...)
	b = appendSN(b, h.SN)
	b = binary.LittleEndian.AppendUint32(b, uint32(h.Last))
	return binary.LittleEndian.AppendUint32(b, uint32(h.Count))
}

// ParseHeartbeatFrag decodes the body of s. It borrows nothing from s.
func ParseHeartbeatFrag(s Submessage) (HeartbeatFrag, error) {
	c := s.cursor()
	h := HeartbeatFrag{
		Reader: c.EntityID(), Writer: c.EntityID(),
		SN: c.SequenceNumber(), Last: FragmentNumber(c.Uint32()), Count: c.Int32(),
	}
	switch {
	case c.short:
		return HeartbeatFrag{}, malformed(s, "truncated")
	case !h.SN.valid():
		return HeartbeatFrag{}, malformed(s, "bad sequence number")
	case h.Last < 1 || h.Last > MaxFragmentNumber:
		return HeartbeatFrag{}, malformed(s, "bad fragment number")
	}
	return h, nil
}
