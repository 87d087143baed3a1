package dds_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds"
	"github.com/secdds/dds/qos"
	"github.com/secdds/dds/security/keystore"
	"github.com/secdds/dds/spi"
	"github.com/secdds/dds/transport/memnet"
)

type confidential struct {
	Key  string `dds:"key"`
	Data []byte
}

// Of an encrypted topic, at whatever level, neither values nor keys are on the
// network: in samples, in fragments, in what is sent again, in disposes and in
// what a late joiner gets.
func TestNothingOfAnEncryptedTopicIsReadable(t *testing.T) {
	rtpsOnly := keystore.OpenGovernance()
	rtpsOnly.RTPS = spi.ProtectEncrypt
	for name, g := range map[string]keystore.Governance{
		"sros2": keystore.SROS2Governance(), "rtps only": rtpsOnly, "all": keystore.UniformGovernance(spi.ProtectEncryptOrigin),
		"data only":     topicGovernance(spi.ProtectNone, spi.ProtectEncrypt),
		"metadata only": topicGovernance(spi.ProtectEncrypt, spi.ProtectNone),
		"data in signed messages": func() keystore.Governance {
			g := topicGovernance(spi.ProtectSign, spi.ProtectEncrypt)
			g.RTPS = spi.ProtectSign
			return g
		}(),
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, memnet.Config{Loss: 0.1}, func(w *world) {
				const key, secret = "a-secret-key", "a-secret-value"
				rec := w.record()
				k := w.keystoreOf(g)
				a := w.participant("a", w.enclave(k, "/a", keystore.EnclaveOptions{}))
				wr := writerOf[confidential](w, a, "Confidential", qos.KeepAll(), qos.TransientLocal)
				values := []confidential{{"short", []byte(secret)}, {key, []byte(secret)}, {key, bytes.Repeat([]byte(secret), 20_000)}}
				sofar := func(name string) *dds.Reader[confidential] {
					p := w.participant(name, w.enclave(k, "/"+name, keystore.EnclaveOptions{}))
					return readerOf[confidential](w, p, "Confidential", qos.Reliable(0), qos.KeepAll(), qos.TransientLocal)
				}
				take := func(r *dds.Reader[confidential]) {
					for _, v := range values {
						require.Equal(w, v, next(w, r).Value)
					}
				}
				early := sofar("b")
				matched(w, wr, early)
				for _, v := range values {
					write(w, wr, v)
				}
				take(early)
				take(sofar("c"))
				require.NoError(w, wr.Dispose(w.soon(), &values[0]))
				require.NoError(w, wr.Unregister(w.soon(), &values[1]))
				require.NoError(w, wr.WaitForAcks(w.soon()))
				w.settle(time.Second)
				seen := rec.take()
				require.Greater(w, len(seen), 20)
				for _, d := range seen {
					for _, s := range []string{key, secret, secret[7:] + secret[:7], "short"} {
						require.NotContains(w, string(d.data), s)
					}
				}
			})
		})
	}
}
