package main

import (
	"context"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestParseSize(t *testing.T) {
	for s, want := range map[string]int{
		"0": 0, "64": 64, "1K": 1 << 10, "16k": 16 << 10, "1M": 1 << 20, "1024M": 1 << 30, "1073741824": 1 << 30,
	} {
		n, err := parseSize(s)
		require.NoError(t, err, s)
		require.Equal(t, want, n, s)
	}
	for _, s := range []string{"", "K", "-1", "1.5K", "1G", "1KK", "1025M", "1073741825", "4294967296", "4194304K", "0x10"} {
		_, err := parseSize(s)
		require.ErrorContains(t, err, "SIZE", s)
	}
}

func TestParseSeconds(t *testing.T) {
	for s, want := range map[string]time.Duration{"1": time.Second, "0.25": 250 * time.Millisecond, "86400": 24 * time.Hour} {
		d, err := parseSeconds(s)
		require.NoError(t, err, s)
		require.Equal(t, want, d, s)
	}
	for _, s := range []string{"", "0", "-1", "NaN", "Inf", "86401", "1s"} {
		_, err := parseSeconds(s)
		require.ErrorContains(t, err, "SECONDS", s)
	}
}

func TestParseCount(t *testing.T) {
	n, err := parseCount("1000")
	require.NoError(t, err)
	require.Equal(t, 1000, n)
	for _, s := range []string{"", "0", "-1", "1K", "100000001"} {
		_, err := parseCount(s)
		require.ErrorContains(t, err, "COUNT", s)
	}
}

func TestPeriod(t *testing.T) {
	for _, tt := range []struct {
		gap  time.Duration
		rate float64
		want time.Duration
	}{{0, 0, 0}, {time.Millisecond, 0, time.Millisecond}, {0, 10_000, 100 * time.Microsecond}, {0, 0.5, 2 * time.Second}} {
		d, err := period(tt.gap, tt.rate)
		require.NoError(t, err)
		require.Equal(t, tt.want, d)
	}
	for _, rate := range []float64{-1, math.NaN(), math.Inf(1), 1e10, 1e-9} {
		_, err := period(0, rate)
		require.ErrorContains(t, err, "--rate")
	}
	_, err := period(-1, 0)
	require.ErrorContains(t, err, "--gap")
}

func TestPaceKeepsTheBeat(t *testing.T) {
	const beat = time.Millisecond
	start := time.Now()
	next := start
	for range 5 {
		next = pace(t.Context(), time.Now(), next, beat)
		require.False(t, time.Now().Before(next.Add(-beat)), "the sample would be early")
	}
	late := next.Add(maxLate)
	require.Equal(t, next.Add(beat), pace(t.Context(), late, next, beat), "a little late: it catches up")
	late = late.Add(1)
	require.Equal(t, late.Add(beat), pace(t.Context(), late, next, beat), "too late: it begins anew")

	ended, cancel := context.WithCancel(t.Context())
	cancel()
	far := time.Now().Add(time.Hour)
	require.Equal(t, far.Add(beat), pace(ended, time.Now(), far, beat))
}
