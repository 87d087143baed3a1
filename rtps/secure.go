package rtps

// A Secure is one of the five submessages of DDS-Security: SEC_PREFIX, SEC_BODY,
// SEC_POSTFIX, SRTPS_PREFIX or SRTPS_POSTFIX. What its body holds is the
// cryptographic plugin's business; its numbers are big-endian whatever flag E
// says.
//
// DDS-Security 1.1, 7.3.6.2 (wire).
type Secure struct {
	Kind  byte
	Flags byte // without flag E
	Body  []byte
}

// Append appends s, header included, to b. A body of more than 65535 octets
// has to be the last of its message.
func (s Secure) Append(b []byte) []byte {
	return append(appendHeader(b, s.Kind, s.Flags, len(s.Body)), s.Body...)
}

// ParseSecure returns the body of s, which it borrows.
func ParseSecure(s Submessage) (Secure, error) {
	if s.Kind < SubSecBody || s.Kind > SubSRTPSPostfix {
		return Secure{}, malformed(s, "not a submessage of DDS-Security")
	}
	return Secure{Kind: s.Kind, Flags: s.Flags &^ flagE, Body: s.Body}, nil
}
