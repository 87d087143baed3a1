package gotype

import (
	"encoding/hex"
	"reflect"
	"strings"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

// The types that tests encode.
type (
	ShapeType struct {
		Color     string `dds:"key,bound=128"`
		X         int32
		Y         int32
		ShapeSize int32
	}
	ShapeA struct {
		_         struct{} `dds:"name=ShapeType,appendable"`
		Color     string   `dds:"key,bound=128"`
		X         int32
		Y         int32
		ShapeSize int32
	}
	Perf struct {
		ID   int32 `dds:"key"`
		Seq  uint64
		Data []byte
	}
	PerfA struct {
		_    struct{} `dds:"appendable"`
		ID   int32    `dds:"key"`
		Seq  uint64
		Data []byte
	}

	Color int32
	Point struct {
		A int16
		B float64
	}
	PointA struct {
		_ struct{} `dds:"appendable"`
		A int16    `dds:"key"`
		B float64
	}
	Mix struct {
		O     byte
		Names []string
		Pts   []Point
		PtsA  []PointA
		Col   Color    `dds:"enum"`
		Cols  []Color  `dds:"enum"`
		Arr   [2]Color `dds:"enum"`
		Two   [2]string
		Deep  [][]int32
		Flag  bool
		Big   int64
	}

	Key64 struct {
		A int32 `dds:"key"`
		B int64 `dds:"key"`
		C int32
	}
	KeyStr struct {
		S string `dds:"key,bound=8"`
		O byte   `dds:"key"`
		C int32
	}
	KeyNest struct {
		Z int32
		P PointA `dds:"key"` // its own key: A
		Q Point  `dds:"key"` // has none: all of it
	}
	KeyNestA struct {
		_ struct{} `dds:"appendable"`
		Z int32
		P PointA `dds:"key"`
		Q Point  `dds:"key"`
	}

	// Everything has every kind of member there is.
	Everything struct {
		_     struct{} `dds:"appendable"`
		B     bool
		I8    int8
		U8    uint8 `dds:"char"`
		I16   int16
		U16   uint16
		I32   int32
		U32   uint32
		I64   int64 `dds:"key"`
		U64   uint64
		F32   float32
		F64   float64
		S     string `dds:"bound=20"`
		R     rune
		Bs    [3]bool
		I16s  [2][3]int16
		F64s  [2]float64
		Ss    [2]string
		Pts   [2]Point
		PtsA  [2]PointA
		Bools []bool
		Raw   []byte   `dds:"bound=40"`
		U16s  []uint16 `dds:"bound=10"`
		F64q  []float64
		Es    []Color `dds:"enum"`
		Strs  []string
		Q     []Inner
		QA    []PointA
		Arrs  [][2]uint32
		Deep  [][]string
		In    Inner
		Note  func() `dds:"-"`
		Last  uint8
	}
	Inner struct {
		Base
		Name string
		Ks   []PointA `dds:"key"`
		Keys [2]Key64 `dds:"key"`
		F    float32
	}
	Base struct {
		ID [4]byte `dds:"key"`
	}
)

// of compiles T.
func of[T any](t testing.TB, opts ...Options) *Type {
	t.Helper()
	c, err := Compile(reflect.TypeFor[T](), append(opts, Options{})[0])
	require.NoError(t, err)
	return c
}

func ptr[T any](v *T) unsafe.Pointer { return unsafe.Pointer(v) }

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
