package rtps

// A HeartbeatFrag tells readers which fragments of a sample a writer has.
//
// DDSI-RTPS 2.5, 8.3.8.7 (meaning) and 9.4.5.8 (wire).
type HeartbeatFrag struct {
	Reader, Writer EntityID
	SN             SequenceNumber
	Last           FragmentNumber
	Count          int32
}
