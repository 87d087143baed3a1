package rtps

// A Gap says that samples Start..List.Base-1 and those in List are not
// available or of no relevance to the reader.
//
// DDSI-RTPS 2.5, 8.3.8.4 (meaning) and 9.4.5.6 (wire).
type Gap struct {
	Reader, Writer EntityID
	Start          SequenceNumber
	List           SequenceNumberSet
}

// Append appends g, header included, to b in little-endian order.
func (g Gap) Append(b []byte) []byte {
	b = appendHeader(b, SubGap, 0, 4+4+8+8+setLen(g.List.NumBits))
	b = append(b, g.Reader[:]...)
	b = append(b, g.Writer[:]...)
	b = appendSN(b, g.Start)
	b = appendSN(b, g.List.Base)
	return appendBits(b, g.List.NumBits, &g.List.Bits)
}

// ParseGap decodes the body of s. It borrows nothing from s. The range
// Start..List.Base-1 may be of any size: never walk it number by number.
// The group information of flag G comes last and is skipped.
func ParseGap(s Submessage) (Gap, error) {
	c := s.cursor()
	g := Gap{
		Reader: c.EntityID(), Writer: c.EntityID(),
		Start: c.SequenceNumber(), List: c.sequenceSet(),
	}
	switch {
	case c.short:
		return Gap{}, malformed(s, "truncated or too many bits")
	case !g.Start.valid() || g.List.Base < g.Start || !g.List.Base.valid():
		return Gap{}, malformed(s, "bad sequence number range")
	}
	return g, nil
}
