package cdr

import (
	"encoding/binary"
	"encoding/hex"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// wire turns commented hex into octets.
func wire(t testing.TB, text string) []byte {
	t.Helper()
	var digits strings.Builder
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "//")
		digits.WriteString(strings.Join(strings.Fields(line), ""))
	}
	b, err := hex.DecodeString(digits.String())
	require.NoError(t, err)
	return b
}

// sample has every primitive, out of step with its alignment.
type sample struct {
	a uint8
	b uint64
	c bool
	d uint16
	e int8
	f float32
	g string
	h float64
	i int16
	j int32
	k int64
}

var theSample = sample{1, 2, true, 3, -1, 1.5, "ab", -2, -3, -4, -5}

func (s sample) append(w *Writer) {
	w.Uint8(s.a)
	w.Uint64(s.b)
	w.Bool(s.c)
	w.Uint16(s.d)
	w.Int8(s.e)
	w.Float32(s.f)
	w.String(s.g)
	w.Float64(s.h)
	w.Int16(s.i)
	w.Int32(s.j)
	w.Int64(s.k)
}

func parseSample(r *Reader) (sample, error) {
	s := sample{
		r.Uint8(), r.Uint64(), r.Bool(), r.Uint16(), r.Int8(), r.Float32(), r.String(), r.Float64(),
		r.Int16(), r.Int32(), r.Int64(),
	}
	return s, r.Err()
}

var goldenTests = []struct {
	name string
	id   ID
	wire string
}{{
	name: "XCDR1 little-endian",
	id:   LE,
	wire: `
		01 00000000000000        // octet, 7 of padding: 8-octet primitives align to 8
		0200000000000000
		01 00 0300               // boolean, 1 of padding, unsigned short
		ff 000000 0000c03f       // int8, padding, float at 24 rather than 21
		03000000 616200 0000000000 // string of 3 with its NUL, padding from 35 to 40
		00000000000000c0
		fdff 0000 fcffffff       // short, padding, long
		fbffffffffffffff
	`,
}, {
	name: "XCDR1 big-endian",
	id:   BE,
	wire: `
		01 00000000000000
		0000000000000002
		01 00 0003
		ff 000000 3fc00000
		00000003 616200 0000000000
		c000000000000000
		fffd 0000 fffffffc
		fffffffffffffffb
	`,
}, {
	name: "XCDR2 little-endian",
	id:   V2LE,
	wire: `
		01 000000                // nothing aligns to more than 4
		0200000000000000
		01 00 0300
		ff 000000 0000c03f
		03000000 616200 00       // string, padding to 32
		00000000000000c0
		fdff 0000 fcffffff
		fbffffffffffffff
	`,
}, {
	name: "XCDR2 big-endian",
	id:   V2BE,
	wire: `
		01 000000
		0000000000000002
		01 00 0003
		ff 000000 3fc00000
		00000003 616200 00
		c000000000000000
		fffd 0000 fffffffc
		fffffffffffffffb
	`,
}}

func TestPrimitives(t *testing.T) {
	for _, test := range goldenTests {
		t.Run(test.name, func(t *testing.T) {
			want := wire(t, test.wire)
			w := NewWriter([]byte("left alone"), test.id) // alignment does not count from here
			theSample.append(&w)
			require.Equal(t, "left alone", string(w.B[:10]))
			require.Equal(t, want, w.B[10:])
			require.Equal(t, len(want), w.Len())

			r := NewReader(want, test.id)
			got, err := parseSample(&r)
			require.NoError(t, err)
			require.Equal(t, theSample, got)
			require.Zero(t, r.Len())

			for i := range want {
				r := NewReader(want[:i], test.id)
				_, err := parseSample(&r)
				require.ErrorIs(t, err, ErrMalformed, "%d octets", i)
			}
		})
	}
}

func TestHeader(t *testing.T) {
	b := AppendHeader([]byte{9}, V2DelimLE)
	require.Equal(t, []byte{9, 0, 9, 0, 0}, b)

	h, content, err := ParseHeader([]byte{0, 7, 0, 3, 1})
	require.NoError(t, err)
	require.Equal(t, Header{ID: V2LE, Options: 3}, h)
	require.Equal(t, []byte{1}, content)

	for _, bad := range [][]byte{nil, {0, 1, 0}, {0, 4, 0, 0}, {0, 5, 0, 0}, {0, 12, 0, 0}, {1, 0, 0, 0}} {
		_, _, err := ParseHeader(bad)
		require.ErrorIs(t, err, ErrMalformed, "%x", bad)
	}
}

func TestIDs(t *testing.T) {
	for id := range ID(16) {
		require.Equal(t, id <= 3 || id >= 6 && id <= 11, id.Known(), id)
	}
	require.True(t, BE.BigEndian() && V2BE.BigEndian() && V2DelimBE.BigEndian() && PLBE.BigEndian())
	require.False(t, LE.BigEndian() || V2LE.BigEndian() || V2DelimLE.BigEndian() || V2PLLE.BigEndian())
	require.True(t, V2BE.V2() && V2PLLE.V2())
	require.False(t, LE.V2() || PLLE.V2())
	require.True(t, V2DelimBE.Delimited() && V2DelimLE.Delimited())
	require.False(t, V2LE.Delimited() || V2PLBE.Delimited())
	require.True(t, PLBE.Mutable() && PLLE.Mutable() && V2PLBE.Mutable() && V2PLLE.Mutable())
	require.False(t, LE.Mutable() || V2LE.Mutable() || V2DelimLE.Mutable())
}

// XTypes 1.3, 7.6.3.1.2: the options count the octets added.
func TestPadding(t *testing.T) {
	for n := range 9 {
		b := append(AppendHeader([]byte("xyz"), LE), make([]byte, n)...)
		b = Pad(b, 3)
		pad := -n & 3
		require.Len(t, b, 3+4+n+pad)
		require.Equal(t, []byte{0, 1, 0, byte(pad)}, b[3:7])

		h, content, err := ParseHeader(b[3:])
		require.NoError(t, err)
		require.Len(t, h.Trim(content), n)
	}
	unpadded := []byte{1, 2, 3} // as Fast DDS has it: announced, but left to the submessage
	require.Equal(t, unpadded, Header{Options: 1}.Trim(unpadded))
	require.Empty(t, Header{Options: 3}.Trim(nil))
}

func TestStrings(t *testing.T) {
	for _, test := range []struct {
		name, wire, want string
		err              error
	}{
		{"plain", "03000000 616200", "ab", nil},
		{"empty", "01000000 00", "", nil},
		{"empty without NUL", "00000000", "", nil},
		{"not terminated", "02000000 6162", "", ErrString},
		{"NUL within", "03000000 610000", "", ErrString},
		{"longer than the rest", "04000000 616200", "", ErrLength},
		{"huge", "ffffffff 616200", "", ErrLength},
		{"no length", "0300", "", ErrShort},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := NewReader(wire(t, test.wire), LE)
			require.Equal(t, test.want, r.String())
			require.Equal(t, test.err, r.Err())
		})
	}
}

func TestBool(t *testing.T) {
	r := NewReader([]byte{0, 1, 2}, LE)
	require.False(t, r.Bool())
	require.True(t, r.Bool())
	require.NoError(t, r.Err())
	require.False(t, r.Bool())
	require.Equal(t, ErrBool, r.Err())
}

func TestNative(t *testing.T) {
	for _, id := range []ID{BE, LE, V2BE, V2LE} {
		for _, size := range []int{1, 2, 4, 8} {
			w := NewWriter(nil, id)
			w.Uint8(7)
			at := w.Len()
			w.Native(size, nil) // not even padding
			require.Equal(t, at, w.Len())
			mem := make([]byte, 3*size)
			for i := range mem {
				mem[i] = byte(i + 1)
			}
			w.Native(size, mem)

			one := NewWriter(nil, id)
			one.Uint8(7)
			r := NewReader(mem, map[bool]ID{true: LE, false: BE}[hostLittle])
			for range 3 {
				switch size {
				case 1:
					one.Uint8(r.Uint8())
				case 2:
					one.Uint16(r.Uint16())
				case 4:
					one.Uint32(r.Uint32())
				case 8:
					one.Uint64(r.Uint64())
				}
			}
			require.Equal(t, one.B, w.B)

			back := make([]byte, len(mem))
			rd := NewReader(w.B, id)
			rd.Uint8()
			rd.Native(size, nil)
			rd.Native(size, back)
			require.NoError(t, rd.Err())
			require.Equal(t, mem, back)

			sk := NewReader(w.B, id)
			sk.Uint8()
			sk.Skip(size, 3)
			require.NoError(t, sk.Err())
			require.Zero(t, sk.Len())
			sk.Skip(size, 0)
			require.NoError(t, sk.Err())
			sk.Skip(size, math.MaxInt)
			require.Equal(t, ErrShort, sk.Err())
		}
	}
}

func TestDelimited(t *testing.T) {
	w := NewWriter(nil, V2BE)
	w.Uint8(1)
	outer := w.Begin()
	w.Uint16(2)
	inner := w.Begin()
	w.Uint8(3)
	w.End(inner)
	w.End(outer)
	w.Uint8(4)
	require.Equal(t, wire(t, `
		01 000000
		00000009       // DHEADER: padding after it counts, padding before it does not
		0002 0000
		00000001 03
		04
	`), w.B)

	t.Run("skip what is left", func(t *testing.T) {
		r := NewReader(w.B, V2BE)
		r.Uint8()
		m := r.Begin()
		require.Equal(t, 9, r.Len())
		require.Equal(t, uint16(2), r.Uint16())
		r.End(m)
		require.Equal(t, uint8(4), r.Uint8())
		require.NoError(t, r.Err())
	})
	t.Run("no read leaves the object", func(t *testing.T) {
		r := NewReader(w.B, V2BE)
		r.Uint8()
		m := r.Begin()
		r.Bytes(10)
		r.End(m)
		require.Equal(t, ErrShort, r.Err())
		require.Zero(t, r.Uint8())
	})
	t.Run("exact", func(t *testing.T) {
		r := NewReader(w.B, V2BE)
		r.Uint8()
		m := r.Begin()
		r.Uint16()
		r.EndExact(m)
		require.Equal(t, ErrDelimiter, r.Err())
	})
	t.Run("inner beyond outer", func(t *testing.T) {
		r := NewReader(wire(t, "00000005 00000002 01 02"), V2BE)
		r.Begin()
		r.Begin()
		require.Equal(t, ErrLength, r.Err())
	})
}

// A length is believed only as far as the octets that are there go.
func TestLength(t *testing.T) {
	r := NewReader(wire(t, "02000000 00000000 00000000"), LE)
	require.Equal(t, 2, r.Length(4))
	require.NoError(t, r.Err())

	for _, least := range []int{5, 8, 1 << 30} {
		r := NewReader(wire(t, "02000000 00000000 00000000"), LE)
		require.Zero(t, r.Length(least))
		require.Equal(t, ErrLength, r.Err())
	}
	r = NewReader(nil, LE)
	require.Nil(t, r.Bytes(-1))
	require.Equal(t, ErrLength, r.Err())
}

func TestFirstErrorStays(t *testing.T) {
	r := NewReader([]byte{2}, LE)
	r.Bool()
	r.Uint64()
	r.Fail(ErrLength)
	require.Equal(t, ErrBool, r.Err())
}

func TestAllocs(t *testing.T) {
	buf := make([]byte, 0, 256)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		w := NewWriter(AppendHeader(buf, LE), LE)
		theSample.append(&w)
		Pad(w.B, 0)
	}))
	w := NewWriter(nil, LE)
	theSample.append(&w)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		r := NewReader(w.B, LE)
		r.Uint8()
		r.Uint64()
		r.Skip(4, 4)
		r.StringBytes()
	}))
}

// FuzzReader carries out a program on an input: nothing may panic, what is
// read lies within the input, and after a failure nothing but zero is read.
func FuzzReader(f *testing.F) {
	for _, test := range goldenTests {
		f.Add([]byte{0, 3, 5, 1, 0, 2, 6, 3, 1, 2, 3}, wire(f, test.wire), uint8(test.id))
	}
	f.Add([]byte{8, 8, 2, 9, 10, 7, 4, 11}, []byte{0, 0, 0, 9, 0, 0, 0, 4, 1}, uint8(V2BE))
	f.Fuzz(func(t *testing.T, program, input []byte, id uint8) {
		r := NewReader(input, ID(id))
		var marks []int
		for _, op := range program {
			failed := r.Err()
			var zero bool
			switch op % 13 {
			case 0:
				zero = r.Uint8() == 0
			case 1:
				zero = r.Uint16() == 0
			case 2:
				zero = r.Uint32() == 0
			case 3:
				zero = r.Uint64() == 0
			case 4:
				zero = !r.Bool()
			case 5:
				zero = len(r.StringBytes()) == 0
			case 6:
				zero = r.Float32() == 0
			case 7:
				n := r.Length(int(op)/13 + 1)
				require.LessOrEqual(t, n*(int(op)/13+1), len(input))
				zero = n == 0
			case 8:
				marks = append(marks, r.Begin())
				zero = true
			case 9, 10:
				zero = true
				if len(marks) > 0 {
					m := marks[len(marks)-1]
					marks = marks[:len(marks)-1]
					if op%13 == 9 {
						r.End(m)
					} else {
						r.EndExact(m)
					}
				}
			case 11:
				mem := make([]byte, 8)
				r.Native(8>>(op%4), mem)
				zero = [8]byte(mem) == [8]byte{}
			case 12:
				r.Skip(8>>(op%4), int(op))
				zero = true
			}
			require.GreaterOrEqual(t, r.Len(), 0)
			require.LessOrEqual(t, r.Len(), len(input))
			if failed != nil {
				require.True(t, zero)
				require.Equal(t, failed, r.Err())
			}
		}
	})
}

// FuzzHeader: what Pad adds, Trim takes away.
func FuzzHeader(f *testing.F) {
	f.Add([]byte{0, 1, 0, 2, 5})
	f.Fuzz(func(t *testing.T, payload []byte) {
		h, content, err := ParseHeader(payload)
		if err != nil {
			require.ErrorIs(t, err, ErrMalformed)
			return
		}
		h.Trim(content)
		padded := Pad(append(AppendHeader(nil, h.ID), content...), 0)
		again, body, err := ParseHeader(padded)
		require.NoError(t, err)
		require.Equal(t, h.ID, again.ID)
		require.Equal(t, len(content), len(again.Trim(body)))
	})
}

func TestAppendNative(t *testing.T) {
	for _, id := range []ID{LE, BE, V2LE, V2BE} {
		w := NewWriter(nil, id)
		w.Uint8(1)
		for v := range uint16(3) {
			w.Uint16(v + 0x0100)
		}
		var r Reader
		r.Reset(w.B, id)
		require.EqualValues(t, 1, r.Uint8())
		mem := r.AppendNative([]byte{9}, 2, 0)
		require.Equal(t, []byte{9}, mem)
		mem = r.AppendNative(mem, 2, 3)
		require.NoError(t, r.Err())
		require.Zero(t, r.Len())
		want := []byte{9}
		for v := range uint16(3) {
			want = binary.NativeEndian.AppendUint16(want, v+0x0100)
		}
		require.Equal(t, want, mem)

		for _, n := range []int{5, -1, 1 << 61, 1<<62 + 1} { // more than there is, in any arithmetic
			r.Reset(w.B, id)
			require.Equal(t, []byte{9}, r.AppendNative([]byte{9}, 2, n))
			require.ErrorIs(t, r.Err(), ErrShort)
			r.Reset(w.B, id)
			r.Skip(8, n)
			require.ErrorIs(t, r.Err(), ErrShort)
		}
	}
}

// A length is refused in any arithmetic, too.
func TestLengthOverflow(t *testing.T) {
	for _, least := range []int{2, 1 << 29, 1 << 32, 1<<62 + 1} {
		r := NewReader([]byte{0xff, 0xff, 0xff, 0xff, 0}, LE)
		require.Zero(t, r.Length(least))
		require.ErrorIs(t, r.Err(), ErrLength)
	}
	r := NewReader([]byte{2, 0, 0, 0, 1, 1, 1, 1}, LE)
	require.Equal(t, 2, r.Length(2))
}
