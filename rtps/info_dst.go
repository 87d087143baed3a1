package rtps

// An InfoDst says which participant the submessages after it are for; zero
// means every one.
//
// DDSI-RTPS 2.5, 8.3.8 (meaning) and 9.4.5.9 (wire).
type InfoDst struct{ Prefix GUIDPrefix }

// Append appends i, header included, to b.
func (i InfoDst) Append(b []byte) []byte {
	return append(appendHeader(b, SubInfoDst, 0, 12), i.Prefix[:]...)
}

// ParseInfoDst decodes the body of s. It borrows nothing from s.
func ParseInfoDst(s Submessage) (InfoDst, error) {
	c := s.cursor()
	i := InfoDst{Prefix: c.GUIDPrefix()}
	if c.short {
		return InfoDst{}, malformed(s, "truncated")
	}
	return i, nil
}
