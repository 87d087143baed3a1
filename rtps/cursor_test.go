package rtps

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Every value is aligned to its size, from the start of the input.
func TestCursorAligns(t *testing.T) {
	for _, le := range []bool{true, false} {
		b := []byte{7, 0}
		b = AppendUint16(b, le, 0x0102)
		b = append(b, 1, 0, 0, 0)
		b = AppendUint32(b, le, 0x01020304)
		b = append(b, 9, 0, 0, 0)
		b = AppendUint64(b, le, 0x0102030405060708)
		c := NewCursor(b, le)
		require.EqualValues(t, 7, c.Uint8())
		require.EqualValues(t, 0x0102, c.Uint16())
		require.True(t, c.Bool())
		require.EqualValues(t, 0x01020304, c.Uint32())
		require.EqualValues(t, 9, c.Uint8())
		require.EqualValues(t, 0x0102030405060708, c.Uint64())
		require.Zero(t, c.Remaining())
		require.False(t, c.Short())
	}
}

func TestCursorReadsWhatAppendWrote(t *testing.T) {
	g := GUID{GUIDPrefix{1, 2, 3}, EntityParticipant}
	for _, le := range []bool{true, false} {
		b := AppendString(nil, le, "abc")
		b = AppendString(b, le, "")
		b = AppendString(b, le, "abcd")
		b = AppendOctets(b, le, []byte{1, 2, 3, 4, 5})
		b = AppendGUID(b, g)
		b = AppendSequenceNumber(b, le, 1<<40+5)
		b = AppendLocator(b, le, locator7400)
		b = AppendTime(b, le, Time{1, 2})
		b = AppendDuration(b, le, DurationInfinite)
		b = AppendInt32(b, le, -7)
		require.Zero(t, len(b)%4)

		c := NewCursor(b, le)
		require.Equal(t, "abc", c.String())
		require.Equal(t, "", c.String())
		require.Equal(t, "abcd", c.String())
		require.Equal(t, []byte{1, 2, 3, 4, 5}, c.OctetSeq())
		require.Equal(t, 3, -len(b)+c.Remaining()+8+8+12+9+3) // the padding is before what comes next
		c.Octets(3)
		require.Equal(t, g, c.GUID())
		require.EqualValues(t, 1<<40+5, c.SequenceNumber())
		require.Equal(t, locator7400, c.Locator())
		require.Equal(t, Time{1, 2}, c.Time())
		require.Equal(t, DurationInfinite, c.Duration())
		require.EqualValues(t, -7, c.Int32())
		require.Empty(t, c.Rest())
		require.False(t, c.Short())
	}
}

func TestCursorString(t *testing.T) {
	for _, tt := range []struct {
		name, wire, want string
		ok               bool
	}{
		{"plain", "04000000 61626300", "abc", true},
		{"empty", "01000000 00", "", true},
		{"empty, length 0", "00000000", "", true},
		{"NULs at the end", "05000000 6162630000", "abc", true},
		{"no NUL", "03000000 616263", "", false},
		{"a NUL inside", "04000000 61006300", "", false},
		{"past the end", "05000000 61626300", "", false},
		{"4 GiB", "ffffffff 61626300", "", false},
		{"no length", "0000", "", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := NewCursor(unhex(t, tt.wire), true)
			require.Equal(t, tt.want, c.String())
			require.Equal(t, !tt.ok, c.Short())
		})
	}
}

// Once short, always short: nothing read later can look valid.
func TestCursorIsSticky(t *testing.T) {
	c := NewCursor([]byte{1, 2, 3, 4, 5}, true)
	c.Uint64()
	require.True(t, c.Short())
	require.Zero(t, c.Uint8())
	require.Zero(t, c.Uint16())
	require.Zero(t, c.Uint32())
	require.Zero(t, c.Remaining())
	require.Nil(t, c.Octets(0))
	require.Empty(t, c.Rest())
	require.Zero(t, c.GUID())

	c = NewCursor([]byte{1, 2, 3, 4}, true)
	require.Nil(t, c.Octets(-1))
	require.True(t, c.Short())

	c = NewCursor([]byte{3, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1}, true)
	require.Zero(t, c.Count(3))
	require.True(t, c.Short())
}

func FuzzCursor(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, []byte{4, 0, 0, 0, 'a', 'b', 'c', 0, 1, 2, 3, 4}, true)
	f.Fuzz(func(t *testing.T, ops, b []byte, le bool) {
		c := NewCursor(b, le)
		for _, op := range ops[:min(len(ops), 64)] {
			was, short := c.Remaining(), c.Short()
			switch op % 12 {
			case 0:
				c.Uint8()
			case 1:
				c.Uint16()
			case 2:
				c.Uint32()
			case 3:
				c.Uint64()
			case 4:
				require.LessOrEqual(t, len(c.String()), len(b))
			case 5:
				require.LessOrEqual(t, len(c.OctetSeq()), len(b))
			case 6:
				require.LessOrEqual(t, len(c.Octets(int(op))), len(b))
			case 7:
				require.LessOrEqual(t, c.Count(8)*8, len(b))
			case 8:
				c.GUID()
			case 9:
				c.Locator()
			case 10:
				c.sequenceSet()
			case 11:
				c.parameterList()
			}
			require.LessOrEqual(t, c.Remaining(), was)
			require.GreaterOrEqual(t, c.Remaining(), 0)
			require.True(t, c.Short() || !short)
		}
	})
}
