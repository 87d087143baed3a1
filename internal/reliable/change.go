package reliable

import "github.com/secdds/dds/rtps"

// Bits of Status: the StatusInfo of DDSI-RTPS 2.5, 9.6.4.9.
const (
	StatusDisposed     uint32 = 1
	StatusUnregistered uint32 = 2
)

// A Change is one change in a writer's history. Once written it is immutable.
type Change struct {
	SN      rtps.SequenceNumber // set by Write
	Status  uint32              // StatusInfo bits; 0: alive
	Key     rtps.KeyHash
	HasKey  bool
	Time    rtps.Time // the source timestamp
	Payload []byte    // SerializedPayload as it goes on the wire (maybe sealed); nil: none
	IsKey   bool      // Payload holds the key only
	To      rtps.GUID // not zero: for this reader only; the others are told by GAP

	at   int64 // octets ordered before it, or notOrdered
	frag int   // octets of its fragments
}

const notOrdered = -1

// A Sample is one change as a reader received it.
type Sample struct {
	Writer  rtps.GUID
	SN      rtps.SequenceNumber
	Status  uint32
	Key     rtps.KeyHash
	HasKey  bool
	Time    rtps.Time
	Payload []byte
	IsKey   bool

	// InlineQoS is set by HandleFrag only: the parameter list of the fragment
	// that had one. It is borrowed or owned as Payload is.
	InlineQoS []byte

	// Lease is what Payload lies in when it is not Owned and may stay there
	// longer than the call. It is passed on untouched, or dropped with a copy.
	Lease any

	// Owned says that Payload belongs to the sample. If false it borrows the
	// caller's datagram: who keeps it, copies. The machine copies what it holds
	// ahead of a missing sample. A caller that opened the payload into memory of
	// its own sets it.
	Owned bool
}
