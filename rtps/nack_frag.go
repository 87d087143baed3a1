package rtps

// A NackFrag asks for fragments of a sample.
//
// DDSI-RTPS 2.5, 8.3.8.10 (meaning) and 9.4.5.14 (wire).
type NackFrag struct {
	Reader, Writer EntityID
	SN             SequenceNumber
	State          FragmentNumberSet
	Count          int32
}
