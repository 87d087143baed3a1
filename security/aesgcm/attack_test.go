package aesgcm

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

// The tests of this file are named after the checklist of attacks that
// conformance/attack is made from.

// TestAttack18_PlainCopy: what is to be protected is not taken in clear, at
// whatever level the protection was left out.
func TestAttack18_PlainCopy(t *testing.T) {
	eachCombination(t, func(t *testing.T, c combination, w *world) {
		for _, size := range []int{16, 200} {
			for _, clear := range c.some() {
				datagrams, err := w.wrap(wrapping{size: size, clear: clear}, count(1, 40))
				require.NoError(t, err)
				_, err = w.unwrap(datagrams)
				require.Error(t, err, "%+v", clear)
				_, err = w.unwrapInPlace(datagrams)
				require.Error(t, err, "%+v", clear)
			}
		}
	})
}

// TestAttack18_WrongKey: what another participant sealed with a key of its own is
// refused, also when it gives that key the name of one of A's, and changes
// nothing.
func TestAttack18_WrongKey(t *testing.T) {
	eachCombination(t, func(t *testing.T, c combination, w *world) {
		sample := count(1, 40)
		other := c.world(t)
		named := c.world(t)
		for _, s := range [][2]*sender{
			{w.a.(*participant).message, named.a.(*participant).message},
			{w.submessageSender(), named.submessageSender()},
			{w.payloadSender(), named.payloadSender()},
		} {
			if s[0] != nil {
				m := s[1].active.Load().master
				m.id = s[0].active.Load().master.id
				s[1].active.Store(newSendKey(m, 1<<20))
			}
		}
		for _, forger := range []*world{other, named} {
			for range 3 {
				datagrams, err := forger.wrap(wrapping{size: 200}, sample)
				require.NoError(t, err)
				if len(c.some()) > 0 {
					_, err = w.unwrap(datagrams)
					require.Error(t, err)
					_, err = w.unwrapInPlace(datagrams)
					require.Error(t, err)
				}
			}
		}
		datagrams, err := w.wrap(wrapping{size: 200}, sample)
		require.NoError(t, err)
		out, err := w.unwrap(datagrams)
		require.NoError(t, err)
		require.Equal(t, sample, out)
	})
}

// TestAttack18_EveryOctet: no octet of a datagram can be changed, cut off or
// added so that another sample comes out, headers included. What is harmless is
// not looked at by anybody: flags but E, padding, and the RTPS and DATA headers
// where nothing protects them.
func TestAttack18_EveryOctet(t *testing.T) {
	eachCombination(t, func(t *testing.T, c combination, w *world) {
		if len(c.some()) == 0 {
			return // nothing is protected
		}
		sample := count(1, 40)
		good, err := w.wrap(wrapping{size: 48}, sample)
		require.NoError(t, err)
		refused := 0
		check := func(bad [][]byte, what string, i, j int) {
			out, err := w.unwrap(bad)
			if err != nil {
				require.Empty(t, out)
				refused++
			} else {
				require.Equal(t, sample, out, "%s: octet %d of datagram %d", what, j, i)
			}
			out, inErr := w.unwrapInPlace(bad)
			require.Equal(t, err == nil, inErr == nil)
			if err == nil {
				require.Equal(t, sample, out)
			}
		}
		octets := 0
		for i, b := range good {
			octets += len(b)
			for j := range b {
				for _, x := range []byte{0x01, 0x80, 0xff} {
					bad := cloneAll(good)
					bad[i][j] ^= x
					check(bad, "changed", i, j)
				}
				bad := cloneAll(good)
				bad[i] = bad[i][:j]
				if c.rtps != spi.ProtectNone || c.metadata != spi.ProtectNone {
					_, err := w.unwrap(bad)
					require.Error(t, err, "datagram %d cut off at %d", i, j)
				}
				check(bad, "cut off", i, j)
			}
			bad := cloneAll(good)
			bad[i] = append(bad[i], 0)
			check(bad, "longer", i, len(b))
		}
		// Where messages are sealed, only flags are harmless.
		if c.rtps != spi.ProtectNone {
			require.Greater(t, refused, 4*octets-2*5*len(good))
		}
		out, err := w.unwrap(good)
		require.NoError(t, err, "the forgeries changed something")
		require.Equal(t, sample, out)
	})
}

// TestAttack18_Downgrade: nothing else is taken in place of the kind that was
// agreed on: not a signature for encryption, not a shorter key, no revision.
func TestAttack18_Downgrade(t *testing.T) {
	for _, k := range allKinds {
		w := newWorldOf(t, k)
		at := map[string]int{"payload": 0, "submessage": subHeaderLen, "message": rtpsHeaderLen + subHeaderLen}
		for _, l := range levels {
			sealed, err := l.seal(w, nil, l.size(40))
			require.NoError(t, err)
			for other := range byte(8) {
				for octet := range 4 {
					bad := bytes.Clone(sealed)
					bad[at[l.name]+octet] = other
					if bytes.Equal(bad, sealed) {
						continue
					}
					_, err := l.open(w, nil, bad)
					require.Error(t, err, "%s of kind %d said to be of %d in octet %d", l.name, k, other, octet)
				}
			}
		}
	}
}

// TestAttack18_Misdirected: with origin authentication, what was sealed for
// others is not taken, whatever MACs it carries.
func TestAttack18_Misdirected(t *testing.T) {
	for _, bits := range []int{128, 256} {
		for _, p := range []spi.Protection{spi.ProtectSignOrigin, spi.ProtectEncryptOrigin} {
			c := combination{p, p, spi.ProtectEncrypt, bits}
			w := c.world(t)
			guests := make([]guest, 16)
			var toMessage, toSubmessages []spi.Receiver
			for i := range guests {
				guests[i] = w.join(t, rtps.GUID{Prefix: rtps.GUIDPrefix{0x99, byte(i)}, Entity: rtps.EntityParticipant}, p)
				toMessage = append(toMessage, guests[i].of.Receiver())
				toSubmessages = append(toSubmessages, guests[i].to.Receiver())
			}
			sample := count(1, 40)
			b, s := w.ab.Receiver(), w.wr.Receiver()
			for _, x := range []wrapping{
				{toMessage: toMessage},
				{toMessage: toMessage[:1]},
				{toMessage: []spi.Receiver{}},
				{toSubmessages: toSubmessages},
				{toSubmessages: toSubmessages[:1]},
				{toSubmessages: []spi.Receiver{}},
				{toMessage: toMessage, toSubmessages: append(toSubmessages, s)},
			} {
				x.size = 200
				datagrams, err := w.wrap(x, sample)
				require.NoError(t, err)
				_, err = w.unwrap(datagrams)
				require.ErrorIs(t, err, errOrigin)
				_, err = w.unwrapInPlace(datagrams)
				require.ErrorIs(t, err, errOrigin)
			}
			// Among many, each finds its own.
			datagrams, err := w.wrap(wrapping{size: 200, toMessage: append(toMessage, b), toSubmessages: append(toSubmessages, s)}, sample)
			require.NoError(t, err)
			for _, g := range guests {
				_, err := g.at.OpenMessage(nil, datagrams[0])
				require.NoError(t, err)
			}
			// A MAC with another's id, or moved to another's place, is none.
			sealed, err := w.a.Message().SealMessage(nil, message(data(40)), append(toMessage, b))
			require.NoError(t, err)
			mine := len(sealed) - macLen
			for i := range guests {
				bad := bytes.Clone(sealed)
				copy(bad[mine+4:], sealed[mine-(i+1)*macLen+4:mine-i*macLen])
				_, err = w.ba.OpenMessage(nil, bad)
				require.ErrorIs(t, err, errOrigin)
			}
			_, err = w.ba.OpenMessage(nil, sealed)
			require.NoError(t, err)
			out, err := w.unwrap(datagrams)
			require.NoError(t, err)
			require.Equal(t, sample, out)
		}
	}
}

// TestAttack17_Replay says what a replay is to the plugin: DDS-Security 1.1 has
// no window, so what was good opens again and changes nothing here. It is the
// sequence numbers inside that tell; they are sealed with the rest wherever
// messages or submessages are protected. Replays that the plugin does refuse:
// our own key exchange messages sent back to us, and what is sealed with keys
// that were replaced long ago.
func TestAttack17_Replay(t *testing.T) {
	w := newReviseWorld(t, spi.ProtectEncrypt, false)
	sealed := w.sealAll(t)
	for range 3 {
		require.Empty(t, w.openAll(sealed))
	}
	k := (*w.ba.(*peer).messages.Load())[0]
	require.Equal(t, 1, k.sessions.len())

	own, err := w.ab.Kx().SealSubmessage(nil, data(8), nil)
	require.NoError(t, err)
	_, _, err = w.ab.OpenSubmessage(nil, own)
	require.ErrorIs(t, err, errReflected)

	for range maxKeys {
		activate := revise(t, w.a)
		w.give(t)
		activate()
	}
	for level, err := range w.openAll(sealed) {
		require.ErrorIs(t, err, errNoKey, level)
	}
	require.Len(t, w.openAll(sealed), 3)
}
