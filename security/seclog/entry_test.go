package seclog

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/cdr"
	"github.com/secdds/dds/spi"
)

func TestEntryOfAnEvent(t *testing.T) {
	d := Distribute(Options{HostName: "h", AppName: "app", ProcID: "1"})
	e, err := Parse(d.LogEntry(full()))
	require.NoError(t, err)
	require.Equal(t, uint8(10), e.Facility)
	require.Equal(t, spi.SeverityWarning, e.Level())
	require.Equal(t, full().Time, e.Timestamp.Time())
	require.Equal(t, []string{"h", "", "app", "1", "endpoint refused", "endpoint refused: no grant"},
		[]string{e.HostName, e.HostIP, e.AppName, e.ProcID, e.MsgID, e.Message})
	for name, want := range map[string]string{
		"guid": "02000000.00000000.00000000:00000000", "domain_id": "7", "plugin_class": "AccessControl", "plugin_method": "endpoint refused",
	} {
		require.Equal(t, want, e.Value(ElementDDS, name), name)
	}
	for name, want := range map[string]string{
		"remote": "01000000.00000000.00000000:00000000", "subject": "CN=eve", "topic": "x", "document": "permissions.p7s",
		"rule": "allow_rule 2", "line": "17", "expected": "publish y", "found": "x", "remedy": "add it", "count": "3",
	} {
		require.Equal(t, want, e.Value(ElementFields, name), name)
	}
	require.Empty(t, e.Value("no", "such"))

	// What others make long is cut.
	long := full()
	long.Err, long.Subject = errors.New(strings.Repeat("x", 1<<20)), strings.Repeat("y\x00", 1<<20)
	b := d.LogEntry(long)
	require.Less(t, len(b), 8<<10)
	e, err = Parse(b)
	require.NoError(t, err)
	require.NotContains(t, e.Value(ElementFields, "subject"), "\x00")
}

// The layout, octet by octet: a map travels as a sequence of its entries
// (XTypes 1.3, 7.4.1.1.6).
func TestEntryWire(t *testing.T) {
	e := Entry{
		Facility: 10, Severity: 4, Timestamp: Timestamp{Sec: 1, Nsec: 2}, AppName: "ab",
		StructuredData: []Element{{Key: "DDS", Values: []NameValue{{Name: "n", Value: "v"}}}},
	}
	want := `
		00010000           // XCDR1, little-endian
		0a000000           // facility, padding
		04000000           // severity
		01000000 02000000  // timestamp
		01000000 00000000  // hostname "", padding
		01000000 00000000  // hostip
		03000000 61620000  // appname "ab"
		01000000 00000000  // procid
		01000000 00000000  // msgid
		01000000 00000000  // message
		01000000           // one entry
		04000000 44445300  // "DDS"
		01000000           // one pair
		02000000 6e000000
		02000000 7600
	`
	wire := unhex(t, want)
	b := e.Append(nil)
	require.Equal(t, cdr.Pad(wire, 0), b)
	got, err := Parse(b)
	require.NoError(t, err)
	require.Equal(t, e, got)
	for n := range len(wire) {
		_, err := Parse(wire[:n:n])
		require.ErrorIs(t, err, cdr.ErrMalformed, "cut after %d octets", n)
	}
	b[1] = 7 // XCDR2
	_, err = Parse(b)
	require.ErrorIs(t, err, cdr.ErrMalformed)

	big := []byte{0, 0, 0, 0, 10, 0, 0, 0, 0, 0, 0, 3}
	big = append(big, make([]byte, 8)...)
	for range 6 {
		big = append(binary.BigEndian.AppendUint32(big, 1), 0, 0, 0, 0)
	}
	got, err = Parse(append(big, 0, 0, 0, 0))
	require.NoError(t, err)
	require.Equal(t, spi.SeverityError, got.Level())
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	var b strings.Builder
	for line := range strings.Lines(s) {
		line, _, _ = strings.Cut(line, "//")
		b.WriteString(strings.Join(strings.Fields(line), ""))
	}
	out, err := hex.DecodeString(b.String())
	require.NoError(t, err)
	return out
}

func TestTimestamps(t *testing.T) {
	for _, at := range []time.Time{time.Unix(0, 0), time.Unix(1<<32-1, 999), time.Date(2050, 1, 1, 0, 0, 0, 0, time.UTC)} {
		require.True(t, at.Equal(timestamp(at).Time()), at)
	}
	require.Zero(t, timestamp(time.Unix(-1, 0)))
	require.Zero(t, timestamp(time.Unix(1<<32, 0)))
	require.Equal(t, spi.SeverityDebug, (&Entry{Severity: -1}).Level())
}

// FuzzParse: nothing panics, and what parses is written and read as the same.
func FuzzParse(f *testing.F) {
	f.Add(Distribute(Options{}).LogEntry(full()))
	f.Add([]byte{0, 0, 0, 0, 10})
	f.Add([]byte{0, 1, 0, 0, 0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := Parse(b)
		if err != nil {
			return
		}
		again, err := Parse(e.Append(nil))
		require.NoError(t, err)
		require.True(t, reflect.DeepEqual(e, again))
	})
}
