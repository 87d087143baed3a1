package gotype

import (
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/cdr"
)

// FuzzDecode: no input does harm to any type; what decodes encodes, and
// encode → decode → encode is a fixed point.
func FuzzDecode(f *testing.F) {
	rows := goldenRows()
	for i, r := range rows {
		f.Add(uint8(i), wire(f, r.wire))
	}
	v, all := everything(), of[Everything](f)
	for _, rep := range []Representation{XCDR1, XCDR2} {
		b, err := all.Append(nil, ptr(&v), rep)
		require.NoError(f, err)
		f.Add(uint8(len(rows)), b)
	}
	rows = append(rows, goldenRow{fuzz: func(testing.TB) (*Type, unsafe.Pointer) { return all, ptr(new(Everything)) }})
	f.Fuzz(func(t *testing.T, which uint8, payload []byte) {
		c, v := rows[int(which)%len(rows)].fuzz(t)
		keyErr := c.DecodeKeyOf(payload, false, c.new())
		if err := c.Decode(payload, v); err != nil {
			require.ErrorIs(t, err, cdr.ErrMalformed)
			return
		}
		require.NoError(t, keyErr, "less is read of it")
		for _, rep := range []Representation{XCDR1, XCDR2} {
			b, err := c.Append(nil, v, rep)
			require.NoError(t, err)
			back := c.new()
			require.NoError(t, c.Decode(b, back))
			again, err := c.Append(nil, back, rep)
			require.NoError(t, err)
			require.Equal(t, b, again)

			want := c.KeyHash(v, rep, true, nil)
			got, err := c.KeyHashOfPayload(payload, false, rep, true, nil)
			require.NoError(t, err)
			require.Equal(t, want, got)
		}
	})
}

// FuzzDecodeKey: the same for keys.
func FuzzDecodeKey(f *testing.F) {
	rows := keyRows()
	for i, r := range rows {
		f.Add(uint8(i), wire(f, r.wire))
		f.Add(uint8(i), wire(f, r.flat))
	}
	f.Fuzz(func(t *testing.T, which uint8, payload []byte) {
		c := rows[int(which)%len(rows)].typ(t)
		v := c.new()
		if err := c.DecodeKey(payload, v); err != nil {
			require.ErrorIs(t, err, cdr.ErrMalformed)
			return
		}
		for _, rep := range []Representation{XCDR1, XCDR2} {
			b, err := c.AppendKey(nil, v, rep)
			require.NoError(t, err)
			back := c.new()
			require.NoError(t, c.DecodeKey(b, back))
			again, err := c.AppendKey(nil, back, rep)
			require.NoError(t, err)
			require.Equal(t, b, again)
			require.Equal(t, c.KeyHash(v, rep, false, nil), c.KeyHash(back, rep, false, nil))
		}
	})
}
