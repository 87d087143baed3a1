package seclog

import (
	"bytes"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

func TestFields(t *testing.T) {
	var b bytes.Buffer
	l := New(slog.New(slog.NewTextHandler(&b, &slog.HandlerOptions{Level: slog.LevelInfo})))
	l.Log(spi.SecurityEvent{
		Time: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Severity: spi.SeverityWarning, Plugin: "access control",
		What: "participant refused", Remote: rtps.GUID{Prefix: rtps.GUIDPrefix{1}}, Subject: "CN=eve", Topic: "x", Err: errors.New("no grant"),
	})
	require.Equal(t, `time=2026-01-02T03:04:05.000Z level=WARN msg="participant refused" severity=WARNING plugin="access control" `+
		"remote=01000000.00000000.00000000:00000000 subject=\"CN=eve\" topic=x error=\"no grant\"\n", b.String())

	b.Reset()
	l.Log(spi.SecurityEvent{Severity: spi.SeverityDebug, What: "x"})
	require.Empty(t, b.String(), "below the handler's level")
	l.Log(spi.SecurityEvent{Severity: spi.SeverityInfo, What: "x"})
	require.NotContains(t, b.String(), "remote=")
	require.NotContains(t, b.String(), "0001-01-01", "an event without a time is now")
}

func TestLevels(t *testing.T) {
	last := slog.Level(100)
	for s := spi.SeverityEmergency; s <= spi.SeverityDebug; s++ {
		require.Less(t, Level(s), last)
		last = Level(s)
	}
	require.Equal(t, slog.LevelError, Level(spi.SeverityError))
	require.Equal(t, "DEBUG", severityName(200))
}
