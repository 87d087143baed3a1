package crypto

import (
	"crypto/aes"
	"crypto/cipher"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/spi"
)

// bare returns the cipher alone.
func bare(t testing.TB) cipher.AEAD {
	block, err := aes.NewCipher(make([]byte, 32))
	require.NoError(t, err)
	aead, err := cipher.NewGCM(block)
	require.NoError(t, err)
	return aead
}

// parts says what of b a protection hides and what it only signs.
func parts(p spi.Protection, b []byte) (hidden, signed []byte) {
	if p.IsEncrypt() {
		return b, nil
	}
	return nil, b
}

// A bareWorld does what sealing and opening with a protection ask of the
// cipher: one call, and with origin authentication one more over the first
// one's tag. It goes where dst, nil or not, says.
type bareWorld struct {
	aead, origin cipher.AEAD
	receivers    int // receiver-specific MACs
	nonce, mac   []byte
}

func newBareWorld(t testing.TB, p spi.Protection) *bareWorld {
	w := &bareWorld{bare(t), bare(t), 0, make([]byte, 12), make([]byte, 0, 16)}
	if p.IsOrigin() {
		w.receivers = 1
	}
	return w
}

func (w *bareWorld) seal(dst, hidden, signed []byte) []byte {
	b := w.aead.Seal(dst, w.nonce, hidden, signed)
	for range w.receivers {
		w.origin.Seal(w.mac, w.nonce, nil, b[len(b)-16:])
	}
	return b
}

func (w *bareWorld) open(dst, sealed, signed []byte) error {
	_, err := w.aead.Open(dst, w.nonce, sealed, signed)
	if err == nil && w.receivers > 0 {
		_, err = w.origin.Open(nil, w.nonce, w.mac[:16], sealed[len(sealed)-16:])
	}
	return err
}

func bareSeal(t testing.TB, p spi.Protection, dst []byte, n int) side {
	w := newBareWorld(t, p)
	hidden, signed := parts(p, make([]byte, n))
	return side{run: func(int) error {
		w.seal(dst, hidden, signed)
		return nil
	}}
}

func bareSealInPlace(t testing.TB, p spi.Protection, n int) side {
	return bareSealOf(newBareWorld(t, p), p, n)
}

func bareSealOf(w *bareWorld, p spi.Protection, n int) side {
	hidden, signed := parts(p, make([]byte, n, room))
	dst := hidden
	if signed != nil {
		dst = signed[n:]
	}
	return side{run: func(int) error {
		w.seal(dst[:0], hidden, signed)
		return nil
	}}
}

func bareOpen(t testing.TB, p spi.Protection, dst []byte, n int) side {
	w := newBareWorld(t, p)
	hidden, signed := parts(p, make([]byte, n))
	sealed := w.seal(nil, hidden, signed)
	return side{run: func(int) error { return w.open(dst, sealed, signed) }}
}

func bareOpenInPlace(t testing.TB, p spi.Protection, n int) side {
	w := newBareWorld(t, p)
	if !p.IsEncrypt() {
		return bareOpen(t, p, nil, n) // there is nothing to write
	}
	ready, copies := copiesOf(w.seal(nil, make([]byte, n), nil))
	return side{ready, func(i int) error { return w.open(copies[i][:0], copies[i], nil) }}
}

// copiesOf returns room for copies of b, one for each call in a turn, and what
// fills them.
func copiesOf(b []byte) (ready func(i int), copies [][]byte) {
	copies = make([][]byte, turns)
	return func(i int) { copies[i] = append(copies[i][:0], b...) }, copies
}
