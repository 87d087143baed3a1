package dds_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds"
	"github.com/secdds/dds/qos"
	"github.com/secdds/dds/security/keystore"
	"github.com/secdds/dds/spi"
	"github.com/secdds/dds/transport/memnet"
)

// Permissions that replace others give and take rights; what was allowed before
// and is so after does not notice, on either side.
func TestNewPermissions(t *testing.T) {
	inWorld(t, memnet.Config{}, func(w *world) {
		k := w.keystoreOf(keystore.SROS2Governance())
		only := func(topics ...string) keystore.EnclaveOptions {
			return keystore.EnclaveOptions{Rules: []keystore.Rule{keystore.Allow(topics, topics)}}
		}
		a := w.participant("a", w.enclave(k, "/a", keystore.EnclaveOptions{}))
		b := w.participant("b", w.enclave(k, "/b", only("Square", "Circle")), lenient)
		square, circle, triangle := writerOf[shape](w, a, "Square"), writerOf[shape](w, a, "Circle"), writerOf[shape](w, a, "Triangle")
		inSquare := readerOf[shape](w, b, "Square", qos.Reliable(0))
		inCircle := readerOf[shape](w, b, "Circle", qos.Reliable(0))
		inTriangle := readerOf[shape](w, b, "Triangle", qos.Reliable(0))
		matched(w, square, inSquare)
		matched(w, circle, inCircle)
		w.settle(5 * time.Second)
		require.Zero(w, triangle.Matched().Current)

		var cfg dds.Config
		w.enclave(k, "/b", only("Square", "Triangle"))(&cfg)
		require.NoError(w, b.UpdateSecurity(cfg.Security))
		w.settle(5 * time.Second)
		require.Equal(w, 1, square.Matched().Total, "the match was made once")
		require.Equal(w, 1, inSquare.Matched().Total)
		require.Zero(w, circle.Matched().Current)
		require.Zero(w, inCircle.Matched().Current)
		matched(w, triangle, inTriangle)
		write(w, square, shape{X: 1})
		require.EqualValues(w, 1, next(w, inSquare).Value.X)
		write(w, triangle, shape{X: 2})
		require.EqualValues(w, 2, next(w, inTriangle).Value.X)

		// And back: the keys of the pair are still known to both.
		w.enclave(k, "/b", only("Square", "Circle"))(&cfg)
		require.NoError(w, b.UpdateSecurity(cfg.Security))
		matched(w, circle, inCircle)
		write(w, circle, shape{X: 3})
		require.EqualValues(w, 3, next(w, inCircle).Value.X)
		require.Zero(w, triangle.Matched().Current)
		require.Equal(w, 1, square.Matched().Total)
	})
}

// A certificate that is renewed in time keeps the session beyond the first one's end.
func TestRenewedCertificate(t *testing.T) {
	inWorld(t, memnet.Config{}, func(w *world) {
		k := w.keystoreOf(keystore.SROS2Governance())
		hour := keystore.EnclaveOptions{NotAfter: start.Add(time.Hour)}
		a := w.participant("a", w.enclave(k, "/a", keystore.EnclaveOptions{}))
		b := w.participant("b", w.enclave(k, "/b", hour))
		wr, r := writerOf[shape](w, a, "Square"), readerOf[shape](w, b, "Square", qos.Reliable(0))
		matched(w, wr, r)
		w.settle(30 * time.Minute)

		var cfg dds.Config
		w.enclave(k, "/b", keystore.EnclaveOptions{})(&cfg)
		require.NoError(w, b.UpdateSecurity(cfg.Security))
		w.settle(2 * time.Hour)
		write(w, wr, shape{X: 1})
		require.EqualValues(w, 1, next(w, r).Value.X)
		require.Equal(w, 1, wr.Matched().Total)
		require.Equal(w, 1, r.Matched().Total)

		// Another subject cannot take over, nor can another governance.
		w.enclave(k, "/c", keystore.EnclaveOptions{})(&cfg)
		require.ErrorContains(w, b.UpdateSecurity(cfg.Security), "subject")
		other := w.keystoreOf(keystore.OpenGovernance())
		w.enclave(other, "/b", keystore.EnclaveOptions{})(&cfg)
		require.ErrorContains(w, b.UpdateSecurity(cfg.Security), "governance")
		write(w, wr, shape{X: 2})
		require.EqualValues(w, 2, next(w, r).Value.X)
	})
}

// Whoever writes into the folder of an enclave need do nothing else: new
// permissions are in force within seconds, and a revoked peer is out.
func TestEnclaveIsWatched(t *testing.T) {
	inWorld(t, memnet.Config{}, func(w *world) {
		k := w.keystoreOf(keystore.SROS2Governance())
		only := func(topics ...string) keystore.EnclaveOptions {
			return keystore.EnclaveOptions{Rules: []keystore.Rule{keystore.Allow(topics, topics)}}
		}
		dirA, err := k.CreateEnclave("/a", keystore.EnclaveOptions{})
		require.NoError(w, err)
		dirB, err := k.CreateEnclave("/b", only("Square"))
		require.NoError(w, err)
		revoked, err := os.ReadFile(filepath.Join(dirB, "cert.pem"))
		require.NoError(w, err)
		a, b := w.participant("a", w.credentials(dirA)), w.participant("b", w.credentials(dirB), lenient)
		square, circle := writerOf[shape](w, a, "Square"), writerOf[shape](w, a, "Circle")
		inSquare := readerOf[shape](w, b, "Square", qos.Reliable(0))
		inCircle := readerOf[shape](w, b, "Circle", qos.Reliable(0))
		matched(w, square, inSquare)
		w.settle(10 * time.Second)
		require.Zero(w, circle.Matched().Current)

		_, err = k.CreateEnclave("/b", only("Square", "Circle"))
		require.NoError(w, err)
		matched(w, circle, inCircle)
		require.Equal(w, 1, square.Matched().Total)
		require.Equal(w, 1, inSquare.Matched().Total)

		// The certificate that is revoked is not the one in use.
		revoke := func(cert []byte) {
			crl, err := k.IdentityCA.CRL(time.Now(), cert)
			require.NoError(w, err)
			require.NoError(w, os.WriteFile(filepath.Join(dirA, "crl.pem"), crl, 0o600))
			w.settle(12 * time.Second)
		}
		revoke(revoked)
		require.Equal(w, 1, square.Matched().Current)
		present, err := os.ReadFile(filepath.Join(dirB, "cert.pem"))
		require.NoError(w, err)
		revoke(present)
		require.Zero(w, square.Matched().Current)
		require.Contains(w, explain(w, a, b.GUID()).String(), "revoked")
	})
}

// trusting makes an access control plugin that grants peers everything.
func trusting(cfg *dds.Config) {
	s := *cfg.Security
	s.AccessControl = trustingAccess{s.AccessControl}
	cfg.Security = &s
}

type trustingAccess struct{ spi.AccessControl }

func (a trustingAccess) ValidateLocalPermissions(now time.Time, id spi.LocalIdentity, domain uint32) (spi.LocalPermissions, error) {
	p, err := a.AccessControl.ValidateLocalPermissions(now, id, domain)
	return trustingPermissions{p}, err
}

type trustingPermissions struct{ spi.LocalPermissions }

func (p trustingPermissions) ValidateRemote(now time.Time, t spi.Token, r spi.HandshakeResult) (spi.RemotePermissions, error) {
	rights, err := p.LocalPermissions.ValidateRemote(now, t, r)
	return trustingRights{rights}, err
}

type trustingRights struct{ spi.RemotePermissions }

func (trustingRights) CheckWriter(time.Time, spi.Topic) error { return nil }
func (trustingRights) CheckReader(time.Time, spi.Topic) error { return nil }
func (trustingRights) CheckTopic(time.Time, string) error     { return nil }

// A reader that we may have no longer ends for the peers as well, also for one
// that does not know of our new permissions: its writer waits for nobody.
func TestRightsLostAreTold(t *testing.T) {
	inWorld(t, memnet.Config{}, func(w *world) {
		k := w.keystoreOf(keystore.SROS2Governance())
		only := func(topics ...string) keystore.EnclaveOptions {
			return keystore.EnclaveOptions{Rules: []keystore.Rule{keystore.Allow(topics, topics)}}
		}
		a := w.participant("a", w.enclave(k, "/a", keystore.EnclaveOptions{}), trusting)
		b := w.participant("b", w.enclave(k, "/b", only("Square", "Circle")), unwatched)
		square := writerOf[shape](w, a, "Square", qos.Reliable(time.Second), qos.KeepAll())
		circle := writerOf[shape](w, a, "Circle", qos.Reliable(time.Second), qos.KeepAll())
		inSquare := readerOf[shape](w, b, "Square", qos.Reliable(0), qos.KeepAll())
		inCircle := readerOf[shape](w, b, "Circle", qos.Reliable(0), qos.KeepAll())
		matched(w, square, inSquare)
		matched(w, circle, inCircle)

		require.NoError(w, b.UpdateSecurity(w.plugins(k, "/b", only("Square"))))
		w.settle(5 * time.Second)
		require.Zero(w, inCircle.Matched().Current)
		require.Zero(w, circle.Matched().Current)
		write(w, circle, shape{X: 1})
		require.NoError(w, circle.WaitForAcks(w.soon()))

		require.NoError(w, b.UpdateSecurity(w.plugins(k, "/b", only("Square", "Circle"))))
		w.settle(5 * time.Second)
		require.Equal(w, 1, circle.Matched().Current)
		write(w, circle, shape{X: 2})
		require.EqualValues(w, 2, next(w, inCircle).Value.X)
		require.Equal(w, 1, square.Matched().Total)
		require.Equal(w, 1, inSquare.Matched().Total)
	})
}
