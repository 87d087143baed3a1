package discovery

import (
	"bytes"
	"time"

	"github.com/secdds/dds/qos"
	"github.com/secdds/dds/rtps"
)

// common appends the policies writers and readers share, where they differ
// from their defaults.
func (a *appender) common(hasDeadline bool, deadline, latency time.Duration, liveliness qos.LivelinessPolicy,
	order qos.DestinationOrder, h qos.History, l qos.ResourceLimits, o qos.Ownership, reps []qos.Representation) {
	if hasDeadline {
		a.duration(rtps.PIDDeadline, deadline)
	}
	if latency != 0 {
		a.duration(rtps.PIDLatencyBudget, latency)
	}
	if liveliness != (qos.LivelinessPolicy{Kind: qos.Automatic, Lease: qos.Infinite}) {
		a.kindAndDuration(rtps.PIDLiveliness, uint32(liveliness.Kind), liveliness.Lease)
	}
	if order != qos.ByReception {
		a.uint32(rtps.PIDDestinationOrder, uint32(order))
	}
	if h != (qos.History{Depth: 1}) {
		a.uint32(rtps.PIDHistory, uint32(historyKind(h)), uint32(h.Depth))
	}
	if l != qos.Unlimited {
		a.uint32(rtps.PIDResourceLimits, uint32(l.MaxSamples), uint32(l.MaxInstances), uint32(l.MaxSamplesPerInstance))
	}
	if o != qos.Shared {
		a.uint32(rtps.PIDOwnership, uint32(o))
	}
	if len(reps) > 0 {
		mark := a.begin(rtps.PIDDataRepresentation)
		a.b = rtps.AppendUint32(a.b, a.le, uint32(len(reps)))
		for _, r := range reps {
			a.b = rtps.AppendUint16(a.b, a.le, uint16(r))
		}
		a.end(mark)
	}
}

// policies points at the policies writers and readers share.
type policies struct {
	durability      *qos.Durability
	deadline        *time.Duration
	latency         *time.Duration
	liveliness      *qos.LivelinessPolicy
	reliability     *qos.Reliability
	order           *qos.DestinationOrder
	history         *qos.History
	limits          *qos.ResourceLimits
	ownership       *qos.Ownership
	representations *[]qos.Representation
	presentation    *qos.PresentationPolicy
	partition       *[]string
	groupData       *[]byte
	topicData       *[]byte
	userData        *[]byte
}

func readPolicy(q policies, p rtps.Parameter, c *rtps.Cursor) bool {
	switch p.ID {
	case rtps.PIDDurability:
		*q.durability = qos.Durability(readKind(c, 0, uint32(qos.Persistent)))
	case rtps.PIDDeadline:
		*q.deadline = readDuration(c)
	case rtps.PIDLatencyBudget:
		*q.latency = readDuration(c)
	case rtps.PIDLiveliness:
		q.liveliness.Kind = qos.LivelinessKind(readKind(c, 0, uint32(qos.ManualByTopic)))
		q.liveliness.Lease = readDuration(c)
	case rtps.PIDReliability:
		q.reliability.Reliable = readKind(c, wireBestEffort, wireReliable) == wireReliable
		q.reliability.MaxBlocking = readDuration(c)
	case rtps.PIDDestinationOrder:
		*q.order = qos.DestinationOrder(readKind(c, 0, uint32(qos.BySource)))
	case rtps.PIDHistory:
		*q.history = readHistory(c)
	case rtps.PIDResourceLimits:
		*q.limits = readLimits(c)
	case rtps.PIDOwnership:
		*q.ownership = qos.Ownership(readKind(c, 0, uint32(qos.Exclusive)))
	case rtps.PIDDataRepresentation:
		*q.representations = readRepresentations(c)
	case rtps.PIDPresentation:
		q.presentation.Scope = qos.AccessScope(readKind(c, 0, uint32(qos.GroupScope)))
		q.presentation.Coherent = c.Bool()
		q.presentation.Ordered = c.Bool()
	case rtps.PIDPartition:
		*q.partition = readStrings(c, maxPartitions)
	case rtps.PIDGroupData:
		*q.groupData = bytes.Clone(c.OctetSeq())
	case rtps.PIDTopicData:
		*q.topicData = bytes.Clone(c.OctetSeq())
	case rtps.PIDUserData:
		*q.userData = bytes.Clone(c.OctetSeq())
	default:
		return false
	}
	return true
}

// readKind reads an enumeration; a number outside it fails the cursor, for
// whatever the kind means it is not what we would take it for.
func readKind(c *rtps.Cursor, least, most uint32) uint32 {
	k := c.Uint32()
	if k < least || k > most {
		c.Octets(c.Remaining() + 1)
	}
	return k
}

func readHistory(c *rtps.Cursor) qos.History {
	all := readKind(c, 0, 1) == 1
	return qos.History{All: all, Depth: int(c.Int32())}
}

func readLimits(c *rtps.Cursor) qos.ResourceLimits {
	return qos.ResourceLimits{
		MaxSamples: int(c.Int32()), MaxInstances: int(c.Int32()), MaxSamplesPerInstance: int(c.Int32()),
	}
}

func readRepresentations(c *rtps.Cursor) []qos.Representation {
	var ids []qos.Representation
	for range c.Count(2) {
		if id := qos.Representation(c.Uint16()); len(ids) < maxRepresentations {
			ids = append(ids, id)
		}
	}
	return ids
}
