package qos

import (
	"fmt"
	"strings"
	"time"
)

// An Error says which policy of a set is out of range or contradicts another:
// RETCODE_BAD_PARAMETER or RETCODE_INCONSISTENT_POLICY.
type Error struct {
	Policy       ID
	Reason       string
	Inconsistent bool // it contradicts another policy, rather than being out of range
}

// Error names the policy and the reason.
func (e *Error) Error() string { return fmt.Sprintf("qos: %v: %s", e.Policy, e.Reason) }

// MaxData is how many octets of user, topic or group data there may be: what
// fits in one parameter of an announcement. DDSI-RTPS 2.5, 9.4.2.11.
const MaxData = 65524

// Validate reports the first policy that is out of range or contradicts
// another, as an *Error. DDS 1.4, 2.2.3.
func (q *Writer) Validate() error {
	var v validator
	v.durability(q.Durability)
	v.service(q.DurabilityService)
	v.deadline(q.Deadline)
	v.notNegative(LatencyBudgetID, q.LatencyBudget)
	v.liveliness(q.Liveliness)
	v.notNegative(ReliabilityID, q.Reliability.MaxBlocking)
	v.check(q.DestinationOrder <= BySource, DestinationOrderID, "unknown kind")
	v.history(HistoryID, ResourceLimitsID, q.History, q.ResourceLimits)
	v.check(q.Lifespan > 0, LifespanID, "not more than zero")
	v.check(q.Ownership <= Exclusive, OwnershipID, "unknown kind")
	v.representations(q.Representations)
	v.tags(q.DataTags)
	v.group(q.Presentation, q.Partition, q.GroupData)
	v.data(UserDataID, q.UserData)
	v.data(TopicDataID, q.TopicData)
	return v.result()
}

// Validate reports the first policy that is out of range or contradicts
// another, as an *Error. DDS 1.4, 2.2.3.
func (q *Reader) Validate() error {
	var v validator
	v.durability(q.Durability)
	v.deadline(q.Deadline)
	v.notNegative(LatencyBudgetID, q.LatencyBudget)
	v.liveliness(q.Liveliness)
	v.notNegative(ReliabilityID, q.Reliability.MaxBlocking)
	v.check(q.DestinationOrder <= BySource, DestinationOrderID, "unknown kind")
	v.history(HistoryID, ResourceLimitsID, q.History, q.ResourceLimits)
	v.check(q.Ownership <= Exclusive, OwnershipID, "unknown kind")
	v.notNegative(TimeBasedFilterID, q.TimeBasedFilter)
	// DDS 1.4, 2.2.3.12: "the deadline period >= minimum_separation".
	v.consistent(q.TimeBasedFilter <= q.Deadline, TimeBasedFilterID, "longer than the deadline")
	v.notNegative(ReaderDataLifecycleID, q.ReaderDataLifecycle.PurgeNoWriter)
	v.notNegative(ReaderDataLifecycleID, q.ReaderDataLifecycle.PurgeDisposed)
	v.representations(q.Representations)
	v.tags(q.DataTags)
	v.group(q.Presentation, q.Partition, q.GroupData)
	v.data(UserDataID, q.UserData)
	v.data(TopicDataID, q.TopicData)
	return v.result()
}

// Validate reports the first policy that is out of range or contradicts
// another, as an *Error.
func (q *Topic) Validate() error {
	w, r := NewWriter(*q), NewReader(*q)
	if err := w.Validate(); err != nil {
		return err
	}
	return r.Validate()
}

// Validate reports the first policy that is out of range, as an *Error.
func (q *Publisher) Validate() error {
	var v validator
	v.group(q.Presentation, q.Partition, q.GroupData)
	return v.result()
}

// Validate reports the first policy that is out of range, as an *Error.
func (q *Subscriber) Validate() error {
	var v validator
	v.group(q.Presentation, q.Partition, q.GroupData)
	return v.result()
}

// Validate reports the first policy that is out of range, as an *Error.
func (q *Participant) Validate() error {
	var v validator
	v.data(UserDataID, q.UserData)
	return v.result()
}

// A validator keeps the first complaint.
type validator struct{ err *Error }

func (v *validator) result() error {
	if v.err == nil {
		return nil // not a nil *Error in an interface
	}
	return v.err
}

func (v *validator) check(ok bool, id ID, reason string) {
	if !ok && v.err == nil {
		v.err = &Error{Policy: id, Reason: reason}
	}
}

func (v *validator) consistent(ok bool, id ID, reason string) {
	if !ok && v.err == nil {
		v.err = &Error{Policy: id, Reason: reason, Inconsistent: true}
	}
}

func (v *validator) notNegative(id ID, d time.Duration) { v.check(d >= 0, id, "negative duration") }

func (v *validator) durability(d Durability) { v.check(d <= Persistent, DurabilityID, "unknown kind") }

func (v *validator) deadline(d time.Duration) { v.check(d > 0, DeadlineID, "not more than zero") }

func (v *validator) liveliness(l LivelinessPolicy) {
	v.check(l.Kind <= ManualByTopic, LivelinessID, "unknown kind")
	v.check(l.Lease > 0, LivelinessID, "lease is not more than zero")
}

func (v *validator) service(s DurabilityService) {
	v.notNegative(DurabilityServiceID, s.CleanupDelay)
	v.history(DurabilityServiceID, DurabilityServiceID, s.History, s.Limits)
}

func (v *validator) history(history, limits ID, h History, l ResourceLimits) {
	for _, n := range [...]int{l.MaxSamples, l.MaxInstances, l.MaxSamplesPerInstance} {
		v.check(n == LengthUnlimited || 0 < n && n <= 1<<31-1, limits, "a limit is neither positive nor unlimited")
	}
	// DDS 1.4, 2.2.3.19: "the setting of max_samples must be consistent with
	// max_samples_per_instance": max_samples >= max_samples_per_instance.
	v.consistent(l.MaxSamples < 0 || l.MaxSamplesPerInstance <= l.MaxSamples, limits,
		"more samples for one instance than in all")
	if h.All {
		return
	}
	v.check(0 < h.Depth && h.Depth <= 1<<31-1, history, "depth is not positive")
	// DDS 1.4, 2.2.3.18: depth <= max_samples_per_instance.
	v.consistent(l.MaxSamplesPerInstance < 0 || h.Depth <= l.MaxSamplesPerInstance, history,
		"deeper than the samples an instance may have")
}

func (v *validator) representations(ids []Representation) {
	v.check(len(ids) <= 256, DataRepresentationID, "too many representations")
}

func (v *validator) group(p PresentationPolicy, names []string, data []byte) {
	v.check(p.Scope <= GroupScope, PresentationID, "unknown access scope")
	size := 4
	for _, name := range names {
		v.check(!strings.Contains(name, "\x00"), PartitionID, "a name holds a NUL")
		size += 4 + (len(name)+1+3)&^3
	}
	v.check(size <= MaxData, PartitionID, "the names do not fit in an announcement")
	v.data(GroupDataID, data)
}

func (v *validator) data(id ID, b []byte) {
	v.check(len(b) <= MaxData, id, fmt.Sprintf("more than %d octets", MaxData))
}
