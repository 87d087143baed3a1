package attack

import (
	"encoding/binary"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds"
	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/security"
	"github.com/secdds/dds/security/keystore"
	"github.com/secdds/dds/spi"
	"github.com/secdds/dds/transport/memnet"
)

// Everything that ever passed, from the first announcement on, comes again: at
// once, later, backwards, and from an address that nobody has.
func TestItem17_ReplayOfEverything(t *testing.T) {
	underAttack(t, func(v *victim) {
		all := v.rec.take()
		backwards := slices.Clone(all)
		slices.Reverse(backwards)
		for _, again := range []struct {
			all  []datagram
			from *rtps.Locator
			at   time.Duration
		}{{all, nil, 0}, {all, nil, time.Minute}, {backwards, nil, 0}, {all, &stranger, 0}} {
			v.settle(again.at)
			for _, d := range again.all {
				if again.from != nil {
					d.from = *again.from
				}
				v.inject(d, d.data)
			}
			v.unharmed()
		}
	})
}

// Each datagram comes twice, thrice and more on its way, the copies in between
// the others.
func TestItem17_ReplayAtOnce(t *testing.T) {
	for name, g := range protected() {
		t.Run(name, func(t *testing.T) {
			inWorldOf(t, memnet.Config{Duplicate: 1, MaxDelay: 20 * time.Millisecond, Reorder: 0.3, QueueLimit: 1 << 16}, func(w *world) {
				v := newVictim(w, g)
				v.exchange(50)
				require.Positive(w, v.b.Stats().Dropped["duplicate"])
				v.unharmed()
			})
		})
	}
}

// What was sealed for a participant means nothing to the one that comes after it
// on the same host with the same credentials.
func TestItem17_ReplayAfterARestart(t *testing.T) {
	underAttack(t, func(v *victim) {
		v.net.Cut("a", "c")
		all := v.rec.take()
		require.NoError(v, v.b.Close())
		v.settle(time.Second)
		v.b = v.participant("b", v.credentialsOf("/b"))
		v.r = readerOf[shape](v.world, v.b, "Square", qosReliable, qosKeepAll)
		for range 3 { // while it authenticates itself, and afterwards
			for _, d := range all {
				v.inject(d, d.data)
			}
			v.settle(100 * time.Millisecond)
		}
		require.NoError(v, v.r.WaitForMatched(v.soon(), 1))
		require.NoError(v, v.wr.WaitForMatched(v.soon(), 1))
		v.settle(time.Second)
		require.Empty(v, v.r.Take(0, dds.Query{}))
		v.exchange(5)
		for _, d := range all {
			v.inject(d, d.data)
		}
		v.settle(10 * time.Second)
		require.Empty(v, v.r.Take(0, dds.Query{}))
		v.exchange(5)
		require.Equal(v, 1, v.r.Matched().Current)
		require.Equal(v, 1, v.wr.Matched().Current)
	})
}

// credentialsOf makes plugins of an enclave that exists.
func (v *victim) credentialsOf(path string) func(*dds.Config) {
	return v.credentials(filepath.Join(v.k.Dir, "enclaves", path))
}

// A cryptoHeader is what names a key and an IV on the wire: kind, key id,
// session id and IV suffix. DDS-Security 1.1, 9.5.2.3.
type cryptoHeader [20]byte

// headers are those of a datagram: of the message, of submessages, and of
// payloads in clear submessages.
func headers(msg []byte, sealedPayload bool) (hs []cryptoHeader) {
	_, rest, err := rtps.ParseHeader(msg)
	for err == nil && len(rest) > 0 {
		var s rtps.Submessage
		if s, rest, err = rtps.Next(rest); err != nil {
			break
		}
		switch s.Kind {
		case rtps.SubSRTPSPrefix, rtps.SubSecPrefix:
			hs = append(hs, cryptoHeader(s.Body))
		case rtps.SubData:
			if d, err := rtps.ParseData(s); err == nil && sealedPayload && !d.Writer.IsBuiltin() && len(d.Payload) > 20 {
				hs = append(hs, cryptoHeader(d.Payload))
			}
		}
	}
	return hs
}

// No IV comes twice under a key, whatever is sealed at whatever level, across
// many session keys, repairs and restarts.
func TestItem17_NoIVTwice(t *testing.T) {
	for name, g := range map[string]keystore.Governance{
		"rtps": closedRTPS(spi.ProtectEncrypt), "submessage": topicGovernance(spi.ProtectEncrypt, spi.ProtectNone),
		"payload": topicGovernance(spi.ProtectNone, spi.ProtectEncrypt), "sign": topicGovernance(spi.ProtectSign, spi.ProtectSign),
	} {
		t.Run(name, func(t *testing.T) {
			inWorldOf(t, memnet.Config{Loss: 0.1}, func(w *world) {
				rec, k := w.record(), w.keystoreOf(g)
				often := func(path string) func(*dds.Config) {
					dir, err := k.CreateEnclave(path, keystore.EnclaveOptions{})
					require.NoError(w, err)
					cfg, err := security.ReadEnclave(dir)
					require.NoError(w, err)
					cfg.WatchInterval, cfg.MaxBlocksPerSession = -1, 32
					sec, err := security.New(cfg)
					require.NoError(w, err)
					return func(c *dds.Config) { c.Security = sec }
				}
				asA, asB := often("/a"), often("/b")
				seen, sessions := map[cryptoHeader][]byte{}, map[[12]byte]bool{}
				for range 3 {
					a, b := w.participant("a", asA), w.participant("b", asB)
					wr := writerOf[shape](w, a, "Square", qosKeepAll)
					r := readerOf[shape](w, b, "Square", qosReliable, qosKeepAll)
					matched(w, wr, r)
					for i := range int32(60) {
						write(w, wr, shape{"RED", i, 1})
						require.Equal(w, i, next(w, r).Value.X)
					}
					require.NoError(w, a.Close())
					require.NoError(w, b.Close())
					for _, d := range rec.take() {
						for _, h := range headers(d.data, g.Topics != nil && g.Topics[0].Data != spi.ProtectNone) {
							// What is sent again, or to several addresses, is the same in full.
							if before := seen[h]; before != nil && name != "payload" {
								require.True(w, slices.Equal(before[20:], d.data[20:]), "two messages with %x", h)
							}
							seen[h] = d.data
							sessions[[12]byte(h[:])] = true
						}
					}
				}
				require.Greater(w, len(seen), 100)
				require.Greater(w, len(sessions), 20, "session keys")
			})
		})
	}
}

// What was recorded of session keys that were replaced opens as long as the key
// they come of is known, and is a duplicate; samples sealed with a key that is
// known to nobody are not.
func TestItem17_UnknownSessions(t *testing.T) {
	inWorld(t, func(w *world) {
		v := newVictim(w, topicGovernance(spi.ProtectSign, spi.ProtectNone))
		l := v.lies()[0]
		msg := v.sealed(&l)
		at := slices.Index(msg, rtps.SubSecPrefix) + 4
		for i := range uint32(2000) { // forged sessions cost no more than a lookup and a try
			b := slices.Clone(msg)
			binary.BigEndian.PutUint32(b[at+8:], i*0x10001+77)
			require.Positive(w, v.at(v.b, b), fmt.Sprint(i))
		}
		v.unharmed()
	})
}
