package gotype

import (
	"testing"
	"unsafe"
)

func benchmark(b *testing.B, c *Type, v, into unsafe.Pointer) {
	buf, err := c.Append(nil, v, XCDR1)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("Append", func(b *testing.B) {
		b.SetBytes(int64(len(buf)))
		b.ReportAllocs()
		for b.Loop() {
			_, _ = c.Append(buf[:0], v, XCDR1)
		}
	})
	b.Run("Decode", func(b *testing.B) {
		b.SetBytes(int64(len(buf)))
		b.ReportAllocs()
		for b.Loop() {
			_ = c.Decode(buf, into)
		}
	})
	b.Run("KeyHash", func(b *testing.B) {
		b.ReportAllocs()
		var s Scratch
		for b.Loop() {
			c.KeyHash(v, XCDR1, false, &s)
		}
	})
}

func BenchmarkShapeType(b *testing.B) {
	v := blue
	benchmark(b, of[ShapeType](b), ptr(&v), ptr(new(ShapeType)))
}

func BenchmarkPerf1KiB(b *testing.B) {
	v := Perf{ID: 1, Seq: 2, Data: make([]byte, 1024)}
	benchmark(b, of[Perf](b), ptr(&v), ptr(new(Perf)))
}
