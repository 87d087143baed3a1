package engine

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/security/keystore"
)

// Setting the wall clock prolongs nothing, and is noticed (CVE-2025-67109).
func TestTerm(t *testing.T) {
	noon := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	at := func(wall, mono time.Duration) reading { return reading{noon.Add(wall), mono} }
	hour := termOf(at(0, 5*time.Minute), noon.Add(time.Hour))
	const m = time.Minute
	for _, tt := range []struct {
		name string
		now  reading
		over bool
		in   time.Duration
	}{
		{"at the beginning", at(0, 5*m), false, time.Hour},
		{"just before", at(time.Hour-1, 65*m-1), false, 1},
		{"at the date", at(time.Hour, 65*m), true, 0},
		{"the clock was set back", at(-24*time.Hour, 65*m), true, 0},
		{"set back, time left", at(-24*time.Hour, 35*m), false, 30 * m},
		{"set forward, to before the date", at(50*m, 6*m), false, 10 * m},
		{"set forward, past the date", at(2*time.Hour, 6*m), true, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			require.Equal(t, tt.over, hour.over(tt.now))
			require.Equal(t, tt.in, hour.in(tt.now))
		})
	}
	require.False(t, termOf(at(0, 0), time.Time{}).over(at(1e6*time.Hour, 1e6*time.Hour)), "no end")
}

// A date further away than a Duration can tell is far away.
func TestTermOfManyYears(t *testing.T) {
	now := reading{time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC), 5 * time.Minute}
	for _, year := range []int{2300, 2318, 2319, 9999} {
		far := termOf(now, time.Date(year, 12, 31, 23, 59, 59, 0, time.UTC))
		require.False(t, far.over(now), year)
		require.Greater(t, far.in(now), 270*365*24*time.Hour, year)
		now.mono += 365 * 24 * time.Hour
		require.False(t, far.over(now), year)
		require.Positive(t, far.in(now), year)
	}
	for _, year := range []int{-1, 2, 1700} {
		past := termOf(now, time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC))
		require.True(t, past.over(now), year)
		now.mono += time.Hour
		require.Zero(t, past.in(now), year)
	}
}

func TestJumpOfTheWallClock(t *testing.T) {
	noon := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	c := clocks{last: reading{noon, 0}}
	for _, tt := range []struct {
		wall, mono, want time.Duration
	}{
		{time.Minute, time.Minute, 0},
		{61 * time.Second, 2 * time.Minute, -59 * time.Second},
		{2 * time.Minute, 2*time.Minute + time.Second, 58 * time.Second},
		{3*time.Minute + time.Second, 3*time.Minute + time.Second, 0}, // a second is keeping the time
	} {
		require.Equal(t, tt.want, c.jumped(reading{noon.Add(tt.wall), tt.mono}))
	}
}

func TestFirstOfTwoDates(t *testing.T) {
	a, b := time.Unix(1, 0), time.Unix(2, 0)
	require.Equal(t, a, first(a, b))
	require.Equal(t, a, first(b, a))
	require.Equal(t, a, first(time.Time{}, a))
	require.Equal(t, a, first(a, time.Time{}))
	require.True(t, first(time.Time{}, time.Time{}).IsZero())
}

// A wall clock that is set past the end of credentials ends sessions at once;
// one that is set back ends none.
func TestClockIsSet(t *testing.T) {
	g := keystore.SROS2Governance()
	s := newStage(t, &g)
	year := 365 * 24 * time.Hour
	set := func(by time.Duration) (matched int) {
		require.True(t, s.a.call(func() {
			s.a.clocks.skew = func() time.Duration { return by }
			s.a.turn()
			matched = s.w.Matched().Current
		}))
		return matched
	}
	require.Equal(t, 1, set(-5*year))
	require.Equal(t, 1, set(0))
	require.Equal(t, 0, set(11*year))
	require.ErrorContains(t, s.a.security.lapsed, "our own credentials lapsed")
}
