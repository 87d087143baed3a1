package dds_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds"
	"github.com/secdds/dds/qos"
	"github.com/secdds/dds/security/keystore"
	"github.com/secdds/dds/spi"
	"github.com/secdds/dds/transport/memnet"
)

// A reviserSpy is a cryptography plugin that notes when keys are renewed and
// when the new ones are used.
type reviserSpy struct {
	spi.Cryptography
	cannot             bool
	revised, activated []time.Time // of the control loop
}

func (r *reviserSpy) spying(cfg *dds.Config) {
	s := *cfg.Security
	r.Cryptography, s.Cryptography = s.Cryptography, r
	cfg.Security = &s
}

func (r *reviserSpy) NewParticipant(a spi.ParticipantAttributes) (spi.ParticipantCrypto, error) {
	p, err := r.Cryptography.NewParticipant(a)
	if r.cannot {
		return struct{ spi.ParticipantCrypto }{p}, err
	}
	return reviserSpied{p, r}, err
}

type reviserSpied struct {
	spi.ParticipantCrypto
	r *reviserSpy
}

func (s reviserSpied) Revise() (func(), error) {
	activate, err := s.ParticipantCrypto.(spi.Reviser).Revise()
	s.r.revised = append(s.r.revised, time.Now())
	return func() {
		s.r.activated = append(s.r.activated, time.Now())
		activate()
	}, err
}

// Who is sent away together is one reason for new keys.
func TestKeysRenewedOnceForSeveral(t *testing.T) {
	inWorld(t, memnet.Config{}, func(w *world) {
		k := w.keystoreOf(keystore.SROS2Governance())
		var eye reviserSpy
		a := w.participant("a", w.enclave(k, "/a", keystore.EnclaveOptions{}), eye.spying)
		wr := writerOf[shape](w, a, "Square")
		shared := w.enclave(k, "/b", keystore.EnclaveOptions{})
		var last *dds.Participant
		for _, host := range []string{"b", "c", "d", "e"} {
			last = w.participant(host, shared)
			readerOf[shape](w, last, "Square", qos.Reliable(0))
		}
		require.NoError(w, wr.WaitForMatched(w.soon(), 4))
		require.NoError(w, a.Ban(last.GUID(), "test"))
		w.settle(5 * time.Second)
		require.Zero(w, wr.Matched().Current)
		require.Len(w, eye.revised, 1)
		require.Len(w, eye.activated, 1)
	})
}

// Bans that follow each other quickly, while somebody does not acknowledge the
// new keys, do not put off the moment from when on the banned cannot read.
func TestBansDoNotPutOffNewKeys(t *testing.T) {
	inWorld(t, memnet.Config{}, func(w *world) {
		k := w.keystoreOf(keystore.SROS2Governance())
		var eye reviserSpy
		a := w.participant("a", w.enclave(k, "/a", keystore.EnclaveOptions{}), eye.spying)
		wr := writerOf[shape](w, a, "Square")
		var others []*dds.Participant
		for _, name := range []string{"b", "c", "d", "e", "f", "g", "h", "i", "j"} {
			p := w.participant(name, w.enclave(k, "/"+name, keystore.EnclaveOptions{}))
			readerOf[shape](w, p, "Square", qos.Reliable(0))
			others = append(others, p)
		}
		require.NoError(w, wr.WaitForMatched(w.soon(), len(others)))
		w.net.Cut("a", "j")
		begun := time.Now()
		for _, p := range others[:8] {
			require.NoError(w, a.Ban(p.GUID(), "test"))
			w.settle(time.Second)
		}
		require.GreaterOrEqual(w, len(eye.activated), 1)
		require.LessOrEqual(w, eye.activated[0].Sub(begun), 5*time.Second)
		w.settle(5 * time.Second)
		last := eye.revised[len(eye.revised)-1]
		require.False(w, eye.activated[len(eye.activated)-1].Before(last), "all are used in the end")
		require.Len(w, eye.revised, 8)
	})
}

// Where the plugin cannot renew keys, a ban says so.
func TestBanWithoutNewKeys(t *testing.T) {
	inWorld(t, memnet.Config{}, func(w *world) {
		k := w.keystoreOf(keystore.SROS2Governance())
		eye := reviserSpy{cannot: true}
		a := w.participant("a", w.enclave(k, "/a", keystore.EnclaveOptions{}), eye.spying)
		b := w.participant("b", w.enclave(k, "/b", keystore.EnclaveOptions{}))
		wr := writerOf[shape](w, a, "Square")
		readerOf[shape](w, b, "Square", qos.Reliable(0))
		require.NoError(w, wr.WaitForMatched(w.soon(), 1))
		require.NoError(w, a.Ban(b.GUID(), "test"))
		w.settle(5 * time.Second)
		require.Zero(w, wr.Matched().Current)
		require.Equal(w, 1, strings.Count(w.log.String(), "keys not renewed"), "%s", w.log)
	})
}

// When our own credentials have ended and others take their place, whoever was
// banned meanwhile does not have the keys.
func TestNewKeysAfterOwnLapse(t *testing.T) {
	inWorld(t, memnet.Config{}, func(w *world) {
		k := w.keystoreOf(keystore.SROS2Governance())
		var eye reviserSpy
		a := w.participant("a", w.enclave(k, "/a", keystore.EnclaveOptions{PermissionsNotAfter: start.Add(time.Hour)}), eye.spying, unwatched)
		b, c := w.participant("b", w.enclave(k, "/b", keystore.EnclaveOptions{})), w.participant("c", w.enclave(k, "/c", keystore.EnclaveOptions{}))
		wr := writerOf[shape](w, a, "Square")
		readerOf[shape](w, b, "Square", qos.Reliable(0))
		stays := readerOf[shape](w, c, "Square", qos.Reliable(0))
		require.NoError(w, wr.WaitForMatched(w.soon(), 2))
		w.settle(61 * time.Minute)
		require.Zero(w, wr.Matched().Current)
		require.Len(w, eye.activated, 1)
		require.NoError(w, a.Ban(b.GUID(), "test"))
		require.NoError(w, a.UpdateSecurity(w.plugins(k, "/a", keystore.EnclaveOptions{})))
		require.NoError(w, wr.WaitForMatched(w.soon(), 1), "%s", w.log)
		write(w, wr, shape{X: 1})
		require.EqualValues(w, 1, next(w, stays).Value.X)
		w.settle(time.Minute)
		require.Equal(w, 1, wr.Matched().Current)
	})
}
