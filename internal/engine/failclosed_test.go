package engine

import (
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/qos"
	"github.com/secdds/dds/rtps"
	plugins "github.com/secdds/dds/security"
	"github.com/secdds/dds/security/keystore"
	"github.com/secdds/dds/spi"
	"github.com/secdds/dds/transport/memnet"
)

// A lax plugin leaves out one of the things it should seal with.
type lax struct {
	spi.Cryptography
	spi.ParticipantCrypto
	lacks func(rtps.EntityID) string
}

func (x lax) NewParticipant(a spi.ParticipantAttributes) (spi.ParticipantCrypto, error) {
	c, err := x.Cryptography.NewParticipant(a)
	x.ParticipantCrypto = c
	return x, err
}

func (x lax) Message() spi.MessageSealer {
	if x.lacks(rtps.EntityParticipant) == "message" {
		return nil
	}
	return x.ParticipantCrypto.Message()
}

func (x lax) NewEndpoint(id rtps.EntityID, a spi.EndpointAttributes) (spi.EndpointCrypto, error) {
	c, err := x.ParticipantCrypto.NewEndpoint(id, a)
	if x.lacks(id) == "endpoint" || c == nil {
		return nil, err
	}
	return laxEndpoint{c, x.lacks(id)}, err
}

type laxEndpoint struct {
	spi.EndpointCrypto
	lacks string
}

func (e laxEndpoint) Submessage() spi.SubmessageSealer {
	if e.lacks == "submessage" {
		return nil
	}
	return e.EndpointCrypto.Submessage()
}

func (e laxEndpoint) Payload() spi.PayloadSealer {
	if e.lacks == "payload" {
		return nil
	}
	return e.EndpointCrypto.Payload()
}

// Where the cryptography plugin has nothing to seal with, nothing is sent in
// clear: there is no participant, or no endpoint.
func TestNothingFallsBackToClear(t *testing.T) {
	g := keystore.UniformGovernance(spi.ProtectEncrypt)
	k, err := keystore.Create(t.TempDir(), keystore.Options{Governance: &g})
	require.NoError(t, err)
	dir, err := k.CreateEnclave("/a", keystore.EnclaveOptions{})
	require.NoError(t, err)
	start := func(lacks func(rtps.EntityID) string) (*Participant, error) {
		sec, err := plugins.FromEnclave(dir)
		require.NoError(t, err)
		sec.Cryptography = lax{Cryptography: sec.Cryptography, lacks: lacks}
		p, err := Start(Config{
			Transport: memnet.New(memnet.Config{}).Host("a"), ParticipantID: -1, Security: sec,
			Logger: slog.New(slog.DiscardHandler), Lease: time.Hour, Announce: time.Minute,
		})
		if err == nil {
			t.Cleanup(func() { _ = p.Close() })
		}
		return p, err
	}
	for _, what := range []string{"message", "endpoint", "submessage"} {
		_, err := start(func(rtps.EntityID) string { return what })
		require.ErrorContains(t, err, "security: ", what)
	}
	for _, what := range []string{"endpoint", "submessage", "payload", ""} {
		p, err := start(func(id rtps.EntityID) string {
			if id.IsBuiltin() {
				return ""
			}
			return what
		})
		require.NoError(t, err)
		_, err = p.NewWriter(WriterSpec{Topic: "T", Type: "T", QoS: qos.NewWriter()})
		_, err2 := p.NewReader(ReaderSpec{Topic: "T", Type: "T", QoS: qos.NewReader()})
		if what == "" {
			require.NoError(t, err)
			require.NoError(t, err2)
			continue
		}
		require.ErrorContains(t, err, "the cryptography plugin has none", what)
		if what != "payload" { // a reader seals none
			require.ErrorContains(t, err2, "the cryptography plugin has none", what)
		}
	}
}
