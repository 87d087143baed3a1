package aesgcm

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

// An inPlace is the other way to do what a level does.
type inPlace struct {
	room func(w *world) int
	seal func(w *world, buf []byte, start int) ([]byte, error)
	open func(w *world, sealed []byte) ([]byte, error) // for messages, without the RTPS header
}

// inPlaces are those of levels.
var inPlaces = []inPlace{{
	room: func(w *world) int { return w.w.Payload().(spi.InPlacePayloadSealer).Room() },
	seal: func(w *world, buf []byte, start int) ([]byte, error) {
		return w.w.Payload().(spi.InPlacePayloadSealer).SealPayloadInPlace(buf, start)
	},
	open: func(w *world, b []byte) ([]byte, error) {
		return w.rw.Payload().(spi.InPlacePayloadOpener).OpenPayloadInPlace(b)
	},
}, {
	room: func(w *world) int { return w.w.Submessage().(spi.InPlaceSubmessageSealer).Room() },
	seal: func(w *world, buf []byte, start int) ([]byte, error) {
		return w.w.Submessage().(spi.InPlaceSubmessageSealer).SealSubmessageInPlace(buf, start, nil)
	},
	open: func(w *world, b []byte) ([]byte, error) {
		out, from, err := w.ba.(spi.InPlaceOpener).OpenSubmessageInPlace(b)
		if err == nil && from != writerA {
			return nil, errNoKey
		}
		return out, err
	},
}, {
	room: func(w *world) int { return w.a.Message().(spi.InPlaceMessageSealer).Room() },
	seal: func(w *world, buf []byte, start int) ([]byte, error) {
		return w.a.Message().(spi.InPlaceMessageSealer).SealMessageInPlace(buf, start, nil)
	},
	open: func(w *world, b []byte) ([]byte, error) { return w.ba.(spi.InPlaceOpener).OpenMessageInPlace(b) },
}}

// opened is what opening plain in place gives.
func opened(l level, plain []byte, k kind) []byte {
	b := l.want(plain, k)
	if l.name == "message" {
		b = b[rtpsHeaderLen:]
	}
	return b
}

func sealPayloadInPlace(w *world, plain []byte) ([]byte, error) {
	p := inPlaces[0]
	return p.seal(w, append(make([]byte, p.room(w)), plain...), p.room(w))
}

// TestInPlace: what is sealed in place opens in either way, and the other way
// round, for as much as Overhead says without another buffer.
func TestInPlace(t *testing.T) {
	for _, k := range allKinds {
		w := newWorldOf(t, k)
		for i, l := range levels {
			in := inPlaces[i]
			room := in.room(w)
			for _, n := range sizes {
				plain := l.size(n)
				start := 3 + room
				buf := make([]byte, start, 3+len(plain)+overheadOf(w, l))
				copy(buf, "dst")
				sealed, err := in.seal(w, append(buf, plain...), start)
				require.NoError(t, err)
				require.Same(t, &buf[0], &sealed[0], "%s kind %d: moved", l.name, k)
				require.Equal(t, "dst", string(sealed[:3]))
				sealed = sealed[3:]

				out, err := l.open(w, nil, sealed)
				require.NoError(t, err)
				require.Equal(t, l.want(plain, k), append([]byte{}, out...), "%s kind %d", l.name, k)
				other, err := l.seal(w, nil, plain)
				require.NoError(t, err)
				require.Len(t, sealed, len(other))

				for _, b := range [][]byte{sealed, other} {
					out, err = in.open(w, b)
					require.NoError(t, err)
					require.Equal(t, opened(l, plain, k), append([]byte{}, out...), "%s kind %d", l.name, k)
					require.True(t, len(out) == 0 || lies(out, b))
				}

				// Without capacity it moves, and is the same.
				tight := append(make([]byte, start), plain...)
				sealed, err = in.seal(w, tight[:len(tight):len(tight)], start)
				require.NoError(t, err)
				out, err = l.open(w, nil, sealed[3:])
				require.NoError(t, err)
				require.Equal(t, l.want(plain, k), append([]byte{}, out...), "%s kind %d", l.name, k)
			}
		}
	}
}

// lies reports whether part is a part of b.
func lies(part, b []byte) bool {
	for i := range b {
		if &b[i] == &part[0] {
			return i+len(part) <= len(b)
		}
	}
	return false
}

// TestInPlaceTampering: what does not open leaves nothing of the plaintext
// behind, wherever it was changed or cut off.
func TestInPlaceTampering(t *testing.T) {
	for _, k := range allKinds {
		w := newWorldOf(t, k)
		for i, l := range levels {
			in := inPlaces[i]
			plain := l.size(64)
			sealed, err := l.seal(w, nil, plain)
			require.NoError(t, err)
			refused := 0
			check := func(bad []byte, what int) {
				want, wantErr := l.open(w, nil, bad)
				want = append([]byte{}, want...)
				out, err := in.open(w, bad)
				require.Equal(t, wantErr, err, "%s kind %d, %d", l.name, k, what)
				if err == nil {
					require.Equal(t, want[len(want)-len(out):], out)
					return
				}
				refused++
				require.Nil(t, out)
				if k.encrypts() {
					require.NotContains(t, string(bad), string(plain[len(plain)-16:]), "%s kind %d, %d", l.name, k, what)
				}
			}
			for i := range sealed {
				bad := bytes.Clone(sealed)
				bad[i] ^= 0x40
				check(bad, i)
				check(bytes.Clone(sealed[:i]), -i)
			}
			require.Greater(t, refused, 2*len(sealed)-20)
			_, err = in.open(w, sealed)
			require.NoError(t, err, "the forgeries changed something")
		}
	}
}

// TestInPlaceOrigin: what another receiver may have forged is not left in the
// clear either, although the cipher has found it good.
func TestInPlaceOrigin(t *testing.T) {
	for _, p := range []spi.Protection{spi.ProtectSignOrigin, spi.ProtectEncryptOrigin} {
		w := newWorld(t, p, p, spi.ProtectNone)
		open := w.ba.(spi.InPlaceOpener)
		plain := data(64)
		for _, to := range [][]spi.Receiver{nil, {w.wr.Receiver()}} {
			buf := append(make([]byte, w.w.Submessage().(spi.InPlaceSubmessageSealer).Room()), plain...)
			sealed, err := w.w.Submessage().(spi.InPlaceSubmessageSealer).SealSubmessageInPlace(buf, len(buf)-len(plain), to)
			require.NoError(t, err)
			out, from, err := open.OpenSubmessageInPlace(sealed)
			if to != nil {
				require.NoError(t, err)
				require.Equal(t, plain, out)
				require.Equal(t, writerA, from)
				continue
			}
			require.ErrorIs(t, err, errOrigin)
			require.Equal(t, !p.IsEncrypt(), bytes.Contains(sealed, plain))
		}
		msg := message(plain)
		for _, to := range [][]spi.Receiver{nil, {w.ab.Receiver()}} {
			sealed, err := w.a.Message().SealMessage(nil, msg, to)
			require.NoError(t, err)
			out, err := open.OpenMessageInPlace(sealed)
			if to != nil {
				require.NoError(t, err)
				require.Equal(t, append(infoSrc(), plain...), out)
				continue
			}
			require.ErrorIs(t, err, errOrigin)
			require.Equal(t, !p.IsEncrypt(), bytes.Contains(sealed, plain))
		}
	}
}

// TestInPlaceSameKeyID: of two keys with one id, the one that does not fit does
// not spoil what the other one opens.
func TestInPlaceSameKeyID(t *testing.T) {
	w := newWorld(t, spi.ProtectNone, spi.ProtectEncrypt, spi.ProtectNone)
	m := w.w.(*endpoint).submessage.active.Load().master
	m.key[0]++
	other := rtps.EntityID{0, 0, 9, rtps.KindWriterWithKey}
	q, err := w.r.Match(w.ba, other)
	require.NoError(t, err)
	require.NoError(t, q.SetTokens([]spi.Token{tokenOf(&m)}))
	for _, row := range []struct {
		key  *sender
		from rtps.EntityID
	}{{w.w.(*endpoint).submessage, writerA}, {newSender(m, 1<<20), other}} {
		sealed, err := submessageSealer{row.key}.SealSubmessage(nil, data(64), nil)
		require.NoError(t, err)
		out, from, err := w.ba.(spi.InPlaceOpener).OpenSubmessageInPlace(sealed)
		require.NoError(t, err)
		require.Equal(t, data(64), out)
		require.Equal(t, row.from, from)
	}
}

func TestInPlaceRefused(t *testing.T) {
	w := newWorld(t, spi.ProtectEncrypt, spi.ProtectEncrypt, spi.ProtectEncrypt)
	room := make([]byte, 100)
	_, err := inPlaces[1].seal(w, append(room, 1, 2, 3), 100)
	require.ErrorIs(t, err, errMalformed)
	_, err = inPlaces[1].seal(w, append(room, data(0xffff)...), 100)
	require.ErrorIs(t, err, errTooLong)
	_, err = inPlaces[2].seal(w, append(room, message()[:19]...), 100)
	require.ErrorIs(t, err, errMalformed)
	_, err = inPlaces[2].seal(w, append(room, message(data(0xfff0))...), 100)
	require.ErrorIs(t, err, errTooLong)
	w.w.Close()
	_, err = inPlaces[0].seal(w, append(room, 1, 2, 3), 100)
	require.ErrorIs(t, err, errClosed)

	// What our own Kx key sealed is not the peer's in place either.
	sealed, err := w.ab.Kx().SealSubmessage(nil, data(8), nil)
	require.NoError(t, err)
	_, _, err = w.ab.(spi.InPlaceOpener).OpenSubmessageInPlace(bytes.Clone(sealed))
	require.ErrorIs(t, err, errReflected)
	_, from, err := w.ba.(spi.InPlaceOpener).OpenSubmessageInPlace(sealed)
	require.NoError(t, err)
	require.Equal(t, rtps.EntityUnknown, from)
}
