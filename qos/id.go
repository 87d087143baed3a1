package qos

import "fmt"

// An ID names a policy: QosPolicyId_t. DDS 1.4, 2.3.3; DDS-XTypes 1.3, 7.6.3.
type ID uint32

// The policies by the numbers of DDS 1.4, 2.3.3.
const (
	InvalidID             ID = 0
	UserDataID            ID = 1
	DurabilityID          ID = 2
	PresentationID        ID = 3
	DeadlineID            ID = 4
	LatencyBudgetID       ID = 5
	OwnershipID           ID = 6
	OwnershipStrengthID   ID = 7
	LivelinessID          ID = 8
	TimeBasedFilterID     ID = 9
	PartitionID           ID = 10
	ReliabilityID         ID = 11
	DestinationOrderID    ID = 12
	HistoryID             ID = 13
	ResourceLimitsID      ID = 14
	EntityFactoryID       ID = 15
	WriterDataLifecycleID ID = 16
	ReaderDataLifecycleID ID = 17
	TopicDataID           ID = 18
	GroupDataID           ID = 19
	TransportPriorityID   ID = 20
	LifespanID            ID = 21
	DurabilityServiceID   ID = 22
	DataRepresentationID  ID = 23 // DDS-XTypes 1.3, 7.6.3.1.1
	TypeConsistencyID     ID = 24 // DDS-XTypes 1.3, 7.6.3.4.1

	// DataTagsID is ours: DDS-Security 1.1, 7.2.5, gives DATA_TAG no number.
	DataTagsID ID = 1 << 16
)

var idNames = [...]string{
	"INVALID", "USER_DATA", "DURABILITY", "PRESENTATION", "DEADLINE", "LATENCY_BUDGET", "OWNERSHIP",
	"OWNERSHIP_STRENGTH", "LIVELINESS", "TIME_BASED_FILTER", "PARTITION", "RELIABILITY", "DESTINATION_ORDER",
	"HISTORY", "RESOURCE_LIMITS", "ENTITY_FACTORY", "WRITER_DATA_LIFECYCLE", "READER_DATA_LIFECYCLE",
	"TOPIC_DATA", "GROUP_DATA", "TRANSPORT_PRIORITY", "LIFESPAN", "DURABILITY_SERVICE",
	"DATA_REPRESENTATION", "TYPE_CONSISTENCY_ENFORCEMENT",
}

// String returns the specification's name of the policy, such as RELIABILITY.
func (id ID) String() string {
	if int(id) < len(idNames) {
		return idNames[id]
	}
	if id == DataTagsID {
		return "DATA_TAG"
	}
	return fmt.Sprintf("POLICY_%d", uint32(id))
}
