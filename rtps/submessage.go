package rtps

import (
	"encoding/binary"
	"fmt"
)

// Kinds of submessages. DDSI-RTPS 2.5, 9.4.5.1.1; DDS-Security 1.1, 7.3.6.2.
const (
	SubHeaderExtension byte = 0x00
	SubPad             byte = 0x01
	SubAckNack         byte = 0x06
	SubHeartbeat       byte = 0x07
	SubGap             byte = 0x08
	SubInfoTS          byte = 0x09
	SubInfoSrc         byte = 0x0c
	SubInfoReplyIP4    byte = 0x0d
	SubInfoDst         byte = 0x0e
	SubInfoReply       byte = 0x0f
	SubNackFrag        byte = 0x12
	SubHeartbeatFrag   byte = 0x13
	SubData            byte = 0x15
	SubDataFrag        byte = 0x16
	SubSecBody         byte = 0x30
	SubSecPrefix       byte = 0x31
	SubSecPostfix      byte = 0x32
	SubSRTPSPrefix     byte = 0x33
	SubSRTPSPostfix    byte = 0x34
)

// KindName returns the specification's name of a kind of submessage.
func KindName(kind byte) string {
	switch kind {
	case SubPad:
		return "PAD"
	case SubAckNack:
		return "ACKNACK"
	case SubHeartbeat:
		return "HEARTBEAT"
	case SubGap:
		return "GAP"
	case SubInfoTS:
		return "INFO_TS"
	case SubInfoSrc:
		return "INFO_SRC"
	case SubInfoReplyIP4:
		return "INFO_REPLY_IP4"
	case SubInfoDst:
		return "INFO_DST"
	case SubInfoReply:
		return "INFO_REPLY"
	case SubNackFrag:
		return "NACK_FRAG"
	case SubHeartbeatFrag:
		return "HEARTBEAT_FRAG"
	case SubData:
		return "DATA"
	case SubDataFrag:
		return "DATA_FRAG"
	case SubSecBody:
		return "SEC_BODY"
	case SubSecPrefix:
		return "SEC_PREFIX"
	case SubSecPostfix:
		return "SEC_POSTFIX"
	case SubSRTPSPrefix:
		return "SRTPS_PREFIX"
	case SubSRTPSPostfix:
		return "SRTPS_POSTFIX"
	}
	if kind >= 0x80 {
		return "vendor-specific submessage"
	}
	return "unknown submessage"
}

// SubmessageHeaderLen is the size of a submessage header in octets.
const SubmessageHeaderLen = 4

// flagE is the only flag every submessage has: its numbers are little-endian.
const flagE byte = 0x01

// A Submessage is one submessage as it stands in a datagram, which it borrows.
// DDSI-RTPS 2.5, 8.3.3.2 and 9.4.5.1.
type Submessage struct {
	Kind  byte
	Flags byte
	Body  []byte // what follows the submessage header
	Raw   []byte // header and body
}

// LittleEndian reports whether the numbers of s are in little-endian order.
func (s Submessage) LittleEndian() bool { return s.Flags&flagE != 0 }

// String returns the kind, flags and size of s.
func (s Submessage) String() string {
	return fmt.Sprintf("%s(%02x) flags %02x, %d octets", KindName(s.Kind), s.Kind, s.Flags, len(s.Body))
}

func (s Submessage) cursor() Cursor { return NewCursor(s.Body, s.LittleEndian()) }

// Next splits the first submessage off rest; next is what follows it. Go on
// while len(next) > 0. It looks only at the header, copies and allocates
// nothing, and returns ErrMalformed when the submessage does not fit.
//
// DDSI-RTPS 2.5, 9.4.5.1.3.
func Next(rest []byte) (s Submessage, next []byte, err error) {
	if len(rest) < SubmessageHeaderLen {
		return Submessage{}, nil, malformedIn("message", "truncated submessage header")
	}
	s.Kind, s.Flags = rest[0], rest[1]
	n := int(binary.BigEndian.Uint16(rest[2:]))
	if s.LittleEndian() {
		n = int(binary.LittleEndian.Uint16(rest[2:]))
	}
	// A length of 0 says that the submessage is the last one and goes on to the
	// end of the message; but a PAD or INFO_TS is empty then.
	if n == 0 && s.Kind != SubPad && s.Kind != SubInfoTS {
		n = len(rest) - SubmessageHeaderLen
	}
	end := SubmessageHeaderLen + n
	if end > len(rest) {
		return Submessage{}, nil, malformed(s, "longer than the message")
	}
	s.Body = rest[SubmessageHeaderLen:end:end]
	s.Raw = rest[:end:end]
	return s, rest[end:], nil
}

// appendHeader appends a submessage header. A body of more than 65535 octets
// gets length 0: it then has to be the last of its message.
func appendHeader(b []byte, kind, flags byte, n int) []byte {
	if n > 0xffff {
		n = 0
	}
	return append(b, kind, flags|flagE, byte(n), byte(n>>8))
}

func flag(on bool, bit byte) byte {
	if on {
		return bit
	}
	return 0
}

// AppendPad appends the zero octets, at most three, that make n a multiple of 4.
func AppendPad(b []byte, n int) []byte {
	return append(b, zeros[:-n&3]...)
}

var zeros [4]byte // never written
