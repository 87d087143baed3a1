package dds_test

import (
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds"
	"github.com/secdds/dds/qos"
	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/security/keystore"
	"github.com/secdds/dds/spi"
	"github.com/secdds/dds/transport/memnet"
)

// With origin authentication every receiver has MACs of its own in a message.
// However many there are, fragments leave room for them, and everything arrives:
// many readers in few participants, for submessages have MACs for readers, and
// participants whose MACs are long.
func TestMACsOfManyReceiversFit(t *testing.T) {
	for name, tt := range map[string]struct {
		max, participants, readers, width int
	}{
		"two readers, one message":      {5_000, 2, 1, 0},
		"180 readers, several messages": {5_000, 3, 60, 0},
		"60 readers, one message":       {16_000, 3, 20, 0},
		"long MACs, several messages":   {5_000, 5, 1, 1_000},
		"80 readers, and long MACs":     {8_000, 4, 20, 1_000},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, memnet.Config{MaxMessage: tt.max}, func(w *world) {
				k := w.keystoreOf(keystore.UniformGovernance(spi.ProtectEncryptOrigin))
				member := func(name string) *dds.Participant {
					return w.participant(name, w.enclave(k, "/"+name, keystore.EnclaveOptions{}), func(c *dds.Config) {
						if tt.width > 0 {
							c.Security.Cryptography = broad{c.Security.Cryptography, tt.width}
						}
					})
				}
				a := member("a")
				ps := []*dds.Participant{a}
				wr := writerOf[plainValue](w, a, "Large", qos.KeepAll(), qos.TransientLocal)
				v := plainValue{N: 1, Data: make([]byte, 20_000)}
				for i := range v.Data {
					v.Data[i] = byte(i >> 8)
				}
				write(w, wr, v) // cut while there is no reader yet
				var rs []*dds.Reader[plainValue]
				for i := range tt.participants {
					p := member(fmt.Sprint("b", i))
					ps = append(ps, p)
					for range tt.readers {
						rs = append(rs, readerOf[plainValue](w, p, "Large", qos.Reliable(0), qos.KeepAll(), qos.TransientLocal))
					}
				}
				require.NoError(w, wr.WaitForMatched(w.soon(), len(rs)))
				for i := range 3 {
					write(w, wr, plainValue{N: int32(2 + i), Data: v.Data})
				}
				require.NoError(w, wr.WaitForAcks(w.soon()))
				for _, r := range rs {
					for n := range 4 {
						got := next(w, r).Value
						require.Equal(w, int32(1+n), got.N)
						require.Equal(w, v.Data, got.Data)
					}
					require.Zero(w, r.Lost())
					require.Empty(w, r.Take(1, dds.Query{}), "a sample came twice")
				}
				for _, p := range ps {
					require.Zero(w, p.Stats().SendFailed)
					require.Zero(w, p.Stats().SealFailed)
				}
			})
		})
	}
}

// A broad plugin is one whose messages have so many octets more for each
// receiver.
type broad struct {
	spi.Cryptography
	width int
}

func (b broad) NewParticipant(a spi.ParticipantAttributes) (spi.ParticipantCrypto, error) {
	c, err := b.Cryptography.NewParticipant(a)
	return broadParticipant{c, b.width}, err
}

type broadParticipant struct {
	spi.ParticipantCrypto
	width int
}

func (b broadParticipant) Message() spi.MessageSealer {
	return broadSealer{b.ParticipantCrypto.Message(), b.width}
}

func (b broadParticipant) NewPeer(guid rtps.GUID, s spi.SharedSecret) (spi.PeerCrypto, error) {
	p, err := b.ParticipantCrypto.NewPeer(guid, s)
	return broadPeer{p}, err
}

func (b broadParticipant) NewEndpoint(id rtps.EntityID, a spi.EndpointAttributes) (spi.EndpointCrypto, error) {
	e, err := b.ParticipantCrypto.NewEndpoint(id, a)
	if e == nil {
		return nil, err
	}
	return broadEndpoint{e}, err
}

type broadEndpoint struct{ spi.EndpointCrypto }

func (b broadEndpoint) Match(p spi.PeerCrypto, remote rtps.EntityID) (spi.PairCrypto, error) {
	return b.EndpointCrypto.Match(p.(broadPeer).PeerCrypto, remote)
}

type broadSealer struct {
	spi.MessageSealer
	width int
}

func (b broadSealer) Overhead(receivers int) int {
	return b.MessageSealer.Overhead(receivers) + b.width*receivers + 4
}

func (b broadSealer) SealMessage(dst, msg []byte, to []spi.Receiver) ([]byte, error) {
	out, err := b.MessageSealer.SealMessage(dst, msg, to)
	if err != nil {
		return dst, err
	}
	n := b.width * len(to)
	return binary.BigEndian.AppendUint32(append(out, make([]byte, n)...), uint32(n)), nil
}

// A broadPeer opens what broadSealers sealed, and cannot do so in place.
type broadPeer struct{ spi.PeerCrypto }

func (b broadPeer) OpenMessage(dst, msg []byte) ([]byte, error) {
	at := len(msg) - 4
	return b.PeerCrypto.OpenMessage(dst, msg[:at-int(binary.BigEndian.Uint32(msg[at:]))])
}
