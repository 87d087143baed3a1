package rtps

import "encoding/binary"

// A Heartbeat tells readers which samples a writer still holds.
//
// DDSI-RTPS 2.5, 8.3.8.6 (meaning) and 9.4.5.7 (wire).
type Heartbeat struct {
	Reader, Writer EntityID
	First, Last    SequenceNumber
	Count          int32
	Final          bool // F: no answer is required
	Liveliness     bool // L: asserts the writer's liveliness
}

const heartbeatLen = 28 // 4+4+8+8+4

// Flags of HEARTBEAT. The group information of flag G comes last and is
// skipped.
const (
	heartbeatF byte = 0x02
	heartbeatL byte = 0x04
)

// Append appends h, header included, to b in little-endian order.
func (h Heartbeat) Append(b []byte) []byte {
	b = appendHeader(b, SubHeartbeat, flag(h.Final, heartbeatF)|flag(h.Liveliness, heartbeatL), heartbeatLen)
	b = append(b, h.Reader[:]...)
	b = append(b, h.Writer[:]...)
	b = appendSN(b, h.First)
	b = appendSN(b, h.Last)
	return binary.LittleEndian.AppendUint32(b, uint32(h.Count))
}

// ParseHeartbeat decodes the body of s. It borrows nothing from s.
func ParseHeartbeat(s Submessage) (Heartbeat, error) {
	c := s.cursor()
	h := Heartbeat{
		Reader: c.EntityID(), Writer: c.EntityID(),
		First: c.SequenceNumber(), Last: c.SequenceNumber(), Count: c.Int32(),
		Final: s.Flags&heartbeatF != 0, Liveliness: s.Flags&heartbeatL != 0,
	}
	switch {
	case c.short:
		return Heartbeat{}, malformed(s, "truncated")
	case !h.First.valid() || h.Last < h.First-1 || h.Last > MaxSequenceNumber: // First = Last+1 announces an empty history
		return Heartbeat{}, malformed(s, "bad sequence number range")
	}
	return h, nil
}
