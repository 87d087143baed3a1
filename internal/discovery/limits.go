package discovery

import (
	"time"

	"github.com/secdds/dds/rtps"
)

// Limits bounds what remote participants can make a Directory hold. Zero fields
// have the defaults told.
type Limits struct {
	// MaxPeers is how many remote participants are known at a time.
	// If zero, 1000.
	MaxPeers int
	// MaxGuests is how many of them may be admitted without being vouched for,
	// by AdmitGuest. All guests together take at most a quarter of MaxEndpoints
	// and of MaxBytes. If zero, a quarter of MaxPeers.
	MaxGuests int
	// MaxEndpointsPerPeer is how many endpoints one of them may have.
	// If zero, 4096.
	MaxEndpointsPerPeer int
	// MaxEndpoints is how many remote endpoints are known in all.
	// If zero, 50,000.
	MaxEndpoints int
	// MaxBytes is about how much memory the announcements of all remote
	// participants and endpoints may take. If zero, 128 MiB.
	MaxBytes int
	// Grace is how long a participant has to be admitted before it gives way
	// to a new one when there are MaxPeers. If zero, 10 seconds.
	Grace time.Duration
}

func (l Limits) withDefaults() Limits {
	def := func(n *int, d int) {
		if *n <= 0 {
			*n = d
		}
	}
	def(&l.MaxPeers, 1000)
	def(&l.MaxGuests, l.MaxPeers/4)
	def(&l.MaxEndpointsPerPeer, 4096)
	def(&l.MaxEndpoints, 50_000)
	def(&l.MaxBytes, 128<<20)
	if l.Grace <= 0 {
		l.Grace = 10 * time.Second
	}
	return l
}

// A Refusals counts the announcements that a Directory took no notice of, by
// reason.
type Refusals struct {
	Self          uint64 // our own, come back
	OtherDomain   uint64 // of another domain id or tag
	TooMany       uint64 // over one of the Limits
	NotAdmitted   uint64 // endpoints and messages of a participant not admitted
	Foreign       uint64 // an endpoint that is not its announcer's, or of an impossible kind
	Unprotected   uint64 // a plain announcement about what was announced protected
	UnknownSender uint64 // endpoints and messages of an unknown participant
}

// size is about how many octets d holds on to.
func (d *ParticipantData) size() int {
	n := 512 + len(d.UserData) + len(d.EntityName) + len(d.DomainTag)
	n += 24 * (len(d.MetatrafficUnicast) + len(d.MetatrafficMulticast) + len(d.DefaultUnicast) + len(d.DefaultMulticast))
	for i := range d.Properties {
		n += 32 + len(d.Properties[i].Name) + len(d.Properties[i].Value)
	}
	return n + holderSize(d.IdentityToken) + holderSize(d.PermissionsToken) + holderSize(d.IdentityStatusToken)
}

func (d *EndpointData) size() int {
	n := 1024 + len(d.Topic) + len(d.Type) + len(d.EntityName) + len(d.TypeInformation)
	n += 24 * (len(d.Unicast) + len(d.Multicast))
	for i := range d.DataTags {
		n += 32 + len(d.DataTags[i].Name) + len(d.DataTags[i].Value)
	}
	for _, p := range d.partition() {
		n += 16 + len(p)
	}
	if q := d.Writer; q != nil {
		return n + len(q.UserData) + len(q.TopicData) + len(q.GroupData) + 2*len(q.Representations)
	}
	q := d.Reader
	return n + len(q.UserData) + len(q.TopicData) + len(q.GroupData) + 2*len(q.Representations)
}

func holderSize(h *rtps.DataHolder) int {
	if h == nil {
		return 0
	}
	n := 64 + len(h.ClassID)
	for i := range h.Properties {
		n += 32 + len(h.Properties[i].Name) + len(h.Properties[i].Value)
	}
	for i := range h.BinaryProperties {
		n += 40 + len(h.BinaryProperties[i].Name) + len(h.BinaryProperties[i].Value)
	}
	return n
}
