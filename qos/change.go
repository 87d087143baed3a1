package qos

import (
	"bytes"
	"slices"
)

// ImmutableChanges reports the policies in which next differs from q though
// they may not change once the writer is enabled: RETCODE_IMMUTABLE_POLICY.
// DDS 1.4, 2.2.3, column "changeable".
func (q *Writer) ImmutableChanges(next *Writer) []ID {
	var ids []ID
	differ(&ids, q.Durability == next.Durability, DurabilityID)
	differ(&ids, q.Presentation == next.Presentation, PresentationID)
	differ(&ids, q.Ownership == next.Ownership, OwnershipID)
	differ(&ids, q.Liveliness == next.Liveliness, LivelinessID)
	differ(&ids, q.Reliability == next.Reliability, ReliabilityID)
	differ(&ids, q.DestinationOrder == next.DestinationOrder, DestinationOrderID)
	differ(&ids, q.History == next.History, HistoryID)
	differ(&ids, q.ResourceLimits == next.ResourceLimits, ResourceLimitsID)
	differ(&ids, q.DurabilityService == next.DurabilityService, DurabilityServiceID)
	differ(&ids, slices.Equal(q.Representations, next.Representations), DataRepresentationID)
	differ(&ids, slices.Equal(q.DataTags, next.DataTags), DataTagsID)
	return ids
}

// ImmutableChanges reports the policies in which next differs from q though
// they may not change once the reader is enabled: RETCODE_IMMUTABLE_POLICY.
// DDS 1.4, 2.2.3, column "changeable".
func (q *Reader) ImmutableChanges(next *Reader) []ID {
	var ids []ID
	differ(&ids, q.Durability == next.Durability, DurabilityID)
	differ(&ids, q.Presentation == next.Presentation, PresentationID)
	differ(&ids, q.Ownership == next.Ownership, OwnershipID)
	differ(&ids, q.Liveliness == next.Liveliness, LivelinessID)
	differ(&ids, q.Reliability == next.Reliability, ReliabilityID)
	differ(&ids, q.DestinationOrder == next.DestinationOrder, DestinationOrderID)
	differ(&ids, q.History == next.History, HistoryID)
	differ(&ids, q.ResourceLimits == next.ResourceLimits, ResourceLimitsID)
	differ(&ids, slices.Equal(q.Representations, next.Representations), DataRepresentationID)
	differ(&ids, q.TypeConsistency == next.TypeConsistency, TypeConsistencyID)
	differ(&ids, slices.Equal(q.DataTags, next.DataTags), DataTagsID)
	return ids
}

func differ(ids *[]ID, same bool, id ID) {
	if !same {
		*ids = append(*ids, id)
	}
}

// Equal reports whether two writers have the same quality of service.
func (q *Writer) Equal(o *Writer) bool {
	return len(q.ImmutableChanges(o)) == 0 &&
		q.Deadline == o.Deadline && q.LatencyBudget == o.LatencyBudget &&
		q.TransportPriority == o.TransportPriority && q.Lifespan == o.Lifespan &&
		q.Strength == o.Strength && q.WriterDataLifecycle == o.WriterDataLifecycle &&
		bytes.Equal(q.UserData, o.UserData) && bytes.Equal(q.TopicData, o.TopicData) &&
		bytes.Equal(q.GroupData, o.GroupData) && slices.Equal(q.Partition, o.Partition)
}

// Equal reports whether two readers have the same quality of service.
func (q *Reader) Equal(o *Reader) bool {
	return len(q.ImmutableChanges(o)) == 0 &&
		q.Deadline == o.Deadline && q.LatencyBudget == o.LatencyBudget &&
		q.TimeBasedFilter == o.TimeBasedFilter && q.ReaderDataLifecycle == o.ReaderDataLifecycle &&
		bytes.Equal(q.UserData, o.UserData) && bytes.Equal(q.TopicData, o.TopicData) &&
		bytes.Equal(q.GroupData, o.GroupData) && slices.Equal(q.Partition, o.Partition)
}
