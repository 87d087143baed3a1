package rtps

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
