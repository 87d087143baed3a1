package discovery

import (
	"fmt"

	"github.com/secdds/dds/qos"
	"github.com/secdds/dds/rtps"
)

// Events collects what a Directory reports, in order.
type Events []Event

// An Event is one of the types below whose documentation says so.
type Event interface{ event() }

func (e *Events) add(ev Event) { *e = append(*e, ev) }

// A PeerFound is the Event of a participant that was not known. Nothing else
// is reported of it until it is admitted.
type PeerFound struct{ Peer *ParticipantData }

// A PeerChanged is the Event of a participant whose announcement changed.
type PeerChanged struct{ Old, Peer *ParticipantData }

// A PeerLost is the Event of a participant that is forgotten. The Unmatched
// events of its endpoints come before it.
type PeerLost struct {
	Peer   *ParticipantData
	Reason LostReason
}

// A LostReason says why a participant was forgotten.
type LostReason uint8

// The reasons to forget a participant.
const (
	Expired LostReason = iota + 1 // its lease ran out
	Left                          // it said so
	Removed                       // Directory.Remove
	Evicted                       // it was not admitted in time and the table was full
)

// String returns the reason in a word.
func (r LostReason) String() string {
	switch r {
	case Expired:
		return "expired"
	case Left:
		return "left"
	case Removed:
		return "removed"
	case Evicted:
		return "evicted"
	}
	return fmt.Sprintf("LostReason(%d)", uint8(r))
}

// A Compatible is the Event of a pair that may communicate, as far as topic,
// type and QoS go. It is reported once, and again only after an Unmatched.
type Compatible struct {
	Local, Remote *EndpointData
	Alive         bool // the liveliness of a remote writer; true for readers
}

// An Updated is the Event of a compatible pair of which one side changed what
// it announces and which is still compatible.
type Updated struct{ Local, Remote *EndpointData }

// An Incompatible is the Event of a pair on the same topic that may not
// communicate. It is reported once for each set of reasons.
type Incompatible struct {
	Local, Remote *EndpointData
	Reason        Mismatch
	Policies      []qos.ID // all that fail, when Reason is PolicyMismatch
}

// A Mismatch says why two endpoints on the same topic do not match.
type Mismatch uint8

// The reasons of mismatches, the weightiest first.
const (
	TypeMismatch      Mismatch = iota + 1 // other type name, or one has a key and the other has none: INCONSISTENT_TOPIC
	PolicyMismatch                        // INCOMPATIBLE_QOS
	PartitionMismatch                     // no partition in common: no status, but worth knowing
)

// String returns the reason in a word.
func (m Mismatch) String() string {
	switch m {
	case TypeMismatch:
		return "type"
	case PolicyMismatch:
		return "policy"
	case PartitionMismatch:
		return "partition"
	}
	return fmt.Sprintf("Mismatch(%d)", uint8(m))
}

// An Unmatched is the Event of a pair that was Compatible and is no longer.
type Unmatched struct{ Local, Remote rtps.GUID }

// A LivelinessLost is the Event of a writer, remote or local, that has not been
// asserted for its lease. DDS 1.4, 2.2.3.11.
type LivelinessLost struct{ Writer rtps.GUID }

// A LivelinessBack is the Event of a writer that was lost and is asserted again.
type LivelinessBack struct{ Writer rtps.GUID }

// An AssertLiveliness is the Event that a MessageData of that kind is to be
// sent: it asserts the local writers.
type AssertLiveliness struct{ Kind MessageKind }

func (PeerFound) event()        {}
func (PeerChanged) event()      {}
func (PeerLost) event()         {}
func (Compatible) event()       {}
func (Updated) event()          {}
func (Incompatible) event()     {}
func (Unmatched) event()        {}
func (LivelinessLost) event()   {}
func (LivelinessBack) event()   {}
func (AssertLiveliness) event() {}
