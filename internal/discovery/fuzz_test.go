package discovery

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// A list that is decoded encodes to what decodes to the same. Lists that may
// grow past a parameter's size by their padding are left out.
const maxFuzzed = 8 << 10

func FuzzParseParticipant(f *testing.F) {
	for _, b := range captures(f, "participant") {
		f.Add(b[encapLen:], true)
	}
	f.Add(AppendParticipant(nil, false, fullParticipant(f)), false)
	f.Fuzz(func(t *testing.T, list []byte, le bool) {
		d, err := ParseParticipant(list, le)
		if err != nil || len(list) > maxFuzzed {
			return
		}
		again, err := ParseParticipant(AppendParticipant(nil, !le, d), !le)
		require.NoError(t, err)
		require.True(t, d.equal(again), "%+v\n%+v", d, again)
		require.LessOrEqual(t, d.size(), 8*len(list)+4096, "memory follows the input")
	})
}

func FuzzParseEndpoint(f *testing.F) {
	for _, b := range append(captures(f, "writer"), captures(f, "reader")...) {
		f.Add(b[encapLen:], true, true)
		f.Add(b[encapLen:], true, false)
	}
	f.Add(AppendEndpoint(nil, false, fullWriter(f)), false, true)
	f.Add(AppendEndpoint(nil, false, fullReader(f)), false, false)
	f.Fuzz(func(t *testing.T, list []byte, le, writer bool) {
		d, err := ParseEndpoint(list, le, writer)
		if err != nil || len(list) > maxFuzzed {
			return
		}
		again, err := ParseEndpoint(AppendEndpoint(nil, le, d), le, writer)
		require.NoError(t, err)
		// What a sender did not pad is padded now.
		d.TypeInformation, again.TypeInformation = nil, nil
		require.True(t, d.equal(again), "%+v\n%+v", d, again)
		require.LessOrEqual(t, d.size(), 8*len(list)+4096, "memory follows the input")
	})
}

func FuzzParseMessage(f *testing.F) {
	for _, b := range captures(f, "message") {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		m, err := ParseMessage(payload)
		if err != nil {
			return
		}
		again, err := ParseMessage(AppendMessage(nil, m))
		require.NoError(t, err)
		require.Equal(t, m.Prefix, again.Prefix)
		require.Equal(t, m.Kind, again.Kind)
	})
}

func FuzzParseKey(f *testing.F) {
	for _, b := range captures(f, "key") {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		if g, err := ParseParticipantKey(payload); err == nil {
			again, err := ParseParticipantKey(AppendParticipantKey(nil, g))
			require.NoError(t, err)
			require.Equal(t, g, again)
		}
		if g, err := ParseEndpointKey(payload); err == nil {
			require.False(t, g.IsZero())
		}
	})
}
