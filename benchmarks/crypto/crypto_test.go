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
		w := newWorld(b, alike(p))
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

// A side is one of two that are compared. run is what is measured, the i-th
// time in a turn; ready comes before the turn, for every i.
type side struct {
	ready func(i int)
	run   func(i int) error
}

// turns is how often run is called in a turn at most.
const turns = 512

// compare measures plugin against bare, on n octets each. The two take turns
// that are short beside whatever else the machine does, so that it slows both
// or spoils single turns, of which the medians take no notice.
func compare(b *testing.B, n int, bare, plugin side) {
	const turn = 30 * time.Microsecond
	timed := func(s side, k int) time.Duration {
		if s.ready != nil {
			for i := range k {
				s.ready(i)
			}
		}
		start := time.Now()
		for i := range k {
			if err := s.run(i); err != nil {
				b.Fatal(err)
			}
		}
		return time.Since(start)
	}
	const first = 16
	timed(bare, first) // until caches are warm
	timed(plugin, first)
	k := min(turns, max(4, int(turn*first/max(1, timed(plugin, first)))))

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
		compare(b, n, bareSeal(b, p, dst, l.covered(n)), side{run: func(int) error {
			_, err := l.seal(w, dst, plain)
			return err
		}})
	})
}

func BenchmarkOpen(b *testing.B) {
	dst := make([]byte, 0, room)
	each(b, func(b *testing.B, l level, p spi.Protection, w *world, n int) {
		sealed, err := l.seal(w, nil, l.plain(n))
		require.NoError(b, err)
		compare(b, n, bareOpen(b, p, dst, l.covered(n)), side{run: func(int) error {
			_, err := l.open(w, dst, sealed)
			return err
		}})
	})
}

// BenchmarkSealInPlace seals over and over what lies in one buffer, as the bare
// cipher does. Of a message's header nothing but octets are left after the first
// time, which costs the same.
func BenchmarkSealInPlace(b *testing.B) {
	each(b, func(b *testing.B, l level, p spi.Protection, w *world, n int) {
		plain, start := l.plain(n), l.room(w)
		buf := append(make([]byte, start, room), plain...)
		compare(b, n, bareSealInPlace(b, p, l.covered(n)), side{run: func(int) error {
			_, err := l.sealInPlace(w, buf, start)
			return err
		}})
	})
}

// BenchmarkOpenInPlace opens as many copies as there are calls in a turn: each
// can be opened once.
func BenchmarkOpenInPlace(b *testing.B) {
	each(b, func(b *testing.B, l level, p spi.Protection, w *world, n int) {
		sealed, err := l.seal(w, nil, l.plain(n))
		require.NoError(b, err)
		ready, copies := copiesOf(sealed)
		compare(b, n, bareOpenInPlace(b, p, l.covered(n)), side{ready, func(i int) error {
			_, err := l.openInPlace(w, copies[i])
			return err
		}})
	})
}

// BenchmarkSealParallel seals with one key from every core at once.
func BenchmarkSealParallel(b *testing.B) {
	w := newWorld(b, alike(spi.ProtectEncrypt))
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
