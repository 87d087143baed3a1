package qos

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// DDS 1.4, 2.2.3: what is requested against what is offered.
var matchTests = []struct {
	name    string
	offer   []WriterPolicy
	request []ReaderPolicy
	want    []ID
}{
	{name: "defaults"},
	// 2.2.3.4: offered kind >= requested kind.
	{"volatile for transient local", nil, []ReaderPolicy{TransientLocal}, []ID{DurabilityID}},
	{"persistent for transient", []WriterPolicy{Persistent}, []ReaderPolicy{Transient}, nil},
	// 2.2.3.6
	{"instance scope for topic", nil, []ReaderPolicy{Presentation(TopicScope, false, false)}, []ID{PresentationID}},
	{"group scope for topic", []WriterPolicy{Presentation(GroupScope, true, true)},
		[]ReaderPolicy{Presentation(TopicScope, true, false)}, nil},
	{"no coherence", []WriterPolicy{Presentation(GroupScope, false, true)},
		[]ReaderPolicy{Presentation(TopicScope, true, false)}, []ID{PresentationID}},
	{"no order", []WriterPolicy{Presentation(GroupScope, true, false)},
		[]ReaderPolicy{Presentation(TopicScope, false, true)}, []ID{PresentationID}},
	// 2.2.3.7: offered <= requested.
	{"infinite deadline for 1s", nil, []ReaderPolicy{Deadline(time.Second)}, []ID{DeadlineID}},
	{"equal deadline", []WriterPolicy{Deadline(time.Second)}, []ReaderPolicy{Deadline(time.Second)}, nil},
	{"longer deadline", []WriterPolicy{Deadline(time.Second + 1)}, []ReaderPolicy{Deadline(time.Second)}, []ID{DeadlineID}},
	// 2.2.3.8: offered <= requested.
	{"longer budget", []WriterPolicy{LatencyBudget(2)}, []ReaderPolicy{LatencyBudget(1)}, []ID{LatencyBudgetID}},
	{"shorter budget", []WriterPolicy{LatencyBudget(1)}, []ReaderPolicy{LatencyBudget(2)}, nil},
	// 2.2.3.9: equal.
	{"exclusive for shared", []WriterPolicy{Exclusive}, nil, []ID{OwnershipID}},
	{"shared for exclusive", nil, []ReaderPolicy{Exclusive}, []ID{OwnershipID}},
	{"both exclusive", []WriterPolicy{Exclusive, OwnershipStrength(7)}, []ReaderPolicy{Exclusive}, nil},
	// 2.2.3.11: kind at least as strong and lease at most as long.
	{"automatic for manual", []WriterPolicy{Liveliness(Automatic, time.Second)},
		[]ReaderPolicy{Liveliness(ManualByParticipant, time.Second)}, []ID{LivelinessID}},
	{"manual by topic for automatic", []WriterPolicy{Liveliness(ManualByTopic, time.Second)},
		[]ReaderPolicy{Liveliness(Automatic, time.Second)}, nil},
	{"longer lease", []WriterPolicy{Liveliness(ManualByTopic, 2*time.Second)},
		[]ReaderPolicy{Liveliness(Automatic, time.Second)}, []ID{LivelinessID}},
	// 2.2.3.14
	{"best effort for reliable", []WriterPolicy{BestEffort()}, []ReaderPolicy{Reliable(0)}, []ID{ReliabilityID}},
	{"reliable for reliable", nil, []ReaderPolicy{Reliable(time.Hour)}, nil},
	// 2.2.3.17
	{"by reception for by source", nil, []ReaderPolicy{BySource}, []ID{DestinationOrderID}},
	{"by source for by reception", []WriterPolicy{BySource}, nil, nil},
	// DDS-XTypes 1.3, 7.6.3.1.2
	{"xcdr2 for nothing said", []WriterPolicy{DataRepresentation(XCDR2)}, nil, []ID{DataRepresentationID}},
	{"nothing said for xcdr2", nil, []ReaderPolicy{DataRepresentation(XCDR2)}, []ID{DataRepresentationID}},
	{"only the first offer counts", []WriterPolicy{DataRepresentation(XCDR2, XCDR1)},
		[]ReaderPolicy{DataRepresentation(XCDR1)}, []ID{DataRepresentationID}},
	{"in the list", []WriterPolicy{DataRepresentation(XCDR2)}, []ReaderPolicy{DataRepresentation(XCDR1, XCDR2)}, nil},
	{"xcdr1 said for nothing said", []WriterPolicy{DataRepresentation(XCDR1)}, nil, nil},
	// All that fails is told, not only the last.
	{"three at once", []WriterPolicy{BestEffort()}, []ReaderPolicy{Reliable(0), TransientLocal, Deadline(1)},
		[]ID{DurabilityID, DeadlineID, ReliabilityID}},
	// These are no requested/offered policies.
	{"not compared", []WriterPolicy{KeepAll(), Lifespan(1), TransportPriority(3), UserData("a"), Partition("a")},
		[]ReaderPolicy{KeepLast(3), TimeBasedFilter(1), Partition("b"), UserData("b")}, nil},
}

func TestMatch(t *testing.T) {
	for _, tt := range matchTests {
		t.Run(tt.name, func(t *testing.T) {
			w, r := NewWriter(tt.offer...), NewReader(tt.request...)
			require.Equal(t, tt.want, Match(&w, &r))
			require.NoError(t, w.Validate())
			require.NoError(t, r.Validate())
		})
	}
}

func TestMatchDoesNotAllocate(t *testing.T) {
	w, r := NewWriter(), NewReader()
	require.Zero(t, testing.AllocsPerRun(100, func() { Match(&w, &r) }))
}

// DDS 1.4, 2.2.3.13.
var partitionTests = []struct {
	name string
	w, r []string
	want bool
}{
	{"none and none", nil, nil, true},
	{"none is the empty name", nil, []string{""}, true},
	{"none and a name", nil, []string{"a"}, false},
	{"one in common", []string{"a", "b"}, []string{"c", "b"}, true},
	{"nothing in common", []string{"a", "b"}, []string{"c", "d"}, false},
	{"the empty name among others", []string{"a", ""}, nil, true},
	{"wildcard of the writer", []string{"sensor*"}, []string{"sensor1"}, true},
	{"wildcard of the reader", []string{"sensor1"}, []string{"s?nsor*"}, true},
	{"two wildcards", []string{"a*"}, []string{"a*"}, false},
	{"star takes the default partition", nil, []string{"*"}, true},
	{"question mark takes one", []string{"?"}, []string{""}, false},
	{"set", []string{"a1"}, []string{"a[0-4]"}, true},
	{"outside the set", []string{"a5"}, []string{"a[0-4]"}, false},
	{"negated set", []string{"a5"}, []string{"a[!0-4]"}, true},
	{"set with a bracket", []string{"a]"}, []string{"a[]x]"}, true},
	{"unclosed set is text", []string{"a[b"}, []string{"a[b"}, true},
	{"backslash takes the meaning away", []string{"a*"}, []string{`a\*`}, false}, // both hold a *
	{"backslash within a pattern", []string{"a]b"}, []string{`a\]*`}, true},
	{"stars go back", []string{"aXbXc"}, []string{"a*b*c"}, true},
	{"stars at the end", []string{"abc"}, []string{"abc**"}, true},
	{"case matters", []string{"A"}, []string{"a"}, false},
	{"slash is no separator", []string{"a/b"}, []string{"a*"}, true},
}

func TestPartitionsMatch(t *testing.T) {
	for _, tt := range partitionTests {
		t.Run(tt.name, func(t *testing.T) {
			require.Equal(t, tt.want, PartitionsMatch(tt.w, tt.r))
			require.Equal(t, tt.want, PartitionsMatch(tt.r, tt.w), "it is symmetric")
		})
	}
}

func FuzzPartitionsMatch(f *testing.F) {
	for _, tt := range partitionTests {
		for _, a := range tt.w {
			for _, b := range tt.r {
				f.Add(a, b)
			}
		}
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		got := PartitionsMatch([]string{a}, []string{b})
		require.Equal(t, got, PartitionsMatch([]string{b}, []string{a}))
		if !hasWildcard(a) && !hasWildcard(b) {
			require.Equal(t, a == b, got)
		}
		require.True(t, fnmatch("*", b))
	})
}
