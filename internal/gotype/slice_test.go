package gotype

import (
	"slices"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

// Memory for primitives is had as octets: it must be aligned for what it holds,
// grow by need, and be used again.
func TestDecodedPrimitivesAreAligned(t *testing.T) {
	type Sequences struct {
		A []uint16
		B []float32
		C []uint64
	}
	c := of[Sequences](t)
	var reused Sequences
	for _, n := range []int{1, 2, 3, 5, 8, 31, 64, 1000, 5000, 7, 0} {
		v := Sequences{make([]uint16, n), make([]float32, n), make([]uint64, n)}
		for i := range n {
			v.A[i], v.B[i], v.C[i] = uint16(i+1), float32(i+1), uint64(i+1)<<40
		}
		for _, rep := range []Representation{XCDR1, XCDR2} {
			payload, err := c.Append(nil, ptr(&v), rep)
			require.NoError(t, err)
			var back Sequences
			for _, into := range []*Sequences{&back, &reused} {
				require.NoError(t, c.Decode(payload, ptr(into)))
				require.True(t, slices.Equal(v.A, into.A) && slices.Equal(v.B, into.B) && slices.Equal(v.C, into.C), "%d", n)
				require.Zero(t, uintptr(unsafe.Pointer(unsafe.SliceData(into.A)))%unsafe.Alignof(uint16(0)))
				require.Zero(t, uintptr(unsafe.Pointer(unsafe.SliceData(into.B)))%unsafe.Alignof(float32(0)))
				require.Zero(t, uintptr(unsafe.Pointer(unsafe.SliceData(into.C)))%unsafe.Alignof(uint64(0)))
			}
		}
	}
}
