package attack

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds"
	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/security/keystore"
	"github.com/secdds/dds/spi"
	"github.com/secdds/dds/transport/memnet"
)

// What is on the wire is what the standard says it is: opened with nothing but
// the key material of the token and the standard library. DDS-Security 1.1,
// 9.5.3.3.
func TestItem16_TheWireOpensWithTheStandardLibrary(t *testing.T) {
	inWorld(t, func(w *world) {
		v := newVictim(w, topicGovernance(spi.ProtectNone, spi.ProtectEncrypt))
		toks, err := v.ia.endpoints[v.wr.GUID().Entity].pairs[v.r.GUID().Entity].Tokens()
		require.NoError(w, err)
		k := toks[0].BinaryProperties[0].Value
		require.Equal(w, []byte{0, 0, 0, 4}, k[:4], "AES256_GCM")
		salt, master := k[8:40], k[48:80]
		v.rec.take()
		first := v.n
		v.exchange(5)
		opened := 0
		for _, d := range v.rec.take() {
			_, rest, err := rtps.ParseHeader(d.data)
			for err == nil && len(rest) > 0 {
				var s rtps.Submessage
				if s, rest, err = rtps.Next(rest); err != nil || s.Kind != rtps.SubData {
					continue
				}
				m, err := rtps.ParseData(s)
				require.NoError(w, err)
				if m.Writer != v.wr.GUID().Entity {
					continue
				}
				p := m.Payload
				mac := hmac.New(sha256.New, master)
				mac.Write([]byte("SessionKey"))
				mac.Write(salt)
				mac.Write(p[8:12])
				block, err := aes.NewCipher(mac.Sum(nil))
				require.NoError(w, err)
				gcm, err := cipher.NewGCM(block)
				require.NoError(w, err)
				n := int(binary.BigEndian.Uint32(p[20:]))
				plain, err := gcm.Open(nil, p[8:20], p[24:24+n+16], nil)
				require.NoError(w, err)
				x := int32(binary.LittleEndian.Uint32(plain[12:]))
				require.Equal(w, first+int32(opened), x)
				opened++
			}
		}
		require.Equal(w, 5, opened)
	})
}

// Samples of every length around what fits a datagram arrive whole, protected
// three times over and for several receivers; no datagram is longer than the
// transport carries.
func TestItem19_LengthsAtTheEdge(t *testing.T) {
	for _, most := range []int{8192, 65000} {
		for name, g := range map[string]keystore.Governance{
			"sros2": keystore.SROS2Governance(), "origin": keystore.UniformGovernance(spi.ProtectEncryptOrigin),
		} {
			t.Run(fmt.Sprint(name, most), func(t *testing.T) {
				inWorldOf(t, memnet.Config{MaxMessage: most}, func(w *world) {
					rec, k := w.record(), w.keystoreOf(g)
					a := w.participant("a", w.enclave(k, "/a", keystore.EnclaveOptions{}))
					wr := writerOf[blob](w, a, "Large", qosKeepAll)
					var readers []*dds.Reader[blob]
					for _, name := range []string{"b", "c", "d"} {
						p := w.participant(name, w.enclave(k, "/"+name, keystore.EnclaveOptions{}))
						readers = append(readers, readerOf[blob](w, p, "Large", qosReliable, qosKeepAll))
					}
					require.NoError(w, wr.WaitForMatched(w.soon(), 3))
					for _, r := range readers {
						require.NoError(w, r.WaitForMatched(w.soon(), 1))
					}
					w.settle(time.Second)
					sizes := []int{0, 1, 2 * most, 65507, 65508, 65535, 65536, 100_000}
					for d := -700; d < 60; d += 19 {
						sizes = append(sizes, most+d)
					}
					for i, n := range sizes {
						b := blob{int32(i), bytes.Repeat([]byte{byte(i + 1)}, n)}
						write(w, wr, b)
						for _, r := range readers {
							got := next(w, r).Value
							require.Equal(w, b.N, got.N)
							require.True(w, bytes.Equal(b.Data, got.Data), "%d octets", n)
						}
					}
					require.NoError(w, wr.WaitForAcks(w.soon()))
					require.Zero(w, a.Stats().SealFailed)
					require.Zero(w, a.Stats().SendFailed)
					longest := slices.MaxFunc(rec.take(), func(a, b datagram) int { return len(a.data) - len(b.data) })
					require.LessOrEqual(w, len(longest.data), most)
				})
			})
		}
	}
}

// What lapses does so when its time has passed, with nobody sending anything.
// That setting the wall clock prolongs nothing and is noticed is tested where
// the clock can be set: in package engine.
func TestItem20_TimePasses(t *testing.T) {
	inWorld(t, func(w *world) {
		k := w.keystoreOf(keystore.SROS2Governance())
		end := start.Add(90 * time.Minute)
		a := w.participant("a", w.enclave(k, "/a", keystore.EnclaveOptions{}))
		b := w.participant("b", w.enclave(k, "/b", keystore.EnclaveOptions{NotAfter: end}), lenient)
		wr, r := writerOf[shape](w, a, "Square"), readerOf[shape](w, b, "Square", qosReliable)
		matched(w, wr, r)
		w.net.Cut("b", "a")
		w.settle(time.Second)
		w.net.Heal()
		w.settle(time.Until(end.Add(-time.Millisecond)))
		require.Equal(w, 1, wr.Matched().Current)
		w.settle(2 * time.Millisecond)
		require.Zero(w, wr.Matched().Current)
	})
}
