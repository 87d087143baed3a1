package aesgcm

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/spi"
)

// A vendorKey builds what other vendors send, by hand.
type vendorKey struct {
	m      masterKey
	header []byte // CryptoHeader
}

func newVendorKey(k kind) *vendorKey {
	v := &vendorKey{m: testMaster(k, false)}
	v.header = append([]byte{0, 0, 0, byte(k)}, v.m.id[:]...)
	v.header = append(v.header, "sessSUFFIX..."[:12]...)
	return v
}

func (v *vendorKey) seal(plain, aad []byte) []byte {
	return v.m.senderAEAD(cryptoHeader(v.header).session()).Seal(nil, v.header[8:20], plain, aad)
}

func be16(id, flags byte, n int) []byte { return []byte{id, flags, byte(n >> 8), byte(n)} }

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

func peerWith(t *testing.T, k kind) spi.PeerCrypto {
	p := spi.ProtectSign
	if k.encrypts() {
		p = spi.ProtectEncrypt
	}
	peer := newPeer(t, spi.ParticipantAttributes{RTPS: p})
	require.NoError(t, peer.SetTokens([]spi.Token{of(k)}))
	return peer
}

// TestOpenDDSMessage: big-endian headers, "RTPS" in INFO_SRC's unused word, and
// an SRTPS_POSTFIX whose length is 0.
func TestOpenDDSMessage(t *testing.T) {
	for _, k := range allKinds {
		v := newVendorKey(k)
		inner := join(be16(subInfoSrc, 0, 20), message(), data(12))
		var body, tag []byte
		if k.encrypts() {
			out := v.seal(inner, nil)
			n := len(inner)
			tag = out[n:]
			body = join(be16(subSecBody, 0, n+4), binary.BigEndian.AppendUint32(nil, uint32(n)), out[:n])
		} else {
			tag, body = v.seal(nil, inner), inner
		}
		msg := join(message(), be16(subSRTPSPrefix, 0, 20), v.header, body, be16(subSRTPSPostfix, 0, 0), tag, make([]byte, 4))
		out, err := peerWith(t, k).OpenMessage(nil, msg)
		require.NoError(t, err)
		require.Equal(t, join(message(), inner), out)

		long := join(msg, make([]byte, 4))
		_, err = peerWith(t, k).OpenMessage(nil, long)
		require.ErrorIs(t, err, errMalformed, "nothing may follow")
	}
}

// TestFastStatistics: Fast DDS appends its statistics to messages that are
// sealed already. They are passed over; anything else there is refused.
func TestFastStatistics(t *testing.T) {
	v := newVendorKey(kindAES256GCM)
	inner := join(be16(subInfoSrc, 0, 20), message(), data(12))
	out := v.seal(inner, nil)
	n := len(inner)
	msg := join(message(), be16(subSRTPSPrefix, 0, 20), v.header,
		be16(subSecBody, 0, n+4), binary.BigEndian.AppendUint32(nil, uint32(n)), out[:n],
		be16(subSRTPSPostfix, 0, 20), out[n:], make([]byte, 4))
	for _, row := range []struct {
		name string
		tail []byte
		ok   bool
	}{
		{"statistics", join([]byte{0x80, 1, 56, 0}, make([]byte, 56)), true},
		{"two", join([]byte{0x80, 1, 0, 0}, []byte{0x81, 1, 4, 0, 1, 2, 3, 4}), true},
		{"cut short", join([]byte{0x80, 1, 56, 0}, make([]byte, 55)), false},
		{"DATA", data(12), false},
		{"statistics and DATA", join([]byte{0x80, 1, 0, 0}, data(12)), false},
	} {
		plain, err := peerWith(t, kindAES256GCM).OpenMessage(nil, join(msg, row.tail))
		if !row.ok {
			require.ErrorIs(t, err, errMalformed, row.name)
			continue
		}
		require.NoError(t, err, row.name)
		require.Equal(t, join(message(), inner), plain, row.name)
	}
}

// TestPayloadFooters: the count is aligned, as Fast DDS and OpenDDS have it, or
// follows the MAC at once, as Cyclone DDS reads it.
func TestPayloadFooters(t *testing.T) {
	for _, k := range allKinds {
		p := spi.ProtectSign
		if k.encrypts() {
			p = spi.ProtectEncrypt
		}
		w := newWorld(t, spi.ProtectNone, spi.ProtectNone, p)
		require.NoError(t, w.rw.SetTokens([]spi.Token{of(k)}))
		v := newVendorKey(k)
		for n := range 9 {
			plain := count(50, n)
			var body []byte
			if k.encrypts() {
				body = join(v.header, binary.BigEndian.AppendUint32(nil, uint32(n)), v.seal(plain, nil))
			} else {
				body = join(v.header, plain, v.seal(nil, plain))
			}
			for _, pad := range []int{0, pad4(n)} {
				out, err := w.rw.Payload().OpenPayload(nil, join(body, make([]byte, pad+4)))
				require.NoError(t, err, "kind %d, %d octets, padding %d", k, n, pad)
				require.Equal(t, plain, append([]byte{}, out...))
			}
			_, err := w.rw.Payload().OpenPayload(nil, join(body, []byte{0, 0, 0, 1}))
			require.Error(t, err, "a payload has no receivers")
			_, err = w.rw.Payload().OpenPayload(nil, join(body, make([]byte, 8)))
			require.Error(t, err)
		}
		_, err := w.rw.Payload().OpenPayload(nil, nil)
		require.ErrorIs(t, err, errMalformed)
	}
}

// TestSubmessageVariants: lengths in either order, padding of any value,
// submessages that say 0 for "all that is left".
func TestSubmessageVariants(t *testing.T) {
	k := kindAES256GCM
	w := newWorld(t, spi.ProtectNone, spi.ProtectEncrypt, spi.ProtectNone)
	require.NoError(t, w.rw.SetTokens([]spi.Token{of(k)}))
	v := newVendorKey(k)
	build := func(inner []byte, pad []byte, footLen int) []byte {
		n := len(inner)
		out := v.seal(inner, nil)
		return join(be16(subSecPrefix, 0, 20), v.header,
			be16(subSecBody, 0, n+4+len(pad)), binary.BigEndian.AppendUint32(nil, uint32(n)), out[:n], pad,
			be16(subSecPostfix, 0, footLen), out[n:], make([]byte, 4))
	}
	toEnd := data(9)
	toEnd[2] = 0
	for _, tt := range []struct {
		name   string
		sealed []byte
		want   []byte // nil: refused
	}{
		{"padded", build(data(9), []byte{0, 0, 0}, 20), data(9)},
		{"not padded", build(data(9), nil, 20), data(9)},
		{"padded with anything", build(data(9), []byte{1, 2, 3}, 20), data(9)},
		{"length 0 in the postfix", build(data(9), nil, 0), data(9)},
		{"length 0 within", build(toEnd, nil, 20), toEnd},
		{"too much padding", build(data(8), make([]byte, 4), 20), nil},
		{"wrong length in the postfix", build(data(8), nil, 24), nil},
		{"two submessages within", build(append(data(8), data(8)...), nil, 20), nil},
		{"longer than it is", build(data(8)[:11], nil, 20), nil},
		{"nothing within", build(nil, nil, 20), nil},
	} {
		out, from, err := w.ba.OpenSubmessage(nil, tt.sealed)
		require.Equal(t, tt.want != nil, err == nil, tt.name)
		if err == nil {
			require.Equal(t, tt.want, out, tt.name)
			require.Equal(t, writerA, from)
		}
	}
}
