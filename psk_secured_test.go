package dds_test

import (
	"bytes"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds"
	"github.com/secdds/dds/internal/discovery"
	"github.com/secdds/dds/qos"
	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/security/keystore"
	"github.com/secdds/dds/security/psk"
	"github.com/secdds/dds/spi"
	"github.com/secdds/dds/transport/memnet"
)

// bootstrap is a governance that protects with a passphrase what comes before
// authentication, and after it with the participants' keys what others do.
func bootstrap(rest spi.Protection) keystore.Governance {
	g := keystore.UniformGovernance(rest)
	g.PSK = spi.ProtectEncrypt
	return g
}

// withPSK adds a passphrase to credentials.
func (w *world) withPSK(passphrase string) func(*dds.Config) {
	w.Helper()
	plugin, err := psk.New(psk.Config{Passphrase: passphrase})
	require.NoError(w, err)
	return func(c *dds.Config) {
		s := *c.Security
		s.PreSharedKey = plugin
		c.Security = &s
	}
}

// newPSKVictim is newVictim for a domain with a passphrase.
func newPSKVictim(w *world, g keystore.Governance) (*victim, *keystore.Keystore) {
	w.Helper()
	k := w.keystoreOf(g)
	v := &victim{world: w, rec: w.record()}
	v.a = w.participant("a", w.enclave(k, "/a", keystore.EnclaveOptions{}), w.withPSK(pskOld))
	v.b = w.participant("b", w.enclave(k, "/b", keystore.EnclaveOptions{}), w.withPSK(pskOld))
	v.wr = writerOf[shape](w, v.a, "Square", qos.KeepAll())
	v.r = readerOf[shape](w, v.b, "Square", qos.Reliable(0), qos.KeepAll())
	matched(w, v.wr, v.r)
	v.exchange(20)
	return v, k
}

// Announcements, authentication and key exchange are sealed with the
// passphrase; what is said between those who know each other, with their own keys.
func TestPSKBootstrap(t *testing.T) {
	inWorld(t, memnet.Config{}, func(w *world) {
		v, _ := newPSKVictim(w, bootstrap(spi.ProtectEncrypt))
		for _, p := range []*dds.Participant{v.a, v.b} {
			require.True(w, p.Peers()[0].Authenticated)
			require.Zero(w, p.Stats().SealFailed)
		}
		by := map[string]int{}
		for _, d := range v.rec.take() {
			by[sealedBy(w, d.data)]++
			for _, clear := range []string{"Square", "CN=", "dds.sec.auth", "DDS:Auth:PKI-DH", "BEGIN CERTIFICATE"} {
				require.False(w, bytes.Contains(d.data, []byte(clear)), "%s: in clear", clear)
			}
		}
		require.Zero(w, by["nothing"])
		require.NotZero(w, by["passphrase"])
		require.NotZero(w, by["participant"])

		// Samples go with the participant's key alone.
		v.settle(10 * time.Millisecond)
		v.rec.take()
		v.exchange(20)
		seen := v.rec.take()
		own := 0
		for _, d := range seen {
			if sealedBy(w, d.data) == "participant" {
				own++
			}
		}
		require.NotZero(w, own)
		require.LessOrEqual(w, len(seen)-own, 4, "no more than announcements")
	})
}

// Where no other key protects messages as a whole, the passphrase does.
func TestPSKBesideNoRTPSProtection(t *testing.T) {
	inWorld(t, memnet.Config{}, func(w *world) {
		g := keystore.SROS2Governance()
		g.RTPS, g.PSK = spi.ProtectNone, spi.ProtectSign
		v, _ := newPSKVictim(w, g)
		for _, d := range v.rec.take() {
			require.Equal(w, "passphrase", sealedBy(w, d.data))
		}
		v.unharmed()
	})
}

// The governance's word counts: without a passphrase there is no participant.
func TestPSKIsDemanded(t *testing.T) {
	inWorld(t, memnet.Config{}, func(w *world) {
		k := w.keystoreOf(bootstrap(spi.ProtectSign))
		cfg := dds.Config{Transport: w.net.Host("a"), Logger: slog.New(slog.NewTextHandler(w.log, nil))}
		w.enclave(k, "/a", keystore.EnclaveOptions{})(&cfg)
		_, err := dds.NewParticipant(0, &cfg)
		require.ErrorContains(w, err, "rtps_psk_protection_kind")
		require.ErrorContains(w, err, psk.PropertyPassphrase)
		var r *spi.Refusal
		require.ErrorAs(w, err, &r)
	})
}

// Credentials without the passphrase, and the passphrase without credentials,
// are not enough to take part. The first are not even heard.
func TestPSKAndCredentials(t *testing.T) {
	inWorld(t, memnet.Config{}, func(w *world) {
		v, k := newPSKVictim(w, bootstrap(spi.ProtectEncrypt))
		other := w.participant("c", w.enclave(k, "/c", keystore.EnclaveOptions{}), w.withPSK(pskNew))
		alone := w.participant("d", w.knowing(pskOld))
		noPSK := keystore.UniformGovernance(spi.ProtectEncrypt)
		plain := w.participant("e", w.enclave(w.keystoreOf(noPSK), "/e", keystore.EnclaveOptions{}))
		var readers []*dds.Reader[shape]
		for _, p := range []*dds.Participant{other, alone, plain} {
			r := readerOf[shape](w, p, "Square", qos.Reliable(0), qos.KeepAll(), qos.TransientLocal)
			wr := writerOf[shape](w, p, "Square", qos.KeepAll(), qos.TransientLocal)
			write(w, wr, shape{"BLUE", 1, 1})
			require.Equal(w, "BLUE", next(w, r).Value.Color, "its own")
			readers = append(readers, r)
		}
		v.exchange(5)
		v.settle(time.Minute)
		for _, r := range readers {
			require.Empty(w, r.Take(0, dds.Query{}))
			require.Equal(w, 1, r.Matched().Total, "only itself")
		}
		require.Empty(w, other.Peers())
		require.Empty(w, plain.Peers())
		for _, p := range []*dds.Participant{v.a, v.b} {
			for _, peer := range p.Peers() {
				require.NotEqual(w, other.GUID().Prefix, peer.GUID.Prefix)
				require.NotEqual(w, plain.GUID().Prefix, peer.GUID.Prefix)
				require.Equal(w, peer.GUID.Prefix == v.a.GUID().Prefix || peer.GUID.Prefix == v.b.GUID().Prefix, peer.Authenticated)
			}
		}
		require.Empty(w, v.r.Take(0, dds.Query{}))
		require.Equal(w, 1, v.r.Matched().Total)
	})
}

// Who knows the passphrase and nothing else cannot make what the participants'
// keys have to protect: not under the writer's own prefix, with its own ids.
func TestPSKIsNoSubstituteForParticipantKeys(t *testing.T) {
	for name, kind := range map[string]spi.Protection{"sign": spi.ProtectSign, "encrypt": spi.ProtectEncrypt, "origin": spi.ProtectSignOrigin} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, memnet.Config{}, func(w *world) {
				g := keystore.OpenGovernance()
				g.RTPS, g.PSK = kind, spi.ProtectEncrypt
				v, _ := newPSKVictim(w, g)
				plugin, err := psk.New(psk.Config{Passphrase: pskOld})
				require.NoError(w, err)
				strike := func(as *dds.Participant, sub interface{ Append([]byte) []byte }) {
					c, err := plugin.NewParticipant(as.GUID(), spi.ProtectEncrypt)
					require.NoError(w, err)
					msg, err := c.SealMessage(nil, sub.Append(message(as)), nil)
					require.NoError(w, err)
					v.strike(msg)
				}
				before := v.b.Stats().Dropped["unprotected"]
				wr, r := v.wr.GUID().Entity, v.r.GUID().Entity
				payload := []byte("\x00\x01\x00\x00\x04\x00\x00\x00RED\x00\x07\x00\x00\x00\x2a\x00\x00\x00")
				for sn := rtps.SequenceNumber(15); sn < 30; sn++ {
					strike(v.a, rtps.Data{Reader: r, Writer: wr, SN: sn, Payload: payload})
					strike(v.a, rtps.Data{Writer: wr, SN: sn, Payload: payload})
					strike(v.a, rtps.DataFrag{Writer: wr, SN: sn, First: 1, Count: 1, FragmentSize: 1024, SampleSize: uint32(len(payload)), Payload: payload})
				}
				strike(v.a, rtps.Heartbeat{Reader: r, Writer: wr, First: 1000, Last: 2000, Count: 1 << 20})
				strike(v.a, rtps.Gap{Reader: r, Writer: wr, Start: 1, List: rtps.SequenceNumberSet{Base: 1000}})
				strike(v.b, rtps.AckNack{Reader: r, Writer: wr, State: rtps.SequenceNumberSet{Base: 5000}, Count: 1 << 20})
				require.GreaterOrEqual(w, v.b.Stats().Dropped["unprotected"]-before, uint64(45))
				v.unharmed()
			})
		})
	}
}

// Announcements in clear are dropped unread, whoever they are of; and messages
// sealed with the passphrase are as good as none when they are altered.
func TestPSKClearAndAltered(t *testing.T) {
	inWorld(t, memnet.Config{}, func(w *world) {
		v, _ := newPSKVictim(w, bootstrap(spi.ProtectSign))
		stranger := rtps.GUID{Prefix: rtps.GUIDPrefix{1, 2, 3}, Entity: rtps.EntityParticipant}
		header := rtps.Header{Version: rtps.ProtocolVer2_5, Vendor: rtps.VendorSecdds, Prefix: stranger.Prefix}.Append(nil)
		before := v.b.Stats()
		v.strike(rtps.Data{
			Writer: rtps.EntitySPDPWriter, SN: 1,
			Payload: discovery.AppendParticipantPayload(nil, &discovery.ParticipantData{
				GUID: stranger, Version: rtps.ProtocolVer2_5, Vendor: rtps.VendorSecdds, Lease: time.Minute,
			}),
		}.Append(header))
		after := v.b.Stats()
		require.Greater(w, after.Dropped["unprotected"], before.Dropped["unprotected"])
		require.Len(w, v.b.Peers(), 1)

		v.rec.take()
		v.settle(time.Minute) // some announcements
		var sealed []datagram
		for _, d := range v.rec.take() {
			if sealedBy(w, d.data) == "passphrase" {
				sealed = append(sealed, d)
			}
		}
		require.NotEmpty(w, sealed)
		d := sealed[0]
		for i := range d.data {
			b := slices.Clone(d.data)
			b[i] ^= 1
			v.inject(d, b)
			v.inject(d, d.data[:i])
		}
		v.unharmed()
	})
}

// A passphrase is replaced in a secured domain as it is in one without
// credentials, and late participants come in with the new one.
func TestPSKRotationWithCredentials(t *testing.T) {
	inWorld(t, memnet.Config{}, func(w *world) {
		k := w.keystoreOf(bootstrap(spi.ProtectEncrypt))
		keys := map[string]*psk.Plugin{}
		join := func(name, passphrase string) *dds.Participant {
			with := w.withPSK(passphrase)
			return w.participant(name, w.enclave(k, "/"+name, keystore.EnclaveOptions{}), with, func(c *dds.Config) {
				keys[name] = c.Security.PreSharedKey.(*psk.Plugin)
			})
		}
		a, b := join("a", pskOld), join("b", pskOld)
		wr := writerOf[shape](w, a, "Square", qos.KeepAll())
		r := readerOf[shape](w, b, "Square", qos.Reliable(0), qos.KeepAll())
		matched(w, wr, r)
		w.settle(time.Second) // what was sealed before its key arrived is dropped and sent again
		before := a.Stats().Dropped["bad_message"] + b.Stats().Dropped["bad_message"]
		for _, step := range [][]string{{pskOld, pskNew}, {pskNew, pskOld}, {pskNew}} {
			for _, name := range []string{"a", "b"} {
				require.NoError(w, keys[name].Update(step[0], step[1:]...))
				w.settle(time.Minute) // longer than a lease
				write(w, wr, shape{"RED", 1, 1})
				next(w, r)
			}
		}
		require.Equal(w, 1, r.Matched().Total)
		require.Equal(w, before, a.Stats().Dropped["bad_message"]+b.Stats().Dropped["bad_message"])
		late := readerOf[shape](w, join("c", pskNew), "Square", qos.Reliable(0), qos.KeepAll())
		require.NoError(w, late.WaitForMatched(w.soon(), 1), "%s", w.log)
		require.NoError(w, wr.WaitForMatched(w.soon(), 2))
		write(w, wr, shape{"BLUE", 2, 2})
		require.Equal(w, "BLUE", next(w, late).Value.Color)
	})
}
