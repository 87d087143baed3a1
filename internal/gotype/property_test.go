package gotype

import (
	"math/rand/v2"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/cdr"
)

func everything() Everything {
	in := Inner{Base: Base{[4]byte{1, 2, 3, 4}}, Name: "in", Ks: []PointA{{A: 5, B: 6}}, Keys: [2]Key64{{1, 2, 3}, {4, 5, 6}}, F: 0.5}
	return Everything{
		B: true, I8: -8, U8: 8, I16: -16, U16: 16, I32: -32, U32: 32, I64: -64, U64: 64, F32: 3.2, F64: 6.4, S: "s", R: 'ä',
		Bs: [3]bool{true, false, true}, I16s: [2][3]int16{{1, 2, 3}, {4, 5, 6}}, F64s: [2]float64{1, 2}, Ss: [2]string{"a", "bc"},
		Pts: [2]Point{{1, 2}, {3, 4}}, PtsA: [2]PointA{{A: 1, B: 2}, {A: 3, B: 4}}, Bools: []bool{true}, Raw: []byte("raw"),
		U16s: []uint16{1, 2, 3}, F64q: []float64{1}, Es: []Color{1, 2}, Strs: []string{"", "x"}, Q: []Inner{in, in},
		QA: []PointA{{A: 1, B: 1}}, Arrs: [][2]uint32{{1, 2}}, Deep: [][]string{{"a"}, nil}, In: in, Last: 9,
	}
}

// fill gives v random content that fits the bounds of tag.
func fill(rnd *rand.Rand, v reflect.Value, tag fieldTag) {
	n := rnd.IntN(4)
	if tag.bound > 0 {
		n = min(n, tag.bound)
	}
	switch k := v.Kind(); {
	case k == reflect.Bool:
		v.SetBool(n > 1)
	case v.CanInt():
		v.SetInt(int64(rnd.Uint64()))
	case v.CanUint():
		v.SetUint(rnd.Uint64())
	case v.CanFloat():
		v.SetFloat(float64(float32(rnd.NormFloat64())))
	case k == reflect.String:
		v.SetString("abc"[:n])
	case k == reflect.Slice:
		if n > 0 {
			v.Set(reflect.MakeSlice(v.Type(), n, n))
		}
		tag.bound = 0
		for i := range n {
			fill(rnd, v.Index(i), tag)
		}
	case k == reflect.Array:
		for i := range v.Len() {
			fill(rnd, v.Index(i), tag)
		}
	case k == reflect.Struct:
		for i := range v.NumField() {
			f := v.Type().Field(i)
			if tag, err := parseFieldTag(f); f.Name != "_" && err == nil && !tag.skip {
				fill(rnd, v.Field(i), tag)
			}
		}
	}
}

// randomType makes a type of any kind that can be encoded, depth levels deep.
func randomType(rnd *rand.Rand, depth int) (reflect.Type, string) {
	prims := []reflect.Type{
		reflect.TypeFor[bool](), reflect.TypeFor[int8](), reflect.TypeFor[uint8](), reflect.TypeFor[int16](),
		reflect.TypeFor[uint32](), reflect.TypeFor[Color](), reflect.TypeFor[int64](), reflect.TypeFor[float32](),
		reflect.TypeFor[float64](), reflect.TypeFor[string](), reflect.TypeFor[PointA](), reflect.TypeFor[Inner](),
	}
	switch k := rnd.IntN(6); {
	case depth == 0 || k < 2:
		t := prims[rnd.IntN(len(prims))]
		if t == reflect.TypeFor[Color]() && rnd.IntN(2) == 0 {
			return t, "enum"
		}
		return t, ""
	case k == 2:
		t, tag := randomType(rnd, depth-1)
		return reflect.ArrayOf(1+rnd.IntN(3), t), tag
	case k < 5:
		t, tag := randomType(rnd, depth-1)
		return reflect.SliceOf(t), tag
	}
	return randomStruct(rnd, depth-1), ""
}

// randomStruct makes a struct. It has no extensibility of its own: that is the
// one in Options.
func randomStruct(rnd *rand.Rand, depth int) reflect.Type {
	var fields []reflect.StructField
	for i := range 1 + rnd.IntN(5) {
		t, opt := randomType(rnd, depth)
		if rnd.IntN(3) == 0 {
			opt += ",key"
		}
		if opt != "" {
			opt = `dds:"` + strings.TrimPrefix(opt, ",") + `"`
		}
		fields = append(fields, reflect.StructField{Name: "F" + strconv.Itoa(i), Type: t, Tag: reflect.StructTag(opt)})
	}
	return reflect.StructOf(fields)
}

// bigEndian encodes v as little does, in the other byte order.
func bigEndian(c *Type, v unsafe.Pointer, little []byte) []byte {
	id := cdr.ID(little[1] - 1)
	e := encoder{w: cdr.NewWriter(cdr.AppendHeader(nil, id), id)}
	if !id.Delimited() {
		e.run(c.whole, v)
		return cdr.Pad(e.w.B, 0)
	}
	mark := e.w.Begin()
	e.run(c.whole, v)
	e.w.End(mark)
	return cdr.Pad(e.w.B, 0)
}

// Any value of any type comes back as it was, from either representation; a
// second encoding is the first one; its key comes back from sample and key.
func TestRandomTypes(t *testing.T) {
	for seed := range uint64(3000) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		typ := randomStruct(rnd, 3)
		c, err := Compile(typ, Options{Name: "Random", Extensibility: Extensibility(seed % 2)})
		require.NoError(t, err, "seed %d: %v", seed, typ)
		v := reflect.New(typ)
		fill(rnd, v.Elem(), fieldTag{})
		for _, rep := range []Representation{XCDR1, XCDR2} {
			b, err := c.Append(nil, v.UnsafePointer(), rep)
			require.NoError(t, err)
			require.Zero(t, len(b)%4)

			got := reflect.New(typ)
			require.NoError(t, c.Decode(b, got.UnsafePointer()), "seed %d: %v", seed, typ)
			require.Equal(t, v.Interface(), got.Interface(), "seed %d", seed)

			swapped := reflect.New(typ)
			require.NoError(t, c.Decode(bigEndian(c, v.UnsafePointer(), b), swapped.UnsafePointer()))
			require.Equal(t, v.Interface(), swapped.Interface(), "seed %d", seed)

			// Again into what holds something: the same.
			fill(rnd, got.Elem(), fieldTag{})
			require.NoError(t, c.Decode(b, got.UnsafePointer()))
			again, err := c.Append(nil, got.UnsafePointer(), rep)
			require.NoError(t, err)
			require.Equal(t, b, again, "seed %d", seed)

			if !c.Keyed() {
				continue
			}
			want := c.KeyHash(v.UnsafePointer(), rep, true, nil)
			h, err := c.KeyHashOfPayload(b, false, rep, true, nil)
			require.NoError(t, err)
			require.Equal(t, want, h, "seed %d: %v", seed, typ)
			k, err := c.AppendKey(nil, v.UnsafePointer(), rep)
			require.NoError(t, err)
			h, err = c.KeyHashOfPayload(k, true, rep, true, nil)
			require.NoError(t, err)
			require.Equal(t, want, h, "seed %d: %v", seed, typ)
		}
	}
}

// What is merged for speed does not show: a struct encodes as its members do,
// one by one.
func TestPlansAgreeWithPrimitives(t *testing.T) {
	type Runs struct {
		A, B, C int32
		D       [2]uint32
		E, F    uint64
		G       byte
		H, I    bool
		J       [3]bool
		K       uint16
		L       [2]uint16
		M       float32
		N       float64
	}
	v := Runs{1, 2, 3, [2]uint32{4, 5}, 6, 7, 8, true, false, [3]bool{false, true, true}, 9, [2]uint16{10, 11}, 12, 13}
	c := of[Runs](t)
	require.Len(t, c.whole, 7, "A to D, E and F, G, H to J, K and L, M, N")
	for rep, id := range map[Representation]cdr.ID{XCDR1: cdr.LE, XCDR2: cdr.V2LE} {
		w := cdr.NewWriter(cdr.AppendHeader(nil, id), id)
		for _, x := range []int32{v.A, v.B, v.C, 4, 5} {
			w.Int32(x)
		}
		w.Uint64(v.E)
		w.Uint64(v.F)
		w.Uint8(v.G)
		for _, x := range []bool{v.H, v.I, v.J[0], v.J[1], v.J[2]} {
			w.Bool(x)
		}
		for _, x := range []uint16{v.K, 10, 11} {
			w.Uint16(x)
		}
		w.Float32(v.M)
		w.Float64(v.N)
		got, err := c.Append(nil, ptr(&v), rep)
		require.NoError(t, err)
		require.Equal(t, cdr.Pad(w.B, 0), got)
	}
}
