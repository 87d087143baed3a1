package qos

import "fmt"

// The kinds below are ordered as the specification orders them: a greater kind
// offers more. Their numbers are those of the wire, except Reliability's.

// A Durability says which samples a late-joining reader gets. DDS 1.4, 2.2.3.4.
// It is a policy by itself: NewWriter(TransientLocal).
type Durability uint32

// The kinds of durability; Volatile is the default.
const (
	Volatile Durability = iota
	TransientLocal
	Transient
	Persistent
)

// String returns the specification's name of d.
func (d Durability) String() string {
	return kindName("Durability", uint32(d), "VOLATILE", "TRANSIENT_LOCAL", "TRANSIENT", "PERSISTENT")
}

// An Ownership says whether one writer at a time owns an instance.
// DDS 1.4, 2.2.3.9. It is a policy by itself.
type Ownership uint32

// The kinds of ownership; Shared is the default.
const (
	Shared Ownership = iota
	Exclusive
)

// String returns the specification's name of o.
func (o Ownership) String() string { return kindName("Ownership", uint32(o), "SHARED", "EXCLUSIVE") }

// A LivelinessKind says who asserts that a writer lives. DDS 1.4, 2.2.3.11.
type LivelinessKind uint32

// The kinds of liveliness; Automatic is the default.
const (
	Automatic LivelinessKind = iota
	ManualByParticipant
	ManualByTopic
)

// String returns the specification's name of k.
func (k LivelinessKind) String() string {
	return kindName("Liveliness", uint32(k), "AUTOMATIC", "MANUAL_BY_PARTICIPANT", "MANUAL_BY_TOPIC")
}

// A DestinationOrder says by which time a reader orders the samples of several
// writers. DDS 1.4, 2.2.3.17. It is a policy by itself.
type DestinationOrder uint32

// The kinds of destination order; ByReception is the default.
const (
	ByReception DestinationOrder = iota
	BySource
)

// String returns the specification's name of o.
func (o DestinationOrder) String() string {
	return kindName("DestinationOrder", uint32(o), "BY_RECEPTION_TIMESTAMP", "BY_SOURCE_TIMESTAMP")
}

// An AccessScope is how far coherence and order reach. DDS 1.4, 2.2.3.6.
type AccessScope uint32

// The access scopes; InstanceScope is the default.
const (
	InstanceScope AccessScope = iota
	TopicScope
	GroupScope
)

// String returns the specification's name of s.
func (s AccessScope) String() string {
	return kindName("AccessScope", uint32(s), "INSTANCE", "TOPIC", "GROUP")
}

// A Representation is a DataRepresentationId. DDS-XTypes 1.3, 7.6.3.1.1.
type Representation int16

// The data representations.
const (
	XCDR1 Representation = 0
	XML   Representation = 1
	XCDR2 Representation = 2
)

// String returns the specification's name of r.
func (r Representation) String() string {
	if r < 0 {
		return fmt.Sprintf("Representation(%d)", int16(r))
	}
	return kindName("Representation", uint32(r), "XCDR1", "XML", "XCDR2")
}

func kindName(typ string, k uint32, names ...string) string {
	if int(k) < len(names) {
		return names[k]
	}
	return fmt.Sprintf("%s(%d)", typ, k)
}
