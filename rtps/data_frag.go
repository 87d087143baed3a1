package rtps

import "encoding/binary"

// A DataFrag carries consecutive fragments of one serialized payload.
//
// DDSI-RTPS 2.5, 8.3.8.3 (meaning) and 9.4.5.5 (wire).
type DataFrag struct {
	Reader, Writer EntityID
	SN             SequenceNumber
	First          FragmentNumber // of the fragments carried here, from 1
	Count          uint16         // of fragments carried here
	FragmentSize   uint16         // octets in every fragment but the last
	SampleSize     uint32         // octets of the whole payload
	InlineQoS      []byte
	Payload        []byte // the fragments carried here
	IsKey          bool
	NonStandard    bool
}

const dataFragLen = 32 // extraFlags 2, octetsToInlineQos 2, 4+4+8, 4+2+2+4

// fragToInlineQoS is toInlineQoS and the four fields of fragments.
const fragToInlineQoS = toInlineQoS + 12

// Flags of DATA_FRAG; they are not those of DATA.
const (
	dataFragQ byte = 0x02
	dataFragK byte = 0x04
	dataFragN byte = 0x08
)

// Fragments is the number of fragments of the whole payload. FragmentSize is not 0.
func (d DataFrag) Fragments() FragmentNumber {
	return FragmentNumber((uint64(d.SampleSize) + uint64(d.FragmentSize) - 1) / uint64(d.FragmentSize))
}

// Offset is the place of Payload in the whole payload, in octets.
func (d DataFrag) Offset() uint32 { return uint32(d.First-1) * uint32(d.FragmentSize) }

// Append appends d, header included, to b in little-endian order. InlineQoS has
// to be little-endian too. The payload is padded to a multiple of 4.
func (d DataFrag) Append(b []byte) []byte {
	b = d.AppendHeader(b, len(d.Payload))
	return AppendPad(append(b, d.Payload...), len(d.Payload))
}

// AppendHeader appends d up to its payload, of payloadLen octets: see
// [Data.AppendHeader].
func (d DataFrag) AppendHeader(b []byte, payloadLen int) []byte {
	flags := flag(d.InlineQoS != nil, dataFragQ) | flag(d.IsKey, dataFragK) | flag(d.NonStandard, dataFragN)
	b = appendHeader(b, SubDataFrag, flags, dataFragLen+len(d.InlineQoS)+(payloadLen+3)&^3)
	b = append(b, 0, 0, fragToInlineQoS, 0)
	b = append(b, d.Reader[:]...)
	b = append(b, d.Writer[:]...)
	b = appendSN(b, d.SN)
	b = binary.LittleEndian.AppendUint32(b, uint32(d.First))
	b = binary.LittleEndian.AppendUint16(b, d.Count)
	b = binary.LittleEndian.AppendUint16(b, d.FragmentSize)
	b = binary.LittleEndian.AppendUint32(b, d.SampleSize)
	return append(b, d.InlineQoS...)
}

// ParseDataFrag decodes the body of s. InlineQoS and Payload borrow the
// datagram; the byte order of InlineQoS is that of s. Payload is exactly the
// fragments First..First+Count-1, all of which lie in the sample, so
// Offset()+len(Payload) <= SampleSize.
func ParseDataFrag(s Submessage) (DataFrag, error) { return parseDataFrag(s, false) }

// ParseSealedDataFrag is ParseDataFrag for fragments that are transformed each
// by itself (DDS-Security 1.1, 7.3.6): Payload is all that follows, whatever its
// length; the fields that count octets speak of what it was before.
//
// Interop: Cyclone DDS and Fast DDS protect the payload of each DATA_FRAG, not
// that of the whole sample.
func ParseSealedDataFrag(s Submessage) (DataFrag, error) { return parseDataFrag(s, true) }

// Len is how many octets of the sample the fragments are, as the fields say.
func (d DataFrag) Len() int {
	end := min((uint64(d.First)+uint64(d.Count)-1)*uint64(d.FragmentSize), uint64(d.SampleSize))
	return int(end - uint64(d.Offset()))
}

func parseDataFrag(s Submessage, sealed bool) (DataFrag, error) {
	c := s.cursor()
	c.Uint16() // extraFlags
	skip := int(c.Uint16())
	d := DataFrag{
		Reader: c.EntityID(), Writer: c.EntityID(),
		SN:    c.SequenceNumber(),
		First: FragmentNumber(c.Uint32()), Count: c.Uint16(),
		FragmentSize: c.Uint16(), SampleSize: c.Uint32(),
		IsKey: s.Flags&dataFragK != 0, NonStandard: s.Flags&dataFragN != 0,
	}
	// The figure has 28 octets up to the inline QoS. Where less is said, 16 as
	// for DATA, the fields of fragments are still there.
	if skip < toInlineQoS {
		return DataFrag{}, malformed(s, "bad octetsToInlineQos")
	}
	c.take(max(skip-fragToInlineQoS, 0), 1)
	if s.Flags&dataFragQ != 0 {
		d.InlineQoS = c.parameterList()
	}
	switch {
	case c.short:
		return DataFrag{}, malformed(s, "truncated")
	case !d.SN.valid():
		return DataFrag{}, malformed(s, "bad sequence number")
	case d.FragmentSize == 0 || d.SampleSize == 0 || d.First < 1 || d.Count < 1:
		return DataFrag{}, malformed(s, "empty fragment")
	}
	// 64 bits: neither the range nor its size can overflow.
	first, last := uint64(d.First), uint64(d.First)+uint64(d.Count)-1
	if last > uint64(d.Fragments()) {
		return DataFrag{}, malformed(s, "fragments past the end of the sample")
	}
	size := uint64(d.FragmentSize)
	if sealed {
		d.Payload = c.Rest()
		return d, nil
	}
	want := min(last*size, uint64(d.SampleSize)) - (first-1)*size
	if uint64(c.Remaining()) < want {
		return DataFrag{}, malformed(s, "incomplete fragment")
	}
	d.Payload = c.take(int(want), 1)
	return d, nil
}
