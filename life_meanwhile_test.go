package dds_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds"
	"github.com/secdds/dds/qos"
	"github.com/secdds/dds/security"
	"github.com/secdds/dds/security/keystore"
	"github.com/secdds/dds/spi"
	"github.com/secdds/dds/transport/memnet"
)

// asked waits until the plugin is at work.
func (w *world) asked(s *slowly) {
	require.Eventually(w, func() bool { return s.asked.Load() > 0 }, time.Minute, time.Millisecond)
}

// plugins returns those of an enclave.
func (w *world) plugins(k *keystore.Keystore, path string, o keystore.EnclaveOptions) *spi.Security {
	var cfg dds.Config
	w.enclave(k, path, o)(&cfg)
	return cfg.Security
}

// unwatched leaves the folder of the enclave alone: nothing is put right later.
func unwatched(cfg *dds.Config) {
	s := *cfg.Security
	s.Watch = nil
	cfg.Security = &s
}

// Who is revoked while its handshake is judged by what was so before does not get in.
func TestRevokedDuringHandshake(t *testing.T) {
	inWorld(t, memnet.Config{}, func(w *world) {
		k := w.keystoreOf(keystore.SROS2Governance())
		dirA, err := k.CreateEnclave("/a", keystore.EnclaveOptions{})
		require.NoError(w, err)
		dirB, err := k.CreateEnclave("/b", keystore.EnclaveOptions{})
		require.NoError(w, err)
		gate := &slowly{wait: time.Second}
		a, b := w.participant("a", w.credentials(dirA), gate.slow, unwatched), w.participant("b", w.credentials(dirB))
		wr := writerOf[shape](w, a, "Square")
		readerOf[shape](w, b, "Square", qos.Reliable(0))
		w.asked(gate)

		cert, err := os.ReadFile(filepath.Join(dirB, "cert.pem"))
		require.NoError(w, err)
		crl, err := k.IdentityCA.CRL(time.Now(), cert)
		require.NoError(w, err)
		require.NoError(w, os.WriteFile(filepath.Join(dirA, "crl.pem"), crl, 0o600))
		next, err := security.FromEnclave(dirA)
		require.NoError(w, err)
		require.NoError(w, a.UpdateSecurity(next))
		w.settle(time.Minute)
		require.Zero(w, wr.Matched().Total, "%s", w.log)
		require.Contains(w, explain(w, a, b.GUID()).String(), "revoked")
	})
}

// Who would have been refused by permissions that were replaced while it was
// judged gets in.
func TestAllowedDuringHandshake(t *testing.T) {
	inWorld(t, memnet.Config{}, func(w *world) {
		k := w.keystoreOf(keystore.SROS2Governance())
		gate := &slowly{wait: time.Second, refuse: errors.New("not by these permissions")}
		a := w.participant("a", w.enclave(k, "/a", keystore.EnclaveOptions{}), gate.slow, unwatched)
		b := w.participant("b", w.enclave(k, "/b", keystore.EnclaveOptions{}))
		wr, r := writerOf[shape](w, a, "Square"), readerOf[shape](w, b, "Square", qos.Reliable(0))
		w.asked(gate)
		require.NoError(w, a.UpdateSecurity(w.plugins(k, "/a", keystore.EnclaveOptions{})))
		matched(w, wr, r)
		w.settle(time.Minute)
		require.Equal(w, 1, wr.Matched().Total)
	})
}

// A certificate that is renewed during a handshake, in which the old one was
// shown already, reaches the peer all the same.
func TestRenewedDuringHandshake(t *testing.T) {
	// Who begins a handshake follows from the names, and is done before the other.
	for path, stage := range map[string]dds.Stage{"/b": dds.StageAuthenticated, "/g": dds.StageAuthenticating} {
		inWorld(t, memnet.Config{}, func(w *world) {
			k := w.keystoreOf(keystore.SROS2Governance())
			gate := &slowly{wait: time.Second}
			a := w.participant("a", w.enclave(k, "/a", keystore.EnclaveOptions{}), gate.slow, unwatched)
			b := w.participant("b", w.enclave(k, path, keystore.EnclaveOptions{NotAfter: start.Add(time.Hour)}), unwatched)
			wr, r := writerOf[shape](w, a, "Square"), readerOf[shape](w, b, "Square", qos.Reliable(0))
			w.asked(gate)
			require.Equal(w, stage, explain(w, b, a.GUID()).Stage, path)
			require.NoError(w, b.UpdateSecurity(w.plugins(k, path, keystore.EnclaveOptions{})))
			matched(w, wr, r)
			w.settle(2 * time.Hour)
			require.Equal(w, 1, wr.Matched().Current)
			require.Equal(w, 1, wr.Matched().Total)
			require.Equal(w, 1, r.Matched().Total)
		})
	}
}

// Both sides of a session may renew their credentials at the same moment, and
// as often as they like; the last ones count.
func TestBothRenew(t *testing.T) {
	inWorld(t, memnet.Config{}, func(w *world) {
		k := w.keystoreOf(keystore.SROS2Governance())
		hour := keystore.EnclaveOptions{NotAfter: start.Add(time.Hour)}
		gateA, gateB := &slowly{wait: 10 * time.Millisecond}, &slowly{wait: 10 * time.Millisecond}
		slow := func(s *slowly, plugins *spi.Security) *spi.Security {
			cfg := dds.Config{Security: plugins}
			(&slowly{wait: s.wait}).slow(&cfg)
			return cfg.Security
		}
		a := w.participant("a", w.enclave(k, "/a", hour), gateA.slow, unwatched)
		b := w.participant("b", w.enclave(k, "/b", hour), gateB.slow, unwatched)
		wr, r := writerOf[shape](w, a, "Square"), readerOf[shape](w, b, "Square", qos.Reliable(0))
		matched(w, wr, r)
		for i := range 4 {
			o := keystore.EnclaveOptions{NotAfter: start.Add(time.Duration(i+1) * 10 * time.Hour)}
			nextA, nextB := slow(gateA, w.plugins(k, "/a", o)), slow(gateB, w.plugins(k, "/b", o))
			done := make(chan error)
			go func() { done <- a.UpdateSecurity(nextA) }()
			go func() { done <- b.UpdateSecurity(nextB) }()
			require.NoError(w, <-done)
			require.NoError(w, <-done)
			w.settle(time.Duration(i) * 5 * time.Millisecond)
		}
		w.settle(39 * time.Hour)
		require.Equal(w, 1, wr.Matched().Current, "%s", w.log)
		require.Equal(w, 1, wr.Matched().Total)
		require.Equal(w, 1, r.Matched().Total)
		w.settle(2 * time.Hour)
		require.Zero(w, wr.Matched().Current)
	})
}

// New credentials of us end no session with those who need none.
func TestUpdateKeepsGuests(t *testing.T) {
	inWorld(t, memnet.Config{}, func(w *world) {
		g := keystore.OpenGovernance()
		g.AllowUnauthenticated = true
		k := w.keystoreOf(g)
		a, guest := w.participant("a", w.enclave(k, "/a", keystore.EnclaveOptions{})), w.participant("guest")
		wr, r := writerOf[shape](w, a, "Square"), readerOf[shape](w, guest, "Square", qos.Reliable(0))
		matched(w, wr, r)
		require.NoError(w, a.UpdateSecurity(w.plugins(k, "/a", keystore.EnclaveOptions{})))
		w.settle(time.Minute)
		require.Equal(w, 1, wr.Matched().Current)
		require.Equal(w, 1, wr.Matched().Total)
		require.Equal(w, 1, r.Matched().Total)
	})
}

// An endpoint that permissions allowed, and no longer do when it is there, is refused.
func TestUpdateDuringNewWriter(t *testing.T) {
	inWorld(t, memnet.Config{}, func(w *world) {
		k := w.keystoreOf(keystore.SROS2Governance())
		gate := &slowly{create: time.Second}
		a := w.participant("a", w.enclave(k, "/a", keystore.EnclaveOptions{}), gate.slow, unwatched)
		topic := topicOf[shape](w, a, "Square")
		done := make(chan error)
		go func() {
			_, err := dds.NewWriter(a.Publisher(), topic)
			done <- err
		}()
		w.asked(gate)
		circle := []string{"Circle"}
		require.NoError(w, a.UpdateSecurity(w.plugins(k, "/a", keystore.EnclaveOptions{Rules: []keystore.Rule{keystore.Allow(circle, circle)}})))
		require.ErrorContains(w, <-done, "Square")
		topic = topicOf[shape](w, a, "Circle")
		_, err := dds.NewWriter(a.Publisher(), topic)
		require.NoError(w, err)
	})
}

// many is a rule of n topics, a kilobyte each.
func many(n int) []keystore.Rule {
	topics := []string{"Square"}
	for i := range n {
		topics = append(topics, "a_topic_of_a_long_name_"+strings.Repeat(string(rune('a'+i%26)), 500))
	}
	return []keystore.Rule{keystore.Allow(topics, topics)}
}

// Permissions that do not fit into a handshake message keep us from every
// session: that is said, once for each peer.
func TestPermissionsTooLargeForHandshake(t *testing.T) {
	inWorld(t, memnet.Config{}, func(w *world) {
		k := w.keystoreOf(keystore.SROS2Governance())
		a := w.participant("a", w.enclave(k, "/a", keystore.EnclaveOptions{}))
		b := w.participant("b", w.enclave(k, "/b", keystore.EnclaveOptions{Rules: many(2000)}))
		w.settle(time.Minute)
		require.NotEqual(w, dds.StageAuthenticated, explain(w, b, a.GUID()).Stage)
		require.Equal(w, 1, strings.Count(w.log.String(), "handshake message not sent"), "%s", w.log)
		require.Contains(w, w.log.String(), "grant with expressions")
	})
}

// Permissions larger than a datagram are renewed, too: they travel in fragments.
func TestUpdateToLargePermissions(t *testing.T) {
	for _, p := range []spi.Protection{spi.ProtectNone, spi.ProtectEncryptOrigin} {
		inWorld(t, memnet.Config{Loss: 0.02, Seed: 7}, func(w *world) {
			g := keystore.SROS2Governance()
			g.RTPS = p
			k := w.keystoreOf(g)
			a := w.participant("a", w.enclave(k, "/a", keystore.EnclaveOptions{}))
			b := w.participant("b", w.enclave(k, "/b", keystore.EnclaveOptions{PermissionsNotAfter: start.Add(time.Hour)}), unwatched)
			wr, r := writerOf[shape](w, a, "Square", qos.Reliable(time.Second)), readerOf[shape](w, b, "Square", qos.Reliable(0))
			matched(w, wr, r)
			o := keystore.EnclaveOptions{Rules: many(200)}
			dir, err := k.CreateEnclave("/b", o)
			require.NoError(w, err)
			doc, err := os.ReadFile(filepath.Join(dir, "permissions.p7s"))
			require.NoError(w, err)
			require.Greater(w, len(doc), 200_000)
			next_, err := security.FromEnclave(dir)
			require.NoError(w, err)
			require.NoError(w, b.UpdateSecurity(next_))
			w.settle(2 * time.Hour)
			require.Equal(w, 1, wr.Matched().Current, "%s", w.log)
			require.Equal(w, 1, wr.Matched().Total)
			write(w, wr, shape{X: 1})
			require.EqualValues(w, 1, next(w, r).Value.X)
		})
	}
}

// Plugins may give new credentials at any time, also while the participant is
// closed, which must not wait for them, nor they for it.
func TestWatchWhileClosing(t *testing.T) {
	inWorld(t, memnet.Config{}, func(w *world) {
		k := w.keystoreOf(keystore.SROS2Governance())
		next := w.plugins(k, "/a", keystore.EnclaveOptions{})
		ended := make(chan error, 1)
		a := w.participant("a", w.enclave(k, "/a", keystore.EnclaveOptions{}), func(cfg *dds.Config) {
			s := *cfg.Security
			s.Watch = func(done <-chan struct{}, update func(*spi.Security, error)) {
				update(next, nil)
				<-done
				for range 10 {
					update(next, nil)
					update(nil, errors.New("no good"))
				}
				ended <- nil
			}
			cfg.Security = &s
		})
		go func() { _ = a.UpdateSecurity(next) }()
		require.NoError(w, a.Close())
		require.NoError(w, <-ended)
		require.ErrorIs(w, a.UpdateSecurity(next), dds.ErrClosed)
		require.ErrorIs(w, a.Ban(a.GUID(), "itself"), dds.ErrBadParameter)
		other := a.GUID()
		other.Prefix[0]++
		require.ErrorIs(w, a.Ban(other, "late"), dds.ErrClosed)
	})
}

// A peer that renews its credentials all the time costs a look each second; the
// last ones count.
func TestRenewalsAreBounded(t *testing.T) {
	inWorld(t, memnet.Config{}, func(w *world) {
		k := w.keystoreOf(keystore.SROS2Governance())
		hour := keystore.EnclaveOptions{NotAfter: start.Add(time.Hour)}
		a := w.participant("a", w.enclave(k, "/a", keystore.EnclaveOptions{}), unwatched)
		b := w.participant("b", w.enclave(k, "/b", hour), unwatched)
		wr, r := writerOf[shape](w, a, "Square"), readerOf[shape](w, b, "Square", qos.Reliable(0))
		matched(w, wr, r)
		next := w.plugins(k, "/b", hour)
		for range 300 {
			require.NoError(w, b.UpdateSecurity(next))
			w.settle(10 * time.Millisecond)
		}
		require.NoError(w, b.UpdateSecurity(w.plugins(k, "/b", keystore.EnclaveOptions{})))
		w.settle(2 * time.Second)
		require.LessOrEqual(w, strings.Count(w.log.String(), "participant renewed its credentials"), 6)
		w.settle(2 * time.Hour)
		require.Equal(w, 1, wr.Matched().Current)
		require.Equal(w, 1, wr.Matched().Total)
	})
}
