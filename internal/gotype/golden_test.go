package gotype

import (
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/cdr"
)

// A goldenRow is a value and its SerializedPayload. Rows named cyclone are what
// Cyclone DDS 0.10.2 makes of the same IDL and value.
type goldenRow struct {
	name string
	rep  Representation
	wire string
	run  func(t *testing.T, rep Representation, want []byte)
	fuzz func(t testing.TB) (*Type, unsafe.Pointer) // the type and a new variable of it
}

func row[T any](name string, rep Representation, v T, text string) goldenRow {
	return goldenRow{name, rep, text, func(t *testing.T, rep Representation, want []byte) {
		c := of[T](t)
		got, err := c.Append([]byte("left alone"), ptr(&v), rep)
		require.NoError(t, err)
		require.Equal(t, "left alone", string(got[:10]))
		require.Equal(t, want, got[10:])

		var back T
		require.NoError(t, c.Decode(want, ptr(&back)))
		require.Equal(t, v, back)

		// The last octets may be padding; without any octet of the content it is refused,
		// but where an appendable type ends in XCDR1 only the end of the payload tells.
		content := len(want) - int(want[3]&3)
		for i := range content {
			var back T
			err := c.Decode(want[:i], ptr(&back))
			if c.Extensibility() == Appendable && rep == XCDR1 && err == nil {
				continue
			}
			require.ErrorIs(t, err, cdr.ErrMalformed, "%d octets", i)
		}
	}, func(t testing.TB) (*Type, unsafe.Pointer) { return of[T](t), ptr(new(T)) }}
}

var (
	blue = ShapeType{Color: "BLUE", X: 1, Y: 2, ShapeSize: 30}
	perf = Perf{ID: 7, Seq: 8, Data: []byte{10, 11, 12}}
	mix  = Mix{
		O: 9, Names: []string{"a", "bcd"}, Pts: []Point{{1, 1.5}}, PtsA: []PointA{{A: 2, B: 2.5}, {A: 3, B: -1}},
		Col: 2, Cols: []Color{1, 2}, Arr: [2]Color{0, 2}, Two: [2]string{"x", "yz"},
		Deep: [][]int32{{1, 2}, nil}, Flag: true, Big: -1,
	}
)

const perfV1 = `
	0001 0001        // CDR_LE, one octet of padding
	07000000         // id
	00000000         // seq aligns to 8
	0800000000000000
	03000000 0a0b0c  // data
	00               // padding
`

func goldenRows() []goldenRow {
	return []goldenRow{
		row("cyclone ShapeType", XCDR1, blue, `
			0001 0000             // CDR_LE, no padding
			05000000 424c5545 00  // "BLUE"
			000000                // x aligns to 4
			01000000 02000000 1e000000
		`),
		row("cyclone ShapeType", XCDR2, blue, `
			0007 0000             // CDR2_LE
			05000000 424c5545 00 000000 01000000 02000000 1e000000
		`),
		row("cyclone ShapeType appendable", XCDR2, ShapeA{Color: "BLUE", X: 1, Y: 2, ShapeSize: 30}, `
			0009 0000             // D_CDR2_LE
			18000000              // DHEADER: 24 octets follow
			05000000 424c5545 00 000000 01000000 02000000 1e000000
		`),
		row("ShapeType appendable", XCDR1, ShapeA{Color: "BLUE", X: 1, Y: 2, ShapeSize: 30}, `
			0001 0000             // no DHEADER in XCDR1
			05000000 424c5545 00 000000 01000000 02000000 1e000000
		`),
		row("cyclone Perf", XCDR1, perf, perfV1),
		row("Perf appendable", XCDR1, PerfA{ID: 7, Seq: 8, Data: []byte{10, 11, 12}}, perfV1),
		row("cyclone Perf", XCDR2, perf, `
			0007 0001
			07000000
			0800000000000000 // seq aligns to 4
			03000000 0a0b0c 00
		`),
		row("cyclone Perf appendable", XCDR2, PerfA{ID: 7, Seq: 8, Data: []byte{10, 11, 12}}, `
			0009 0001
			13000000         // 19 octets: padding at the end is not the type's
			07000000 0800000000000000 03000000 0a0b0c 00
		`),
		row("Perf empty", XCDR1, Perf{ID: -1, Data: nil}, `
			0001 0000
			ffffffff 00000000 0000000000000000 00000000
		`),
		row("cyclone Mix", XCDR2, mix, `
			0007 0000
			09 000000
			14000000 02000000              // names: DHEADER, as strings are not primitive
			02000000 6100 0000 04000000 62636400
			10000000 01000000              // pts: DHEADER for all, none for each, as Point is final
			0100 0000 000000000000f83f
			24000000 02000000              // ptsA: a DHEADER for all and one for each
			0c000000 0200 0000 0000000000000440
			0c000000 0300 0000 000000000000f0bf
			02000000                       // col: a long
			0c000000 02000000 01000000 02000000  // cols: DHEADER, as enums are not primitive
			08000000 00000000 02000000     // arr: likewise
			0f000000 02000000 7800 0000 03000000 797a00  // two
			00
			14000000 02000000              // deep: DHEADER outside, none for sequences of long
			02000000 01000000 02000000 00000000
			01 000000
			ffffffffffffffff
		`),
		row("Mix", XCDR1, mix, `
			0001 0000
			09 000000
			02000000 02000000 6100 0000 04000000 62636400
			01000000 0100 0000 000000000000f83f     // a at 28, b at 32
			02000000 0200 0000 0000000000000440     // a at 44, b at 48
			0300 000000000000 000000000000f0bf      // a at 56, b at 64
			02000000
			02000000 01000000 02000000
			00000000 02000000
			02000000 7800 0000 03000000 797a00
			00
			02000000 02000000 01000000 02000000 00000000
			01 000000                               // flag at 132, big at 136
			ffffffffffffffff
		`),
		row("cyclone Key64", XCDR1, Key64{1, 2, 3}, `
			0001 0000 01000000 00000000 0200000000000000 03000000
		`),
		row("cyclone Key64", XCDR2, Key64{1, 2, 3}, `
			0007 0000 01000000 0200000000000000 03000000
		`),
		row("cyclone KeyNest", XCDR2, KeyNest{1, PointA{A: 2, B: 2.5}, Point{3, 3.5}}, `
			0007 0000 01000000
			0c000000 0200 0000 0000000000000440
			0300 0000 0000000000000c40
		`),
		row("cyclone KeyNestA", XCDR2, KeyNestA{Z: 1, P: PointA{A: 2, B: 2.5}, Q: Point{3, 3.5}}, `
			0009 0000 20000000 01000000
			0c000000 0200 0000 0000000000000440
			0300 0000 0000000000000c40
		`),
		row("base type, bools and arrays", XCDR2, struct {
			_ struct{} `dds:"name=X"`
			Base
			B  [3]bool
			S  []bool
			A  [2][2]uint16
			Ch byte `dds:"char"`
			E  Color
			Es []Color // without the option enum: longs
		}{Base: Base{[4]byte{1, 2, 3, 4}}, B: [3]bool{true, false, true}, S: []bool{false, true},
			A: [2][2]uint16{{1, 2}, {3, 4}}, Ch: 'x', E: 5, Es: []Color{6}}, `
			0007 0000
			01020304                  // the base's member, with no header of its own
			010001 00
			02000000 0001
			0100 0200 0300 0400       // at 14: an array of arrays is one array
			78 00
			05000000 01000000 06000000
		`),
	}
}

func TestGolden(t *testing.T) {
	for _, r := range goldenRows() {
		t.Run(r.name+map[Representation]string{XCDR1: " XCDR1", XCDR2: " XCDR2"}[r.rep], func(t *testing.T) {
			r.run(t, r.rep, wire(t, r.wire))
		})
	}
}

func TestDecodeBigEndian(t *testing.T) {
	for _, text := range []string{`
		0000 0001 00000007 00000000 0000000000000008 00000003 0a0b0c 00 // CDR_BE
	`, `
		0006 0001 00000007 0000000000000008 00000003 0a0b0c 00          // CDR2_BE
	`, `
		0008 0001 00000013 00000007 0000000000000008 00000003 0a0b0c 00 // D_CDR2_BE
	`} {
		var got Perf
		require.NoError(t, of[Perf](t).Decode(wire(t, text), ptr(&got)))
		require.Equal(t, perf, got)
	}
}

func TestDecodeRefuses(t *testing.T) {
	everything := of[Everything](t)
	for _, test := range []struct{ name, wire, err string }{
		{"mutable", "0003 0000 01000000", "decode Everything: cdr: malformed: parameter lists (mutable types) are not supported"},
		{"mutable XCDR2", "000b 0000 01000000", "decode Everything: cdr: malformed: parameter lists (mutable types) are not supported"},
		{"XML", "0004 0000 01000000", "decode Everything: cdr: unknown representation identifier"},
		{"no header", "0001 00", "decode Everything: cdr: truncated"},
		{"boolean 2", "0001 0000 02000000", "decode Everything: field B: cdr: boolean is neither 0 nor 1"},
		{"DHEADER beyond the end", "0009 0000 04000000 010000", "decode Everything: cdr: length exceeds what is there"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var v Everything
			err := everything.Decode(wire(t, test.wire), ptr(&v))
			require.EqualError(t, err, test.err)
			require.ErrorIs(t, err, cdr.ErrMalformed)
		})
	}

	type Bounded struct {
		S string   `dds:"bound=2"`
		Q []uint16 `dds:"bound=1"`
		P []Point  `dds:"bound=1"`
	}
	bounded := of[Bounded](t)
	for _, test := range []struct{ wire, err string }{
		{"0001 0000 04000000 61626300", "decode Bounded: field S: cdr: malformed: longer than its bound"},
		{"0001 0000 00000000 02000000 00000000", "decode Bounded: field Q: cdr: malformed: longer than its bound"},
		{"0001 0000 00000000 00000000 02000000" + // 2 points of at least 10 octets
			"0000 0000 00000000 0000000000000000 00000000", "decode Bounded: field P: cdr: malformed: longer than its bound"},
		{"0001 0000 00000000 00000000 02000000 0000000000000000", "decode Bounded: field P: cdr: length exceeds what is there"},
	} {
		var v Bounded
		require.EqualError(t, bounded.Decode(wire(t, test.wire), ptr(&v)), test.err)
	}

	// What is left of a collection's DHEADER is no member of anything.
	type M struct{ S []string }
	require.EqualError(t, of[M](t).Decode(wire(t, "0007 0000 08000000 00000000 00000000"), ptr(new(M))),
		"decode M: field S: cdr: DHEADER does not match the content")
}

func TestAppendRefuses(t *testing.T) {
	type Part struct {
		Names []string `dds:"bound=2"`
		Note  string   `dds:"bound=3"`
	}
	type Whole struct{ Parts []Part }
	c := of[Whole](t)
	for _, test := range []struct {
		part Part
		err  string
	}{
		{Part{Names: []string{"a\x00b"}}, "encode Whole: field Parts[].Names[]: a string cannot hold a NUL"},
		{Part{Names: make([]string, 3)}, "encode Whole: field Parts[].Names: the sequence has 3 elements, more than its bound"},
		{Part{Note: "abcd"}, "encode Whole: field Parts[].Note: the string has 4 octets, more than its bound"},
	} {
		b, err := c.Append([]byte("x"), ptr(&Whole{[]Part{{}, test.part}}), XCDR2)
		require.EqualError(t, err, test.err)
		require.Equal(t, "x", string(b))
	}
	_, err := c.Append(nil, ptr(&Whole{}), 1)
	require.EqualError(t, err, "type Whole: representation 1 is not supported")
}

// Appendable: what an older writer does not know is zero, what a newer one
// adds is skipped.
func TestAppendable(t *testing.T) {
	type New struct {
		_    struct{} `dds:"appendable"`
		A    uint8
		In   PointA
		S    string
		Q    []uint16
		Pts  [2]Point
		Last bool
	}
	type Old struct {
		_  struct{} `dds:"appendable"`
		A  uint8
		In PointA
	}
	full := New{A: 1, In: PointA{A: 2, B: 3}, S: "s", Q: []uint16{4}, Pts: [2]Point{{5, 6}, {7, 8}}, Last: true}
	for _, rep := range []Representation{XCDR1, XCDR2} {
		b, err := of[Old](t).Append(nil, ptr(&Old{A: 9, In: PointA{A: 8, B: 7}}), rep)
		require.NoError(t, err)
		got := full
		require.NoError(t, of[New](t).Decode(b, ptr(&got)))
		require.Equal(t, New{A: 9, In: PointA{A: 8, B: 7}, Q: []uint16{}}, got)

		b, err = of[New](t).Append(nil, ptr(&full), rep)
		require.NoError(t, err)
		var old Old
		require.NoError(t, of[Old](t).Decode(b, ptr(&old)))
		require.Equal(t, Old{A: 1, In: PointA{A: 2, B: 3}}, old)
	}
	// Within, too: PointA with one member less and with one more.
	var old Old
	require.NoError(t, of[Old](t).Decode(wire(t, "0009 0000 0a000000 01 000000 02000000 0200"), ptr(&old)))
	require.Equal(t, Old{A: 1, In: PointA{A: 2}}, old)
	require.NoError(t, of[Old](t).Decode(wire(t, `
		0009 0000 18000000 01 000000
		10000000 0200 0000 0000000000000440 11223344
	`), ptr(&old)))
	require.Equal(t, Old{A: 1, In: PointA{A: 2, B: 2.5}}, old)

	// A final type ends where it ends.
	require.ErrorIs(t, of[Perf](t).Decode(wire(t, "0001 0000 07000000"), ptr(new(Perf))), cdr.ErrMalformed)
}
