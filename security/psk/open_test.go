package psk

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

// TestEveryOctet: a message with any one octet altered is refused.
func TestEveryOctet(t *testing.T) {
	eachVariant(t, func(t *testing.T, v variant, a, b *participant) {
		wire := seal(t, a, message(prefixA, 8, 24))
		for i := range wire {
			for _, x := range []byte{1, 2, 4, 8, 0x10, 0x20, 0x40, 0x80, wire[i]} {
				if x == 0 {
					continue
				}
				wire[i] ^= x
				got, err := b.OpenMessage([]byte("dst"), wire)
				require.Error(t, err, "octet %d ^ %#x", i, x)
				require.Equal(t, "dst", string(got))
				wire[i] ^= x
			}
		}
		for n := range wire {
			_, err := b.OpenMessage(nil, wire[:n])
			require.Error(t, err, "truncated to %d", n)
		}
		_, err := b.OpenMessage(nil, wire)
		require.NoError(t, err)
	})
}

func TestStrangers(t *testing.T) {
	a, b := pair(t, Config{}, spi.ProtectEncrypt)
	msg := message(prefixA, 24)

	_, err := b.OpenMessage(nil, msg)
	require.ErrorIs(t, err, errMalformed, "clear")
	_, err = b.OpenMessage(nil, seal(t, newPlugin(t, Config{Passphrase: "data:,5:" + seedB}).member(t, prefixA, spi.ProtectEncrypt), msg))
	require.ErrorIs(t, err, errTag, "another passphrase")
	_, err = b.OpenMessage(nil, seal(t, newPlugin(t, Config{Passphrase: "data:,6:" + seedA}).member(t, prefixA, spi.ProtectEncrypt), msg))
	require.ErrorIs(t, err, errNoKey, "another id")
	require.Empty(t, b.cache.ring, "nothing was good")
	got, err := a.OpenMessage(nil, seal(t, a, msg))
	require.NoError(t, err, "our own")
	require.Equal(t, opened(msg), got)

	reserved := seal(t, a, msg)
	reserved[headerLen+11] = 255
	_, err = b.OpenMessage(nil, reserved)
	require.ErrorIs(t, err, errNoKey)
}

// TestNoWeakerKind: what has to be encrypted is not accepted signed, nor the
// other way round; but with the other cipher it is.
func TestNoWeakerKind(t *testing.T) {
	msg := message(prefixA, 24)
	for _, sent := range variants() {
		a, _ := pair(t, Config{Cipher: sent.cipher, HeaderAAD: sent.aad}, sent.kind)
		wire := seal(t, a, msg)
		for _, expected := range variants() {
			_, b := pair(t, Config{Cipher: expected.cipher, HeaderAAD: expected.aad}, expected.kind)
			_, err := b.OpenMessage(nil, wire)
			if sent.kind == expected.kind {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, errKind)
			}
		}
	}
}

// reseal seals what is not like what we seal: parts are changed by edit before
// the tag is computed.
func reseal(t *testing.T, c *participant, ext []byte, aad bool, plain []byte, pad int) []byte {
	header := [headerLen]byte(message(prefixA))
	s := c.newSession(c.plugin.keys.Load(), &header, 9)
	b := append(header[:], ext...)
	flags := byte(flagPSK | flagE)
	if aad {
		flags |= flagAAD
	}
	b = append(b, rtps.SubSRTPSPrefix, flags, cryptoHeaderLen, 0, 0, 0, 0, byte(c.kind))
	b = append(b, s.keyID[:]...)
	at := len(b)
	b = append(b, s.session[:]...)
	b = append(b, 1, 2, 3, 4, 5, 6, 7, 8)
	iv := bytes.Clone(b[at:])
	var bound []byte
	if aad {
		bound = appendExtension(header[:headerLen:headerLen], ext)
	}
	var tag []byte
	if c.kind.encrypts() {
		b = append(b, rtps.SubSecBody, flagE, 0, 0)
		binary.LittleEndian.PutUint16(b[len(b)-2:], uint16(lengthLen+len(plain)+pad))
		b = binary.BigEndian.AppendUint32(b, uint32(len(plain)))
		out := s.aead.Seal(nil, iv, plain, bound)
		b, tag = append(b, out[:len(plain)]...), out[len(plain):]
		b = append(b, make([]byte, pad)...)
	} else {
		b = append(b, plain...)
		tag = s.aead.Seal(nil, iv, nil, append(bound, plain...))
	}
	b = append(b, rtps.SubSRTPSPostfix, flagE, tagLen+countLen, 0)
	b = append(b, tag...)
	return append(b, 0, 0, 0, 0)
}

// TestOthersForms: what other implementations may send and we do not.
func TestOthersForms(t *testing.T) {
	msg := message(prefixA, 8, 24)
	subs := msg[headerLen:]
	info := rtps.InfoSrc{Version: rtps.ProtocolVer2_5, Vendor: rtps.VendorSecdds, Prefix: prefixA}
	wrong := info
	wrong.Prefix = prefixB
	full := unhex(t, "00ff 3000 7c000000 1111111122222222 33333333 4444444455555555 66666666666666666666666666666666 7777777788888888")
	full[1], full[2] = 0x7f, byte(len(full)-4)
	eachVariant(t, func(t *testing.T, v variant, a, b *participant) {
		open := func(what string, wire, want []byte) {
			t.Helper()
			got, err := b.OpenMessage([]byte("dst"), wire)
			if want == nil {
				require.Error(t, err, what)
				require.Equal(t, "dst", string(got), what)
				return
			}
			require.NoError(t, err, what)
			require.Equal(t, "dst"+string(want), string(got), what)
		}
		open("without INFO_SRC", reseal(t, a, nil, v.aad, subs, 0), msg)
		open("INFO_SRC of another", reseal(t, a, nil, v.aad, wrong.Append(nil), 0), nil)
		open("empty", reseal(t, a, nil, v.aad, nil, 0), msg[:headerLen])
		open("extended", reseal(t, a, full, v.aad, info.Append(nil), 0), opened(msg[:headerLen]))
		short := append([]byte{0, 0x61, 15, 0}, make([]byte, 15)...)
		open("extension without room for its checksum", reseal(t, a, short, v.aad, subs, 0), nil)
		if v.kind == spi.ProtectEncrypt {
			open("not a multiple of 4", reseal(t, a, nil, v.aad, []byte{rtps.SubPad, 1, 1, 0, 0}, 3), append(msg[:headerLen:headerLen], rtps.SubPad, 1, 1, 0, 0))
			open("too much padding", reseal(t, a, nil, v.aad, subs, 4), nil)
		}
	})
}

// TestExtensionIsBound: with additional authenticated data, every octet of the
// header extension but those of the length and the checksum.
func TestExtensionIsBound(t *testing.T) {
	for _, kind := range []spi.Protection{spi.ProtectEncrypt, spi.ProtectSign} {
		a, b := pair(t, Config{}, kind)
		ext := append([]byte{0, 0x27, 16, 0}, make([]byte, 16)...) // length, time, CRC-32C
		wire := reseal(t, a, ext, true, message(prefixA, 8)[headerLen:], 0)
		_, err := b.OpenMessage(nil, wire)
		require.NoError(t, err)
		for i := range ext {
			wire[headerLen+i] ^= 1
			_, err := b.OpenMessage(nil, wire)
			if free := i >= 4 && i < 8 || i >= 16; free {
				require.NoError(t, err, "octet %d", i)
			} else {
				require.Error(t, err, "octet %d", i)
			}
			wire[headerLen+i] ^= 1
		}
	}
}
