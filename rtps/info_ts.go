package rtps

// An InfoTS gives the source timestamp of the submessages after it, or, when
// Invalid, takes it away.
//
// DDSI-RTPS 2.5, 8.3.8 (meaning) and 9.4.5.12 (wire).
type InfoTS struct {
	Time    Time
	Invalid bool // I: there is no Time
}

const infoTSI byte = 0x02

// Append appends i, header included, to b in little-endian order.
func (i InfoTS) Append(b []byte) []byte {
	if i.Invalid {
		return appendHeader(b, SubInfoTS, infoTSI, 0)
	}
	return AppendTime(appendHeader(b, SubInfoTS, 0, 8), true, i.Time)
}

// ParseInfoTS decodes the body of s. It borrows nothing from s.
func ParseInfoTS(s Submessage) (InfoTS, error) {
	if s.Flags&infoTSI != 0 {
		return InfoTS{Invalid: true}, nil
	}
	c := s.cursor()
	i := InfoTS{Time: c.Time()}
	if c.short {
		return InfoTS{}, malformed(s, "truncated")
	}
	return i, nil
}
