//go:build !race

package gotype

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/cdr"
)

func TestAllocs(t *testing.T) {
	v := everything()
	check := func(name string, f func()) {
		t.Helper()
		require.Zero(t, testing.AllocsPerRun(100, f), name)
	}
	buf := make([]byte, 0, 4096)
	for _, rep := range []Representation{XCDR1, XCDR2} {
		shape, all := of[ShapeType](t), of[Everything](t)
		s, a := blue, v
		sb, err := shape.Append(nil, ptr(&s), rep)
		require.NoError(t, err)
		ab, err := all.Append(nil, ptr(&a), rep)
		require.NoError(t, err)
		check("Append", func() { _, _ = shape.Append(buf, ptr(&s), rep) })
		check("Append everything", func() { _, _ = all.Append(buf, ptr(&a), rep) })
		check("AppendKey", func() { _, _ = shape.AppendKey(buf, ptr(&s), rep) })
		var scratch Scratch
		check("KeyHash", func() { shape.KeyHash(ptr(&s), rep, false, &scratch) })
		check("Decode", func() { _ = shape.Decode(sb, ptr(&s)) })
		check("Decode everything", func() { _ = all.Decode(ab, ptr(&a)) })
		check("KeyHashOfPayload", func() { _, _ = shape.KeyHashOfPayload(sb, false, rep, false, &scratch) })
	}
}

// Lengths that are not backed by octets allocate nothing; and where elements
// are large in Go but small on the wire, memory comes as they are decoded.
func TestDecodeAllocatesInProportion(t *testing.T) {
	type Big struct {
		_ struct{} `dds:"appendable"`
		A [1 << 16]byte
	}
	type Bigs struct{ S []Big }
	c := of[Bigs](t)
	input := make([]byte, 4+8+4*1000) // DHEADER, length, 1000 DHEADERs
	copy(input, wire(t, "0007 0000 a40f0000 e8030000 ffffffff"))
	var v Bigs
	require.ErrorIs(t, c.Decode(input, ptr(&v)), cdr.ErrMalformed)
	require.LessOrEqual(t, cap(v.S)*(1<<16), 1<<17)
}

// In steady state nothing allocates, whatever the type and however long.
func TestAllocsOfEveryKind(t *testing.T) {
	var s Scratch
	for _, c := range benchCases(t) {
		payload := c.payload(t)
		steps := map[string]func(){
			"Append": func() { payload, _ = c.typ.Append(payload[:0], c.v, XCDR1) },
			"Decode": func() { _ = c.typ.Decode(payload, c.into) },
		}
		if c.typ.Keyed() {
			s = Scratch{}
			steps["KeyHash"] = func() { c.typ.KeyHash(c.v, XCDR1, true, &s) }
			steps["KeyHashOfPayload"] = func() { _, _ = c.typ.KeyHashOfPayload(payload, false, XCDR1, true, &s) }
		}
		for name, step := range steps {
			step()
			require.Zero(t, testing.AllocsPerRun(10, step), "%s %s", c.name, name)
		}
	}
}

// Encoding into nothing makes room once, for what it takes; of what is very
// long, for the rest and then for that. Decoding into nothing allocates what
// comes, once.
func TestAllocsOfNew(t *testing.T) {
	for _, c := range benchCases(t) {
		var b []byte
		want := 1.0
		if len(c.payload(t)) > 32<<10 {
			want = 2
		}
		require.Equal(t, want, testing.AllocsPerRun(10, func() { b, _ = c.typ.Append(nil, c.v, XCDR1) }), c.name)
		require.LessOrEqual(t, cap(b), 2*len(b)+64, c.name)
	}
	for _, c := range benchCases(t)[:4] {
		payload, v := c.payload(t), new(Perf)
		require.Equal(t, 1.0, testing.AllocsPerRun(10, func() {
			*v = Perf{}
			_ = c.typ.Decode(payload, ptr(v))
		}), c.name)
		require.LessOrEqual(t, cap(v.Data), len(v.Data)+len(v.Data)/8+16, c.name)
	}
}
