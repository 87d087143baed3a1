package gotype

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/cdr"
)

// byPlan returns t as it is without picks.
func (t *Type) byPlan() *Type {
	plain := *t
	plain.picks, plain.reach = nil, [2]int{}
	return &plain
}

// samePicks holds the key hashes that t picks against those its plans make,
// for v in every encoding and cut off anywhere.
func samePicks[T any](t *testing.T, v T, picks int, reach [2]int) {
	t.Helper()
	c := of[T](t)
	require.Len(t, c.picks, picks)
	require.Equal(t, reach, c.reach)
	plain := c.byPlan()
	for _, rep := range []Representation{XCDR1, XCDR2} {
		for _, md5 := range []bool{false, true} {
			want := plain.KeyHash(ptr(&v), rep, md5, nil)
			require.Equal(t, want, c.KeyHash(ptr(&v), rep, md5, nil))
			for _, id := range []cdr.ID{cdr.LE, cdr.BE, cdr.V2LE, cdr.V2BE, cdr.V2DelimLE, cdr.PLLE, 4} {
				var e encoder
				e.w.Reset(cdr.AppendHeader(nil, id), id)
				e.run(c.whole, ptr(&v))
				for n := range len(e.w.B) + 1 {
					name := fmt.Sprint(rep, md5, id, n)
					want, wantErr := plain.KeyHashOfPayload(e.w.B[:n], false, rep, md5, nil)
					got, err := c.KeyHashOfPayload(e.w.B[:n], false, rep, md5, nil)
					require.Equal(t, want, got, name)
					require.Equal(t, wantErr, err, name)
				}
			}
		}
	}
}

func TestPicks(t *testing.T) {
	samePicks(t, Perf{ID: -7, Seq: 1 << 40, Data: []byte{1, 2, 3}}, 1, [2]int{4, 4})

	type Spread struct { // 8 octets stand elsewhere in XCDR2
		A uint8
		B [3]int16
		K uint8 `dds:"key"`
		C uint32
		L uint64 `dds:"key"`
		S string
	}
	samePicks(t, Spread{1, [3]int16{2, 3, 4}, 5, 6, 0x0102030405060708, "s"}, 2, [2]int{24, 24})

	type Tight struct { // the key is 20 octets long in XCDR1, 16 in XCDR2
		A uint32 `dds:"key"`
		B uint64 `dds:"key"`
		C uint32 `dds:"key"`
	}
	samePicks(t, Tight{1, 2, 3}, 3, [2]int{20, 16})

	type Inner struct {
		X int16 `dds:"key"`
		Y float64
		Z [3]int8 `dds:"key"`
	}
	type Outer struct {
		N float32
		I Inner    `dds:"key"`
		E [2]Color `dds:"key,enum"`
	}
	samePicks(t, Outer{1, Inner{-2, 3, [3]int8{4, 5, 6}}, [2]Color{7, 8}}, 0, [2]int{}) // a DHEADER in XCDR2

	type Named struct {
		I Inner `dds:"key"`
		D []byte
	}
	samePicks(t, Named{Inner{-2, 3, [3]int8{4, 5, 6}}, []byte{1}}, 4, [2]int{19, 15})

	// Where nothing is at a fixed place in the sample, or in the key.
	type After struct {
		S string
		K int32 `dds:"key"`
	}
	samePicks(t, After{"abc", 9}, 1, [2]int{})
	type AfterBool struct { // which is refused if it is neither 0 nor 1
		B bool
		K int32 `dds:"key"`
	}
	samePicks(t, AfterBool{true, 9}, 1, [2]int{})
	samePicks(t, PerfA{ID: 3, Seq: 4, Data: []byte{5}}, 1, [2]int{})
	samePicks(t, blue, 0, [2]int{})
}
