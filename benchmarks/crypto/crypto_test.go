package crypto

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/spi"
)

const room = 66 << 10 // for anything sealed or opened here

// each runs f for every level, protection and size.
func each(b *testing.B, f func(b *testing.B, l level, p spi.Protection, w *world, plain []byte)) {
	for _, p := range protections {
		w := newWorld(b, p)
		for _, l := range levels {
			if l.name == "payload" && p.IsOrigin() {
				continue // payloads have no receiver-specific MACs
			}
			for _, n := range l.sizes() {
				b.Run(fmt.Sprintf("%s/%v/%d", l.name, p, n), func(b *testing.B) { f(b, l, p, w, l.plain(n)) })
			}
		}
	}
}

// run measures f, which works on n octets.
func run(b *testing.B, name string, n int, f func() error) {
	b.Run(name, func(b *testing.B) {
		b.SetBytes(int64(n))
		b.ReportAllocs()
		for b.Loop() {
			if err := f(); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkSeal(b *testing.B) {
	aead, nonce := bare(b), make([]byte, 12)
	dst := make([]byte, 0, room)
	each(b, func(b *testing.B, l level, p spi.Protection, w *world, plain []byte) {
		run(b, "bare", len(plain), func() error {
			if p.IsEncrypt() {
				aead.Seal(dst, nonce, plain, nil)
			} else {
				aead.Seal(dst, nonce, nil, plain)
			}
			return nil
		})
		run(b, "plugin", len(plain), func() error {
			_, err := l.seal(w, dst, plain)
			return err
		})
	})
}

func BenchmarkOpen(b *testing.B) {
	aead, nonce := bare(b), make([]byte, 12)
	dst := make([]byte, 0, room)
	each(b, func(b *testing.B, l level, p spi.Protection, w *world, plain []byte) {
		content, aad := plain, []byte(nil)
		if !p.IsEncrypt() {
			content, aad = nil, plain
		}
		cipherText := aead.Seal(nil, nonce, content, aad)
		run(b, "bare", len(plain), func() error {
			_, err := aead.Open(dst, nonce, cipherText, aad)
			return err
		})
		sealed, err := l.seal(w, nil, plain)
		require.NoError(b, err)
		run(b, "plugin", len(plain), func() error {
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
