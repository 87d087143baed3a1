package gotype

import (
	"crypto/md5"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/cdr"
)

// A keyRow is a value, its key payload and its key hash.
type keyRow struct {
	name string
	rep  Representation
	typ  func(testing.TB) *Type
	val  unsafe.Pointer
	wire string // as AppendKey has it
	flat string // as Cyclone DDS 0.10 has it, where that is different
	hash string // what is hashed, or padded with zeros
	md5  bool
}

func keyed[T any](name string, rep Representation, v T, wire, flat, hash string, md5 bool) keyRow {
	return keyRow{name, rep, func(t testing.TB) *Type { return of[T](t) }, ptr(&v), wire, flat, hash, md5}
}

func keyRows() []keyRow {
	const blueBE = "00000005 424c554500"
	shapeA := ShapeA{Color: "BLUE", X: 1}
	nest := KeyNest{1, PointA{A: 2, B: 2.5}, Point{3, 3.5}}
	nestA := KeyNestA{Z: 1, P: nest.P, Q: nest.Q}
	return []keyRow{
		keyed("cyclone ShapeType", XCDR1, blue, "0001 0003 05000000 424c554500 000000", "", blueBE, true),
		keyed("cyclone ShapeType", XCDR2, blue, "0007 0003 05000000 424c554500 000000", "", blueBE, true),
		keyed("ShapeType appendable", XCDR1, shapeA, "0001 0003 05000000 424c554500 000000", "", blueBE, true),
		keyed("cyclone ShapeType appendable", XCDR2, shapeA, "0009 0003 09000000 05000000 424c554500 000000",
			"0009 0003 05000000 424c554500 000000", blueBE, true),
		keyed("cyclone Perf", XCDR1, perf, "0001 0000 07000000", "", "00000007", false),
		keyed("cyclone Perf", XCDR2, perf, "0007 0000 07000000", "", "00000007", false),
		keyed("cyclone Perf appendable", XCDR2, PerfA{ID: 7}, "0009 0000 04000000 07000000", "0009 0000 07000000", "00000007", false),
		keyed("cyclone Key64", XCDR1, Key64{1, 2, 3}, "0001 0000 01000000 00000000 0200000000000000", "",
			"00000001 00000000 0000000000000002", false), // 16 octets are not more than 16
		keyed("cyclone Key64", XCDR2, Key64{1, 2, 3}, "0007 0000 01000000 0200000000000000", "",
			"00000001 0000000000000002", false),
		keyed("cyclone KeyStr", XCDR1, KeyStr{"ab", 5, 6}, "0001 0000 03000000 616200 05", "", "00000003 616200 05", false),
		keyed("cyclone KeyNest", XCDR2, nest, `
			0007 0000
			02000000 0200            // p: a DHEADER, and its key member
			0300 0000000000000c40    // q: all of it
			`, "0007 0000 0200 0300 0000000000000c40", "0002 0003 400c000000000000", false),
		keyed("cyclone KeyNest appendable", XCDR2, nestA, "0009 0000 10000000 02000000 0200 0300 0000000000000c40",
			"0009 0000 0200 0300 0000000000000c40", "0002 0003 400c000000000000", false),
		// In XCDR1 the double aligns to 8 rather than 4.
		keyed("KeyNest", XCDR1, nest, "0001 0000 0200 0300 00000000 0000000000000c40", "", "0002 0003 00000000 400c000000000000", false),
	}
}

func TestKeys(t *testing.T) {
	for _, r := range keyRows() {
		t.Run(r.name+map[Representation]string{XCDR1: " XCDR1", XCDR2: " XCDR2"}[r.rep], func(t *testing.T) {
			c := r.typ(t)
			require.True(t, c.Keyed())
			got, err := c.AppendKey([]byte("x"), r.val, r.rep)
			require.NoError(t, err)
			require.Equal(t, wire(t, r.wire), got[1:])

			holder := wire(t, r.hash)
			sum := md5.Sum(holder)
			var plain [16]byte
			copy(plain[:], holder)
			want := plain
			if r.md5 {
				want = sum
			}
			require.Equal(t, want, c.KeyHash(r.val, r.rep, false, nil))
			require.Equal(t, sum, c.KeyHash(r.val, r.rep, true, nil))

			whole, err := c.Append(nil, r.val, r.rep)
			require.NoError(t, err)
			for _, p := range []struct {
				wire  []byte
				isKey bool
			}{{whole, false}, {got[1:], true}, {wire(t, r.flat), true}} {
				if len(p.wire) == 0 {
					continue
				}
				h, err := c.KeyHashOfPayload(p.wire, p.isKey, r.rep, false, nil)
				require.NoError(t, err)
				require.Equal(t, want, h)

				// Key and scratch serve again.
				var scratch Scratch
				for range 2 {
					h, err = c.KeyHashOfPayload(p.wire, p.isKey, r.rep, true, &scratch)
					require.NoError(t, err)
					require.Equal(t, sum, h)
					require.Equal(t, want, c.KeyHash(r.val, r.rep, false, &scratch))
				}
				again, err := c.AppendKey(nil, scratch.value, r.rep)
				require.NoError(t, err)
				require.Equal(t, got[1:], again)

				if p.isKey { // no part of a key is a key, unless it passes for one of Cyclone DDS 0.10
					for i := range len(p.wire) - int(p.wire[3]&3) {
						if n := len(wire(t, r.flat)); n > 0 && i >= n {
							continue
						}
						require.ErrorIs(t, c.DecodeKey(p.wire[:i], c.new()), cdr.ErrMalformed, "%d octets", i)
					}
				}
			}
		})
	}
}

func TestKeyless(t *testing.T) {
	c := of[Point](t)
	require.False(t, c.Keyed())
	require.Zero(t, c.KeyHash(ptr(&Point{1, 2}), XCDR1, true, nil))
	b, err := c.AppendKey(nil, ptr(&Point{1, 2}), XCDR1)
	require.NoError(t, err)
	require.Equal(t, []byte{0, 1, 0, 0}, b)
}

// Decoding a key leaves the other members alone, also when it comes from a
// whole sample; of that, nothing after the key is looked at.
func TestDecodeKeyOf(t *testing.T) {
	c := of[Everything](t)
	v := everything()
	for _, rep := range []Representation{XCDR1, XCDR2} {
		b, err := c.Append(nil, ptr(&v), rep)
		require.NoError(t, err)
		got := Everything{B: true, S: "kept", Q: []Inner{{Name: "kept"}}}
		want := got
		want.I64 = v.I64
		require.NoError(t, c.DecodeKeyOf(b, false, ptr(&got)))
		require.Equal(t, want, got)
	}

	type KeyLast struct {
		E  Everything
		Es []Everything
		In Inner `dds:"key"`
		X  uint64
	}
	last := of[KeyLast](t)
	lv := KeyLast{E: v, Es: []Everything{v, v}, In: v.In}
	for _, rep := range []Representation{XCDR1, XCDR2} {
		b, err := last.Append(nil, ptr(&lv), rep)
		require.NoError(t, err)
		var got, want KeyLast
		want.In = Inner{Base: v.In.Base, Ks: []PointA{{A: v.In.Ks[0].A}}, Keys: v.In.Keys}
		want.In.Keys[0].C, want.In.Keys[1].C = 0, 0
		require.NoError(t, last.DecodeKeyOf(b[:len(b)-8], false, ptr(&got)), "X is not needed")
		require.Equal(t, want, got)
		require.Equal(t, last.KeyHash(ptr(&lv), rep, false, nil), last.KeyHash(ptr(&got), rep, false, nil))
	}
}

// The maximum size of the key decides, not the actual one: XTypes 1.3, 7.6.8.4.
func TestKeyHashMaximum(t *testing.T) {
	type (
		Unbounded struct {
			S string `dds:"key"`
		}
		Str11 struct { // 4 + 11 + 1
			S string `dds:"key,bound=11"`
		}
		Str12 struct {
			S string `dds:"key,bound=12"`
		}
		Seq12 struct { // 4 + 12
			S []byte `dds:"key,bound=12"`
		}
		SeqOpen struct {
			S []byte `dds:"key"`
		}
		Arr16 struct {
			A [16]byte `dds:"key"`
		}
		Arr17 struct {
			A [17]byte `dds:"key"`
		}
		Gap struct { // XCDR1: 1, 7 of padding, 8, 1; XCDR2: 1, 3, 8, 1
			A byte   `dds:"key"`
			B uint64 `dds:"key"`
			C byte   `dds:"key"`
		}
		Enums struct { // XCDR2: a DHEADER before 12 octets
			E [3]Color `dds:"key,enum"`
		}
		Enums4 struct {
			E [4]Color `dds:"key,enum"`
		}
		Huge struct {
			E [][1 << 20]string `dds:"key,bound=1000000000"`
		}
	)
	for _, test := range []struct {
		name  string
		c     *Type
		fits1 bool
		fits2 bool
	}{
		{"unbounded string", of[Unbounded](t), false, false},
		{"string<11>", of[Str11](t), true, true},
		{"string<12>", of[Str12](t), false, false},
		{"sequence<octet,12>", of[Seq12](t), true, true},
		{"sequence<octet>", of[SeqOpen](t), false, false},
		{"octet[16]", of[Arr16](t), true, true},
		{"octet[17]", of[Arr17](t), false, false},
		{"alignment", of[Gap](t), false, true},
		{"enum[3]", of[Enums](t), true, true},
		{"enum[4]", of[Enums4](t), true, false},
		{"huge", of[Huge](t), false, false},
	} {
		require.Equal(t, [2]bool{test.fits1, test.fits2}, test.c.fits, test.name)
	}
}
