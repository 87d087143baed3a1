package aesgcm

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

// A guest is one more participant that A talks to, with a reader.
type guest struct {
	of spi.PeerCrypto // A's view of it
	at spi.PeerCrypto // its view of A
	to spi.PairCrypto // A's writer and its reader
	rw spi.PairCrypto
}

func (w *world) join(t *testing.T, guid rtps.GUID, p spi.Protection) guest {
	var g guest
	c, err := New(Config{}).NewParticipant(spi.ParticipantAttributes{RTPS: p})
	require.NoError(t, err)
	secret := testSecret()
	secret.Secret[0] ^= guid.Prefix[0]
	g.of, err = w.a.NewPeer(guid, secret)
	require.NoError(t, err)
	g.at, err = c.NewPeer(guidA, secret)
	require.NoError(t, err)
	give(t, g.of, g.at)
	r, err := c.NewEndpoint(readerB, spi.EndpointAttributes{Metadata: p})
	require.NoError(t, err)
	g.to, err = w.w.Match(g.of, readerB)
	require.NoError(t, err)
	g.rw, err = r.Match(g.at, writerA)
	require.NoError(t, err)
	give(t, g.to, g.rw)
	return g
}

func TestAttack18_OriginAuthentication(t *testing.T) {
	for _, p := range []spi.Protection{spi.ProtectSignOrigin, spi.ProtectEncryptOrigin} {
		w := newWorld(t, p, p, spi.ProtectNone)
		g := w.join(t, rtps.GUID{Prefix: rtps.GUIDPrefix{0x99}, Entity: rtps.EntityParticipant}, p)
		require.NotEqual(t, w.ab.Receiver().ReceiverKeyID(), g.of.Receiver().ReceiverKeyID())

		for n, to := range [][]spi.Receiver{
			nil,
			{w.ab.Receiver()},
			{g.of.Receiver()},
			{g.of.Receiver(), w.ab.Receiver()},
		} {
			sealed, err := w.a.Message().SealMessage(nil, message(data(21)), to)
			require.NoError(t, err)
			require.LessOrEqual(t, len(sealed), len(message(data(21)))+w.a.Message().Overhead(len(to)))
			_, err = w.ba.OpenMessage(nil, sealed)
			require.Equal(t, n == 1 || n == 3, err == nil, "B, destinations %d", n)
			_, err = g.at.OpenMessage(nil, sealed)
			require.Equal(t, n == 2 || n == 3, err == nil, "guest, destinations %d", n)
		}
		for n, to := range [][]spi.Receiver{
			nil,
			{w.wr.Receiver()},
			{g.to.Receiver()},
			{g.to.Receiver(), w.wr.Receiver()},
		} {
			sealed, err := w.w.Submessage().SealSubmessage(nil, data(21), to)
			require.NoError(t, err)
			require.LessOrEqual(t, len(sealed), len(data(21))+w.w.Submessage().Overhead(len(to)))
			_, _, err = w.ba.OpenSubmessage(nil, sealed)
			require.Equal(t, n == 1 || n == 3, err == nil, "B, destinations %d", n)
			_, _, err = g.at.OpenSubmessage(nil, sealed)
			require.Equal(t, n == 2 || n == 3, err == nil, "guest, destinations %d", n)
		}

		// A receiver of something else is not taken for one of this.
		_, err := w.a.Message().SealMessage(nil, message(data(8)), []spi.Receiver{w.wr.Receiver()})
		require.ErrorIs(t, err, errReceiver)
		_, err = w.w.Submessage().SealSubmessage(nil, data(8), []spi.Receiver{nil})
		require.ErrorIs(t, err, errReceiver)
	}
}

// TestAttack18_ReceiverCannotForge: the guest has A's key, as every receiver does, and
// seals with it. B does not believe it: it lacks the key A shares with B alone.
func TestAttack18_ReceiverCannotForge(t *testing.T) {
	p := spi.ProtectEncryptOrigin
	w := newWorld(t, p, p, spi.ProtectNone)
	g := w.join(t, rtps.GUID{Prefix: rtps.GUIDPrefix{0x99}, Entity: rtps.EntityParticipant}, p)
	tokens, err := g.of.Tokens()
	require.NoError(t, err)
	m, err := parseKeymat(tokens[0].Binary(tokenKeymat))
	require.NoError(t, err)
	forger := newSender(m, 1<<20)
	forged := func(id [4]byte) *receiver {
		return &receiver{of: forger, keys: []receiverKey{{of: forger.active.Load(), id: id, secret: m.recvKey}}}
	}
	asB, asSelf := forged(w.ab.Receiver().ReceiverKeyID()), forged(m.recvID)
	for _, to := range [][]spi.Receiver{nil, {asB}, {asSelf}, {asB, asSelf}} {
		sealed, err := messageSealer{forger}.SealMessage(nil, message(data(8)), to)
		require.NoError(t, err)
		_, err = w.ba.OpenMessage(nil, sealed)
		require.ErrorIs(t, err, errOrigin)
	}
}

func TestOriginTampering(t *testing.T) {
	for _, p := range []spi.Protection{spi.ProtectSignOrigin, spi.ProtectEncryptOrigin} {
		w := newWorld(t, p, p, spi.ProtectNone)
		sealed, err := w.w.Submessage().SealSubmessage(nil, data(40), []spi.Receiver{w.wr.Receiver()})
		require.NoError(t, err)
		for i := range sealed {
			bad := bytes.Clone(sealed)
			bad[i] ^= 0x40
			out, _, err := w.ba.OpenSubmessage(nil, bad)
			if err == nil {
				require.Equal(t, data(40), out)
				require.Contains(t, []int{1, 25, len(sealed) - 43}, i, "flags only")
			}
		}
		for i := range sealed {
			_, _, err := w.ba.OpenSubmessage(nil, sealed[:i])
			require.Error(t, err)
		}
	}
}

// TestMACsAreIgnoredWithoutOriginAuthentication: they are somebody else's then.
func TestMACsAreIgnoredWithoutOriginAuthentication(t *testing.T) {
	w := newWorld(t, spi.ProtectSign, spi.ProtectNone, spi.ProtectNone)
	key := w.a.(*participant).message
	sealed, err := w.a.Message().SealMessage(nil, message(data(8)), []spi.Receiver{w.a.(*participant).newReceiver(key)})
	require.NoError(t, err)
	_, err = w.ba.OpenMessage(nil, sealed)
	require.NoError(t, err)
}

// TestReceiverKeysAreBounded: a peer that changes them for ever does not fill our memory.
func TestReceiverKeysAreBounded(t *testing.T) {
	p := spi.ProtectSignOrigin
	w := newWorld(t, p, p, spi.ProtectNone)
	for range 20 {
		w.ab.(*peer).receiver = w.a.(*participant).newReceiver(w.a.(*participant).message)
		w.wr.(*pair).receiver = w.a.(*participant).newReceiver(w.w.(*endpoint).submessage)
		give(t, w.ab, w.ba)
		give(t, w.wr, w.rw)
		give(t, w.wr, w.rw)
	}
	require.Len(t, *(*w.ba.(*peer).messages.Load())[0].receivers.Load(), maxKeys)
	require.Len(t, *w.rw.(*pair).submessages[0].receivers.Load(), maxKeys)
	sealed, err := w.w.Submessage().SealSubmessage(nil, data(8), []spi.Receiver{w.wr.Receiver()})
	require.NoError(t, err)
	_, _, err = w.ba.OpenSubmessage(nil, sealed)
	require.NoError(t, err)
	k := w.rw.(*pair).submessages[0]
	w.rw.Close()
	require.Empty(t, *k.receivers.Load())
}
