package dds_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/qos"
	"github.com/secdds/dds/security/keystore"
	"github.com/secdds/dds/transport/memnet"
)

// Participants authenticate each other where a message of the handshake is
// longer than what the transport carries, and with permissions that are longer
// than any datagram.
func TestLongHandshake(t *testing.T) {
	for _, most := range []int{2048, 4096, 65000} {
		for _, rules := range []int{1, 1500} {
			t.Run(fmt.Sprintf("%d/%d", most, rules), func(t *testing.T) {
				inWorld(t, memnet.Config{MaxMessage: most}, func(w *world) {
					k := w.keystoreOf(keystore.SROS2Governance())
					var o keystore.EnclaveOptions
					for i := range rules {
						name := []string{fmt.Sprintf("topic_%d", i), "Square"}
						o.Rules = append(o.Rules, keystore.Allow(name, name))
					}
					a, b := w.participant("a", w.enclave(k, "/a", o)), w.participant("b", w.enclave(k, "/b", o))
					wr, r := writerOf[plainValue](w, a, "Square"), readerOf[plainValue](w, b, "Square", qos.Reliable(0))
					matched(w, wr, r)
					write(w, wr, plainValue{N: 1, Data: make([]byte, 20_000)})
					require.Len(w, next(w, r).Value.Data, 20_000)
				})
			})
		}
	}
}
