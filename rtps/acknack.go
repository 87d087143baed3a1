package rtps

import "encoding/binary"

// An AckNack acknowledges every sample below State.Base and asks for those in State.
//
// DDSI-RTPS 2.5, 8.3.8.1 (meaning) and 9.4.5.3 (wire).
type AckNack struct {
	Reader, Writer EntityID
	State          SequenceNumberSet
	Count          int32
	Final          bool // F: no HEARTBEAT is required in answer
}

const acknackF byte = 0x02

// Append appends a, header included, to b in little-endian order.
func (a AckNack) Append(b []byte) []byte {
	b = appendHeader(b, SubAckNack, flag(a.Final, acknackF), 4+4+8+setLen(a.State.NumBits)+4)
	b = append(b, a.Reader[:]...)
	b = append(b, a.Writer[:]...)
	b = appendSN(b, a.State.Base)
	b = appendBits(b, a.State.NumBits, &a.State.Bits)
	return binary.LittleEndian.AppendUint32(b, uint32(a.Count))
}

// ParseAckNack decodes the body of s. It borrows nothing from s.
func ParseAckNack(s Submessage) (AckNack, error) {
	c := s.cursor()
	a := AckNack{
		Reader: c.EntityID(), Writer: c.EntityID(),
		State: c.sequenceSet(), Count: c.Int32(),
		Final: s.Flags&acknackF != 0,
	}
	// Interop: Fast DDS and Connext send base 0 with no bits before they have
	// heard anything from the writer.
	preemptive := a.State.Base == 0 && a.State.NumBits == 0
	switch {
	case c.short:
		return AckNack{}, malformed(s, "truncated or too many bits")
	case !a.State.Base.valid() && !preemptive:
		return AckNack{}, malformed(s, "bad sequence number set")
	}
	return a, nil
}
