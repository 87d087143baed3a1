package discovery

import (
	"github.com/secdds/dds/qos"
	"github.com/secdds/dds/rtps"
)

// Numbers of ReliabilityQosPolicyKind on the wire, which are not those of the
// DDS PSM. DDSI-RTPS 2.5, 9.6.4 (table of QoS parameters).
const (
	wireBestEffort = 1
	wireReliable   = 2
)

func (a *appender) writer(q *qos.Writer) {
	def := qos.NewWriter()
	a.reliability(q.Reliability)
	a.uint32(rtps.PIDDurability, uint32(q.Durability))
	if q.DurabilityService != def.DurabilityService {
		s := q.DurabilityService
		mark := a.begin(rtps.PIDDurabilityService)
		a.b = rtps.AppendDuration(a.b, a.le, rtps.DurationOf(s.CleanupDelay))
		for _, n := range [...]int{historyKind(s.History), s.History.Depth,
			s.Limits.MaxSamples, s.Limits.MaxInstances, s.Limits.MaxSamplesPerInstance} {
			a.b = rtps.AppendInt32(a.b, a.le, int32(n))
		}
		a.end(mark)
	}
	a.common(q.Deadline != def.Deadline, q.Deadline, q.LatencyBudget, q.Liveliness, q.DestinationOrder,
		q.History, q.ResourceLimits, q.Ownership, q.Representations)
	if q.TransportPriority != 0 {
		a.uint32(rtps.PIDTransportPriority, uint32(q.TransportPriority))
	}
	if q.Lifespan != def.Lifespan {
		a.duration(rtps.PIDLifespan, q.Lifespan)
	}
	if q.Ownership == qos.Exclusive || q.Strength != 0 {
		a.uint32(rtps.PIDOwnershipStrength, uint32(q.Strength))
	}
	a.group(q.Presentation, q.Partition, q.GroupData)
	a.octets(rtps.PIDUserData, q.UserData)
	a.octets(rtps.PIDTopicData, q.TopicData)
}

func (a *appender) reader(q *qos.Reader) {
	a.reliability(q.Reliability)
	a.uint32(rtps.PIDDurability, uint32(q.Durability))
	a.common(q.Deadline != qos.Infinite, q.Deadline, q.LatencyBudget, q.Liveliness, q.DestinationOrder,
		q.History, q.ResourceLimits, q.Ownership, q.Representations)
	if q.TimeBasedFilter != 0 {
		a.duration(rtps.PIDTimeBasedFilter, q.TimeBasedFilter)
	}
	if t := q.TypeConsistency; t != qos.DefaultTypeConsistency() {
		mark := a.begin(rtps.PIDTypeConsistency)
		a.b = rtps.AppendUint16(a.b, a.le, uint16(octet(!t.Disallow)))
		a.b = append(a.b, octet(t.IgnoreSequenceBounds), octet(t.IgnoreStringBounds),
			octet(t.IgnoreMemberNames), octet(t.PreventWidening), octet(t.ForceValidation))
		a.end(mark)
	}
	a.group(q.Presentation, q.Partition, q.GroupData)
	a.octets(rtps.PIDUserData, q.UserData)
	a.octets(rtps.PIDTopicData, q.TopicData)
}

// readWriterPolicy reads what only writers announce, then what both do.
func readWriterPolicy(q *qos.Writer, p rtps.Parameter, c *rtps.Cursor) bool {
	switch p.ID {
	case rtps.PIDDurabilityService:
		s := &q.DurabilityService
		s.CleanupDelay = readDuration(c)
		s.History = readHistory(c)
		s.Limits = readLimits(c)
	case rtps.PIDTransportPriority:
		q.TransportPriority = c.Int32()
	case rtps.PIDLifespan:
		q.Lifespan = readDuration(c)
	case rtps.PIDOwnershipStrength:
		q.Strength = c.Int32()
	default:
		return readPolicy(policies{
			&q.Durability, &q.Deadline, &q.LatencyBudget, &q.Liveliness, &q.Reliability, &q.DestinationOrder,
			&q.History, &q.ResourceLimits, &q.Ownership, &q.Representations,
			&q.Presentation, &q.Partition, &q.GroupData, &q.TopicData, &q.UserData,
		}, p, c)
	}
	return true
}

// readReaderPolicy reads what only readers announce, then what both do.
func readReaderPolicy(q *qos.Reader, p rtps.Parameter, c *rtps.Cursor) bool {
	switch p.ID {
	case rtps.PIDTimeBasedFilter:
		q.TimeBasedFilter = readDuration(c)
	case rtps.PIDTypeConsistency:
		q.TypeConsistency.Disallow = c.Uint16() == 0
		if len(p.Value) < 7 {
			break // Interop: DDS-XTypes 1.1 had the kind only
		}
		q.TypeConsistency.IgnoreSequenceBounds = c.Bool()
		q.TypeConsistency.IgnoreStringBounds = c.Bool()
		q.TypeConsistency.IgnoreMemberNames = c.Bool()
		q.TypeConsistency.PreventWidening = c.Bool()
		q.TypeConsistency.ForceValidation = c.Bool()
	default:
		return readPolicy(policies{
			&q.Durability, &q.Deadline, &q.LatencyBudget, &q.Liveliness, &q.Reliability, &q.DestinationOrder,
			&q.History, &q.ResourceLimits, &q.Ownership, &q.Representations,
			&q.Presentation, &q.Partition, &q.GroupData, &q.TopicData, &q.UserData,
		}, p, c)
	}
	return true
}

func (a *appender) reliability(r qos.Reliability) {
	kind := uint32(wireBestEffort)
	if r.Reliable {
		kind = wireReliable
	}
	a.kindAndDuration(rtps.PIDReliability, kind, r.MaxBlocking)
}

func historyKind(h qos.History) int { return int(octet(h.All)) }

func (a *appender) group(p qos.PresentationPolicy, partition []string, data []byte) {
	if p != (qos.PresentationPolicy{}) {
		mark := a.begin(rtps.PIDPresentation)
		a.b = rtps.AppendUint32(a.b, a.le, uint32(p.Scope))
		a.b = append(a.b, octet(p.Coherent), octet(p.Ordered))
		a.end(mark)
	}
	if len(partition) > 0 {
		mark := a.begin(rtps.PIDPartition)
		a.strings(partition)
		a.end(mark)
	}
	a.octets(rtps.PIDGroupData, data)
}
