package qos

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// A Shortfall is one policy by which a writer's offer falls short of a reader's
// request.
type Shortfall struct {
	ID                 ID
	Offered, Requested string
}

// String says it in a sentence.
func (s Shortfall) String() string {
	return fmt.Sprintf("%s: offered %s, requested %s", s.ID, s.Offered, s.Requested)
}

// Explain returns what Match and PartitionsMatch hold against the two, with what
// each side has; nil: nothing.
func Explain(w *Writer, r *Reader) []Shortfall {
	var s []Shortfall
	for _, id := range Match(w, r) {
		offered, requested := sides(id, w, r)
		s = append(s, Shortfall{id, offered, requested})
	}
	if !PartitionsMatch(w.Partition, r.Partition) {
		s = append(s, Shortfall{PartitionID, names(w.Partition), names(r.Partition)})
	}
	return s
}

func sides(id ID, w *Writer, r *Reader) (offered, requested string) {
	switch id {
	case DurabilityID:
		return w.Durability.String(), r.Durability.String()
	case PresentationID:
		return presented(w.Presentation), presented(r.Presentation)
	case DeadlineID:
		return lasting(w.Deadline), lasting(r.Deadline)
	case LatencyBudgetID:
		return lasting(w.LatencyBudget), lasting(r.LatencyBudget)
	case OwnershipID:
		return w.Ownership.String(), r.Ownership.String()
	case LivelinessID:
		return lives(w.Liveliness), lives(r.Liveliness)
	case ReliabilityID:
		return reliability(w.Reliability), reliability(r.Reliability)
	case DestinationOrderID:
		return w.DestinationOrder.String(), r.DestinationOrder.String()
	case DataRepresentationID:
		return Representations(w.Representations).Use().String(), representations(r.Representations)
	}
	return "?", "?"
}

func presented(p PresentationPolicy) string {
	return fmt.Sprintf("scope %s, coherent %t, ordered %t", p.Scope, p.Coherent, p.Ordered)
}

func lasting(d time.Duration) string {
	if d == Infinite {
		return "infinite"
	}
	return d.String()
}

func lives(l LivelinessPolicy) string {
	return fmt.Sprintf("%s, lease %s", l.Kind, lasting(l.Lease))
}

func reliability(r Reliability) string {
	if r.Reliable {
		return "RELIABLE"
	}
	return "BEST_EFFORT"
}

func representations(rs []Representation) string {
	if len(rs) == 0 {
		return XCDR1.String()
	}
	var s []string
	for _, r := range rs {
		s = append(s, r.String())
	}
	return strings.Join(s, " or ")
}

func names(partitions []string) string {
	if len(partitions) == 0 {
		return `""`
	}
	partitions = slices.Clone(partitions)
	for i := range partitions {
		partitions[i] = fmt.Sprintf("%q", partitions[i])
	}
	return strings.Join(partitions, ", ")
}
