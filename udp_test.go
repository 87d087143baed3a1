package dds_test

import (
	"context"
	"testing"
	"time"

	"github.com/secdds/dds"
	"github.com/secdds/dds/qos"
	"github.com/stretchr/testify/require"
)

type ShapeType struct {
	Color           string `dds:"key,bound=128"`
	X, Y, ShapeSize int32
}

func TestUDPRoundTrip(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	a, err := dds.NewParticipant(97, &dds.Config{Interfaces: []string{"lo"}})
	require.NoError(t, err)
	defer a.Close()
	b, err := dds.NewParticipant(97, &dds.Config{Interfaces: []string{"lo"}})
	require.NoError(t, err)
	defer b.Close()

	ta, err := dds.NewTopic[ShapeType](a, "Square")
	require.NoError(t, err)
	tb, err := dds.NewTopic[ShapeType](b, "Square")
	require.NoError(t, err)
	w, err := dds.NewWriter(a.Publisher(), ta, qos.KeepAll())
	require.NoError(t, err)
	r, err := dds.NewReader(b.Subscriber(), tb, qos.Reliable(0), qos.KeepAll())
	require.NoError(t, err)
	start := time.Now()
	if err := w.WaitForMatched(ctx, 1); err != nil {
		t.Log(a.Stats(), b.Stats(), a.Peers(), b.Peers())
		t.Fatal(err)
	}
	t.Log("matched after", time.Since(start))
	for i := range 100 {
		require.NoError(t, w.Write(ctx, &ShapeType{"BLUE", int32(i), 2, 3}))
	}
	for i := range 100 {
		s, err := r.Next(ctx)
		require.NoError(t, err)
		require.Equal(t, int32(i), s.Value.X)
	}
	require.NoError(t, w.WaitForAcks(ctx))
	t.Log("done after", time.Since(start), a.Stats(), b.Stats())
}
