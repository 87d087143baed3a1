package rtps

import (
	"testing"

	"github.com/stretchr/testify/require"
)

var parameterTests = []struct {
	name string
	le   bool
	list []Parameter
	wire string
	rest int  // octets behind the list
	in   bool // another encoding than ours
}{{
	name: "two",
	le:   true,
	list: []Parameter{
		{PIDDomainID, []byte{1, 0, 0, 0}},
		{PIDDomainTag, []byte{2, 0, 0, 0, 'x', 0, 0, 0}},
	},
	wire: `
		0f00 0400 01000000
		1440 0800 02000000 78000000
		0100 0000
	`,
}, {
	name: "big-endian",
	list: []Parameter{
		{PIDDomainID, []byte{0, 0, 0, 1}},
		{PIDVendorID, []byte{}},
	},
	wire: `
		000f 0004 00000001
		0016 0000
		0001 0000
	`,
}, {
	name: "empty, the sentinel's length means nothing, something follows",
	le:   true,
	wire: "0100 ffff aabbccdd",
	rest: 4,
	in:   true,
}, {
	name: "PID_PAD is skipped",
	le:   true,
	list: []Parameter{{PIDVendorID, []byte{1, 3, 0, 0}}},
	wire: `
		0000 0400 deadbeef
		0000 0000
		1600 0400 01030000
		0000 0400 deadbeef
		0100 0000
	`,
	in: true,
}, {
	name: "a length that is not a multiple of 4",
	le:   true,
	list: []Parameter{{PIDVendorID, []byte{1, 3}}, {PIDDomainID, []byte{1, 0, 0, 0}}},
	wire: `
		1600 0200 0103 0000
		0f00 0400 01000000
		0100 0000
	`,
	in: true,
}}

func TestNextParameter(t *testing.T) {
	for _, tt := range parameterTests {
		t.Run(tt.name, func(t *testing.T) {
			wire := unhex(t, tt.wire)
			got, rest, err := parameters(wire, tt.le)
			require.NoError(t, err)
			require.Equal(t, tt.list, got)
			require.Len(t, rest, tt.rest)
			if !tt.in {
				var b []byte
				for _, p := range tt.list {
					b = AppendParameter(b, tt.le, p.ID, p.Value)
				}
				require.Equal(t, wire, AppendSentinel(b, tt.le))
			}
			for n := range len(wire) - tt.rest {
				_, _, err := parameters(wire[:n], tt.le)
				require.ErrorIs(t, err, ErrMalformed, "%d octets", n)
			}
		})
	}
}

func parameters(b []byte, le bool) (ps []Parameter, rest []byte, err error) {
	for {
		p, next, ok, err := NextParameter(b, le)
		if err != nil || !ok {
			return ps, next, err
		}
		ps, b = append(ps, p), next
	}
}

// A value is put in place, wherever in the buffer the list begins.
func TestBeginEndParameter(t *testing.T) {
	for _, le := range []bool{true, false} {
		b := []byte("odd")
		b, mark := BeginParameter(b, le, PIDEntityName)
		b = AppendString(b, le, "abcd")
		b = EndParameter(b, le, mark)
		b, mark = BeginParameter(b, le, PIDKeyHash)
		b = EndParameter(append(b, 1, 2, 3, 4, 5), le, mark)
		b = AppendSentinel(b, le)
		ps, _, err := parameters(b[3:], le)
		require.NoError(t, err)
		require.Equal(t, []Parameter{
			{PIDEntityName, AppendString(nil, le, "abcd")},
			{PIDKeyHash, []byte{1, 2, 3, 4, 5, 0, 0, 0}},
		}, ps)
	}
	require.NotPanics(t, func() { AppendParameter(nil, true, PIDUserData, make([]byte, MaxParameter)) })
	require.Panics(t, func() { AppendParameter(nil, true, PIDUserData, make([]byte, MaxParameter+1)) })
}

func TestParameterIDBits(t *testing.T) {
	require.True(t, PIDDomainTag.MustUnderstand())
	require.False(t, PIDDomainTag.VendorSpecific())
	require.False(t, PIDIdentityToken.MustUnderstand())
	require.True(t, ParameterID(0x800f).VendorSpecific())
}

func FuzzParameters(f *testing.F) {
	for _, tt := range parameterTests {
		f.Add(unhex(f, tt.wire), tt.le)
	}
	f.Fuzz(func(t *testing.T, b []byte, le bool) {
		ps, rest, err := parameters(b, le)
		if err != nil {
			require.ErrorIs(t, err, ErrMalformed)
			return
		}
		c := NewCursor(b, le)
		require.Len(t, c.parameterList(), len(b)-len(rest))

		var wire []byte
		for _, p := range ps {
			wire = AppendParameter(wire, le, p.ID, p.Value)
		}
		wire = AppendSentinel(wire, le)
		again, rest, err := parameters(wire, le)
		require.NoError(t, err)
		require.Empty(t, rest)
		require.Len(t, again, len(ps))
		for i, p := range ps {
			require.Equal(t, p.ID, again[i].ID)
			require.Equal(t, p.Value, again[i].Value[:len(p.Value)]) // padded to 4
		}
	})
}
