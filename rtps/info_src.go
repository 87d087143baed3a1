package rtps

// An InfoSrc says which participant the submessages after it are from, and
// which version and vendor wrote them.
//
// DDSI-RTPS 2.5, 8.3.8 (meaning) and 9.4.5.11 (wire).
type InfoSrc struct {
	Version ProtocolVersion
	Vendor  VendorID
	Prefix  GUIDPrefix
}

// Append appends i, header included, to b.
func (i InfoSrc) Append(b []byte) []byte {
	b = appendHeader(b, SubInfoSrc, 0, 20)
	b = append(b, 0, 0, 0, 0, i.Version.Major, i.Version.Minor, i.Vendor[0], i.Vendor[1])
	return append(b, i.Prefix[:]...)
}

// ParseInfoSrc decodes the body of s. It borrows nothing from s.
func ParseInfoSrc(s Submessage) (InfoSrc, error) {
	// Interop: OpenDDS writes "RTPS" into the unused first word.
	if len(s.Body) < 20 {
		return InfoSrc{}, malformed(s, "truncated")
	}
	return InfoSrc{
		Version: ProtocolVersion{s.Body[4], s.Body[5]},
		Vendor:  VendorID(s.Body[6:8]),
		Prefix:  GUIDPrefix(s.Body[8:20]),
	}, nil
}
