package dds_test

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/qos"
	"github.com/secdds/dds/security/keystore"
	"github.com/secdds/dds/transport/memnet"
)

// Fragments of a sample that are altered, cut short or swapped on their way,
// each before the original, neither get into the sample nor keep it out.
func TestAlteredFragments(t *testing.T) {
	for name, g := range protected() {
		t.Run(name, func(t *testing.T) {
			inWorld(t, memnet.Config{MaxMessage: 16000}, func(w *world) {
				k := w.keystoreOf(g)
				a := w.participant("a", w.enclave(k, "/a", keystore.EnclaveOptions{}))
				b := w.participant("b", w.enclave(k, "/b", keystore.EnclaveOptions{}))
				wr := writerOf[plainValue](w, a, "Large", qos.KeepAll())
				r := readerOf[plainValue](w, b, "Large", qos.Reliable(0), qos.KeepAll())
				matched(w, wr, r)
				w.settle(time.Second)
				var mu sync.Mutex
				rng := rand.New(rand.NewPCG(9, 10))
				var before []byte
				w.net.Filter(func(p *memnet.Packet) bool {
					mu.Lock()
					defer mu.Unlock()
					for range 4 {
						bad := slices.Clone(p.Data)
						bad[rng.IntN(len(bad))] ^= 1 << rng.IntN(8)
						w.net.Inject(p.From, p.To, bad)
					}
					w.net.Inject(p.From, p.To, p.Data[:rng.IntN(len(p.Data))])
					if n := min(len(before), len(p.Data)) / 2; n > 0 {
						w.net.Inject(p.From, p.To, append(slices.Clone(before[:n]), p.Data[n:]...))
					}
					before = slices.Clone(p.Data)
					return true
				})
				v := plainValue{N: 1, Data: make([]byte, 100_000)}
				for i := range v.Data {
					v.Data[i] = byte(rng.Uint32())
				}
				for range 3 {
					write(w, wr, v)
					got := next(w, r).Value
					require.Equal(w, v.N, got.N)
					require.True(w, bytes.Equal(v.Data, got.Data))
					v.N++
				}
				w.net.Filter(nil)
				require.NoError(w, wr.WaitForAcks(w.soon()))
				require.Zero(w, r.Lost())
				require.Zero(w, r.Undecodable())
				require.Positive(w, b.Stats().Dropped["bad_message"]+b.Stats().Dropped["bad_submessage"])
			})
		})
	}
}
