package rtps

// An AckNack acknowledges every sample below State.Base and asks for those in State.
//
// DDSI-RTPS 2.5, 8.3.8.1 (meaning) and 9.4.5.3 (wire).
type AckNack struct {
	Reader, Writer EntityID
	State          SequenceNumberSet
	Count          int32
	Final          bool // F: no HEARTBEAT is required in answer
}
