package rtps

// A Header begins every RTPS message. DDSI-RTPS 2.5, 8.3.3.1 and 9.4.4.
type Header struct {
	Version ProtocolVersion
	Vendor  VendorID
	Prefix  GUIDPrefix // of the participant that sent the message
}

// HeaderLen is the size of an encoded Header in octets.
const HeaderLen = 20

// Append appends h to b.
func (h Header) Append(b []byte) []byte {
	b = append(b, 'R', 'T', 'P', 'S', h.Version.Major, h.Version.Minor, h.Vendor[0], h.Vendor[1])
	return append(b, h.Prefix[:]...)
}

// ParseHeader decodes the header of msg; rest, for Next, is what follows it. A
// minor version above ours is accepted: what later ones add can be skipped
// (DDSI-RTPS 2.5, 8.6).
func ParseHeader(msg []byte) (h Header, rest []byte, err error) {
	if len(msg) < HeaderLen {
		return Header{}, nil, malformedIn("message header", "truncated")
	}
	if string(msg[:4]) != "RTPS" {
		return Header{}, nil, malformedIn("message header", "no RTPS magic")
	}
	h.Version = ProtocolVersion{msg[4], msg[5]}
	h.Vendor = VendorID(msg[6:8])
	h.Prefix = GUIDPrefix(msg[8:20])
	// A larger major version makes the header invalid (8.3.7); version 1 has
	// another layout of DATA.
	if h.Version.Major != 2 {
		return Header{}, nil, malformedIn("message header", "major version is not 2")
	}
	return h, msg[HeaderLen:], nil
}
