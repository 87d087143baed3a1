package engine

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/qos"
	"github.com/secdds/dds/rtps"
)

// Endpoints that come and go leave no more than a few farewells behind.
func TestFarewellsAreForgotten(t *testing.T) {
	s := newStage(t, nil)
	b := s.a.builtin.writers[rtps.EntitySEDPPubWriter]
	for range 2 * maxGone {
		w, err := s.a.NewWriter(WriterSpec{Topic: "T", Type: "T", Keyed: true, QoS: qos.NewWriter()})
		require.NoError(t, err)
		s.a.Remove(w.GUID())
		require.NoError(t, b.WaitAcks(t.Context()))
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	require.LessOrEqual(t, b.m.Held(), maxGone+3)
	require.Len(t, b.latest, 1)
}
