package rtps

// A Data carries one sample, dispose or unregister of a writer.
//
// DDSI-RTPS 2.5, 8.3.8.2 (meaning) and 9.4.5.4 (wire).
type Data struct {
	Reader, Writer EntityID
	SN             SequenceNumber
	InlineQoS      []byte // a parameter list with its sentinel; nil: flag Q is clear
	Payload        []byte // the SerializedPayload, its encapsulation header included; nil: flags D and K are clear
	IsKey          bool   // flag K: the payload holds the key only
	NonStandard    bool   // flag N: the payload is transformed (DDS-Security)
}

const dataLen = 20 // extraFlags 2, octetsToInlineQos 2, 4+4+8

// toInlineQoS counts from behind octetsToInlineQos to the inline QoS.
const toInlineQoS = 16

// Flags of DATA.
const (
	dataQ byte = 0x02 // inline QoS
	dataD byte = 0x04 // the payload is data
	dataK byte = 0x08 // the payload is a key
	dataN byte = 0x10 // the payload is not standard
)

// Append appends d, header included, to b in little-endian order. InlineQoS has
// to be little-endian too. The payload is padded to a multiple of 4.
func (d Data) Append(b []byte) []byte {
	n := len(d.Payload)
	if d.Payload == nil {
		n = -1
	}
	b = d.AppendHeader(b, n)
	return AppendPad(append(b, d.Payload...), len(d.Payload))
}

// AppendHeader appends d up to its payload, so that the caller can place that
// without a copy: payloadLen octets and AppendPad(b, payloadLen). If payloadLen
// is negative there is none. d.Payload is not looked at.
func (d Data) AppendHeader(b []byte, payloadLen int) []byte {
	flags := flag(d.InlineQoS != nil, dataQ)
	if payloadLen >= 0 {
		flags |= flag(!d.IsKey, dataD) | flag(d.IsKey, dataK) | flag(d.NonStandard, dataN)
	}
	n := dataLen + len(d.InlineQoS) + (max(payloadLen, 0)+3)&^3
	b = appendHeader(b, SubData, flags, n)
	b = append(b, 0, 0, toInlineQoS, 0)
	b = append(b, d.Reader[:]...)
	b = append(b, d.Writer[:]...)
	b = appendSN(b, d.SN)
	return append(b, d.InlineQoS...)
}

// ParseData decodes the body of s. InlineQoS and Payload borrow the datagram;
// the byte order of InlineQoS is that of s. The payload includes what padding
// follows it.
func ParseData(s Submessage) (Data, error) {
	c := s.cursor()
	c.Uint16() // extraFlags
	skip := int(c.Uint16())
	d := Data{
		Reader: c.EntityID(), Writer: c.EntityID(),
		SN: c.SequenceNumber(),
	}
	// A later version may put more in front of the inline QoS; the count is
	// there to skip it (9.4.5.4).
	if skip < toInlineQoS {
		return Data{}, malformed(s, "bad octetsToInlineQos")
	}
	c.take(skip-toInlineQoS, 1)
	if s.Flags&dataQ != 0 {
		d.InlineQoS = c.parameterList()
	}
	switch {
	case c.short:
		return Data{}, malformed(s, "truncated")
	case !d.SN.valid():
		return Data{}, malformed(s, "bad sequence number")
	}
	switch s.Flags & (dataD | dataK) {
	case dataD | dataK:
		return Data{}, malformed(s, "flags D and K are both set")
	case dataD, dataK:
		d.Payload = c.Rest()
		d.IsKey = s.Flags&dataK != 0
		d.NonStandard = s.Flags&dataN != 0
	}
	return d, nil
}
