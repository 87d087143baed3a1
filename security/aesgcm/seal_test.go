package aesgcm

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

var sizes = []int{0, 1, 2, 3, 4, 5, 15, 16, 17, 255, 256, 1000, 1001, 60000}

// A level seals with A and opens with B.
type level struct {
	name string
	size func(n int) []byte // something to seal, of about n octets
	seal func(w *world, dst, plain []byte) ([]byte, error)
	open func(w *world, dst, sealed []byte) ([]byte, error)
	want func(plain []byte, k kind) []byte // what opening plain gives
}

var levels = []level{{
	name: "payload",
	size: func(n int) []byte { return count(3, n) },
	seal: func(w *world, dst, plain []byte) ([]byte, error) { return w.w.Payload().SealPayload(dst, plain) },
	open: func(w *world, dst, b []byte) ([]byte, error) { return w.rw.Payload().OpenPayload(dst, b) },
	want: func(plain []byte, k kind) []byte {
		if k.encrypts() {
			return plain
		}
		return append(bytes.Clone(plain), zeros[:pad4(len(plain))]...)
	},
}, {
	name: "submessage",
	size: data,
	seal: func(w *world, dst, plain []byte) ([]byte, error) {
		return w.w.Submessage().SealSubmessage(dst, plain, nil)
	},
	open: func(w *world, dst, b []byte) ([]byte, error) {
		out, from, err := w.ba.OpenSubmessage(dst, b)
		if err == nil && from != writerA {
			return dst, fmt.Errorf("from %v", from)
		}
		return out, err
	},
	want: func(plain []byte, k kind) []byte {
		if k.encrypts() {
			return plain
		}
		return lengthened(plain, 0)
	},
}, {
	name: "message",
	size: func(n int) []byte { return message(data(8), data(n)) },
	seal: func(w *world, dst, plain []byte) ([]byte, error) { return w.a.Message().SealMessage(dst, plain, nil) },
	open: func(w *world, dst, b []byte) ([]byte, error) { return w.ba.OpenMessage(dst, b) },
	want: func(plain []byte, k kind) []byte {
		plain = bytes.Clone(plain)
		if !k.encrypts() {
			plain = lengthened(plain, rtpsHeaderLen+12)
		}
		return append(append(bytes.Clone(plain[:rtpsHeaderLen]), infoSrc()...), plain[rtpsHeaderLen:]...)
	},
}}

// lengthened pads the submessage at i, the last one of b, to a multiple of 4.
func lengthened(b []byte, i int) []byte {
	pad := pad4(len(b))
	n := len(b) - i - subHeaderLen + pad
	b = append(bytes.Clone(b), zeros[:pad]...)
	b[i+2], b[i+3] = byte(n), byte(n>>8)
	return b
}

func TestRoundTrip(t *testing.T) {
	for _, k := range allKinds {
		w := newWorldOf(t, k)
		for _, l := range levels {
			for _, n := range sizes {
				t.Run(fmt.Sprintf("%s/%d/%d", l.name, k, n), func(t *testing.T) {
					plain := l.size(n)
					before := bytes.Clone(plain)
					sealed, err := l.seal(w, []byte("dst"), plain)
					require.NoError(t, err)
					require.Equal(t, before, plain)
					require.Equal(t, "dst", string(sealed[:3]))
					sealed = sealed[3:]
					require.Zero(t, len(sealed)%4)
					require.LessOrEqual(t, len(sealed), len(plain)+overheadOf(w, l))
					require.Equal(t, !k.encrypts() || n < 15, n < 15 || bytes.Contains(sealed, plain[len(plain)-n:]))

					whole := bytes.Clone(sealed)
					out, err := l.open(w, []byte("dst"), sealed)
					require.NoError(t, err)
					require.Equal(t, append([]byte("dst"), l.want(plain, k)...), out)
					require.Equal(t, whole, sealed, "opening wrote to what it opened")
				})
			}
		}
	}
}

func overheadOf(w *world, l level) int {
	switch l.name {
	case "payload":
		return w.w.Payload().Overhead()
	case "submessage":
		return w.w.Submessage().Overhead(0)
	}
	return w.a.Message().Overhead(0)
}

// TestTampering flips every octet: what is sealed is refused then, or comes out
// as it was because the octet means nothing (flags, padding).
func TestTampering(t *testing.T) {
	for _, k := range allKinds {
		w := newWorldOf(t, k)
		for _, l := range levels {
			plain := l.size(41)
			sealed, err := l.seal(w, nil, plain)
			require.NoError(t, err)
			harmless := 0
			for i := range sealed {
				for _, x := range []byte{0x01, 0x80, 0xff} {
					bad := bytes.Clone(sealed)
					bad[i] ^= x
					out, err := l.open(w, nil, bad)
					if err == nil {
						harmless++
						require.Equal(t, l.want(plain, k), out, "%s kind %d octet %d", l.name, k, i)
					} else {
						require.Empty(t, out)
					}
				}
			}
			// Flag bits other than E of three headers at most, three octets of padding.
			require.LessOrEqual(t, harmless, 3+9, "%s kind %d", l.name, k)

			for i := range sealed {
				out, err := l.open(w, nil, sealed[:i])
				if l.name == "payload" && i > len(sealed)-4 && err == nil { // the count without alignment
					require.Equal(t, l.want(plain, k), out)
					continue
				}
				require.Error(t, err, "%s kind %d truncated to %d", l.name, k, i)
			}
			for n := 1; n < 9; n++ {
				out, err := l.open(w, nil, append(bytes.Clone(sealed), make([]byte, n)...))
				if l.name == "payload" && n < 4 && err == nil { // taken for alignment
					require.Equal(t, l.want(plain, k), out)
					continue
				}
				require.Error(t, err, "%s kind %d with %d octets more", l.name, k, n)
			}

			out, err := l.open(w, nil, sealed)
			require.NoError(t, err, "the forgeries changed something")
			require.Equal(t, l.want(plain, k), out)
		}
	}
}

func TestNotOurs(t *testing.T) {
	w := newWorld(t, spi.ProtectEncrypt, spi.ProtectEncrypt, spi.ProtectEncrypt)
	other := newWorld(t, spi.ProtectEncrypt, spi.ProtectEncrypt, spi.ProtectEncrypt)
	for _, l := range levels {
		sealed, err := l.seal(w, nil, l.size(40))
		require.NoError(t, err)
		_, err = l.open(other, nil, sealed)
		require.ErrorIs(t, err, errNoKey, l.name)
		_, err = l.open(w, nil, sealed)
		require.NoError(t, err, l.name)
	}

	// A's message in B's name.
	sealed, err := w.a.Message().SealMessage(nil, message(data(8)), nil)
	require.NoError(t, err)
	copy(sealed[8:], guidB.Prefix[:])
	_, err = w.ba.OpenMessage(nil, sealed)
	require.ErrorIs(t, err, errMalformed)
	_, err = w.ab.OpenMessage(nil, sealed)
	require.Error(t, err)

	// A submessage sealed with the payload key, and the other way round, is
	// not a submessage of the reader's: the levels differ in form.
	pay, err := w.w.Payload().SealPayload(nil, count(0, 40))
	require.NoError(t, err)
	_, _, err = w.ba.OpenSubmessage(nil, pay)
	require.ErrorIs(t, err, errMalformed)
}

func TestInnerInfoSrcMustAgree(t *testing.T) {
	for _, p := range []spi.Protection{spi.ProtectSign, spi.ProtectEncrypt} {
		w := newWorld(t, p, spi.ProtectNone, spi.ProtectNone)
		key := w.a.(*participant).message
		seal := func(body []byte) []byte {
			b := append(message(), make([]byte, key.room()+len(body)+behind(0))...)
			b, err := key.seal(b[:rtpsHeaderLen+key.room()], subSRTPSPrefix, subSRTPSPostfix, body, nil)
			require.NoError(t, err)
			return b
		}
		good := append(infoSrc(), data(8)...)
		_, err := w.ba.OpenMessage(nil, seal(good))
		require.NoError(t, err)

		// Interop: OpenDDS has "RTPS" in the unused word, in big-endian order.
		opendds := bytes.Clone(good)
		copy(opendds, "\x0c\x00\x00\x14RTPS")
		_, err = w.ba.OpenMessage(nil, seal(opendds))
		require.NoError(t, err)

		wrong := bytes.Clone(good)
		wrong[23]++
		_, err = w.ba.OpenMessage(nil, seal(wrong))
		require.ErrorIs(t, err, errMalformed)
		_, err = w.ba.OpenMessage(nil, seal(data(8)))
		require.ErrorIs(t, err, errMalformed)
		_, err = w.ba.OpenMessage(nil, seal(nil))
		require.ErrorIs(t, err, errMalformed)
	}
}

func TestKxChannel(t *testing.T) {
	w := newWorld(t, spi.ProtectNone, spi.ProtectNone, spi.ProtectNone)
	require.Nil(t, w.a.Message())
	require.Nil(t, w.w)
	require.Nil(t, w.ab.Receiver())
	require.True(t, w.ab.HasTokens())

	for _, n := range sizes {
		sealed, err := w.ab.Kx().SealSubmessage(nil, data(n), nil)
		require.NoError(t, err)
		require.Equal(t, []byte{0, 0, 0, 4, 0, 0, 0, 0}, sealed[4:12])
		out, from, err := w.ba.OpenSubmessage(nil, sealed)
		require.NoError(t, err)
		require.Equal(t, rtps.EntityUnknown, from)
		require.Equal(t, data(n), out)
	}

	// Both sides have this key, but nobody takes what it sealed itself for
	// something of the other, in no session.
	setMaxBlocks(w.ab.(*peer).kx, 1)
	sealed, err := w.ab.Kx().SealSubmessage(nil, data(8), nil)
	require.NoError(t, err)
	for range 20 {
		_, _, err = w.ab.OpenSubmessage(nil, sealed)
		require.ErrorIs(t, err, errReflected)
		_, _, err = w.ba.OpenSubmessage(nil, sealed)
		require.NoError(t, err)
		sealed, err = w.ab.Kx().SealSubmessage(nil, data(8), nil)
		require.NoError(t, err)
	}
	w.ba.Close()
	_, _, err = w.ba.OpenSubmessage(nil, sealed)
	require.ErrorIs(t, err, errClosed)
	_, err = w.ba.Kx().SealSubmessage(nil, data(8), nil)
	require.ErrorIs(t, err, errClosed)
}

func TestTooLong(t *testing.T) {
	w := newWorld(t, spi.ProtectEncrypt, spi.ProtectEncrypt, spi.ProtectNone)
	_, err := w.w.Submessage().SealSubmessage(nil, data(0xffff), nil)
	require.ErrorIs(t, err, errTooLong)
	_, err = w.a.Message().SealMessage(nil, message(data(0xfff0)), nil)
	require.ErrorIs(t, err, errTooLong)
	_, err = w.a.Message().SealMessage(nil, message()[:19], nil)
	require.ErrorIs(t, err, errMalformed)
	_, err = w.w.Submessage().SealSubmessage(nil, []byte{1}, nil)
	require.ErrorIs(t, err, errMalformed)
}
