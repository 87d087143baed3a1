//go:build !race

package dds_test

import (
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds"
	"github.com/secdds/dds/qos"
	"github.com/secdds/dds/transport/memnet"
)

// In bursts that another goroutine sends, and that the window holds up, nothing
// is allocated either.
func TestBurstsAllocateNothing(t *testing.T) {
	for name, policies := range map[string][]qos.WriterPolicy{
		"keep all":    {qos.KeepAll()},
		"keep last":   {qos.KeepLast(2000)},
		"budget":      {qos.KeepAll(), qos.LatencyBudget(100 * time.Microsecond)},
		"best effort": {qos.KeepAll(), qos.BestEffort()},
	} {
		t.Run(name, func(t *testing.T) {
			network := memnet.New(memnet.Config{MaxMessage: 8000})
			on := &atomic.Bool{}
			ab, ba := newPipe(), newPipe()
			hosts := []*pipedHost{{network.Host("a"), ba, ab, on}, {network.Host("b"), ab, ba, on}}
			var ps [2]*dds.Participant
			for i, h := range hosts {
				p, err := dds.NewParticipant(0, &dds.Config{Transport: h, LeaseDuration: time.Hour})
				require.NoError(t, err)
				defer p.Close()
				ps[i] = p
			}
			type wide struct{ A [50]int64 }
			ta, err := dds.NewTopic[wide](ps[0], "Wide")
			require.NoError(t, err)
			tb, err := dds.NewTopic[wide](ps[1], "Wide")
			require.NoError(t, err)
			w, err := dds.NewWriter(ps[0].Publisher(), ta, policies...)
			require.NoError(t, err)
			reads := []qos.ReaderPolicy{qos.Reliable(0), qos.KeepAll(), qos.LatencyBudget(time.Second)}
			if name == "best effort" {
				reads[0] = qos.BestEffort()
			}
			r, err := dds.NewReader(ps[1].Subscriber(), tb, reads...)
			require.NoError(t, err)
			ctx := t.Context()
			require.NoError(t, w.WaitForMatched(ctx, 1))
			require.NoError(t, r.WaitForMatched(ctx, 1))
			require.NoError(t, w.Write(ctx, &wide{}))
			_, err = r.Next(ctx)
			require.NoError(t, err)
			on.Store(true)
			defer on.Store(false)
			const each = 400 // more than the window holds at first
			var some [64]dds.Sample[wide]
			v := wide{}
			round := func() {
				for range each {
					if err := w.Write(ctx, &v); err != nil {
						t.Fatal(err)
					}
				}
				for n := 0; n < each; {
					got := r.TakeInto(some[:], dds.Query{})
					if n += got; got == 0 {
						runtime.Gosched()
					}
				}
				if err := w.WaitForAcks(ctx); err != nil { // or the next round has more under way
					t.Fatal(err)
				}
			}
			for range 50 {
				round()
			}
			allocatesNothing(t, 20, round)
		})
	}
}
