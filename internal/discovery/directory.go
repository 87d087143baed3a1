package discovery

import (
	"slices"
	"time"

	"github.com/secdds/dds/qos"
	"github.com/secdds/dds/rtps"
)

// A Directory knows the participants of a domain, their endpoints and the local
// ones, and says what matches. It is a machine: calls are serialised by the
// caller, who carries out what the Events say.
//
// It keeps the data it is given and hands it out in Events; nobody may change
// them afterwards.
type Directory struct {
	self   rtps.GUIDPrefix
	domain uint32
	tag    string
	limits Limits

	peers   map[rtps.GUIDPrefix]*peer
	remotes map[rtps.GUID]*endpoint
	locals  map[rtps.GUID]*endpoint
	topics  map[string]*topic
	bytes   int // of all announcements kept
	guests  struct{ peers, endpoints, bytes int }
	refused Refusals

	leases   leaseHeap
	assertAt time.Time // when local automatic writers are to be asserted; zero: never
}

// A peer is a remote participant.
type peer struct {
	data      *ParticipantData
	size      int
	found     time.Time
	admitted  bool
	guest     bool // admitted without being vouched for
	endpoints []*endpoint
	lease     lease
}

// An endpoint is a local or remote writer or reader.
type endpoint struct {
	data  *EndpointData
	size  int
	peer  *peer // nil: local
	topic *topic
	at    int   // in its side of topic
	nth   int   // in peer.endpoints
	lease lease // of the liveliness of a writer
	dead  bool  // its liveliness was lost

	// pairs holds, at a remote endpoint, what was reported of it and each
	// local endpoint of its topic.
	pairs map[*endpoint]verdict
}

// A topic is the endpoints of one topic name.
type topic struct{ locals, remotes []*endpoint }

// A verdict is what was reported of a pair.
type verdict struct {
	mismatch Mismatch // 0: compatible
	failing  uint32   // bit set of policies
}

// NewDirectory returns the empty Directory of the participant self in a domain.
// tag is its domain tag, "" by default.
func NewDirectory(self rtps.GUID, domain uint32, tag string, limits Limits) *Directory {
	return &Directory{
		self: self.Prefix, domain: domain, tag: tag, limits: limits.withDefaults(),
		peers:   make(map[rtps.GUIDPrefix]*peer),
		remotes: make(map[rtps.GUID]*endpoint),
		locals:  make(map[rtps.GUID]*endpoint),
		topics:  make(map[string]*topic),
	}
}

// Refused returns how many announcements were refused, by reason.
func (d *Directory) Refused() Refusals { return d.refused }

// Peer returns what is known of a participant, or nil.
func (d *Directory) Peer(prefix rtps.GUIDPrefix) *ParticipantData {
	if p := d.peers[prefix]; p != nil {
		return p.data
	}
	return nil
}

// Endpoint returns what is known of a local or remote endpoint, or nil.
func (d *Directory) Endpoint(guid rtps.GUID) *EndpointData {
	if e := d.locals[guid]; e != nil {
		return e.data
	}
	if e := d.remotes[guid]; e != nil {
		return e.data
	}
	return nil
}

// Len returns how many remote participants and endpoints are known.
func (d *Directory) Len() (peers, endpoints int) { return len(d.peers), len(d.remotes) }

// Next reports when Advance is due; the zero time means never.
func (d *Directory) Next() time.Time {
	next := d.assertAt
	if l := d.leases.first(); l != nil && (next.IsZero() || l.at.Before(next)) {
		next = l.at
	}
	return next
}

// Advance does what has come due by now: it forgets participants whose lease
// ran out, reports writers that lost their liveliness, and asks for the
// assertion of the local ones.
func (d *Directory) Advance(now time.Time, out *Events) {
	for l := d.leases.first(); l != nil && !now.Before(l.at); l = d.leases.first() {
		d.leases.stop(l)
		if l.peer != nil {
			d.remove(l.peer, Expired, out)
			continue
		}
		l.writer.dead = true
		out.add(LivelinessLost{Writer: l.writer.data.GUID})
	}
	if !d.assertAt.IsZero() && !now.Before(d.assertAt) {
		d.assertAt = time.Time{}
		out.add(AssertLiveliness{Kind: AutomaticUpdate})
		d.scheduleAssertion(now)
	}
}

func (d *Directory) topicOf(name string) *topic {
	t := d.topics[name]
	if t == nil {
		t = &topic{}
		d.topics[name] = t
	}
	return t
}

// side is the list of its topic that e is in.
func (e *endpoint) side() *[]*endpoint {
	if e.peer == nil {
		return &e.topic.locals
	}
	return &e.topic.remotes
}

func (d *Directory) enterTopic(e *endpoint) {
	e.topic = d.topicOf(e.data.Topic)
	side := e.side()
	e.at = len(*side)
	*side = append(*side, e)
}

func (d *Directory) leaveTopic(e *endpoint) {
	side := e.side()
	last := len(*side) - 1
	(*side)[e.at] = (*side)[last]
	(*side)[e.at].at = e.at
	*side = slices.Delete(*side, last, last+1)
	if len(e.topic.locals)+len(e.topic.remotes) == 0 {
		delete(d.topics, e.data.Topic)
	}
}

// judge compares two endpoints of one topic. It reports false for two of the
// same side, which are no pair.
func judge(local, remote *EndpointData) (v verdict, policies []qos.ID, ok bool) {
	w, r := local, remote
	if w.Writer == nil {
		w, r = r, w
	}
	switch {
	case w.Writer == nil || r.Reader == nil:
		return verdict{}, nil, false
	case w.Type != r.Type || keyed(w.GUID.Entity) != keyed(r.GUID.Entity):
		return verdict{mismatch: TypeMismatch}, nil, true
	}
	if policies = qos.Match(w.Writer, r.Reader); policies != nil {
		v.mismatch = PolicyMismatch
		for _, id := range policies {
			v.failing |= 1 << id
		}
		return v, policies, true
	}
	if !qos.PartitionsMatch(w.Writer.Partition, r.Reader.Partition) {
		return verdict{mismatch: PartitionMismatch}, nil, true
	}
	return verdict{}, nil, true
}

// keyed reports whether an endpoint is of a topic with a key.
func keyed(e rtps.EntityID) bool {
	k := e[3] & 0x3f
	return k == rtps.KindWriterWithKey || k == rtps.KindReaderWithKey
}

// meet judges a pair and reports what is new about it.
func (d *Directory) meet(local, remote *endpoint, out *Events) {
	v, policies, ok := judge(local.data, remote.data)
	if !ok {
		return
	}
	before, known := remote.pairs[local]
	if remote.pairs == nil {
		remote.pairs = make(map[*endpoint]verdict)
	}
	remote.pairs[local] = v
	wasCompatible := known && before.mismatch == 0
	switch {
	case v.mismatch == 0 && wasCompatible:
		out.add(Updated{Local: local.data, Remote: remote.data})
	case v.mismatch == 0:
		out.add(Compatible{Local: local.data, Remote: remote.data, Alive: !remote.dead})
	case known && before == v:
	default:
		if wasCompatible {
			out.add(Unmatched{Local: local.data.GUID, Remote: remote.data.GUID})
		}
		out.add(Incompatible{Local: local.data, Remote: remote.data, Reason: v.mismatch, Policies: policies})
	}
}

// part forgets a pair.
func part(local, remote *endpoint, out *Events) {
	if v, known := remote.pairs[local]; known && v.mismatch == 0 {
		out.add(Unmatched{Local: local.data.GUID, Remote: remote.data.GUID})
	}
	delete(remote.pairs, local)
}
