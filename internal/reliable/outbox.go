package reliable

import (
	"math"

	"github.com/secdds/dds/rtps"
)

// A SendKind says what a [Send] orders.
type SendKind uint8

// Kinds of sends.
const (
	SendData          SendKind = iota + 1 // Change as one DATA
	SendFrag                              // fragments of Change as one or more DATA_FRAG
	SendHeartbeat                         // Heartbeat
	SendGap                               // Gap
	SendHeartbeatFrag                     // HeartbeatFrag: fragments of SN up to HeartbeatFrag.Last are out
)

// A Send orders one submessage (or, for SendFrag, a run of fragments that the
// caller may put into as many DATA_FRAG submessages as it likes). Entity ids
// in Heartbeat, Gap and HeartbeatFrag are left for the caller to fill in.
type Send struct {
	Kind SendKind
	To   rtps.GUID // zero: every matched reader

	Change *Change // SendData, SendFrag

	FragFirst rtps.FragmentNumber // SendFrag: the first of the fragments, from 1
	FragCount uint16              // SendFrag: how many; at least 1
	FragSize  uint16              // SendFrag: octets of every fragment but the last

	Heartbeat     rtps.Heartbeat     // SendHeartbeat
	Gap           rtps.Gap           // SendGap
	HeartbeatFrag rtps.HeartbeatFrag // SendHeartbeatFrag
}

// Fragment returns the octets a SendFrag orders. They borrow Change.Payload.
func (s *Send) Fragment() []byte {
	lo := (int(s.FragFirst) - 1) * int(s.FragSize)
	hi := min(lo+int(s.FragCount)*int(s.FragSize), len(s.Change.Payload))
	return s.Change.Payload[lo:hi]
}

// An Outbox is what a [Writer] wants sent, in order. The zero Outbox is empty.
type Outbox struct{ Sends []Send }

// Empty reports whether nothing is wanted.
func (o *Outbox) Empty() bool { return len(o.Sends) == 0 }

// First returns the lowest number of a change that is wanted, or the highest
// number there is.
func (o *Outbox) First() rtps.SequenceNumber {
	first := rtps.SequenceNumber(math.MaxInt64)
	for i := range o.Sends {
		if c := o.Sends[i].Change; c != nil {
			first = min(first, c.SN)
		}
	}
	return first
}

// Octets returns the size of the payloads that are wanted.
func (o *Outbox) Octets() (n int) {
	for i := range o.Sends {
		switch s := &o.Sends[i]; s.Kind {
		case SendData:
			n += len(s.Change.Payload)
		case SendFrag:
			n += int(s.FragCount) * int(s.FragSize)
		}
	}
	return n
}

// Reset empties o. It keeps the capacity and lets go of every change.
func (o *Outbox) Reset() {
	clear(o.Sends)
	o.Sends = o.Sends[:0]
}

// An Ack orders an ACKNACK to the writer To. Entity ids are left for the
// caller to fill in.
type Ack struct {
	To      rtps.GUID
	AckNack rtps.AckNack
}

// A NackFrag orders a NACK_FRAG to the writer To. Entity ids are left for the
// caller to fill in.
type NackFrag struct {
	To       rtps.GUID
	NackFrag rtps.NackFrag
}

// A ReaderOutbox is what a [Reader] wants sent and delivered. The zero
// ReaderOutbox is empty.
type ReaderOutbox struct {
	Acks      []Ack
	NackFrags []NackFrag
	Deliver   []Sample // in the order of each writer

	// Lost counts the samples that were skipped because their writer no longer
	// has them (reliable) or that did not arrive in order (best effort):
	// SAMPLE_LOST. Samples declared irrelevant by GAP are not lost.
	Lost int64
}

// Empty reports whether nothing is wanted.
func (o *ReaderOutbox) Empty() bool {
	return len(o.Acks) == 0 && len(o.NackFrags) == 0 && len(o.Deliver) == 0 && o.Lost == 0
}

// Reset empties o. It keeps the capacity and lets go of every payload.
func (o *ReaderOutbox) Reset() {
	clear(o.Deliver)
	*o = ReaderOutbox{Acks: o.Acks[:0], NackFrags: o.NackFrags[:0], Deliver: o.Deliver[:0]}
}
