package dds_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds"
	"github.com/secdds/dds/qos"
	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/security/keystore"
	"github.com/secdds/dds/spi"
	"github.com/secdds/dds/transport/memnet"
)

// Long samples, which may stay where they were received until they are taken,
// are not overwritten by what comes after them: neither where a plugin opens
// messages in memory that is used again, nor submessages.
func TestLongSamplesOpenedElsewhere(t *testing.T) {
	credentials := func(g keystore.Governance) func(w *world) (a, b func(*dds.Config)) {
		return func(w *world) (a, b func(*dds.Config)) {
			k := w.keystoreOf(g)
			as := func(name string) func(*dds.Config) {
				return func(c *dds.Config) {
					w.enclave(k, name, keystore.EnclaveOptions{})(c)
					s := *c.Security
					s.Cryptography = neverInPlace{s.Cryptography}
					c.Security = &s
				}
			}
			return as("/a"), as("/b")
		}
	}
	message := keystore.OpenGovernance()
	message.RTPS = spi.ProtectEncrypt
	for name, join := range map[string]func(w *world) (a, b func(*dds.Config)){
		"passphrase": func(w *world) (a, b func(*dds.Config)) { return w.knowing(pskOld), w.knowing(pskOld) },
		"message":    credentials(message),
		"submessage": credentials(topicGovernance(spi.ProtectEncrypt, spi.ProtectNone)),
		"both":       credentials(keystore.UniformGovernance(spi.ProtectEncrypt)),
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, memnet.Config{}, func(w *world) {
				joinA, joinB := join(w)
				a, b := w.participant("a", joinA), w.participant("b", joinB)
				wr := writerOf[plainValue](w, a, "Square", qos.KeepAll())
				r := readerOf[plainValue](w, b, "Square", qos.Reliable(0), qos.KeepAll())
				matched(w, wr, r)
				value := func(i int) plainValue {
					v := plainValue{int32(i), make([]byte, 20_000)}
					for j := range v.Data {
						v.Data[j] = byte(i)
					}
					return v
				}
				for i := range 20 {
					write(w, wr, value(i))
				}
				require.NoError(w, wr.WaitForAcks(w.soon()))
				for i := range 20 {
					require.Equal(w, value(i), next(w, r).Value)
				}
			})
		})
	}
}

// neverInPlace is a plugin that opens nothing where it lies.
type neverInPlace struct{ spi.Cryptography }

func (c neverInPlace) NewParticipant(a spi.ParticipantAttributes) (spi.ParticipantCrypto, error) {
	p, err := c.Cryptography.NewParticipant(a)
	return apartParticipant{p}, err
}

type apartParticipant struct{ spi.ParticipantCrypto }

func (p apartParticipant) NewPeer(remote rtps.GUID, s spi.SharedSecret) (spi.PeerCrypto, error) {
	c, err := p.ParticipantCrypto.NewPeer(remote, s)
	return apartPeer{c}, err
}

func (p apartParticipant) NewEndpoint(id rtps.EntityID, a spi.EndpointAttributes) (spi.EndpointCrypto, error) {
	c, err := p.ParticipantCrypto.NewEndpoint(id, a)
	if c == nil {
		return nil, err
	}
	return apartEndpoint{c}, err
}

// An apartPeer has the methods of spi.PeerCrypto and no others.
type apartPeer struct{ spi.PeerCrypto }

type apartEndpoint struct{ spi.EndpointCrypto }

func (e apartEndpoint) Match(peer spi.PeerCrypto, remote rtps.EntityID) (spi.PairCrypto, error) {
	return e.EndpointCrypto.Match(peer.(apartPeer).PeerCrypto, remote)
}
