package qos

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Explain finds exactly what Match does, and says what each side has.
func TestExplain(t *testing.T) {
	for _, tt := range matchTests {
		t.Run(tt.name, func(t *testing.T) {
			w, r := NewWriter(tt.offer...), NewReader(tt.request...)
			var ids []ID
			for _, s := range Explain(&w, &r) {
				if s.ID != PartitionID { // Match leaves it to PartitionsMatch
					ids = append(ids, s.ID)
				}
				require.NotEqual(t, s.Offered, s.Requested)
				require.NotContains(t, s.String(), "?")
				require.Contains(t, s.String(), s.ID.String()+": offered ")
			}
			require.Equal(t, tt.want, ids)
		})
	}
}

func TestExplainInWords(t *testing.T) {
	w := NewWriter(BestEffort(), Deadline(2*time.Second), Partition("a", "b"))
	r := NewReader(Reliable(0), Deadline(time.Second), Liveliness(ManualByTopic, time.Second), DataRepresentation(XCDR2))
	var lines []string
	for _, s := range Explain(&w, &r) {
		lines = append(lines, s.String())
	}
	require.Equal(t, []string{
		"DEADLINE: offered 2s, requested 1s",
		"LIVELINESS: offered AUTOMATIC, lease infinite, requested MANUAL_BY_TOPIC, lease 1s",
		"RELIABILITY: offered BEST_EFFORT, requested RELIABLE",
		"DATA_REPRESENTATION: offered XCDR1, requested XCDR2",
		`PARTITION: offered "a", "b", requested ""`,
	}, lines)
}
