package dds_test

import (
	"slices"
	"strings"
	"sync"
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

// What a peer may do ends when its permissions or its certificate do, not when
// somebody looks. DDS-Security 1.1, on_revoke_identity, on_revoke_permissions.
func TestPeerLapses(t *testing.T) {
	for name, o := range map[string]keystore.EnclaveOptions{
		"permissions": {PermissionsNotAfter: start.Add(time.Hour)},
		"certificate": {NotAfter: start.Add(time.Hour)},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, memnet.Config{}, func(w *world) {
				k := w.keystoreOf(keystore.SROS2Governance())
				a := w.participant("a", w.enclave(k, "/a", keystore.EnclaveOptions{}))
				b := w.participant("b", w.enclave(k, "/b", o), lenient, ageless)
				wr := writerOf[shape](w, a, "Square", qos.Reliable(time.Second), qos.KeepAll())
				r := readerOf[shape](w, b, "Square", qos.Reliable(0), qos.KeepAll())
				matched(w, wr, r)
				write(w, wr, shape{X: 1})
				require.EqualValues(w, 1, next(w, r).Value.X)

				w.settle(59 * time.Minute)
				write(w, wr, shape{X: 2})
				require.EqualValues(w, 2, next(w, r).Value.X)

				w.settle(time.Until(start.Add(time.Hour)) + time.Second)
				require.Zero(w, wr.Matched().Current)
				write(w, wr, shape{X: 3}) // waits for nobody
				require.Contains(w, w.log.String(), "its credentials lapsed")
			})
		})
	}
}

// start is when every world begins.
var start = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// When our own credentials end, so do our sessions, without help from the peers.
func TestOwnCredentialsLapse(t *testing.T) {
	inWorld(t, memnet.Config{}, func(w *world) {
		k := w.keystoreOf(keystore.SROS2Governance())
		a := w.participant("a", w.enclave(k, "/a", keystore.EnclaveOptions{}))
		b := w.participant("b", w.enclave(k, "/b", keystore.EnclaveOptions{PermissionsNotAfter: start.Add(time.Hour)}))
		wr := writerOf[shape](w, b, "Square")
		r := readerOf[shape](w, a, "Square", qos.Reliable(0))
		matched(w, wr, r)
		w.settle(time.Until(start.Add(time.Hour)) - time.Second)
		require.Equal(w, 1, wr.Matched().Current)
		w.settle(2 * time.Second)
		require.Zero(w, wr.Matched().Current)
		require.Zero(w, r.Matched().Current)
		w.settle(time.Minute)
		for _, q := range b.Peers() {
			require.ErrorContains(w, q.Refusal, "our own credentials lapsed")
		}
	})
}

// ageless makes a plugin set that does not say when its own identity ends: a
// peer that goes on with a certificate that has lapsed.
func ageless(cfg *dds.Config) {
	s := *cfg.Security
	s.Authentication = agelessAuthentication{s.Authentication}
	cfg.Security = &s
}

type agelessAuthentication struct{ spi.Authentication }

func (a agelessAuthentication) ValidateLocalIdentity(now time.Time, domain uint32, g rtps.GUID) (spi.LocalIdentity, error) {
	id, err := a.Authentication.ValidateLocalIdentity(now, domain, g)
	return agelessIdentity{id}, err
}

type agelessIdentity struct{ spi.LocalIdentity }

func (agelessIdentity) NotAfter() time.Time { return time.Time{} }

// Who is banned gets nothing from then on, cannot open what it overhears, and
// cannot come back under another GUID. The others lose nothing.
func TestBan(t *testing.T) {
	for name, g := range governances() {
		t.Run(name, func(t *testing.T) {
			inWorld(t, memnet.Config{}, func(w *world) {
				k := w.keystoreOf(g)
				as := func(path string) func(*dds.Config) { return w.enclave(k, path, keystore.EnclaveOptions{}) }
				a, b, c := w.participant("a", as("/a")), w.participant("b", as("/b")), w.participant("c", as("/c"))
				wr := writerOf[shape](w, a, "Square", qos.Reliable(time.Second), qos.KeepAll(), qos.TransientLocal)
				banned := readerOf[shape](w, b, "Square", qos.Reliable(0), qos.KeepAll())
				stays := readerOf[shape](w, c, "Square", qos.Reliable(0), qos.KeepAll())
				require.NoError(w, wr.WaitForMatched(w.soon(), 2))
				require.NoError(w, banned.WaitForMatched(w.soon(), 1))
				require.NoError(w, stays.WaitForMatched(w.soon(), 1))
				write(w, wr, shape{X: 1})
				next(w, banned)
				next(w, stays)

				require.NoError(w, a.Ban(b.GUID(), "it was stolen"))
				for x := range int32(40) {
					write(w, wr, shape{X: 2 + x})
					w.settle(100 * time.Millisecond)
				}
				for x := range int32(40) {
					require.Equal(w, 2+x, next(w, stays).Value.X)
				}
				require.NoError(w, wr.WaitForAcks(w.soon()))
				require.Equal(w, 1, wr.Matched().Current)
				for _, s := range banned.Take(100, dds.Query{}) {
					require.False(w, s.Info.ValidData, "only that there is no writer any more")
				}

				again := w.participant("b2", as("/b"))
				readerOf[shape](w, again, "Square", qos.Reliable(0))
				w.settle(10 * time.Second)
				require.Equal(w, 1, wr.Matched().Current)
				var refusals int
				for _, q := range a.Peers() {
					if q.GUID == b.GUID() || q.GUID == again.GUID() {
						require.ErrorContains(w, q.Refusal, "it was stolen")
						refusals++
					}
				}
				require.Equal(w, 2, refusals)

				a.Unban(b.GUID())
				require.NoError(w, wr.WaitForMatched(w.soon(), 3), "%s", w.log)
			})
		})
	}
}

// A spy is a cryptography plugin that never forgets what a peer gave it.
type spy struct {
	spi.Cryptography
	mu    sync.Mutex
	peers []spi.PeerCrypto
}

func (s *spy) known() []spi.PeerCrypto {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.peers)
}

type spyParticipant struct {
	spi.ParticipantCrypto
	spy *spy
}

type spyPeer struct{ spi.PeerCrypto }

func (s *spy) NewParticipant(a spi.ParticipantAttributes) (spi.ParticipantCrypto, error) {
	p, err := s.Cryptography.NewParticipant(a)
	return spyParticipant{p, s}, err
}

func (p spyParticipant) NewPeer(g rtps.GUID, secret spi.SharedSecret) (spi.PeerCrypto, error) {
	q, err := p.ParticipantCrypto.NewPeer(g, secret)
	p.spy.mu.Lock()
	defer p.spy.mu.Unlock()
	p.spy.peers = append(p.spy.peers, q)
	return spyPeer{q}, err // without OpenMessageInPlace: what it opens stays as it was
}

func (spyPeer) Close() {}

func (p spyParticipant) NewEndpoint(id rtps.EntityID, a spi.EndpointAttributes) (spi.EndpointCrypto, error) {
	e, err := p.ParticipantCrypto.NewEndpoint(id, a)
	if e == nil || err != nil {
		return nil, err
	}
	return spyEndpoint{e}, nil
}

type spyEndpoint struct{ spi.EndpointCrypto }

func (e spyEndpoint) Match(q spi.PeerCrypto, remote rtps.EntityID) (spi.PairCrypto, error) {
	return e.EndpointCrypto.Match(q.(spyPeer).PeerCrypto, remote)
}

// The keys a banned participant keeps open nothing that is sealed after the ban,
// and everything sealed before. The same holds when it merely leaves.
func TestLeaverCannotRead(t *testing.T) {
	for name, leave := range map[string]func(w *world, a, b *dds.Participant){
		"banned": func(w *world, a, b *dds.Participant) { require.NoError(w, a.Ban(b.GUID(), "test")) },
		"left":   func(w *world, a, b *dds.Participant) { require.NoError(w, b.Close()) },
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, memnet.Config{}, func(w *world) {
				g := keystore.SROS2Governance()
				g.RTPS = spi.ProtectEncrypt
				k := w.keystoreOf(g)
				as := func(path string) func(*dds.Config) { return w.enclave(k, path, keystore.EnclaveOptions{}) }
				eye := &spy{}
				spying := func(cfg *dds.Config) {
					s := *cfg.Security
					eye.Cryptography, s.Cryptography = s.Cryptography, eye
					cfg.Security = &s
				}
				a, c := w.participant("a", as("/a")), w.participant("c", as("/c"))
				wr := writerOf[shape](w, a, "Square", qos.Reliable(time.Second), qos.KeepAll())
				stays := readerOf[shape](w, c, "Square", qos.Reliable(0), qos.KeepAll())
				matched(w, wr, stays)
				b := w.participant("b", as("/b"), spying)
				readerOf[shape](w, b, "Square", qos.Reliable(0), qos.KeepAll())
				require.NoError(w, wr.WaitForMatched(w.soon(), 2))

				rec := w.record()
				var last []byte // that a sealed
				opened := func() (n, of int) {
					for x := range int32(10) {
						write(w, wr, shape{X: x})
						require.Equal(w, x, next(w, stays).Value.X)
					}
					for _, d := range rec.take() {
						h, rest, err := rtps.ParseHeader(d.data)
						if err != nil || h.Prefix != a.GUID().Prefix || rest[0] != rtps.SubSRTPSPrefix {
							continue
						}
						of++
						last = d.data
						for _, q := range eye.known() {
							if _, err := q.OpenMessage(nil, d.data); err == nil {
								n++
							}
						}
					}
					return n, of
				}
				n, of := opened()
				require.NotZero(w, of)
				require.Equal(w, of, n, "it reads everything")
				old := last
				leave(w, a, b)
				w.settle(25 * time.Second)
				rec.take()
				n, of = opened()
				require.NotZero(w, of)
				require.Zero(w, n)

				// Nor can it speak in a's name to who is left: the old keys open nothing.
				bad := c.Stats().Dropped["bad_message"]
				(&victim{world: w, rec: rec}).strike(old)
				require.Greater(w, c.Stats().Dropped["bad_message"], bad)
			})
		})
	}
}

// A peer whose rights have lapsed and who goes on as if they had not costs one
// more handshake, and a line or two in the security log.
func TestLapsedPeerIsNoFlood(t *testing.T) {
	for _, path := range []string{"/b", "/g"} { // the one begins handshakes, the other does not
		inWorld(t, memnet.Config{}, func(w *world) {
			k := w.keystoreOf(keystore.SROS2Governance())
			a := w.participant("a", w.enclave(k, "/a", keystore.EnclaveOptions{}))
			b := w.participant("b", w.enclave(k, path, keystore.EnclaveOptions{PermissionsNotAfter: start.Add(time.Hour)}), lenient, endless)
			wr, r := writerOf[shape](w, a, "Square"), readerOf[shape](w, b, "Square", qos.Reliable(0))
			matched(w, wr, r)
			w.settle(59 * time.Minute)
			before := strings.Count(w.log.String(), "\n")
			w.settle(6 * time.Hour)
			require.Zero(w, wr.Matched().Current)
			require.Less(w, strings.Count(w.log.String(), "\n")-before, 12, "%s", w.log)
			require.Equal(w, dds.StageRefused, explain(w, a, b.GUID()).Stage)
		})
	}
}

// endless makes a plugin set that does not say when its own rights end.
func endless(cfg *dds.Config) {
	s := *cfg.Security
	s.AccessControl = endlessAccess{s.AccessControl}
	cfg.Security = &s
}

type endlessAccess struct{ spi.AccessControl }

func (a endlessAccess) ValidateLocalPermissions(now time.Time, id spi.LocalIdentity, domain uint32) (spi.LocalPermissions, error) {
	p, err := a.AccessControl.ValidateLocalPermissions(now, id, domain)
	return endlessPermissions{p}, err
}

type endlessPermissions struct{ spi.LocalPermissions }

func (endlessPermissions) NotAfter() time.Time { return time.Time{} }
