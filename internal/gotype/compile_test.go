package gotype

import (
	"reflect"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/require"
)

type (
	owner    struct{ Owner chan int }
	Named    struct{ A int32 }
	Pointed  struct{ A int32 }
	Tree     struct{ Kids []Tree }
	Loop     struct{ In []LoopIn }
	LoopIn   struct{ Out [2]Loop }
	noFields struct{}
	Tagged   struct {
		_ struct{} `dds:"name=pkg::msg::dds_::Foo_,appendable"`
		_ [4]byte
		A int32
	}
)

func (Named) DDSTypeName() string    { return "a::Named" }
func (*Pointed) DDSTypeName() string { return "a::Pointed" }

type Pair[A, B any] struct {
	First  A
	Second B
}

func TestCompileRefuses(t *testing.T) {
	for _, test := range []struct {
		typ reflect.Type
		err string
	}{
		{nil, "type <nil>: a DDS type is a struct"},
		{reflect.TypeFor[int32](), "type int32: a DDS type is a struct"},
		{reflect.TypeFor[*ShapeType](), "type *gotype.ShapeType: a DDS type is a struct"},
		{reflect.TypeFor[struct{ A int8 }](), "type struct { A int8 }: it has no name; set Options.Name"},
		{reflect.TypeFor[Pair[[]owner, int8]](), "field First[].Owner: chan int cannot be encoded: use data, or skip the field with `dds:\"-\"`"},
		{reflect.TypeFor[Pair[int, int]](), "field First: int cannot be encoded: use int32 or int64"},
		{reflect.TypeFor[Pair[bool, uint]](), "field Second: uint cannot be encoded: use uint32 or uint64"},
		{reflect.TypeFor[Pair[bool, *int32]](), "field Second: *int32 cannot be encoded: use int32 itself (optional members are not supported)"},
		{reflect.TypeFor[Pair[bool, map[string]int32]](), "field Second: map[string]int32 cannot be encoded: use a slice of structs with a key and a value"},
		{reflect.TypeFor[Pair[bool, any]](), "field Second: interface {} cannot be encoded: use a struct, or a []byte that you encode yourself"},
		{reflect.TypeFor[Pair[bool, error]](), "field Second: error cannot be encoded: use a struct, or a []byte that you encode yourself"},
		{reflect.TypeFor[Pair[bool, complex64]](), "field Second: complex64 cannot be encoded: use a struct of two floats"},
		{reflect.TypeFor[Pair[bool, []func()]](), "field Second[]: func() cannot be encoded: use data, or skip the field with `dds:\"-\"`"},
		{reflect.TypeFor[Pair[bool, unsafe.Pointer]](), "field Second: unsafe.Pointer cannot be encoded: use data, or skip the field with `dds:\"-\"`"},
		{reflect.TypeFor[Pair[bool, time.Time]](), "field Second: time.Time cannot be encoded: use int64 nanoseconds, or a struct of int32 seconds and uint32 nanoseconds"},
		{reflect.TypeFor[Pair[bool, [0]byte]](), "field Second: [0]uint8 cannot be encoded: use an array with elements, or a slice"},
		{reflect.TypeFor[Pair[bool, noFields]](), "field Second: gotype.noFields has no members"},
		{reflect.TypeFor[noFields](), "gotype.noFields has no members"},
		{reflect.TypeFor[Tree](), "field Kids[]: gotype.Tree holds itself; recursive types are not supported"},
		{reflect.TypeFor[Loop](), "field In[].Out[]: gotype.Loop holds itself; recursive types are not supported"},
		{reflect.TypeFor[struct{ a int8 }](), "field a: unexported fields cannot be encoded: export it, or skip it with `dds:\"-\"`"},
		{reflect.TypeFor[struct {
			A int8
			Point
		}](), "field Point: an embedded field is the base type: it must be a struct, the first member, and have no options; else give it a name"},
		{reflect.TypeFor[struct{ PointA }](), "field PointA: the base type is appendable and the type itself is final; they must agree"},
		{reflect.TypeFor[struct {
			A int8 `dds:"kee"`
		}](), `field A: unknown tag option "kee"; there are key, bound=N, char, enum and -`},
		{reflect.TypeFor[struct {
			A int8 `dds:"key=1"`
		}](), `field A: unknown tag option "key=1"; there are key, bound=N, char, enum and -`},
		{reflect.TypeFor[struct {
			A int8 `dds:""`
		}](), `field A: unknown tag option ""; there are key, bound=N, char, enum and -`},
		{reflect.TypeFor[struct {
			A int8 `dds:"key,-"`
		}](), `field A: tag option "-" stands alone`},
		{reflect.TypeFor[struct {
			A string `dds:"bound=0"`
		}](), `field A: tag option "bound=0": the bound must be a number from 1 to 2147483646`},
		{reflect.TypeFor[struct {
			A string `dds:"bound"`
		}](), `field A: tag option "bound": the bound must be a number from 1 to 2147483646`},
		{reflect.TypeFor[struct {
			A int8 `dds:"bound=3"`
		}](), "field A: tag option bound is for strings and slices, not for int8"},
		{reflect.TypeFor[struct {
			A int8 `dds:"char"`
		}](), "field A: tag option char is for uint8, not for int8"},
		{reflect.TypeFor[struct {
			A []int64 `dds:"enum"`
		}](), "field A[]: tag option enum is for integers of up to 32 bits, not for int64"},
		{reflect.TypeFor[struct {
			A string `dds:"enum"`
		}](), "field A: tag option enum is for integers of up to 32 bits, not for string"},
		{reflect.TypeFor[struct {
			In struct {
				_ struct{} `dds:"mutable"`
				A int8
			}
		}](), "field In: field _: mutable types are not supported; use final or appendable"},
	} {
		var opts Options
		if test.typ != nil && test.typ.Name() == "" && len(test.err) > 5 && test.err[:5] == "field" {
			opts.Name = "T"
		}
		_, err := Compile(test.typ, opts)
		require.ErrorContains(t, err, test.err)
		if opts.Name != "" {
			require.EqualError(t, err, "type T: "+test.err)
		}
	}
	_, err := Compile(reflect.TypeFor[struct {
		_ struct{} `dds:"nam=x"`
		A int8
	}](), Options{Name: "T"})
	require.ErrorContains(t, err, `field _: unknown type option "nam=x"; there are name=N, final and appendable`)
}

func TestNames(t *testing.T) {
	require.Equal(t, "Perf", of[Perf](t).Name())
	require.Equal(t, "a::Named", of[Named](t).Name())
	require.Equal(t, "a::Pointed", of[Pointed](t).Name())
	require.Equal(t, "x", of[Pointed](t, Options{Name: "x"}).Name())

	tagged := of[Tagged](t)
	require.Equal(t, "pkg::msg::dds_::Foo_", tagged.Name())
	require.Equal(t, Appendable, tagged.Extensibility())
	require.Equal(t, "appendable", tagged.Extensibility().String())
	require.Equal(t, Final, of[Perf](t).Extensibility())
	require.Equal(t, Appendable, of[Perf](t, Options{Extensibility: Appendable}).Extensibility())

	require.True(t, of[Perf](t).Keyed())
	require.False(t, of[Tagged](t).Keyed())
}
