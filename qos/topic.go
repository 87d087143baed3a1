package qos

import "time"

// A Topic is the quality of service of a topic: what its writers and readers
// start from (copy_from_topic_qos). Use NewTopic: the zero Topic is not valid.
// It is a policy of writers and readers; see applyWriter for what it sets.
type Topic struct {
	TopicData         []byte
	Durability        Durability
	DurabilityService DurabilityService
	Deadline          time.Duration
	LatencyBudget     time.Duration
	Liveliness        LivelinessPolicy
	Reliability       Reliability
	DestinationOrder  DestinationOrder
	History           History
	ResourceLimits    ResourceLimits
	TransportPriority int32
	Lifespan          time.Duration
	Ownership         Ownership
	Representations   []Representation
	TypeConsistency   TypeConsistency
}

// A TopicPolicy changes the quality of service of a topic.
type TopicPolicy interface{ applyTopic(*Topic) }

// NewTopic returns the specification's defaults with the policies applied in
// order. DDS 1.4, 2.2.3: best effort, as for readers.
func NewTopic(ps ...TopicPolicy) Topic {
	q := Topic{
		DurabilityService: defaultDurabilityService(),
		Deadline:          Infinite,
		Liveliness:        LivelinessPolicy{Automatic, Infinite},
		Reliability:       Reliability{false, defaultMaxBlocking},
		History:           History{Depth: 1},
		ResourceLimits:    Unlimited,
		Lifespan:          Infinite,
		TypeConsistency:   DefaultTypeConsistency(),
	}
	for _, p := range ps {
		p.applyTopic(&q)
	}
	return q
}

// applyWriter sets every policy that topics and writers share, as
// copy_from_topic_qos does. DDS 1.4, 2.2.2.4.1.15.
func (q Topic) applyWriter(w *Writer) {
	w.Durability, w.DurabilityService = q.Durability, q.DurabilityService
	w.Deadline, w.LatencyBudget, w.Liveliness = q.Deadline, q.LatencyBudget, q.Liveliness
	w.Reliability, w.DestinationOrder = q.Reliability, q.DestinationOrder
	w.History, w.ResourceLimits = q.History, q.ResourceLimits
	w.TransportPriority, w.Lifespan, w.Ownership = q.TransportPriority, q.Lifespan, q.Ownership
	w.Representations, w.TopicData = q.Representations, q.TopicData
}

// applyReader sets every policy that topics and readers share.
// DDS 1.4, 2.2.2.5.2.14.
func (q Topic) applyReader(r *Reader) {
	r.Durability = q.Durability
	r.Deadline, r.LatencyBudget, r.Liveliness = q.Deadline, q.LatencyBudget, q.Liveliness
	r.Reliability, r.DestinationOrder = q.Reliability, q.DestinationOrder
	r.History, r.ResourceLimits, r.Ownership = q.History, q.ResourceLimits, q.Ownership
	r.Representations, r.TypeConsistency, r.TopicData = q.Representations, q.TypeConsistency, q.TopicData
}

func (q Topic) applyTopic(dst *Topic)           { *dst = q }
func (p TopicData) applyTopic(q *Topic)         { q.TopicData = p }
func (p Durability) applyTopic(q *Topic)        { q.Durability = p }
func (p DurabilityService) applyTopic(q *Topic) { q.DurabilityService = p }
func (p Deadline) applyTopic(q *Topic)          { q.Deadline = time.Duration(p) }
func (p LatencyBudget) applyTopic(q *Topic)     { q.LatencyBudget = time.Duration(p) }
func (p LivelinessPolicy) applyTopic(q *Topic)  { q.Liveliness = p }
func (p Reliability) applyTopic(q *Topic)       { q.Reliability = p }
func (p DestinationOrder) applyTopic(q *Topic)  { q.DestinationOrder = p }
func (p History) applyTopic(q *Topic)           { q.History = p }
func (p ResourceLimits) applyTopic(q *Topic)    { q.ResourceLimits = p }
func (p TransportPriority) applyTopic(q *Topic) { q.TransportPriority = int32(p) }
func (p Lifespan) applyTopic(q *Topic)          { q.Lifespan = time.Duration(p) }
func (p Ownership) applyTopic(q *Topic)         { q.Ownership = p }
func (p Representations) applyTopic(q *Topic)   { q.Representations = p }
func (p TypeConsistency) applyTopic(q *Topic)   { q.TypeConsistency = p }
