package rtps

// AppendGenericMessage appends m as a serialized payload: the encapsulation
// header CDR_LE, then m. DDS-Security 1.1, 7.4.4.2.
func AppendGenericMessage(b []byte, m *GenericMessage) []byte {
	b = append(b, 0, 1, 0, 0) // CDR_LE, no options
	b = appendIdentity(b, m.Identity)
	b = appendIdentity(b, m.Related)
	b = AppendGUID(b, m.DestinationParticipant)
	b = AppendGUID(b, m.DestinationEndpoint)
	b = AppendGUID(b, m.SourceEndpoint)
	b = AppendString(b, true, m.ClassID)
	b = AppendUint32(b, true, uint32(len(m.Data)))
	for i := range m.Data {
		b = AppendDataHolder(b, true, &m.Data[i])
	}
	return b
}

// appendIdentity appends a MessageIdentity: its number is one 64-bit integer,
// not the two halves of a SequenceNumber_t. Identities stand at multiples of 8.
func appendIdentity(b []byte, id MessageIdentity) []byte {
	return AppendUint64(AppendGUID(b, id.Source), true, uint64(id.SN))
}

// ParseGenericMessage decodes a serialized payload, CDR_LE or CDR_BE. What
// follows the message is ignored. It borrows nothing from payload.
func ParseGenericMessage(payload []byte) (GenericMessage, error) {
	if len(payload) < 4 || payload[0] != 0 || payload[1] > 1 {
		return GenericMessage{}, malformedIn("ParticipantGenericMessage", "not encoded in CDR")
	}
	c := NewCursor(payload[4:], payload[1] == 1)
	m := GenericMessage{
		Identity: c.identity(), Related: c.identity(),
		DestinationParticipant: c.GUID(), DestinationEndpoint: c.GUID(), SourceEndpoint: c.GUID(),
		ClassID: c.String(), Data: c.dataHolders(),
	}
	if c.short {
		return GenericMessage{}, malformedIn("ParticipantGenericMessage", "truncated")
	}
	return m, nil
}

func (c *Cursor) identity() MessageIdentity {
	return MessageIdentity{Source: c.GUID(), SN: int64(c.Uint64())}
}

func (c *Cursor) dataHolders() []DataHolder {
	n := c.Count(minDataHolder)
	if n == 0 {
		return nil
	}
	hs := make([]DataHolder, 0, n)
	for range n {
		h := c.dataHolder()
		if c.short {
			return nil
		}
		hs = append(hs, h)
	}
	return hs
}
