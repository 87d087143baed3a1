package crypto

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/spi"
)

const room = 66 << 10 // for anything sealed or opened here

// each runs f for every level, protection and size.
func each(b *testing.B, f func(b *testing.B, l level, p spi.Protection, w *world, n int)) {
	for _, p := range protections {
		w := newWorld(b, p)
		for _, l := range levels {
			if l.payload && p.IsOrigin() {
				continue // payloads have no receiver-specific MACs
			}
			for _, n := range l.sizes() {
				b.Run(fmt.Sprintf("%s/%v/%d", l.name, p, n), func(b *testing.B) { f(b, l, p, w, n) })
			}
		}
	}
}

// compare measures plugin against bare, on n octets each. The two take turns
// that are short beside whatever else the machine does, so that it slows both
// or spoils single turns, of which the medians take no notice.
func compare(b *testing.B, n int, bare, plugin func() error) {
	const turn = 30 * time.Microsecond
	timed := func(f func() error, k int) time.Duration {
		start := time.Now()
		for range k {
			if err := f(); err != nil {
				b.Fatal(err)
			}
		}
		return time.Since(start)
	}
	timed(bare, 10) // until caches are warm
	timed(plugin, 10)
	k := max(4, int(turn*100/max(1, timed(plugin, 100))))

	var bares, plugins, ratios []float64
	for b.Loop() {
		x, y := timed(bare, k), timed(plugin, k)
		bares, plugins = append(bares, float64(x)/float64(k)), append(plugins, float64(y)/float64(k))
		ratios = append(ratios, float64(y)/float64(x))
	}
	ns := median(plugins)
	b.ReportMetric(ns, "ns/op")
	b.ReportMetric(float64(n)/ns*1e3, "MB/s")
	b.ReportMetric(median(bares), "bare-ns/op")
	b.ReportMetric(median(ratios), "x-bare")
}

func median(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)/2]
}

func BenchmarkSeal(b *testing.B) {
	dst := make([]byte, 0, room)
	each(b, func(b *testing.B, l level, p spi.Protection, w *world, n int) {
		plain := l.plain(n)
		compare(b, n, bareSeal(b, p, dst, l.covered(n)), func() error {
			_, err := l.seal(w, dst, plain)
			return err
		})
	})
}

func BenchmarkOpen(b *testing.B) {
	dst := make([]byte, 0, room)
	each(b, func(b *testing.B, l level, p spi.Protection, w *world, n int) {
		sealed, err := l.seal(w, nil, l.plain(n))
		require.NoError(b, err)
		compare(b, n, bareOpen(b, p, dst, l.covered(n)), func() error {
			_, err := l.open(w, dst, sealed)
			return err
		})
	})
}

// BenchmarkSealParallel seals with one key from every core at once.
func BenchmarkSealParallel(b *testing.B) {
	w := newWorld(b, spi.ProtectEncrypt)
	plain := make([]byte, 1<<10)
	b.SetBytes(int64(len(plain)))
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		dst := make([]byte, 0, room)
		for pb.Next() {
			if _, err := w.payloads.SealPayload(dst, plain); err != nil {
				b.Error(err)
				return
			}
		}
	})
}
