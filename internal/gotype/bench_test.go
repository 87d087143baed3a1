package gotype

import (
	"fmt"
	"testing"
	"unsafe"
)

// A benchCase is a value, as what Go holds and in a variable to decode into.
type benchCase struct {
	name    string
	typ     *Type
	v, into unsafe.Pointer
}

func benchCases(t testing.TB) []benchCase {
	var cases []benchCase
	for _, n := range []int{64, 1 << 10, 16 << 10, 1 << 20} {
		v := Perf{ID: 1, Seq: 2, Data: make([]byte, n)}
		cases = append(cases, benchCase{fmt.Sprintf("Perf%d", n), of[Perf](t), ptr(&v), ptr(new(Perf))})
	}
	shape, mixed, all := blue, mix, everything()
	return append(cases,
		benchCase{"ShapeType", of[ShapeType](t), ptr(&shape), ptr(new(ShapeType))},
		benchCase{"Mix", of[Mix](t), ptr(&mixed), ptr(new(Mix))},
		benchCase{"Everything", of[Everything](t), ptr(&all), ptr(new(Everything))})
}

func (c *benchCase) payload(t testing.TB) []byte {
	b, err := c.typ.Append(nil, c.v, XCDR1)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// run runs f for each case; f gets its payload and returns what is measured.
func benchmark(b *testing.B, f func(c *benchCase, payload []byte) func()) {
	for _, c := range benchCases(b) {
		b.Run(c.name, func(b *testing.B) {
			payload := c.payload(b)
			step := f(&c, payload)
			b.SetBytes(int64(len(payload)))
			b.ReportAllocs()
			for b.Loop() {
				step()
			}
		})
	}
}

func BenchmarkEncode(b *testing.B) {
	benchmark(b, func(c *benchCase, payload []byte) func() {
		return func() { _, _ = c.typ.Append(payload[:0], c.v, XCDR1) }
	})
}

// BenchmarkEncodeNew encodes into memory of its own.
func BenchmarkEncodeNew(b *testing.B) {
	benchmark(b, func(c *benchCase, _ []byte) func() {
		return func() { _, _ = c.typ.Append(nil, c.v, XCDR1) }
	})
}

func BenchmarkDecode(b *testing.B) {
	benchmark(b, func(c *benchCase, payload []byte) func() {
		return func() { _ = c.typ.Decode(payload, c.into) }
	})
}

// BenchmarkDecodeNew decodes the type Perf into variables that hold nothing yet.
func BenchmarkDecodeNew(b *testing.B) {
	for _, c := range benchCases(b)[:4] {
		b.Run(c.name, func(b *testing.B) {
			payload := c.payload(b)
			b.SetBytes(int64(len(payload)))
			b.ReportAllocs()
			for b.Loop() {
				var v Perf
				_ = c.typ.Decode(payload, ptr(&v))
			}
		})
	}
}

func BenchmarkKeyHash(b *testing.B) {
	var s Scratch
	for _, c := range benchCases(b) {
		if !c.typ.Keyed() {
			continue
		}
		b.Run(c.name, func(b *testing.B) {
			s = Scratch{}
			b.ReportAllocs()
			for b.Loop() {
				c.typ.KeyHash(c.v, XCDR1, false, &s)
			}
		})
	}
}

func BenchmarkKeyHashOfPayload(b *testing.B) {
	var s Scratch
	for _, c := range benchCases(b) {
		if !c.typ.Keyed() {
			continue
		}
		b.Run(c.name, func(b *testing.B) {
			payload := c.payload(b)
			s = Scratch{}
			b.ReportAllocs()
			for b.Loop() {
				_, _ = c.typ.KeyHashOfPayload(payload, false, XCDR1, false, &s)
			}
		})
	}
}
