package rtps

// A Heartbeat tells readers which samples a writer still holds.
//
// DDSI-RTPS 2.5, 8.3.8.6 (meaning) and 9.4.5.7 (wire).
type Heartbeat struct {
	Reader, Writer EntityID
	First, Last    SequenceNumber
	Count          int32
	Final          bool // F: no answer is required
	Liveliness     bool // L: asserts the writer's liveliness
}
