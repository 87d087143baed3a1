package dds_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds"
	"github.com/secdds/dds/qos"
	"github.com/secdds/dds/security/keystore"
	"github.com/secdds/dds/spi"
	"github.com/secdds/dds/transport/memnet"
)

// refusedWorld has a writer at a and a reader at b that must never meet. It
// checks that nothing was delivered either way.
func refusedWorld(w *world, a, b *dds.Participant) (*dds.Writer[shape], *dds.Reader[shape]) {
	w.Helper()
	wr := writerOf[shape](w, a, "Square", qos.KeepAll(), qos.TransientLocal)
	r := readerOf[shape](w, b, "Square", qos.KeepAll())
	write(w, wr, shape{"RED", 1, 2})
	w.settle(30 * time.Second)
	write(w, wr, shape{"RED", 2, 2})
	w.settle(10 * time.Second)
	require.Zero(w, wr.Matched().Total)
	require.Zero(w, r.Matched().Total)
	require.Empty(w, r.Take(0, dds.Query{}))
	return wr, r
}

// Participants that cannot prove who they are, or may not join, are kept out,
// with a reason.
func TestPeerRefusals(t *testing.T) {
	for _, tt := range []struct {
		name string
		make func(w *world) (a, b func(*dds.Config)) // b is the one at fault
		want string                                  // in a's refusal of b
	}{
		{name: "foreign CA", want: "unknown authority", make: func(w *world) (a, b func(*dds.Config)) {
			k1, k2 := w.keystoreOf(keystore.SROS2Governance()), w.keystoreOf(keystore.SROS2Governance())
			return w.enclave(k1, "/a", keystore.EnclaveOptions{}), w.enclave(k2, "/b", keystore.EnclaveOptions{})
		}},
		{name: "no credentials", want: "allow_unauthenticated_participants", make: func(w *world) (a, b func(*dds.Config)) {
			return w.enclave(w.keystoreOf(keystore.SROS2Governance()), "/a", keystore.EnclaveOptions{}), func(*dds.Config) {}
		}},
		{name: "other protection of messages", want: "rtps_protection", make: func(w *world) (a, b func(*dds.Config)) {
			k := w.keystoreOf(keystore.SROS2Governance())
			a = w.enclave(k, "/a", keystore.EnclaveOptions{})
			require.NoError(w, k.SetGovernance(keystore.UniformGovernance(spi.ProtectEncrypt).XML()))
			return a, w.enclave(k, "/b", keystore.EnclaveOptions{})
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, flip := range []bool{false, true} {
				inWorld(t, memnet.Config{}, func(w *world) {
					asA, asB := tt.make(w)
					a, b := w.participant("a", asA), w.participant("b", asB)
					if flip {
						refusedWorld(w, b, a)
					} else {
						refusedWorld(w, a, b)
					}
					require.Len(w, a.Peers(), 1)
					peer := a.Peers()[0]
					require.False(w, peer.Admitted)
					require.ErrorContains(w, peer.Refusal, tt.want)
					require.Contains(w, w.log.String(), tt.want)
				})
			}
		})
	}
}

// Permissions that lapse while a participant runs do not let new peers in.
func TestLapsedPermissionsOfAPeer(t *testing.T) {
	inWorld(t, memnet.Config{}, func(w *world) {
		k := w.keystoreOf(keystore.SROS2Governance())
		asB := w.enclave(k, "/b", keystore.EnclaveOptions{PermissionsNotAfter: time.Now().Add(time.Hour)})
		b := w.participant("b", asB, lenient)
		w.settle(2 * time.Hour)
		a := w.participant("a", w.enclave(k, "/a", keystore.EnclaveOptions{}))
		refusedWorld(w, a, b)
		require.Len(w, a.Peers(), 1)
		require.ErrorContains(w, a.Peers()[0].Refusal, "not_after")
	})
}

// A participant without the right to publish or subscribe a topic cannot make
// the endpoint itself, and the other side would not match it.
func TestTopicRights(t *testing.T) {
	inWorld(t, memnet.Config{}, func(w *world) {
		k := w.keystoreOf(keystore.SROS2Governance())
		some := keystore.EnclaveOptions{Rules: []keystore.Rule{keystore.Allow([]string{"Circle"}, []string{"Square"})}}
		p := w.participant("b", w.enclave(k, "/b", some))
		_, err := dds.NewWriter(p.Publisher(), topicOf[shape](w, p, "Square"))
		require.ErrorIs(w, err, dds.ErrNotAllowed)
		require.Equal(w, dds.CodeNotAllowed, dds.ReturnCode(err))
		_, err = dds.NewReader(p.Subscriber(), topicOf[shape](w, p, "Circle"))
		require.ErrorIs(w, err, dds.ErrNotAllowed)
		_, err = dds.NewReader(p.Subscriber(), topicOf[shape](w, p, "Triangle"))
		require.ErrorIs(w, err, dds.ErrNotAllowed)
		writerOf[shape](w, p, "Circle")
		readerOf[shape](w, p, "Square")
	})
}

// lenient makes a plugin set that does not check what its own side creates: a
// peer that lies about its rights.
func lenient(cfg *dds.Config) {
	s := *cfg.Security
	s.AccessControl = lenientAccess{s.AccessControl}
	cfg.Security = &s
}

type lenientAccess struct{ spi.AccessControl }

func (l lenientAccess) ValidateLocalPermissions(now time.Time, id spi.LocalIdentity, domain uint32) (spi.LocalPermissions, error) {
	p, err := l.AccessControl.ValidateLocalPermissions(now, id, domain)
	return lenientPermissions{p}, err
}

type lenientPermissions struct{ spi.LocalPermissions }

func (lenientPermissions) NotAfter() time.Time                          { return time.Time{} }
func (lenientPermissions) CheckCreateTopic(time.Time, string) error     { return nil }
func (lenientPermissions) CheckCreateWriter(time.Time, spi.Topic) error { return nil }
func (lenientPermissions) CheckCreateReader(time.Time, spi.Topic) error { return nil }

// A peer that makes endpoints against its permissions is not matched.
func TestPeerWithoutTopicRight(t *testing.T) {
	for _, tt := range []struct {
		name   string
		rule   keystore.Rule
		writes bool
	}{
		{"may not publish", keystore.Allow([]string{"Circle"}, []string{"Square"}), true},
		{"may not subscribe", keystore.Allow([]string{"Square"}, []string{"Circle"}), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inWorld(t, memnet.Config{}, func(w *world) {
				k := w.keystoreOf(keystore.SROS2Governance())
				b := w.participant("b", w.enclave(k, "/b", keystore.EnclaveOptions{Rules: []keystore.Rule{tt.rule}}), lenient)
				a := w.participant("a", w.enclave(k, "/a", keystore.EnclaveOptions{}))
				from, to := a, b
				if tt.writes {
					from, to = b, a
				}
				wr := writerOf[shape](w, from, "Square", qos.KeepAll(), qos.TransientLocal)
				r := readerOf[shape](w, to, "Square", qos.KeepAll(), qos.Reliable(0), qos.TransientLocal)
				write(w, wr, shape{"RED", 1, 2})
				w.settle(30 * time.Second)
				if tt.writes {
					require.Zero(w, r.Matched().Total)
				} else {
					require.Zero(w, wr.Matched().Total)
				}
				require.Empty(w, r.Take(0, dds.Query{}))
				require.True(w, a.Peers()[0].Authenticated)
				require.Contains(w, w.log.String(), "endpoint refused")
			})
		})
	}
}

// A governance may admit participants without credentials, to topics that are
// not protected only.
func TestUnauthenticatedWhereAllowed(t *testing.T) {
	inWorld(t, memnet.Config{}, func(w *world) {
		g := keystore.OpenGovernance()
		g.AllowUnauthenticated = true
		g.Topics = []keystore.TopicRule{keystore.Protected("Secret", spi.ProtectEncrypt, spi.ProtectEncrypt), {Expression: "*"}}
		a := w.participant("a", w.enclave(w.keystoreOf(g), "/a", keystore.EnclaveOptions{}))
		b := w.participant("b")
		open := writerOf[shape](w, a, "Square", qos.KeepAll())
		r := readerOf[shape](w, b, "Square", qos.Reliable(0))
		matched(w, open, r)
		write(w, open, shape{"RED", 1, 2})
		next(w, r)
		secret := writerOf[shape](w, a, "Secret", qos.KeepAll())
		spy := readerOf[shape](w, b, "Secret")
		write(w, secret, shape{"RED", 1, 2})
		w.settle(10 * time.Second)
		require.Zero(w, secret.Matched().Total)
		require.Zero(w, spy.Matched().Total)
	})
}
