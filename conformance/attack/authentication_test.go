package attack

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds"
	"github.com/secdds/dds/internal/discovery"
	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/security"
	"github.com/secdds/dds/security/keystore"
	"github.com/secdds/dds/spi"
	"github.com/secdds/dds/transport/memnet"
)

// A peer whose certificate is no good is kept out, and told apart. Each form of
// a bad certificate is tried in package pkidh.
func TestItem07_Certificates(t *testing.T) {
	for name, tt := range map[string]struct {
		late time.Duration // how long the peer has been there when we come
		want string
	}{
		"expired":                   {late: 2 * time.Hour, want: "not answered"}, // its plugin does not go on with it
		"of a stranger":             {want: "unknown authority"},
		"of a CA of the same name":  {want: "another key"},
		"revoked before it is seen": {want: "revoked"},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				k := w.keystoreOf(keystore.SROS2Governance())
				var asB func(*dds.Config)
				switch name {
				case "expired":
					asB = w.enclave(k, "/b", keystore.EnclaveOptions{NotAfter: start.Add(time.Hour), PermissionsNotAfter: start.Add(1e5 * time.Hour)})
				case "of a stranger": // whom the peer trusts
					ca := w.authority("strange")
					dir, err := k.CreateEnclave("/b", keystore.EnclaveOptions{IdentityCA: ca})
					require.NoError(w, err)
					cfg, err := security.ReadEnclave(dir)
					require.NoError(w, err)
					cfg.WatchInterval, cfg.IdentityCA.Data = -1, append(ca.CertPEM(), cfg.IdentityCA.Data...)
					sec, err := security.New(cfg)
					require.NoError(w, err)
					asB = func(c *dds.Config) { c.Security = sec }
				case "of a CA of the same name":
					asB = w.enclave(w.keystoreOf(keystore.SROS2Governance()), "/b", keystore.EnclaveOptions{})
				case "revoked before it is seen":
					asB = w.enclave(k, "/b", keystore.EnclaveOptions{})
				}
				b := w.participant("b", asB, lenient)
				w.settle(tt.late)
				if name == "revoked before it is seen" {
					_, err := k.Revoke("/b")
					require.NoError(w, err)
				}
				a := w.participant("a", w.enclave(k, "/a", keystore.EnclaveOptions{}))
				wr, r := writerOf[shape](w, a, "Square"), readerOf[shape](w, b, "Square", qosReliable)
				w.settle(20 * time.Second)
				require.Zero(w, wr.Matched().Total)
				require.Zero(w, r.Matched().Total)
				require.Len(w, a.Peers(), 1)
				require.False(w, a.Peers()[0].Authenticated)
				require.ErrorContains(w, a.Peers()[0].Refusal, tt.want)
			})
		})
	}
}

// A subject name in another order is another name, and Explain says that it is
// the order.
func TestItem08_SubjectInAnotherOrder(t *testing.T) {
	inWorld(t, func(w *world) {
		k := w.keystoreOf(keystore.SROS2Governance())
		signed := signedBy(w, k.PermissionsCA, []byte(permissionsOf("O=x,CN=/b")))
		b := w.participant("b", w.enclave(k, "/b", keystore.EnclaveOptions{}), (&liar{shows: signed}).join)
		a := w.participant("a", w.enclave(k, "/a", keystore.EnclaveOptions{}))
		w.settle(10 * time.Second)
		require.False(w, a.Peers()[0].Admitted)
		x, err := a.Explain(b.GUID())
		require.NoError(w, err)
		require.Equal(w, dds.StageRefused, x.Stage)
		require.Contains(w, x.String(), "CN=/b")
	})
}

// Handshakes that are lost, doubled, late and out of order succeed; so does one
// under a storm of the other handshakes' messages and of requests nobody sent.
func TestItem09_HandshakesUnderReplay(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			inWorldOf(t, memnet.Config{
				Seed: seed, Loss: 0.25, Duplicate: 0.3, Reorder: 0.3, MinDelay: time.Millisecond, MaxDelay: 200 * time.Millisecond, QueueLimit: 1 << 16,
			}, func(w *world) {
				v := &victim{world: w, rec: w.record(), k: w.keystoreOf(keystore.SROS2Governance())}
				v.a = w.participant("a", w.enclave(v.k, "/a", keystore.EnclaveOptions{}))
				asB := w.enclave(v.k, "/b", keystore.EnclaveOptions{})
				v.wr = writerOf[shape](w, v.a, "Square", qosKeepAll)
				var before []datagram // all handshakes so far
				for round := range 3 {
					v.b = w.participant("b", asB)
					v.r = readerOf[shape](w, v.b, "Square", qosReliable, qosKeepAll)
					for range 30 {
						for _, d := range before {
							v.inject(d, d.data)
						}
						v.settle(20 * time.Millisecond)
						before = append(before, slices.DeleteFunc(v.rec.take(), func(d datagram) bool {
							return !carries(d.data, rtps.EntityStatelessWriter)
						})...)
						before = before[:min(len(before), 60)]
					}
					require.NoError(w, v.r.WaitForMatched(w.soon(), 1), "round %d", round)
					require.NoError(w, v.wr.WaitForMatched(w.soon(), 1))
					v.exchange(3)
					require.NoError(w, v.b.Close())
					v.settle(30 * time.Second)
				}
			})
		})
	}
}

// An authenticated session is not shaken by requests to begin anew in the name
// of either side, whatever challenge they carry.
func TestItem09_RequestsAgainstASession(t *testing.T) {
	underAttack(t, func(v *victim) {
		rng := rand.New(rand.NewPCG(11, 12))
		sn := rtps.SequenceNumber(1000)
		for range 100 {
			for as, to := range map[*dds.Participant]*dds.Participant{v.a: v.b, v.b: v.a} {
				for _, class := range []string{spi.ClassAuthRequest, spi.ClassAuth} {
					challenge := make([]byte, 32)
					for i := range challenge {
						challenge[i] = byte(rng.Uint32())
					}
					sn++
					m := rtps.AppendGenericMessage(nil, &rtps.GenericMessage{
						Identity:               rtps.MessageIdentity{Source: as.GUID(), SN: int64(sn)},
						DestinationParticipant: to.GUID(), ClassID: class,
						Data: []spi.Token{{ClassID: "DDS:Auth:PKI-DH:1.0+AuthReq", BinaryProperties: []rtps.BinaryProperty{{Name: "future_challenge", Value: challenge}}}},
					})
					v.strike(rtps.Data{Reader: rtps.EntityStatelessReader, Writer: rtps.EntityStatelessWriter, SN: sn, Payload: m}.Append(message(as)))
				}
			}
			v.settle(100 * time.Millisecond)
		}
		v.settle(10 * time.Second)
		v.unharmed()
	})
}

// Thousands of invented participants, some with a real one's tokens, cost bounded
// memory; those who are in do not notice, and one that comes meanwhile gets in.
func TestItem10_InventedParticipants(t *testing.T) {
	inWorldOf(t, memnet.Config{QueueLimit: 1 << 16}, func(w *world) {
		v := newVictim(w, keystore.SROS2Governance())
		var real *discovery.ParticipantData
		for _, d := range v.rec.take() {
			if announces(d.data) && real == nil {
				real = announcement(w, d.data)
			}
		}
		rng := rand.New(rand.NewPCG(7, 8))
		before := heap()
		var c *dds.Participant
		for i := range 4000 {
			d := *real
			for j := range d.GUID.Prefix {
				d.GUID.Prefix[j] = byte(rng.Uint32())
			}
			d.UserData = make([]byte, 1000)
			if i%2 == 0 {
				d.IdentityToken, d.PermissionsToken, d.SecurityInfo = nil, nil, nil
			}
			v.throw(rtps.Data{Writer: rtps.EntitySPDPWriter, SN: 1, Payload: discovery.AppendParticipantPayload(nil, &d)}.Append(messageOf(d.GUID.Prefix)))
			if i%200 == 0 {
				v.settle(10 * time.Millisecond)
			}
			if i == 2000 {
				c = w.participant("c", w.enclave(v.k, "/c", keystore.EnclaveOptions{}))
			}
		}
		require.Less(w, heap(), before+memory)
		require.LessOrEqual(w, len(v.b.Peers()), 1002)
		r := readerOf[shape](w, c, "Square", qosReliable, qosKeepAll)
		v.exchange(20)
		require.NoError(w, r.WaitForMatched(w.soon(), 1))
		require.NoError(w, v.wr.WaitForMatched(w.soon(), 2))
		v.exchange(5)
		for range 5 {
			next(w, r)
		}
	})
}

// announcement is what an SPDP message says.
func announcement(t require.TestingT, msg []byte) *discovery.ParticipantData {
	_, rest, err := rtps.ParseHeader(msg)
	for err == nil && len(rest) > 0 {
		var s rtps.Submessage
		if s, rest, err = rtps.Next(rest); err == nil && s.Kind == rtps.SubData {
			m, err := rtps.ParseData(s)
			require.NoError(t, err)
			d, err := discovery.ParseParticipantPayload(m.Payload)
			require.NoError(t, err)
			return d
		}
	}
	require.Fail(t, "no announcement")
	return nil
}

// A GUID that does not follow from the certificate is not taken: a participant
// with good credentials cannot come as another.
func TestItem10_SpoofedGUID(t *testing.T) {
	inWorldOf(t, memnet.Config{QueueLimit: 1 << 16}, func(w *world) {
		v := newVictim(w, keystore.SROS2Governance())
		// Whatever c sends says that it comes from the GUID of b, save its last octet.
		as := v.b.GUID().Prefix
		as[11] ^= 1
		w.net.Filter(func(p *memnet.Packet) bool {
			if p.FromHost == "c" && len(p.Data) >= rtps.HeaderLen {
				own := rtps.GUIDPrefix(p.Data[8:20])
				for at := 0; ; {
					i := slices.Index(p.Data[at:], own[0])
					if i < 0 || at+i+12 > len(p.Data) {
						break
					}
					if at += i; [12]byte(p.Data[at:]) == own {
						copy(p.Data[at:], as[:])
					}
					at++
				}
			}
			return true
		})
		c := w.participant("c", w.enclave(v.k, "/c", keystore.EnclaveOptions{}))
		r := readerOf[shape](w, c, "Square", qosReliable)
		w.settle(30 * time.Second)
		require.Zero(w, r.Matched().Total)
		for _, q := range v.a.Peers() {
			require.Equal(w, q.GUID == v.b.GUID(), q.Authenticated)
		}
		v.unharmed()
	})
}

// Farewells and leases in clear, in the name of those who are authenticated: they
// are asked, they answer, they stay. CVE-2023-50257.
func TestItem11_FarewellsAndLeases(t *testing.T) {
	kinds := protected()
	delete(kinds, "rtps") // its discovery is open: anybody may end an endpoint there
	kinds["rtps, closed"] = closedRTPS(spi.ProtectSign)
	for name, g := range kinds {
		for _, idle := range []time.Duration{0, 10 * time.Second} {
			t.Run(fmt.Sprint(name, idle), func(t *testing.T) {
				inWorldOf(t, memnet.Config{QueueLimit: 1 << 16}, func(w *world) {
					v := newVictim(w, g)
					for sn := rtps.SequenceNumber(1); sn < 10; sn++ {
						v.endInClear(sn)
						for _, p := range []*dds.Participant{v.a, v.b} {
							v.strike(rtps.Data{Writer: rtps.EntitySPDPWriter, SN: sn, Payload: discovery.AppendParticipantPayload(nil, &discovery.ParticipantData{
								GUID: p.GUID(), Version: rtps.ProtocolVer2_5, Vendor: rtps.VendorSecdds, Lease: time.Millisecond,
							})}.Append(message(p)))
						}
						v.settle(idle)
					}
					v.unharmed()
				})
			})
		}
	}
}
