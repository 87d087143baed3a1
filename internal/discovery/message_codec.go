package discovery

import (
	"bytes"

	"github.com/secdds/dds/rtps"
)

// maxMessageData is how much data of a participant message is looked at; those
// that assert liveliness have none to speak of.
const maxMessageData = 1024

// AppendMessage appends the payload, header included, of a sample of the
// participant message topic. DDSI-RTPS 2.5, 9.6.3.1.
func AppendMessage(b []byte, m *MessageData) []byte {
	b = append(b, 0, encapCDRLE, 0, 0)
	b = append(b, m.Prefix[:]...)
	b = append(b, m.Kind[:]...)
	return rtps.AppendOctets(b, true, m.Data)
}

// ParseMessage decodes the payload of a sample of the participant message
// topic. It borrows nothing from payload.
func ParseMessage(payload []byte) (*MessageData, error) {
	if len(payload) < encapLen {
		return nil, malformed("participant message", "no encapsulation header")
	}
	id := uint16(payload[0])<<8 | uint16(payload[1])
	// Interop: Fast DDS says PL_CDR where it means CDR.
	if id > encapPLCDRLE {
		return nil, malformed("participant message", "not plain CDR")
	}
	c := rtps.NewCursor(payload[encapLen:], id&1 != 0)
	m := &MessageData{Prefix: c.GUIDPrefix()}
	copy(m.Kind[:], c.Octets(4))
	data := c.OctetSeq()
	switch {
	case c.Short():
		return nil, malformed("participant message", "truncated")
	case len(data) > maxMessageData:
		return nil, malformed("participant message", "too much data")
	}
	m.Data = bytes.Clone(data)
	return m, nil
}
