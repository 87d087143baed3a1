package aesgcm

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/spi"
)

// fuzzWorld returns something to open with that is the same in every process:
// keys of all kinds that only they would be found under. Whatever is opened
// with them by chance would be a forgery.
func fuzzWorld(f *testing.F, p spi.Protection) *world {
	w := newWorld(f, p, p, p)
	for _, k := range allKinds {
		if k.fits(p) {
			require.NoError(f, w.ba.SetTokens([]spi.Token{of(k)}))
			require.NoError(f, w.rw.SetTokens([]spi.Token{of(k)}))
		}
	}
	return w
}

// fuzzOpen seeds with what is good but for one octet.
func fuzzOpen(f *testing.F, l level, in inPlace) {
	sign, encrypt := fuzzWorld(f, spi.ProtectSign), fuzzWorld(f, spi.ProtectEncrypt)
	for _, w := range []*world{sign, encrypt} {
		for _, k := range allKinds {
			key := newSender(testMaster(k, false), 1<<20)
			e := w.w.(*endpoint)
			w.a.(*participant).message, e.submessage, e.payload = key, key, key
			for _, n := range []int{0, 5, 64} {
				b, err := l.seal(w, nil, l.size(n))
				require.NoError(f, err)
				b[len(b)-5] ^= 1 // of the MAC
				f.Add(b)
			}
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, w := range []*world{sign, encrypt} {
			out, err := l.open(w, []byte("dst"), b)
			if err == nil {
				// The fuzzer may mend the octet that was changed in a seed.
				require.Less(t, len(out), len(b))
			} else {
				require.Equal(t, "dst", string(out))
			}
			plain, inErr := in.open(w, bytes.Clone(b))
			require.Equal(t, err, inErr)
			require.True(t, bytes.HasSuffix(out, plain))
		}
	})
}

func FuzzOpenPayload(f *testing.F)    { fuzzOpen(f, levels[0], inPlaces[0]) }
func FuzzOpenSubmessage(f *testing.F) { fuzzOpen(f, levels[1], inPlaces[1]) }
func FuzzOpenMessage(f *testing.F)    { fuzzOpen(f, levels[2], inPlaces[2]) }
