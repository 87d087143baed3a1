package qos

import "time"

// Infinite is the duration without end: DURATION_INFINITE.
const Infinite time.Duration = 1<<63 - 1

// LengthUnlimited is a limit that is none: LENGTH_UNLIMITED.
const LengthUnlimited = -1

// A Reliability says whether lost samples are repeated. DDS 1.4, 2.2.3.14.
type Reliability struct {
	Reliable bool
	// MaxBlocking is how long a write may wait for room in the history; it
	// means something to reliable writers only.
	MaxBlocking time.Duration
}

// Reliable asks for RELIABLE. A write waits at most maxBlocking for room;
// readers take no notice of it.
func Reliable(maxBlocking time.Duration) Reliability { return Reliability{true, maxBlocking} }

// BestEffort asks for BEST_EFFORT.
func BestEffort() Reliability { return Reliability{false, defaultMaxBlocking} }

// A History says how many samples of an instance are kept. DDS 1.4, 2.2.3.18.
type History struct {
	All   bool // KEEP_ALL: within the resource limits
	Depth int  // samples an instance when not All; at least 1
}

// KeepLast keeps the last depth samples of each instance.
func KeepLast(depth int) History { return History{Depth: depth} }

// KeepAll keeps all samples, as the resource limits allow.
func KeepAll() History { return History{All: true, Depth: 1} }

// ResourceLimits bounds what an endpoint holds. DDS 1.4, 2.2.3.19.
// Each limit is at least 1 or LengthUnlimited.
type ResourceLimits struct {
	MaxSamples            int
	MaxInstances          int
	MaxSamplesPerInstance int
}

// Unlimited is the default ResourceLimits.
var Unlimited = ResourceLimits{LengthUnlimited, LengthUnlimited, LengthUnlimited}

// A LivelinessPolicy says who asserts liveliness, and how often at least.
// DDS 1.4, 2.2.3.11.
type LivelinessPolicy struct {
	Kind  LivelinessKind
	Lease time.Duration // more than zero
}

// Liveliness returns the policy of that kind and lease.
func Liveliness(kind LivelinessKind, lease time.Duration) LivelinessPolicy {
	return LivelinessPolicy{kind, lease}
}

// A Deadline is the longest time between two updates of an instance: a promise
// of the writer, a wish of the reader. The default is Infinite. DDS 1.4, 2.2.3.7.
type Deadline time.Duration

// A LatencyBudget is a hint of how long delivery may take. A writer leaves its
// samples for up to half of it, so that more of them travel in one message. The
// default is zero: nothing waits. DDS 1.4, 2.2.3.8.
type LatencyBudget time.Duration

// A TimeBasedFilter is the least time between two samples of an instance that a
// reader takes. The default is zero. DDS 1.4, 2.2.3.12.
type TimeBasedFilter time.Duration

// A Lifespan is how long a sample is valid. The default is Infinite.
// DDS 1.4, 2.2.3.16.
type Lifespan time.Duration

// A TransportPriority is a hint for the transport. The default is zero.
// DDS 1.4, 2.2.3.15.
type TransportPriority int32

// An OwnershipStrength decides who owns an instance where ownership is
// Exclusive. The default is zero. DDS 1.4, 2.2.3.10.
type OwnershipStrength int32

// A PresentationPolicy says how changes that belong together are shown.
// DDS 1.4, 2.2.3.6.
type PresentationPolicy struct {
	Scope    AccessScope
	Coherent bool
	Ordered  bool
}

// Presentation returns the policy.
func Presentation(scope AccessScope, coherent, ordered bool) PresentationPolicy {
	return PresentationPolicy{scope, coherent, ordered}
}

// Partitions are the logical partitions of a publisher or subscriber; none is
// the same as the one partition "". DDS 1.4, 2.2.3.13.
type Partitions []string

// Partition returns the partitions of those names. A name may hold the
// wildcards of POSIX fnmatch.
func Partition(names ...string) Partitions { return names }

// UserData travels with the announcement of an entity. At most 65,524 octets.
// DDS 1.4, 2.2.3.1.
type UserData []byte

// TopicData travels with the announcement of a topic's endpoints. At most
// 65,524 octets. DDS 1.4, 2.2.3.2.
type TopicData []byte

// GroupData travels with the endpoints of a publisher or subscriber. At most
// 65,524 octets. DDS 1.4, 2.2.3.3.
type GroupData []byte

// A DurabilityService configures the service that keeps the samples of
// Transient and Persistent writers. DDS 1.4, 2.2.3.5.
type DurabilityService struct {
	CleanupDelay time.Duration // default zero
	History      History       // default KeepLast(1)
	Limits       ResourceLimits
}

// An AutoEnable says whether the children of a factory are created enabled:
// ENTITY_FACTORY. The default is true. DDS 1.4, 2.2.3.20.
type AutoEnable bool

// A WriterDataLifecycle says whether unregistering an instance disposes it.
// The default is true. DDS 1.4, 2.2.3.21.
type WriterDataLifecycle struct{ AutoDispose bool }

// A ReaderDataLifecycle says when a reader forgets instances without writers.
// The defaults are Infinite. DDS 1.4, 2.2.3.22.
type ReaderDataLifecycle struct {
	PurgeNoWriter time.Duration // autopurge_nowriter_samples_delay
	PurgeDisposed time.Duration // autopurge_disposed_samples_delay
}

// Representations are data representations in order of preference; none is the
// same as XCDR1 alone. A writer uses the first. DDS-XTypes 1.3, 7.6.3.1.1.
type Representations []Representation

// DataRepresentation returns the representations of those ids.
func DataRepresentation(ids ...Representation) Representations { return ids }

// A TypeConsistency says which differences of types a reader bears.
// DDS-XTypes 1.3, 7.6.3.4.1.
type TypeConsistency struct {
	Disallow             bool // DISALLOW_TYPE_COERCION; default false
	IgnoreSequenceBounds bool // default true
	IgnoreStringBounds   bool // default true
	IgnoreMemberNames    bool // default false
	PreventWidening      bool // default false
	ForceValidation      bool // default false
}

// DefaultTypeConsistency is ALLOW_TYPE_COERCION with the default flags.
// DDS-XTypes 1.3, 7.6.3.4.2.
func DefaultTypeConsistency() TypeConsistency {
	return TypeConsistency{IgnoreSequenceBounds: true, IgnoreStringBounds: true}
}
