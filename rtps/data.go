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
