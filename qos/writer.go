package qos

import "time"

// DDS 1.4, 2.2.3: the default max_blocking_time of RELIABILITY.
const defaultMaxBlocking = 100 * time.Millisecond

// A Writer is the quality of service of a data writer, with what discovery
// announces of its publisher and topic. Use NewWriter: the zero Writer is not
// valid.
type Writer struct {
	Durability          Durability
	DurabilityService   DurabilityService
	Deadline            time.Duration
	LatencyBudget       time.Duration
	Liveliness          LivelinessPolicy
	Reliability         Reliability
	DestinationOrder    DestinationOrder
	History             History
	ResourceLimits      ResourceLimits
	TransportPriority   int32
	Lifespan            time.Duration
	UserData            []byte
	Ownership           Ownership
	Strength            int32
	WriterDataLifecycle WriterDataLifecycle
	Representations     []Representation
	DataTags            []DataTag

	// Of the publisher.
	Presentation PresentationPolicy
	Partition    []string
	GroupData    []byte
	// Of the topic.
	TopicData []byte
}

// A WriterPolicy changes the quality of service of a data writer. Every policy
// that the specification gives to writers is one; so are the policies of
// publishers, for a writer whose publisher is not spelled out, and profiles.
type WriterPolicy interface{ applyWriter(*Writer) }

// NewWriter returns the specification's defaults with the policies applied in
// order. DDS 1.4, 2.2.3: reliable with 100 ms of blocking, volatile, the last
// sample of each instance.
func NewWriter(ps ...WriterPolicy) Writer {
	q := Writer{
		DurabilityService:   defaultDurabilityService(),
		Deadline:            Infinite,
		Liveliness:          LivelinessPolicy{Automatic, Infinite},
		Reliability:         Reliability{true, defaultMaxBlocking},
		History:             History{Depth: 1},
		ResourceLimits:      Unlimited,
		Lifespan:            Infinite,
		WriterDataLifecycle: WriterDataLifecycle{AutoDispose: true},
	}
	for _, p := range ps {
		p.applyWriter(&q)
	}
	return q
}

func defaultDurabilityService() DurabilityService {
	return DurabilityService{History: History{Depth: 1}, Limits: Unlimited}
}

func (q Writer) applyWriter(dst *Writer)            { *dst = q }
func (p Durability) applyWriter(q *Writer)          { q.Durability = p }
func (p DurabilityService) applyWriter(q *Writer)   { q.DurabilityService = p }
func (p Deadline) applyWriter(q *Writer)            { q.Deadline = time.Duration(p) }
func (p LatencyBudget) applyWriter(q *Writer)       { q.LatencyBudget = time.Duration(p) }
func (p LivelinessPolicy) applyWriter(q *Writer)    { q.Liveliness = p }
func (p Reliability) applyWriter(q *Writer)         { q.Reliability = p }
func (p DestinationOrder) applyWriter(q *Writer)    { q.DestinationOrder = p }
func (p History) applyWriter(q *Writer)             { q.History = p }
func (p ResourceLimits) applyWriter(q *Writer)      { q.ResourceLimits = p }
func (p TransportPriority) applyWriter(q *Writer)   { q.TransportPriority = int32(p) }
func (p Lifespan) applyWriter(q *Writer)            { q.Lifespan = time.Duration(p) }
func (p UserData) applyWriter(q *Writer)            { q.UserData = p }
func (p Ownership) applyWriter(q *Writer)           { q.Ownership = p }
func (p OwnershipStrength) applyWriter(q *Writer)   { q.Strength = int32(p) }
func (p WriterDataLifecycle) applyWriter(q *Writer) { q.WriterDataLifecycle = p }
func (p Representations) applyWriter(q *Writer)     { q.Representations = p }
func (p DataTags) applyWriter(q *Writer)            { q.DataTags = p }
func (p PresentationPolicy) applyWriter(q *Writer)  { q.Presentation = p }
func (p Partitions) applyWriter(q *Writer)          { q.Partition = p }
func (p GroupData) applyWriter(q *Writer)           { q.GroupData = p }
