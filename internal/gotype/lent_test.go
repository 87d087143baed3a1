package gotype

import (
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

type lentValue struct {
	N    int32
	Data []byte
	F    []float64
	S    []string
	In   []lentInner
}

type lentInner struct{ U []uint16 }

// Lent slices lie in the payload where they can; the variable never writes
// there, whatever it is decoded from next.
func TestDecodeLent(t *testing.T) {
	c := of[lentValue](t)
	one := lentValue{N: 1, Data: []byte("octets"), F: []float64{1, 2}, S: []string{"a"}, In: []lentInner{{[]uint16{7, 8}}}}
	two := lentValue{N: 2, Data: []byte("x"), F: nil, S: nil, In: []lentInner{{[]uint16{9}}, {nil}}}
	first, err := c.Append(nil, ptr(&one), XCDR1)
	require.NoError(t, err)
	second, err := c.Append(nil, ptr(&two), XCDR2)
	require.NoError(t, err)
	keep := append([]byte(nil), first...)

	var v lentValue
	require.NoError(t, c.DecodeLent(first, ptr(&v)))
	require.Equal(t, one, v)
	lo := uintptr(unsafe.Pointer(unsafe.SliceData(first)))
	at := uintptr(unsafe.Pointer(unsafe.SliceData(v.Data)))
	require.True(t, lo <= at && at < lo+uintptr(len(first)), "octets are not copied")

	require.NoError(t, c.DecodeLent(second, ptr(&v)))
	require.Equal(t, two.Data, v.Data)
	require.Empty(t, v.F)
	require.Equal(t, two.In[0], v.In[0])
	require.Equal(t, keep, first, "the first payload is as it was")

	// The other byte order is read into memory of its own.
	big := append([]byte{0, 0, 0, 0}, wire(t, "00000003 00000000 00000001 00000000 3ff0000000000000 00000000 00000000")...)
	require.NoError(t, c.DecodeLent(big, ptr(&v)))
	require.Equal(t, lentValue{N: 3, F: []float64{1}}, lentValue{N: v.N, F: v.F})
	require.Equal(t, keep, first)
}

// FuzzDecodeLent: it takes what Decode takes, and finds the same in it.
func FuzzDecodeLent(f *testing.F) {
	rows := goldenRows()
	for i, r := range rows {
		f.Add(uint8(i), wire(f, r.wire))
	}
	all := of[Everything](f)
	v := everything()
	b, err := all.Append(nil, ptr(&v), XCDR1)
	require.NoError(f, err)
	f.Add(uint8(len(rows)), b)
	rows = append(rows, goldenRow{fuzz: func(testing.TB) (*Type, unsafe.Pointer) { return all, ptr(new(Everything)) }})
	f.Fuzz(func(t *testing.T, which uint8, payload []byte) {
		c, v := rows[int(which)%len(rows)].fuzz(t)
		keep := append([]byte(nil), payload...)
		lent := c.new()
		err := c.Decode(payload, v)
		require.Equal(t, err == nil, c.DecodeLent(payload, lent) == nil)
		if err != nil {
			return
		}
		want, err := c.Append(nil, v, XCDR1)
		require.NoError(t, err)
		got, err := c.Append(nil, lent, XCDR1)
		require.NoError(t, err)
		require.Equal(t, want, got)
		require.Equal(t, keep, payload)
	})
}
