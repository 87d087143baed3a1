package history

import (
	"time"

	"github.com/secdds/dds/rtps"
)

// A SampleState says whether a sample was read before. In a Query it is a mask.
// The values are those of DDS 1.4, 2.3.3 (IDL).
type SampleState uint8

// Sample states. DDS 1.4, 2.2.2.5.1.2.
const (
	Read    SampleState = 1
	NotRead SampleState = 2
)

// A ViewState says whether the application has seen the current generation of
// the instance. In a Query it is a mask.
type ViewState uint8

// View states. DDS 1.4, 2.2.2.5.1.4.
const (
	New    ViewState = 1
	NotNew ViewState = 2
)

// An InstanceState says whether the instance has a value. In a Query it is a mask.
type InstanceState uint8

// Instance states. DDS 1.4, 2.2.2.5.1.3.
const (
	Alive     InstanceState = 1
	Disposed  InstanceState = 2 // NOT_ALIVE_DISPOSED
	NoWriters InstanceState = 4 // NOT_ALIVE_NO_WRITERS
)

// A Change is what a writer did to an instance. DDSI-RTPS 2.5, 8.2.2 (ChangeKind).
type Change uint8

// Changes.
const (
	Write Change = iota
	Dispose
	Unregister
	DisposeUnregister // both: what autodispose_unregistered_instances sends
)

// A Sample is one change as a reader receives it.
type Sample struct {
	Writer     rtps.GUID
	Key        rtps.KeyHash // zero on a topic without a key
	Change     Change
	SN         rtps.SequenceNumber
	SourceTime time.Time
	// Payload is the serialised value, or the serialised key where Change is not
	// Write. Its bytes are never changed again: the cache keeps it when it
	// stores the sample.
	Payload []byte
	Lease   any // what Payload lies in, untouched; nil: memory of its own
}

// SampleInfo is what the application learns beside the value. DDS 1.4, 2.2.2.5.5.
type SampleInfo struct {
	SampleState   SampleState // before this read or take
	ViewState     ViewState   // before this read or take
	InstanceState InstanceState

	SourceTime    time.Time
	ReceptionTime time.Time
	Instance      rtps.KeyHash // the instance handle
	Publication   rtps.GUID    // the writer
	SN            rtps.SequenceNumber

	// Generations of the instance when the sample was received: how often it
	// became alive after NOT_ALIVE_DISPOSED and after NOT_ALIVE_NO_WRITERS.
	DisposedGeneration, NoWritersGeneration int32

	// SampleRank is how many samples of the instance follow in the collection.
	SampleRank int32
	// GenerationRank is how many generations the sample is behind the last one
	// of its instance in the collection, AbsoluteGenerationRank behind the last
	// one received.
	GenerationRank, AbsoluteGenerationRank int32

	// ValidData is false where the sample tells a change of state only.
	ValidData bool
}

// An Entry is one sample read or taken.
type Entry struct {
	// Payload is shared with the cache after Read and must not be changed;
	// after Take it is the caller's alone. Without ValidData it is the
	// serialised key, or empty when nobody sent it.
	Payload []byte
	Info    SampleInfo
	Lease   any // as the sample had it

	inst *instance // while a collection is being made
}

// A Query chooses samples. The zero Query chooses all.
type Query struct {
	// Masks; zero means any.
	Sample   SampleState
	View     ViewState
	Instance InstanceState

	// Key is the only instance wanted, where One is set.
	Key rtps.KeyHash
	One bool

	// Match, if not nil, has the last word, as the expression of a
	// QueryCondition has. It sees no ranks, and must not call the cache.
	Match func(payload []byte, info *SampleInfo) bool
}

func (q *Query) normalize() {
	if q.Sample == 0 {
		q.Sample = Read | NotRead
	}
	if q.View == 0 {
		q.View = New | NotNew
	}
	if q.Instance == 0 {
		q.Instance = Alive | Disposed | NoWriters
	}
}

// A Verdict says what became of a sample.
type Verdict uint8

// Verdicts. The Rejected ones are the reasons of SAMPLE_REJECTED, DDS 1.4, 2.2.4.1.
const (
	Stored   Verdict = iota
	NoChange         // nothing new to tell: a second dispose, an unregistration while others write
	NotOwner         // ownership is exclusive, and another writer's
	RejectedByInstances
	RejectedBySamples
	RejectedBySamplesPerInstance
)

// Rejected reports whether a resource limit is why the sample was not stored.
func (v Verdict) Rejected() bool { return v >= RejectedByInstances }
