package rtps

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNext(t *testing.T) {
	for _, tt := range []struct {
		name       string
		wire       string
		body, next int // sizes; -1: malformed
	}{
		{"one", "07 01 0400 01020304", 4, 0},
		{"one of two", "07 01 0400 01020304 09030000", 4, 4},
		{"big-endian length", "07 00 0004 01020304", 4, 0},
		{"0 is to the end", "15 01 0000 01020304 05060708", 8, 0},
		{"0 of an unknown kind is to the end", "80 01 0000 01020304", 4, 0},
		{"0 of the last one is empty", "07 01 0000", 0, 0},
		{"0 of PAD is empty", "01 01 0000 07010000", 0, 4},
		{"0 of INFO_TS is empty", "09 03 0000 07010000", 0, 4},
		{"not a multiple of 4", "07 01 0300 010203 01010000", 3, 4},
		{"longer than the message", "07 01 0500 01020304", -1, 0},
		{"longer in big-endian", "07 00 0400 01020304", -1, 0},
		{"no header", "07 01 04", -1, 0},
		{"nothing", "", -1, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			wire := unhex(t, tt.wire)
			s, next, err := Next(wire)
			if tt.body < 0 {
				require.ErrorIs(t, err, ErrMalformed)
				return
			}
			require.NoError(t, err)
			require.Len(t, s.Body, tt.body)
			require.Equal(t, wire[:SubmessageHeaderLen+tt.body], s.Raw)
			require.Len(t, next, tt.next)
			// What is appended to one submessage must not run over the next.
			require.Equal(t, len(s.Raw), cap(s.Raw))
			require.Equal(t, len(s.Body), cap(s.Body))
		})
	}
}

func FuzzNext(f *testing.F) {
	f.Add([]byte{0x07, 1, 4, 0, 1, 2, 3, 4})
	f.Add([]byte{0x15, 0, 0, 0, 1, 2, 3, 4})
	f.Add([]byte{0x01, 1, 0, 0, 0x09, 3, 0, 0})
	f.Fuzz(func(t *testing.T, rest []byte) {
		s, next, err := Next(rest)
		if err != nil {
			require.ErrorIs(t, err, ErrMalformed)
			return
		}
		require.Equal(t, rest, append(append([]byte{}, s.Raw...), next...))
		require.Len(t, s.Body, len(s.Raw)-SubmessageHeaderLen)
	})
}

func TestKindNames(t *testing.T) {
	seen := map[string]bool{}
	for _, k := range []byte{
		SubPad, SubAckNack, SubHeartbeat, SubGap, SubInfoTS, SubInfoSrc, SubInfoReplyIP4, SubInfoDst,
		SubInfoReply, SubNackFrag, SubHeartbeatFrag, SubData, SubDataFrag,
		SubSecBody, SubSecPrefix, SubSecPostfix, SubSRTPSPrefix, SubSRTPSPostfix,
	} {
		name := KindName(k)
		require.NotContains(t, name, "unknown")
		require.False(t, seen[name], name)
		seen[name] = true
	}
	require.Equal(t, "unknown submessage", KindName(0x7f))
	require.Equal(t, "vendor-specific submessage", KindName(0x80))
	require.Equal(t, "DATA(15) flags 05, 3 octets", Submessage{Kind: SubData, Flags: 5, Body: make([]byte, 3)}.String())
}
