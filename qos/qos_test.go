package qos

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestDefaults(t *testing.T) {
	// DDS 1.4, 2.2.3, and DDS-XTypes 1.3, 7.6.3.4.2.
	w, r, topic := NewWriter(), NewReader(), NewTopic()
	require.Equal(t, Reliability{true, 100 * time.Millisecond}, w.Reliability)
	require.False(t, r.Reliability.Reliable)
	require.False(t, topic.Reliability.Reliable)
	require.Equal(t, Volatile, w.Durability)
	require.Equal(t, KeepLast(1), r.History)
	require.Equal(t, Infinite, w.Deadline)
	require.Equal(t, Infinite, w.Lifespan)
	require.Zero(t, r.LatencyBudget)
	require.Equal(t, Liveliness(Automatic, Infinite), w.Liveliness)
	require.Equal(t, Unlimited, r.ResourceLimits)
	require.True(t, w.WriterDataLifecycle.AutoDispose)
	require.Equal(t, ReaderDataLifecycle{Infinite, Infinite}, r.ReaderDataLifecycle)
	require.Equal(t, TypeConsistency{IgnoreSequenceBounds: true, IgnoreStringBounds: true}, r.TypeConsistency)
	require.True(t, NewPublisher().AutoEnable)
	require.True(t, NewSubscriber().AutoEnable)
	require.True(t, NewParticipant().AutoEnable)
	require.NoError(t, w.Validate())
	require.NoError(t, r.Validate())
	require.NoError(t, topic.Validate())
}

func TestPoliciesApplyInOrder(t *testing.T) {
	profile := NewWriter(KeepLast(5), TransientLocal)
	w := NewWriter(Persistent, profile, KeepLast(7))
	require.Equal(t, TransientLocal, w.Durability, "a profile replaces what came before")
	require.Equal(t, 7, w.History.Depth)

	// DDS 1.4, 2.2.2.4.1.15: copy_from_topic_qos.
	topic := NewTopic(Exclusive, Deadline(time.Second), TopicData("t"), Reliable(time.Second))
	pub := NewPublisher(Partition("p"), GroupData("g"), Presentation(GroupScope, true, true))
	w = NewWriter(UserData("u"), topic, pub, OwnershipStrength(3))
	require.Equal(t, Exclusive, w.Ownership)
	require.Equal(t, []byte("t"), w.TopicData)
	require.Equal(t, []string{"p"}, w.Partition)
	require.Equal(t, []byte("g"), w.GroupData)
	require.Equal(t, []byte("u"), w.UserData, "a topic has no user data to set")
	require.Equal(t, int32(3), w.Strength)

	sub := NewSubscriber(Partition("q"))
	r := NewReader(topic, sub)
	require.Equal(t, []string{"q"}, r.Partition)
	require.True(t, r.Reliability.Reliable)
}

func TestValidate(t *testing.T) {
	writer := func(ps ...WriterPolicy) error { q := NewWriter(ps...); return q.Validate() }
	reader := func(ps ...ReaderPolicy) error { q := NewReader(ps...); return q.Validate() }
	topic := func(ps ...TopicPolicy) error { q := NewTopic(ps...); return q.Validate() }
	for _, tt := range []struct {
		name         string
		err          error
		want         ID
		inconsistent bool
	}{
		{"unknown durability", writer(Durability(4)), DurabilityID, false},
		{"zero deadline", writer(Deadline(0)), DeadlineID, false},
		{"negative budget", reader(LatencyBudget(-1)), LatencyBudgetID, false},
		{"unknown liveliness", writer(Liveliness(3, time.Second)), LivelinessID, false},
		{"zero lease", reader(Liveliness(Automatic, 0)), LivelinessID, false},
		{"negative blocking", writer(Reliable(-1)), ReliabilityID, false},
		{"unknown order", reader(DestinationOrder(2)), DestinationOrderID, false},
		{"unknown ownership", topic(Ownership(2)), OwnershipID, false},
		{"depth zero", writer(KeepLast(0)), HistoryID, false},
		{"limit zero", reader(ResourceLimits{0, 1, 1}), ResourceLimitsID, false},
		{"limit below unlimited", reader(ResourceLimits{-2, 1, 1}), ResourceLimitsID, false},
		// DDS 1.4, 2.2.3.18 and 2.2.3.19.
		{"depth over limit", writer(KeepLast(5), ResourceLimits{9, 9, 4}), HistoryID, true},
		{"instance over all", writer(KeepAll(), ResourceLimits{3, 9, 4}), ResourceLimitsID, true},
		{"unlimited instance under a limit", writer(KeepAll(), ResourceLimits{3, 9, LengthUnlimited}), 0, false},
		{"keep all under limits", writer(KeepAll(), ResourceLimits{4, 9, 4}), 0, false},
		// DDS 1.4, 2.2.3.12.
		{"filter over deadline", reader(TimeBasedFilter(2), Deadline(1)), TimeBasedFilterID, true},
		{"filter up to deadline", reader(TimeBasedFilter(2), Deadline(2)), 0, false},
		{"zero lifespan", writer(Lifespan(0)), LifespanID, false},
		{"unknown scope", writer(Presentation(3, false, false)), PresentationID, false},
		{"NUL in a partition", reader(Partition("a\x00b")), PartitionID, false},
		{"too many names", writer(Partition(strings.Repeat("x", 65530))), PartitionID, false},
		{"too much user data", reader(UserData(make([]byte, MaxData+1))), UserDataID, false},
		{"just enough user data", reader(UserData(make([]byte, MaxData))), 0, false},
		{"too much topic data", topic(TopicData(make([]byte, MaxData+1))), TopicDataID, false},
		{"negative purge", reader(ReaderDataLifecycle{-1, 0}), ReaderDataLifecycleID, false},
		{"service", writer(DurabilityService{}), DurabilityServiceID, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.want == 0 {
				require.NoError(t, tt.err)
				return
			}
			var e *Error
			require.ErrorAs(t, tt.err, &e)
			require.Equal(t, tt.want, e.Policy)
			require.Equal(t, tt.inconsistent, e.Inconsistent)
			require.ErrorContains(t, e, tt.want.String())
		})
	}
}

func TestImmutableChanges(t *testing.T) {
	w := NewWriter()
	next := NewWriter(Persistent, Exclusive, Deadline(1), Partition("a"), DataRepresentation(XCDR2))
	require.Equal(t, []ID{DurabilityID, OwnershipID, DataRepresentationID}, w.ImmutableChanges(&next))
	next = NewWriter(Deadline(1))
	require.Empty(t, w.ImmutableChanges(&next))
	require.False(t, w.Equal(&next))
	require.True(t, w.Equal(&w))
	r := NewReader()
	nextReader := NewReader(TimeBasedFilter(1), KeepAll(), TypeConsistency{})
	require.Equal(t, []ID{HistoryID, TypeConsistencyID}, r.ImmutableChanges(&nextReader))
	require.True(t, r.Equal(&r))
	require.False(t, r.Equal(&nextReader))
}

func TestNames(t *testing.T) {
	require.Equal(t, "RELIABILITY", ReliabilityID.String())
	require.Equal(t, "TYPE_CONSISTENCY_ENFORCEMENT", TypeConsistencyID.String())
	require.Equal(t, "POLICY_99", ID(99).String())
	require.Equal(t, "TRANSIENT_LOCAL", TransientLocal.String())
	require.Equal(t, "Durability(9)", Durability(9).String())
	require.Equal(t, "XCDR2", XCDR2.String())
	require.Equal(t, "Representation(-1)", Representation(-1).String())
}
