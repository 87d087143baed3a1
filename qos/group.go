package qos

// A Publisher is the quality of service of a publisher. As a policy it gives a
// writer the presentation, partition and group data of its publisher.
type Publisher struct {
	Presentation PresentationPolicy
	Partition    []string
	GroupData    []byte
	AutoEnable   bool
}

// A Subscriber is the quality of service of a subscriber. As a policy it gives
// a reader the presentation, partition and group data of its subscriber.
type Subscriber struct {
	Presentation PresentationPolicy
	Partition    []string
	GroupData    []byte
	AutoEnable   bool
}

// A Participant is the quality of service of a domain participant.
type Participant struct {
	UserData   []byte
	AutoEnable bool
}

// The policies of publishers, subscribers and participants.
type (
	PublisherPolicy   interface{ applyPublisher(*Publisher) }
	SubscriberPolicy  interface{ applySubscriber(*Subscriber) }
	ParticipantPolicy interface{ applyParticipant(*Participant) }
)

// NewPublisher returns the defaults with the policies applied in order.
func NewPublisher(ps ...PublisherPolicy) Publisher {
	q := Publisher{AutoEnable: true}
	for _, p := range ps {
		p.applyPublisher(&q)
	}
	return q
}

// NewSubscriber returns the defaults with the policies applied in order.
func NewSubscriber(ps ...SubscriberPolicy) Subscriber {
	q := Subscriber{AutoEnable: true}
	for _, p := range ps {
		p.applySubscriber(&q)
	}
	return q
}

// NewParticipant returns the defaults with the policies applied in order.
func NewParticipant(ps ...ParticipantPolicy) Participant {
	q := Participant{AutoEnable: true}
	for _, p := range ps {
		p.applyParticipant(&q)
	}
	return q
}

func (q Publisher) applyPublisher(dst *Publisher)          { *dst = q }
func (p PresentationPolicy) applyPublisher(q *Publisher)   { q.Presentation = p }
func (p Partitions) applyPublisher(q *Publisher)           { q.Partition = p }
func (p GroupData) applyPublisher(q *Publisher)            { q.GroupData = p }
func (p AutoEnable) applyPublisher(q *Publisher)           { q.AutoEnable = bool(p) }
func (q Subscriber) applySubscriber(dst *Subscriber)       { *dst = q }
func (p PresentationPolicy) applySubscriber(q *Subscriber) { q.Presentation = p }
func (p Partitions) applySubscriber(q *Subscriber)         { q.Partition = p }
func (p GroupData) applySubscriber(q *Subscriber)          { q.GroupData = p }
func (p AutoEnable) applySubscriber(q *Subscriber)         { q.AutoEnable = bool(p) }
func (q Participant) applyParticipant(dst *Participant)    { *dst = q }
func (p UserData) applyParticipant(q *Participant)         { q.UserData = p }
func (p AutoEnable) applyParticipant(q *Participant)       { q.AutoEnable = bool(p) }

func (q Publisher) applyWriter(w *Writer) {
	w.Presentation, w.Partition, w.GroupData = q.Presentation, q.Partition, q.GroupData
}

func (q Subscriber) applyReader(r *Reader) {
	r.Presentation, r.Partition, r.GroupData = q.Presentation, q.Partition, q.GroupData
}
