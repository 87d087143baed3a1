package dds_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds"
	"github.com/secdds/dds/qos"
	"github.com/secdds/dds/security/keystore"
	"github.com/secdds/dds/transport/memnet"
)

// Long samples stay in the buffers they were received into, which are used
// again when they have been taken: none shows another's octets, whichever way
// and however late it is taken, and whatever is lost.
func TestLongSamplesKeepTheirOctets(t *testing.T) {
	for name, secured := range map[string]bool{"plain": false, "secured": true} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, memnet.Config{Seed: 4, Loss: 0.1, Duplicate: 0.1, Reorder: 0.1, MaxDelay: 2 * time.Millisecond}, func(w *world) {
				var a, b *dds.Participant
				if secured {
					a, b = w.securedPair(keystore.SROS2Governance())
				} else {
					a, b = w.participant("a"), w.participant("b")
				}
				wr := writerOf[plainValue](w, a, "Octets", qos.KeepAll(), qos.Reliable(time.Minute))
				r := readerOf[plainValue](w, b, "Octets", qos.Reliable(0), qos.KeepAll())
				matched(w, wr, r)
				const n = 400
				size := func(i int32) int { return 3000 + int(i)*97%50_000 }
				check := func(v *plainValue) {
					require.Equal(w, bytes.Repeat([]byte{byte(v.N), byte(v.N >> 8)}, size(v.N)/2), v.Data)
				}
				go func() {
					for i := range int32(n) {
						_ = wr.Write(w.Context(), &plainValue{i, bytes.Repeat([]byte{byte(i), byte(i >> 8)}, size(i)/2)})
						if i%100 == 99 {
							time.Sleep(50 * time.Millisecond) // let it be taken late, and early
						}
					}
				}()
				next := int32(0)
				for round := 0; next < n; round++ {
					require.NoError(w, r.WaitForData(w.soon()))
					if round%5 == 4 {
						time.Sleep(20 * time.Millisecond)
					}
					switch round % 3 {
					case 0:
						for v := range r.TakeEach(7, dds.Query{}) {
							require.Equal(w, next, v.N)
							check(v)
							next++
						}
					case 1:
						for _, s := range r.Take(11, dds.Query{}) {
							require.Equal(w, next, s.Value.N)
							check(&s.Value)
							next++
						}
					default:
						for i, s := range r.Read(90, dds.Query{}) {
							require.Equal(w, next+int32(i), s.Value.N)
							check(&s.Value)
						}
						for v := range r.TakeEach(90, dds.Query{}) {
							check(v)
							next++
						}
					}
				}
			})
		})
	}
}
