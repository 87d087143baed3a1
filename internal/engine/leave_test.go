package engine

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/security/keystore"
)

// Nothing that happens between the good-bye and the end announces us once more:
// the others would take us for somebody new.
func TestNoAnnouncementAfterFarewell(t *testing.T) {
	g := keystore.SROS2Governance()
	g.RTPS = 0
	s := newStage(t, &g)
	announced := func() (n int) {
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, d := range s.passed {
			h, rest, err := rtps.ParseHeader(d)
			for err == nil && h.Prefix == s.a.guid.Prefix && len(rest) > 0 {
				var m rtps.Submessage
				if m, rest, err = rtps.Next(rest); err != nil || m.Kind != rtps.SubData {
					continue
				}
				if d, err := rtps.ParseData(m); err == nil && d.Writer == rtps.EntitySPDPWriter && !d.IsKey {
					n++
				}
			}
		}
		s.passed = nil
		return n
	}
	update := func() int {
		require.NoError(t, s.a.Update(s.a.cfg.Security))
		require.True(t, s.a.call(func() { s.a.announced = time.Time{} }))
		require.True(t, s.a.call(func() {}))
		return announced()
	}
	require.Positive(t, update())
	require.True(t, s.a.call(s.a.leave))
	announced()
	require.Zero(t, update())
}
