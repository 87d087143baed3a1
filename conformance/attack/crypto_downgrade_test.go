package attack

import (
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
)

// A plain copy of what was sealed changes nothing: of the whole, or with the
// outer or the inner protection alone. It is dropped as unprotected.
func TestItem18_PlainCopy(t *testing.T) {
	underAttack(t, func(v *victim) {
		for _, l := range v.lies() {
			plain := l.what.Append(nil)
			forms := map[string][]byte{"plain": append(message(l.as), plain...)}
			i := v.ia
			if l.as == v.b {
				i = v.ib
			}
			inner := i.submessage(v, l.from, plain)
			if i.message != nil && len(inner) != len(plain) {
				forms["without the message's seal"] = append(message(l.as), inner...)
				forms["without the submessage's seal"] = i.datagram(v, message(l.as), plain, l.to)
			}
			for how, msg := range forms {
				before := l.to.Stats().Dropped["unprotected"]
				v.hit(l.to, msg)
				require.Greater(v, l.to.Stats().Dropped["unprotected"], before, "%s %s", l.name, how)
			}
		}
		v.unharmed()
	})
}

// What another participant sealed with its own keys, and what a participant
// sealed as another of its endpoints, is not taken as the writer's.
func TestItem18_AnothersKey(t *testing.T) {
	underAttack(t, func(v *victim) {
		ic := &insider{}
		c := v.participant("c", v.enclave(v.k, "/c", keystore.EnclaveOptions{}), ic.join)
		writerOf[shape](v.world, c, "Other") // so that no id is one of the victim's
		readerOf[shape](v.world, c, "Other")
		wc := writerOf[shape](v.world, c, "Circle", qosKeepAll)
		rc := readerOf[shape](v.world, v.b, "Circle", qosReliable, qosKeepAll)
		rd := readerOf[shape](v.world, c, "Circle", qosReliable, qosKeepAll)
		wd := writerOf[shape](v.world, v.a, "Circle", qosKeepAll)
		matched(v.world, wc, rc)
		matched(v.world, wd, rd)
		v.settle(time.Second)
		src := rtps.InfoSrc{Version: rtps.ProtocolVer2_5, Vendor: rtps.VendorSecdds, Prefix: v.a.GUID().Prefix}
		for _, l := range v.lies() {
			own := wc.GUID().Entity
			if l.as == v.b {
				own = rd.GUID().Entity
			}
			src.Prefix = l.as.GUID().Prefix
			inner := ic.submessage(v, own, l.what.Append(nil)) // c's key, l's ids
			for how, msg := range map[string][]byte{
				"under its own name":     ic.datagram(v, message(c), inner, l.to),
				"under another's":        ic.datagram(v, message(l.as), inner, l.to),
				"INFO_SRC inside":        ic.datagram(v, message(c), slices.Concat(src.Append(nil), inner), l.to),
				"INFO_SRC outside":       slices.Insert(ic.datagram(v, message(c), inner, l.to), rtps.HeaderLen, src.Append(nil)...),
				"header replaced":        append(message(l.as), ic.datagram(v, message(c), inner, l.to)[rtps.HeaderLen:]...),
				"nothing but INFO_SRC":   append(src.Append(message(c)), inner...),
				"clear behind the seal":  l.what.Append(ic.datagram(v, message(c), inner, l.to)),
				"clear before the seal":  slices.Insert(ic.datagram(v, message(c), inner, l.to), rtps.HeaderLen, l.what.Append(nil)...),
				"clear behind, its name": l.what.Append(append(message(l.as), inner...)),
			} {
				n := v.at(l.to, msg)
				if how != "under its own name" { // that is nobody's of whom anything is known
					require.Positive(v, n, "%s %s", l.name, how)
				}
			}
		}
		require.Empty(v, v.r.Take(0, dds.Query{}))
		require.Equal(v, 1, v.r.Matched().Total)
		v.exchange(20)
		require.Zero(v, v.r.Lost())
	})
}

// What was sealed for one participant, carried to another: an INFO_DST in front
// has it ignored; with origin authentication it does not open.
func TestItem18_Misdirected(t *testing.T) {
	for name, g := range protected() {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				v := newVictim(w, g)
				c := w.participant("c", w.enclave(v.k, "/c", keystore.EnclaveOptions{}))
				readerOf[shape](w, c, "Other") // so that no id is one of the victim's
				rc := readerOf[shape](w, c, "Square", qosReliable, qosKeepAll)
				require.NoError(w, rc.WaitForMatched(w.soon(), 1))
				require.NoError(w, v.wr.WaitForMatched(w.soon(), 2))
				v.exchange(3)
				v.settle(time.Second)
				require.Len(w, rc.Take(0, dds.Query{}), 3)
				for _, l := range v.lies()[:5] {
					plain := l.what.Append(nil)
					inner := v.ia.submessage(w, l.from, plain)
					elsewhere := slices.Concat(rtps.InfoDst{Prefix: c.GUID().Prefix}.Append(nil), inner)
					v.hit(v.b, v.ia.datagram(w, message(v.a), elsewhere, v.b))                                        // says it is for c
					v.hit(v.b, append(message(v.a), elsewhere...))                                                    // likewise
					require.True(w, w.net.Inject(stranger, v.socketAt("c"), v.ia.forge(w, v.a, l.from, l.what, v.b))) // b's own, for b's reader
					if g.RTPS.IsOrigin() {
						require.Positive(w, v.at(v.b, v.ia.datagram(w, message(v.a), inner, c)), "%s: without a MAC for b", l.name)
						require.Positive(w, v.at(v.b, v.ia.datagram(w, message(v.a), inner)), "%s: without any", l.name)
					}
				}
				v.settle(time.Second)
				require.Empty(w, v.r.Take(0, dds.Query{}))
				v.exchange(20)
				v.settle(time.Second)
				got := rc.Take(0, dds.Query{})
				require.Len(w, got, 20)
				for i, s := range got {
					require.Equal(w, shape{"RED", v.n - 20 + int32(i), 42}, s.Value)
				}
			})
		})
	}
}

// A message that is signed is not taken where it has to be encrypted, though it
// was made with the right key; nor one that names another kind.
func TestItem18_SignWhereEncryptIsAsked(t *testing.T) {
	// A hostile insider whose keys are of the weaker kind from the start.
	t.Run("keys of the weaker kind", func(t *testing.T) {
		inWorld(t, func(w *world) {
			g := topicGovernance(spi.ProtectEncrypt, spi.ProtectEncrypt)
			k := w.keystoreOf(g)
			weak := &insider{weaken: func(a *spi.EndpointAttributes) {
				for _, p := range []*spi.Protection{&a.Metadata, &a.Data} {
					if *p == spi.ProtectEncrypt {
						*p = spi.ProtectSign
					}
				}
			}}
			b := w.participant("b", w.enclave(k, "/b", keystore.EnclaveOptions{}))
			c := w.participant("c", w.enclave(k, "/c", keystore.EnclaveOptions{}), weak.join)
			r := readerOf[shape](w, b, "Square", qosReliable, qosKeepAll)
			wr := writerOf[shape](w, c, "Square", qosKeepAll)
			w.settle(5 * time.Second)
			_ = wr.Write(w.soon(), &shape{"RED", 666, 1})
			w.settle(20 * time.Second)
			require.Empty(w, r.Take(0, dds.Query{}))
			require.Zero(w, r.Matched().Current)
		})
	})
	for _, other := range []byte{0, 1, 2, 3, 5, 0xff} {
		inWorld(t, func(w *world) {
			v := newVictim(w, keystore.UniformGovernance(spi.ProtectEncrypt))
			for _, l := range v.lies() {
				msg := v.sealed(&l)
				msg[rtps.HeaderLen+4+3] = other // the kind's last octet
				require.Positive(w, v.at(l.to, msg))
			}
			v.unharmed()
		})
	}
}

// Who knows the passphrase and nothing else cannot make what participants' keys
// have to protect.
func TestItem18_PassphraseInsteadOfKeys(t *testing.T) {
	inWorld(t, func(w *world) {
		const passphrase = "data:,1:a passphrase that everyone in the domain knows"
		g := keystore.UniformGovernance(spi.ProtectEncrypt)
		g.PSK = spi.ProtectEncrypt
		plugin := func() spi.PreSharedKey {
			p, err := psk.New(psk.Config{Passphrase: passphrase})
			require.NoError(w, err)
			return p
		}
		v := newVictim(w, g, func(c *dds.Config) {
			s := *c.Security
			s.PreSharedKey = plugin()
			c.Security = &s
		})
		for _, l := range v.lies() {
			for _, sub := range [][]byte{l.what.Append(nil), v.ia.submessage(w, l.from, l.what.Append(nil))} {
				c, err := plugin().NewParticipant(l.as.GUID(), spi.ProtectEncrypt)
				require.NoError(w, err)
				msg, err := c.SealMessage(nil, append(message(l.as), sub...), nil)
				require.NoError(w, err)
				before := l.to.Stats().Dropped["unprotected"]
				v.hit(l.to, msg)
				if l.as == v.a && len(sub) == len(l.what.Append(nil)) {
					require.Greater(w, l.to.Stats().Dropped["unprotected"], before, l.name)
				}
			}
		}
		v.unharmed()
	})
}

// An announcement in clear of an endpoint whose topic's discovery is protected,
// and the end of one in clear, change nothing.
func TestItem18_ClearDiscovery(t *testing.T) {
	for _, p := range []spi.Protection{spi.ProtectSign, spi.ProtectEncrypt, spi.ProtectEncryptOrigin} {
		inWorld(t, func(w *world) {
			v := newVictim(w, keystore.UniformGovernance(p))
			for sn := rtps.SequenceNumber(1); sn < 20; sn++ {
				v.endInClear(sn)
				d := &discovery.EndpointData{GUID: v.wr.GUID(), Participant: v.a.GUID(), Topic: "Square", Type: "Other"}
				q := qos.NewWriter()
				d.Writer = &q
				v.strike(rtps.Data{Writer: rtps.EntitySEDPPubWriter, SN: sn, Payload: discovery.AppendEndpointPayload(nil, d)}.Append(message(v.a)))
				d.GUID.Entity[2] += 9 // one more
				v.strike(rtps.Data{Writer: rtps.EntitySEDPPubWriter, SN: sn + 20, Payload: discovery.AppendEndpointPayload(nil, d)}.Append(message(v.a)))
			}
			v.settle(10 * time.Second)
			v.unharmed()
		})
	}
}

// endInClear says in clear that everything of the victim is gone.
func (v *victim) endInClear(sn rtps.SequenceNumber) {
	for _, p := range []*dds.Participant{v.a, v.b} {
		for _, w := range []rtps.EntityID{rtps.EntitySPDPWriter, rtps.EntitySecureSPDPWriter} {
			v.strike(rtps.Data{Writer: w, SN: sn, InlineQoS: disposed(p.GUID()), Payload: discovery.AppendParticipantKey(nil, p.GUID()), IsKey: true}.Append(message(p)))
			v.strike(rtps.Data{Writer: w, SN: sn, InlineQoS: disposed(p.GUID())}.Append(message(p)))
		}
	}
	for _, e := range []struct {
		of      *dds.Participant
		guid    rtps.GUID
		writers []rtps.EntityID
	}{
		{v.a, v.wr.GUID(), []rtps.EntityID{rtps.EntitySEDPPubWriter, rtps.EntitySecureSEDPPubWriter}},
		{v.b, v.r.GUID(), []rtps.EntityID{rtps.EntitySEDPSubWriter, rtps.EntitySecureSEDPSubWriter}},
	} {
		for _, w := range e.writers {
			v.strike(rtps.Data{Writer: w, SN: sn, InlineQoS: disposed(e.guid), Payload: discovery.AppendEndpointKey(nil, e.guid), IsKey: true}.Append(message(e.of)))
		}
	}
}
