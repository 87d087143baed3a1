package dds_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds"
	"github.com/secdds/dds/qos"
	"github.com/secdds/dds/security/keystore"
	"github.com/secdds/dds/transport/memnet"
)

// Everyone meets everyone, over loss, and each sample reaches each reader once.
func TestCrowd(t *testing.T) {
	for _, secured := range []bool{false, true} {
		t.Run(fmt.Sprintf("secured=%v", secured), func(t *testing.T) {
			inWorld(t, memnet.Config{Seed: 4, Loss: 0.1, MaxDelay: 2 * time.Millisecond}, func(w *world) {
				const n = 6
				var k *keystore.Keystore
				if secured {
					k = w.keystoreOf(keystore.SROS2Governance())
				}
				var ws [n]*dds.Writer[shape]
				var rs [n]*dds.Reader[shape]
				for i := range n {
					name := fmt.Sprint("p", i)
					var with []func(*dds.Config)
					if secured {
						with = append(with, w.enclave(k, "/"+name, keystore.EnclaveOptions{}))
					}
					p := w.participant(name, with...)
					ws[i] = writerOf[shape](w, p, "Square", qos.KeepAll())
					rs[i] = readerOf[shape](w, p, "Square", qos.Reliable(0), qos.KeepAll())
				}
				for i := range n {
					require.NoError(w, ws[i].WaitForMatched(w.soon(), n))
					require.NoError(w, rs[i].WaitForMatched(w.soon(), n))
				}
				for s := range 20 {
					for i := range n {
						write(w, ws[i], shape{fmt.Sprint(i), int32(s), 0})
					}
				}
				for i := range n {
					count := make(map[string]int32)
					for range 20 * n {
						v := next(w, rs[i]).Value
						require.Equal(w, count[v.Color], v.X)
						count[v.Color]++
					}
					require.Len(w, count, n)
					require.NoError(w, ws[i].WaitForAcks(w.soon()))
				}
			})
		})
	}
}

// One side loses the other, who noticed nothing: they meet anew, and data flows
// both ways again.
func TestOneSidedLoss(t *testing.T) {
	for _, secured := range []bool{false, true} {
		for _, cut := range [][2]string{{"a", "b"}, {"b", "a"}} {
			t.Run(fmt.Sprint(secured, cut), func(t *testing.T) {
				inWorld(t, memnet.Config{}, func(w *world) {
					var a, b *dds.Participant
					if secured {
						a, b = w.securedPair(keystore.SROS2Governance())
					} else {
						a, b = w.participant("a"), w.participant("b")
					}
					w1 := writerOf[shape](w, a, "Square", qos.KeepAll())
					r1 := readerOf[shape](w, b, "Square", qos.Reliable(0), qos.KeepAll())
					w2 := writerOf[shape](w, b, "Circle", qos.KeepAll())
					r2 := readerOf[shape](w, a, "Circle", qos.Reliable(0), qos.KeepAll())
					matched(w, w1, r1)
					matched(w, w2, r2)
					write(w, w1, shape{"RED", 1, 0})
					next(w, r1)
					w.net.Cut(cut[0], cut[1])
					w.settle(time.Minute)
					w.net.Heal()
					w.settle(time.Minute)
					matched(w, w1, r1)
					matched(w, w2, r2)
					r1.Take(0, dds.Query{})
					r2.Take(0, dds.Query{})
					for i := range 5 {
						write(w, w1, shape{"RED", int32(i), 0})
						write(w, w2, shape{"RED", int32(i), 0})
					}
					for i := range 5 {
						require.Equal(w, int32(i), next(w, r1).Value.X, "%s", w.log)
						require.Equal(w, int32(i), next(w, r2).Value.X, "%s", w.log)
					}
					require.NoError(w, w1.WaitForAcks(w.soon()))
					require.NoError(w, w2.WaitForAcks(w.soon()))
				})
			})
		}
	}
}
