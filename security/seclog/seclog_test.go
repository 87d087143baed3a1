package seclog

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

// full is an event with every field.
func full() spi.SecurityEvent {
	return spi.SecurityEvent{
		Time: time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC), Severity: spi.SeverityWarning, Plugin: "access control",
		What: "endpoint refused", Domain: 7, Local: rtps.GUID{Prefix: rtps.GUIDPrefix{2}}, Remote: rtps.GUID{Prefix: rtps.GUIDPrefix{1}},
		Subject: "CN=eve", Topic: "x", Document: "permissions.p7s", Rule: "allow_rule 2", Line: 17,
		Expected: "publish y", Found: "x", Remedy: "add it", Count: 3, Err: errors.New("no grant"),
	}
}

func TestSlog(t *testing.T) {
	var b bytes.Buffer
	l := New(slog.New(slog.NewTextHandler(&b, &slog.HandlerOptions{Level: slog.LevelInfo})))
	l.Log(full())
	require.Equal(t, `time=2026-01-02T03:04:05.000Z level=WARN msg="endpoint refused" severity=WARNING plugin="access control" domain=7 `+
		"local=02000000.00000000.00000000:00000000 remote=01000000.00000000.00000000:00000000 subject=\"CN=eve\" topic=x "+
		`check.document=permissions.p7s check.rule="allow_rule 2" check.line=17 check.expected="publish y" check.found=x check.remedy="add it" `+
		"count=3 error=\"no grant\"\n", b.String())

	b.Reset()
	l.Log(spi.SecurityEvent{Severity: spi.SeverityDebug, What: "x"})
	require.Empty(t, b.String(), "below the handler's level")
	l.Log(spi.SecurityEvent{Severity: spi.SeverityInfo, What: "x", Rule: "r"})
	require.NotContains(t, b.String(), "remote=")
	require.NotContains(t, b.String(), "0001-01-01", "an event without a time is now")
	require.Contains(t, b.String(), "check.rule=r")
}

func TestSeverities(t *testing.T) {
	last := slog.Level(100)
	for s := spi.SeverityEmergency; s <= spi.SeverityDebug; s++ {
		require.Less(t, Level(s), last)
		last = Level(s)
		for _, name := range []string{s.String(), s.String() + "_LEVEL", strings.ToLower(s.String())} {
			got, err := ParseSeverity(name)
			require.NoError(t, err)
			require.Equal(t, s, got)
		}
	}
	require.Equal(t, slog.LevelError, Level(spi.SeverityError))
	require.Equal(t, "DEBUG", spi.Severity(200).String())
	_, err := ParseSeverity("loud")
	require.ErrorContains(t, err, `found "loud"`)
}

func TestFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "log")
	for range 2 { // the second time, it appends
		f, err := OpenFile(name)
		require.NoError(t, err)
		f.Log(full())
		f.Log(spi.SecurityEvent{Severity: spi.SeverityDebug, What: "a\n\"b\"\x00"})
		require.NoError(t, f.Err())
		require.NoError(t, f.Close())
	}
	b, err := os.ReadFile(name)
	require.NoError(t, err)
	lines := strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
	require.Len(t, lines, 4)
	require.Equal(t, lines[0], lines[2])
	require.JSONEq(t, `{"time":"2026-01-02T03:04:05.000006Z","event":"endpoint refused","severity":"WARNING","plugin":"access control",
		"domain":7,"local":"02000000.00000000.00000000:00000000","remote":"01000000.00000000.00000000:00000000","subject":"CN=eve",
		"topic":"x","document":"permissions.p7s","rule":"allow_rule 2","line":17,"expected":"publish y","found":"x","remedy":"add it",
		"count":3,"error":"no grant"}`, lines[0])
	var m map[string]any
	require.NoError(t, json.Unmarshal([]byte(lines[1]), &m))
	require.Equal(t, `a "b" `, m["event"])
	st, err := os.Stat(name)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), st.Mode().Perm())

	_, err = OpenFile(filepath.Join(name, "below"))
	require.ErrorContains(t, err, "security log")
}

type fullDisk struct{ writes int }

func (d *fullDisk) Write([]byte) (int, error) { d.writes++; return 0, errors.New("no space") }
func (d *fullDisk) Close() error              { return nil }

func TestFileErrorSurfacesOnce(t *testing.T) {
	var b bytes.Buffer
	old := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&b, nil)))
	defer slog.SetDefault(old)
	d := &fullDisk{}
	f := &File{to: d}
	for range 3 {
		f.Log(full())
	}
	require.ErrorContains(t, f.Err(), "no space")
	require.Equal(t, 3, d.writes, "it goes on trying")
	require.Equal(t, 1, strings.Count(b.String(), "no space"))
}

type recorder []string

func (r *recorder) Log(e spi.SecurityEvent) { *r = append(*r, e.What) }

func TestFilterAndCombine(t *testing.T) {
	var all, some recorder
	l := Combine(&all, nil, AtLeast(spi.SeverityNotice, &some))
	_, distributes := l.(spi.LogDistributor)
	require.False(t, distributes, "or the participant would make a writer for nothing")
	_, distributes = AtLeast(spi.SeverityNotice, &all).(spi.LogDistributor)
	require.False(t, distributes)
	l.Log(spi.SecurityEvent{Severity: spi.SeverityInfo, What: "a"})
	l.Log(spi.SecurityEvent{Severity: spi.SeverityNotice, What: "b"})
	require.Equal(t, recorder{"a", "b"}, all)
	require.Equal(t, recorder{"b"}, some)

	d, distributes := Combine(&all, AtLeast(spi.SeverityWarning, Distribute(Options{}))).(spi.LogDistributor)
	require.True(t, distributes)
	d.Log(spi.SecurityEvent{What: "c"})
	require.Equal(t, recorder{"a", "b", "c"}, all)
	require.Nil(t, d.LogEntry(spi.SecurityEvent{Severity: spi.SeverityNotice, What: "d"}))
	require.NotNil(t, d.LogEntry(spi.SecurityEvent{Severity: spi.SeverityWarning, What: "e"}))
}

func TestClean(t *testing.T) {
	require.Equal(t, "a b c�", clean("a\nb\x1bc\xff"))
	require.Equal(t, "grüß Gott", clean("grüß Gott"))
	long := clean(strings.Repeat("€", longest))
	require.LessOrEqual(t, len(long), longest+len("…"))
	require.True(t, utf8.ValidString(long))
	require.True(t, strings.HasSuffix(long, "€…"))
}
