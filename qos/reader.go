package qos

import "time"

// A Reader is the quality of service of a data reader, with what discovery
// announces of its subscriber and topic. Use NewReader: the zero Reader is not
// valid.
type Reader struct {
	Durability          Durability
	Deadline            time.Duration
	LatencyBudget       time.Duration
	Liveliness          LivelinessPolicy
	Reliability         Reliability
	DestinationOrder    DestinationOrder
	History             History
	ResourceLimits      ResourceLimits
	UserData            []byte
	Ownership           Ownership
	TimeBasedFilter     time.Duration
	ReaderDataLifecycle ReaderDataLifecycle
	Representations     []Representation
	DataTags            []DataTag
	TypeConsistency     TypeConsistency

	// Of the subscriber.
	Presentation PresentationPolicy
	Partition    []string
	GroupData    []byte
	// Of the topic.
	TopicData []byte
}

// A ReaderPolicy changes the quality of service of a data reader. Every policy
// that the specification gives to readers is one; so are the policies of
// subscribers, for a reader whose subscriber is not spelled out, and profiles.
type ReaderPolicy interface{ applyReader(*Reader) }

// NewReader returns the specification's defaults with the policies applied in
// order. DDS 1.4, 2.2.3: best effort, volatile, the last sample of each
// instance.
func NewReader(ps ...ReaderPolicy) Reader {
	q := Reader{
		Deadline:            Infinite,
		Liveliness:          LivelinessPolicy{Automatic, Infinite},
		Reliability:         Reliability{false, defaultMaxBlocking},
		History:             History{Depth: 1},
		ResourceLimits:      Unlimited,
		ReaderDataLifecycle: ReaderDataLifecycle{Infinite, Infinite},
		TypeConsistency:     DefaultTypeConsistency(),
	}
	for _, p := range ps {
		p.applyReader(&q)
	}
	return q
}

func (q Reader) applyReader(dst *Reader)            { *dst = q }
func (p Durability) applyReader(q *Reader)          { q.Durability = p }
func (p Deadline) applyReader(q *Reader)            { q.Deadline = time.Duration(p) }
func (p LatencyBudget) applyReader(q *Reader)       { q.LatencyBudget = time.Duration(p) }
func (p LivelinessPolicy) applyReader(q *Reader)    { q.Liveliness = p }
func (p Reliability) applyReader(q *Reader)         { q.Reliability = p }
func (p DestinationOrder) applyReader(q *Reader)    { q.DestinationOrder = p }
func (p History) applyReader(q *Reader)             { q.History = p }
func (p ResourceLimits) applyReader(q *Reader)      { q.ResourceLimits = p }
func (p UserData) applyReader(q *Reader)            { q.UserData = p }
func (p Ownership) applyReader(q *Reader)           { q.Ownership = p }
func (p TimeBasedFilter) applyReader(q *Reader)     { q.TimeBasedFilter = time.Duration(p) }
func (p ReaderDataLifecycle) applyReader(q *Reader) { q.ReaderDataLifecycle = p }
func (p Representations) applyReader(q *Reader)     { q.Representations = p }
func (p DataTags) applyReader(q *Reader)            { q.DataTags = p }
func (p TypeConsistency) applyReader(q *Reader)     { q.TypeConsistency = p }
func (p PresentationPolicy) applyReader(q *Reader)  { q.Presentation = p }
func (p Partitions) applyReader(q *Reader)          { q.Partition = p }
func (p GroupData) applyReader(q *Reader)           { q.GroupData = p }
