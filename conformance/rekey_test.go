//go:build interop && !standin

package conformance

import (
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds"
	"github.com/secdds/dds/conformance/peer"
	"github.com/secdds/dds/qos"
	"github.com/secdds/dds/security"
	"github.com/secdds/dds/security/keystore"
	"github.com/secdds/dds/spi"
)

// Blob is the type of the same name of the peers, see peers/samples.idl.
type Blob struct {
	_    struct{} `dds:"name=Blob,final"`
	ID   int32    `dds:"key"`
	Seq  uint64
	Data []byte
}

// A watchedCrypto tells when the keys it renewed have come into use.
type watchedCrypto struct {
	spi.Cryptography
	activated chan struct{}
}

func (w watchedCrypto) NewParticipant(a spi.ParticipantAttributes) (spi.ParticipantCrypto, error) {
	c, err := w.Cryptography.NewParticipant(a)
	return watchedParticipant{c, w.activated}, err
}

type watchedParticipant struct {
	spi.ParticipantCrypto
	activated chan struct{}
}

func (w watchedParticipant) Revise() (func(), error) {
	activate, err := w.ParticipantCrypto.(spi.Reviser).Revise()
	return func() { activate(); w.activated <- struct{}{} }, err
}

// Who takes new keys for what in the middle of a session, by its source and by
// this test. The rest needs a new session:
//   - Cyclone DDS 0.10.2 takes new participant tokens. Those of an endpoint that
//     is matched it puts by for a next match (q_omg_security_set_remote_writer_crypto_tokens).
//   - Fast DDS 2.9.1 takes new keys of payloads. It opens messages with the first
//     key of a participant, and submessages with the first of an endpoint.
var renewals = []struct {
	form
	vendor peer.Vendor
}{
	{form{"message", protecting(spi.ProtectEncryptOrigin, spi.ProtectNone)}, peer.Cyclone},
	{form{"message signed", protecting(spi.ProtectSign, spi.ProtectNone)}, peer.Cyclone},
	{form{"data", protecting(spi.ProtectNone, spi.ProtectEncrypt)}, peer.Fast},
}

func protecting(rtps, data spi.Protection) *keystore.Governance {
	return &keystore.Governance{
		Domains: []keystore.Domains{domains}, JoinAccessControl: true, RTPS: rtps,
		Topics: []keystore.TopicRule{keystore.Protected("*", spi.ProtectNone, data)},
	}
}

// Keys are renewed while we publish: the vendor takes the new ones, and no
// sample is lost before, while and after they come into use.
func TestKeysRenewedByWriter(t *testing.T) {
	for _, row := range renewals {
		t.Run(fmt.Sprintf("%s/%v", row.name, row.vendor), func(t *testing.T) {
			t.Parallel()
			r := row.renewal(t, row.vendor)
			s := r.vendor.start(t, "sub", "--domain", strconv.Itoa(r.domain), "--transient-local", "--count", "60", "--size", "1000")
			pub, err := r.p.NewPublisher()
			require.NoError(t, err)
			w, err := dds.NewWriter(pub, r.topic, qos.Reliable(10*time.Second), qos.KeepAll(), qos.TransientLocal)
			require.NoError(t, err)
			require.NoError(t, w.WaitForMatched(t.Context(), 1))
			for seq := uint64(1); seq <= 60; seq++ {
				b := Blob{ID: 1, Seq: seq, Data: make([]byte, 1000)}
				for i := range b.Data {
					b.Data[i] = byte(i*31 + int(seq))
				}
				require.NoError(t, w.Write(t.Context(), &b))
				switch seq {
				case 20:
					s.Expect("^SAMPLE seq=20 size=1000 ok ", limit)
					r.ban(t)
				case 40: // those from 21 on went while the keys were on their way
					r.renewed(t)
				}
			}
			s.Expect("^SAMPLE seq=60 size=1000 ok ", limit)
			require.Equal(t, 60, s.Count("^SAMPLE "))
			require.NoError(t, w.WaitForAcks(t.Context()))
		})
	}
}

// Keys are renewed while we subscribe: the vendor understands our
// acknowledgements with the new ones.
func TestKeysRenewedByReader(t *testing.T) {
	for _, row := range renewals[:2] {
		t.Run(fmt.Sprintf("%s/%v", row.name, row.vendor), func(t *testing.T) {
			t.Parallel()
			r := row.renewal(t, row.vendor)
			sub, err := r.p.NewSubscriber()
			require.NoError(t, err)
			reader, err := dds.NewReader(sub, r.topic, qos.Reliable(0), qos.KeepAll(), qos.TransientLocal)
			require.NoError(t, err)
			w := r.vendor.start(t, "pub", "--domain", strconv.Itoa(r.domain), "--transient-local", "--count", "200", "--period", "5", "--size", "1000", "--wait-ack")
			r.read(t, reader, 20)
			r.ban(t)
			r.renewed(t)
			r.read(t, reader, 180)
			w.Expect("^ACKED$", limit)
		})
	}
}

// Where a vendor does not take new keys in the middle of a session it gets a new
// session: what we write from then on it reads, though the keys it had are gone.
func TestNewSessionForNewKeys(t *testing.T) {
	for _, f := range []form{
		{"sros2", sros2()},
		{"origin", uniform(spi.ProtectEncryptOrigin)},
		{"data", protecting(spi.ProtectNone, spi.ProtectEncrypt)},
		{"message", protecting(spi.ProtectEncrypt, spi.ProtectNone)},
	} {
		for _, v := range []peer.Vendor{peer.Cyclone, peer.Fast} {
			t.Run(fmt.Sprintf("%s/%v", f.name, v), func(t *testing.T) {
				t.Parallel()
				r := f.renewal(t, v)
				s := r.vendor.start(t, "sub", "--domain", strconv.Itoa(r.domain), "--transient-local", "--count", "100000", "--size", "1000")
				pub, err := r.p.NewPublisher()
				require.NoError(t, err)
				w, err := dds.NewWriter(pub, r.topic, qos.Reliable(10*time.Second), qos.KeepLast(1), qos.TransientLocal)
				require.NoError(t, err)
				require.NoError(t, w.WaitForMatched(t.Context(), 1))
				write := func(seq uint64) {
					b := Blob{ID: 1, Seq: seq, Data: make([]byte, 1000)}
					for i := range b.Data {
						b.Data[i] = byte(i*31 + int(seq))
					}
					require.NoError(t, w.Write(t.Context(), &b))
				}
				write(1)
				s.Expect("^SAMPLE seq=1 size=1000 ok ", limit)
				r.ban(t)
				r.renewed(t)
				write(2)
				s.Expect("^SAMPLE seq=2 size=1000 ok ", limit)
				write(3)
				s.Expect("^SAMPLE seq=3 size=1000 ok ", limit)
			})
		}
	}
}

// A renewal is us, somebody else of ours who is to leave, and a vendor's side.
type renewal struct {
	p, leaver *dds.Participant
	topic     *dds.Topic[Blob]
	activated chan struct{}
	vendor    side
	domain    int
}

func (f form) renewal(t *testing.T, v peer.Vendor) *renewal {
	k := newKeystore(t, f.governance, keystore.P256)
	var dirs []string
	for _, name := range []string{"/a", "/b", "/c"} {
		dirs = append(dirs, enclave(t, k, name, keystore.EnclaveOptions{}))
	}
	dirs = peer.ByRole(t, dirs...)
	r := &renewal{vendor: side{vendor: v, enclave: dirs[2]}, domain: peer.Domain(t), activated: make(chan struct{}, 16)}
	r.p, r.leaver = r.participant(t, dirs[0], r.activated), r.participant(t, dirs[1], make(chan struct{}, 16))
	var err error
	r.topic, err = dds.NewTopic[Blob](r.p, "Blob")
	require.NoError(t, err)
	return r
}

func (r *renewal) participant(t *testing.T, enclave string, activated chan struct{}) *dds.Participant {
	plugins, err := security.FromEnclave(enclave)
	require.NoError(t, err)
	plugins.Cryptography = watchedCrypto{plugins.Cryptography, activated}
	p, err := dds.NewParticipant(uint32(r.domain), &dds.Config{Interfaces: []string{"lo"}, Security: plugins, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	t.Cleanup(func() { p.Close() })
	return p
}

// ban waits until we know who is to leave, and bans it.
func (r *renewal) ban(t *testing.T) {
	require.Eventually(t, func() bool {
		for _, q := range r.p.Peers() {
			if q.GUID == r.leaver.GUID() && q.Authenticated {
				return true
			}
		}
		return false
	}, limit, 5*time.Millisecond)
	require.NoError(t, r.p.Ban(r.leaver.GUID(), "it is no longer trusted"))
}

// renewed waits until our new keys are in use.
func (r *renewal) renewed(t *testing.T) {
	select {
	case <-r.activated:
	case <-time.After(limit):
		t.Fatal("keys were not renewed")
	}
}

func (r *renewal) read(t *testing.T, reader *dds.Reader[Blob], n int) {
	for range n {
		ctx, cancel := context.WithTimeout(t.Context(), limit)
		_, err := reader.Next(ctx)
		cancel()
		require.NoError(t, err)
	}
}
