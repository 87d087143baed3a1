package qos

import "slices"

// Match reports every policy by which what w offers falls short of what r
// requests, in the order of their ids; nil means compatible. DDS 1.4, 2.2.3.
//
// PARTITION is not a requested/offered policy: see PartitionsMatch.
func Match(w *Writer, r *Reader) []ID {
	var failing []ID
	check := func(ok bool, id ID) {
		if !ok {
			failing = append(failing, id)
		}
	}
	// DDS 1.4, 2.2.3.4: offered kind >= requested kind.
	check(w.Durability >= r.Durability, DurabilityID)
	// DDS 1.4, 2.2.3.6: the offered scope is at least the requested one, and
	// what is requested of coherence and order is offered.
	check(w.Presentation.Scope >= r.Presentation.Scope &&
		(w.Presentation.Coherent || !r.Presentation.Coherent) &&
		(w.Presentation.Ordered || !r.Presentation.Ordered), PresentationID)
	// DDS 1.4, 2.2.3.7: offered period <= requested period.
	check(w.Deadline <= r.Deadline, DeadlineID)
	// DDS 1.4, 2.2.3.8: offered duration <= requested duration.
	check(w.LatencyBudget <= r.LatencyBudget, LatencyBudgetID)
	// DDS 1.4, 2.2.3.9: the kinds are equal.
	check(w.Ownership == r.Ownership, OwnershipID)
	// DDS 1.4, 2.2.3.11: offered kind >= requested, offered lease <= requested.
	check(w.Liveliness.Kind >= r.Liveliness.Kind && w.Liveliness.Lease <= r.Liveliness.Lease, LivelinessID)
	// DDS 1.4, 2.2.3.14: offered kind >= requested kind.
	check(w.Reliability.Reliable || !r.Reliability.Reliable, ReliabilityID)
	// DDS 1.4, 2.2.3.17: offered kind >= requested kind.
	check(w.DestinationOrder >= r.DestinationOrder, DestinationOrderID)
	check(representationsMatch(w.Representations, r.Representations), DataRepresentationID)
	return failing
}

// DDS-XTypes 1.3, 7.6.3.1.2: the writer's first representation is the one it
// uses, and the reader must list it. An empty list stands for XCDR1 alone.
func representationsMatch(offered, requested []Representation) bool {
	use := XCDR1
	if len(offered) > 0 {
		use = offered[0]
	}
	if len(requested) == 0 {
		return use == XCDR1
	}
	return slices.Contains(requested, use)
}

// Use returns the representation a writer of these representations writes.
func (p Representations) Use() Representation {
	if len(p) == 0 {
		return XCDR1
	}
	return p[0]
}
