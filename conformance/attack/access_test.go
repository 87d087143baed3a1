package attack

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds"
	"github.com/secdds/dds/qos"
	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/security/keystore"
	"github.com/secdds/dds/spi"
	"github.com/secdds/dds/transport/memnet"
)

// Liveliness that is protected cannot be had by repeating what was said: a writer
// that is cut off is not alive any more, though its participant's messages
// go on coming.
func TestItem11_RepeatedSignsOfLife(t *testing.T) {
	inWorldOf(t, memnet.Config{QueueLimit: 1 << 16}, func(w *world) {
		g := keystore.SROS2Governance()
		g.Topics[0].LivelinessProtection = true
		rec, k := w.record(), w.keystoreOf(g)
		a := w.participant("a", w.enclave(k, "/a", keystore.EnclaveOptions{}))
		b := w.participant("b", w.enclave(k, "/b", keystore.EnclaveOptions{}))
		policy := qos.Liveliness(qos.Automatic, 2*time.Second)
		wr := writerOf[shape](w, a, "Square", qosKeepAll, policy)
		r := readerOf[shape](w, b, "Square", qosReliable, qosKeepAll, policy)
		matched(w, wr, r)
		write(w, wr, shape{"RED", 1, 2})
		next(w, r)
		w.settle(20 * time.Second)
		all := rec.take()
		w.net.Cut("a", "b")
		for range 100 {
			for _, d := range all {
				w.net.Inject(d.from, d.to, d.data)
			}
			w.settle(200 * time.Millisecond)
		}
		s := r.LivelinessChanged()
		require.Zero(w, s.Alive)
		require.Equal(w, 1, s.NotAlive)
	})
}

// only are permissions for these topics.
func only(topics ...string) keystore.EnclaveOptions {
	return keystore.EnclaveOptions{Rules: []keystore.Rule{keystore.Allow(topics, topics)}}
}

// What a peer may do follows from the document it proved in the handshake; a
// later one replaces it, and repeating what was sent before brings nothing back.
func TestItem13_RepeatedCredentials(t *testing.T) {
	inWorldOf(t, memnet.Config{QueueLimit: 1 << 16}, func(w *world) {
		rec, k := w.record(), w.keystoreOf(keystore.SROS2Governance())
		a := w.participant("a", w.enclave(k, "/a", keystore.EnclaveOptions{}))
		b := w.participant("b", w.enclave(k, "/b", only("Square", "Circle")), lenient)
		square, circle := writerOf[shape](w, a, "Square", qosKeepAll), writerOf[shape](w, a, "Circle", qosKeepAll)
		inSquare := readerOf[shape](w, b, "Square", qosReliable, qosKeepAll)
		inCircle := readerOf[shape](w, b, "Circle", qosReliable, qosKeepAll)
		matched(w, square, inSquare)
		matched(w, circle, inCircle)
		update := func(topics ...string) {
			dir, err := k.CreateEnclave("/b", only(topics...))
			require.NoError(w, err)
			require.NoError(w, b.UpdateSecurity(w.plugins(dir)))
			w.settle(5 * time.Second)
		}
		update("Square", "Circle", "Triangle") // in order that there is something to repeat
		wide := rec.take()
		update("Square")
		require.Zero(w, circle.Matched().Current)
		for range 3 {
			for _, d := range wide {
				w.net.Inject(d.from, d.to, d.data)
				w.net.Inject(stranger, d.to, d.data)
			}
			w.settle(5 * time.Second)
		}
		require.Zero(w, circle.Matched().Current)
		require.Equal(w, 1, square.Matched().Total)
		write(w, circle, shape{X: 1})
		write(w, square, shape{X: 2})
		require.EqualValues(w, 2, next(w, inSquare).Value.X)
		w.settle(time.Second)
		for _, s := range inCircle.Take(0, dds.Query{}) {
			require.False(w, s.Info.ValidData)
		}
	})
}

// What the handshake proves is what counts, not what is announced: a document
// that is not the one the plugin goes by, but another valid one of the same
// subject, gives the rights that stand in it.
func TestItem13_TheDocumentShownCounts(t *testing.T) {
	inWorld(t, func(w *world) {
		k := w.keystoreOf(keystore.SROS2Governance())
		dir, err := k.CreateEnclave("/b", only("Square"))
		require.NoError(w, err)
		narrow, err := os.ReadFile(filepath.Join(dir, "permissions.p7s"))
		require.NoError(w, err)
		b := w.participant("b", w.enclave(k, "/b", only("Square", "Circle")), (&liar{shows: narrow}).join)
		a := w.participant("a", w.enclave(k, "/a", keystore.EnclaveOptions{}))
		square, circle := writerOf[shape](w, a, "Square"), writerOf[shape](w, a, "Circle")
		inSquare, inCircle := readerOf[shape](w, b, "Square", qosReliable), readerOf[shape](w, b, "Circle", qosReliable)
		matched(w, square, inSquare)
		w.settle(10 * time.Second)
		require.Zero(w, circle.Matched().Total)
		require.Zero(w, inCircle.Matched().Total)
	})
}

// A hostile peer that shows an older document after a newer one gets the rights
// of the older one: both are signed and valid, and nothing in a document says
// which was made later. That is so in the standard. What ends it is the older
// document's validity, the certificate's revocation, or a ban.
func TestItem13_AnOlderDocumentIsTaken(t *testing.T) {
	inWorld(t, func(w *world) {
		k := w.keystoreOf(keystore.SROS2Governance())
		older := keystore.EnclaveOptions{Rules: only("Square", "Circle").Rules, PermissionsNotAfter: start.Add(time.Hour)}
		dir, err := k.CreateEnclave("/b", older)
		require.NoError(w, err)
		old := w.plugins(dir)
		a := w.participant("a", w.enclave(k, "/a", keystore.EnclaveOptions{}))
		b := w.participant("b", w.enclave(k, "/b", only("Square")), lenient)
		circle := writerOf[shape](w, a, "Circle")
		inCircle := readerOf[shape](w, b, "Circle", qosReliable)
		w.settle(10 * time.Second)
		require.Zero(w, circle.Matched().Total)
		require.NoError(w, b.UpdateSecurity(old))
		matched(w, circle, inCircle)
		w.settle(time.Until(start.Add(time.Hour + time.Second)))
		require.Zero(w, circle.Matched().Current, "not longer than it is valid")
	})
}

// A peer that makes endpoints against its permissions is matched with none of
// them: the first rule that applies decides, deny before allow and allow before
// deny, expressions, partitions, domains, and what no rule speaks of.
func TestItem14_RulesOfAHostilePeer(t *testing.T) {
	all := keystore.Topics("*")
	deny := func(topics ...string) keystore.Rule {
		return keystore.Rule{Deny: true, Publish: keystore.Topics(topics...), Subscribe: keystore.Topics(topics...)}
	}
	allow := func(topics ...string) keystore.Rule { return keystore.Allow(topics, topics) }
	for name, tt := range map[string]struct {
		o  keystore.EnclaveOptions
		ok bool
	}{
		"allowed":                    {keystore.EnclaveOptions{Rules: []keystore.Rule{allow("Square")}}, true},
		"allowed, then denied":       {keystore.EnclaveOptions{Rules: []keystore.Rule{allow("Sq*"), deny("*")}}, true},
		"denied, then allowed":       {keystore.EnclaveOptions{Rules: []keystore.Rule{deny("Squar?"), allow("*")}}, false},
		"no rule, default deny":      {keystore.EnclaveOptions{Rules: []keystore.Rule{allow("Circle")}}, false},
		"no rule, default allow":     {keystore.EnclaveOptions{Rules: []keystore.Rule{deny("Circle")}, DefaultAllow: true}, true},
		"denied, default allow":      {keystore.EnclaveOptions{Rules: []keystore.Rule{deny("[A-T]quare")}, DefaultAllow: true}, false},
		"another domain":             {keystore.EnclaveOptions{Rules: []keystore.Rule{{Domains: []keystore.Domains{{Min: 1, Max: 9}}, Publish: all, Subscribe: all}, allow("Circle")}}, false},
		"another partition":          {keystore.EnclaveOptions{Rules: []keystore.Rule{{Publish: []keystore.Criteria{{Topics: []string{"*"}, Partitions: []string{"P"}}}, Subscribe: all}}}, false},
		"may only relay":             {keystore.EnclaveOptions{Rules: []keystore.Rule{{Relay: all, Subscribe: keystore.Topics("Circle")}}}, false},
		"may only subscribe":         {keystore.EnclaveOptions{Rules: []keystore.Rule{{Subscribe: all}}}, false},
		"a name that is a prefix":    {keystore.EnclaveOptions{Rules: []keystore.Rule{allow("Squ")}}, false},
		"a name in other letters":    {keystore.EnclaveOptions{Rules: []keystore.Rule{allow("square", "SQUARE")}}, false},
		"a range that excludes it":   {keystore.EnclaveOptions{Rules: []keystore.Rule{allow("[!S]*")}}, false},
		"denied in the default only": {keystore.EnclaveOptions{Rules: []keystore.Rule{deny("Circle"), allow("Square")}}, true},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				k := w.keystoreOf(keystore.SROS2Governance())
				b := w.participant("b", w.enclave(k, "/b", tt.o), lenient)
				a := w.participant("a", w.enclave(k, "/a", keystore.EnclaveOptions{}))
				wr := writerOf[shape](w, b, "Square", qosKeepAll, qos.TransientLocal)
				r := readerOf[shape](w, a, "Square", qosReliable, qosKeepAll, qos.TransientLocal)
				write(w, wr, shape{"RED", 1, 1})
				if tt.ok {
					matched(w, wr, r)
					require.EqualValues(w, 1, next(w, r).Value.X)
					return
				}
				w.settle(10 * time.Second)
				require.Zero(w, r.Matched().Total)
				require.Empty(w, r.Take(0, dds.Query{}))
			})
		})
	}
}

// Whose rights end while it is in is put out at that moment and can read nothing
// that is sent from then on, though it keeps its keys and all that was recorded:
// by the end of its certificate or permissions, by a revocation that is loaded,
// by a ban. Those who stay lose nothing.
func TestItem15_RightsThatEnd(t *testing.T) {
	for name, tt := range map[string]struct {
		o   keystore.EnclaveOptions
		end func(v *victim, c *dds.Participant)
	}{
		"permissions lapse": {keystore.EnclaveOptions{PermissionsNotAfter: start.Add(time.Hour)}, func(v *victim, _ *dds.Participant) {
			v.settle(time.Until(start.Add(time.Hour)))
		}},
		"certificate lapses": {keystore.EnclaveOptions{NotAfter: start.Add(time.Hour), PermissionsNotAfter: start.Add(1e5 * time.Hour)}, func(v *victim, _ *dds.Participant) {
			v.settle(time.Until(start.Add(time.Hour)))
		}},
		"revoked": {end: func(v *victim, _ *dds.Participant) {
			_, err := v.k.Revoke("/c")
			require.NoError(v, err)
			for path, p := range map[string]*dds.Participant{"/a": v.a, "/b": v.b} {
				require.NoError(v, p.UpdateSecurity(v.plugins(filepath.Join(v.k.Dir, "enclaves", path))))
			}
		}},
		"banned": {end: func(v *victim, c *dds.Participant) { require.NoError(v, v.a.Ban(c.GUID(), "stolen")) }},
	} {
		t.Run(name, func(t *testing.T) {
			inWorldOf(t, memnet.Config{QueueLimit: 1 << 16}, func(w *world) {
				g := keystore.SROS2Governance()
				g.RTPS = spi.ProtectEncrypt
				v := newVictim(w, g)
				eye := &insider{keeps: true}
				c := w.participant("c", w.enclave(v.k, "/c", tt.o), lenient, eye.join)
				r := readerOf[shape](w, c, "Square", qosReliable, qosKeepAll)
				require.NoError(w, r.WaitForMatched(w.soon(), 1))
				require.NoError(w, v.wr.WaitForMatched(w.soon(), 2))
				v.settle(time.Second)
				opens := func() (n, of int) {
					v.rec.take()
					v.exchange(10)
					for _, d := range v.rec.take() {
						h, rest, err := rtps.ParseHeader(d.data)
						if err != nil || h.Prefix != v.a.GUID().Prefix || rest[0] != rtps.SubSRTPSPrefix {
							continue
						}
						of++
						if eye.opens(d.data) {
							n++
						}
					}
					return n, of
				}
				n, of := opens()
				require.NotZero(w, of)
				require.Equal(w, of, n, "it reads everything")
				tt.end(v, c)
				v.settle(time.Second)
				require.Equal(w, 1, v.wr.Matched().Current)
				v.settle(20 * time.Second)
				n, of = opens()
				require.NotZero(w, of)
				require.Zero(w, n, "it reads nothing any more")
				for _, q := range v.a.Peers() {
					require.Equal(w, q.GUID == v.b.GUID(), q.Authenticated)
				}
				require.Equal(w, 1, v.r.Matched().Total)
				require.Zero(w, v.r.Lost())
				x, err := v.a.Explain(c.GUID())
				require.NoError(w, err)
				require.NotEqual(w, dds.StageAuthenticated, x.Stage)
			})
		})
	}
}

// Credentials that are renewed in time are no interruption: not one sample is
// lost on the way, and the session outlives the first certificate.
func TestItem15_Renewal(t *testing.T) {
	inWorld(t, func(w *world) {
		v := &victim{world: w, rec: w.record(), k: w.keystoreOf(keystore.SROS2Governance())}
		v.a = w.participant("a", w.enclave(v.k, "/a", keystore.EnclaveOptions{NotAfter: start.Add(time.Hour)}))
		v.b = w.participant("b", w.enclave(v.k, "/b", keystore.EnclaveOptions{}))
		v.wr = writerOf[shape](w, v.a, "Square", qosKeepAll)
		v.r = readerOf[shape](w, v.b, "Square", qosReliable, qosKeepAll)
		matched(w, v.wr, v.r)
		v.exchange(5)
		w.settle(59 * time.Minute)
		dir, err := v.k.CreateEnclave("/a", keystore.EnclaveOptions{})
		require.NoError(w, err)
		require.NoError(w, v.a.UpdateSecurity(w.plugins(dir)))
		w.settle(time.Hour)
		v.unharmed()
	})
}
