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

// bareSeal returns what sealing n octets with p asks of the cipher: one call,
// and with origin authentication one more over the first one's tag.
func bareSeal(t testing.TB, p spi.Protection, dst []byte, n int) func() error {
	aead, origin, nonce := bare(t), bare(t), make([]byte, 12)
	hidden, signed := parts(p, make([]byte, n))
	mac := make([]byte, 0, 16)
	return func() error {
		b := aead.Seal(dst, nonce, hidden, signed)
		if p.IsOrigin() {
			origin.Seal(mac, nonce, nil, b[len(b)-16:])
		}
		return nil
	}
}

// bareOpen returns what opening asks of the cipher, likewise.
func bareOpen(t testing.TB, p spi.Protection, dst []byte, n int) func() error {
	aead, origin, nonce := bare(t), bare(t), make([]byte, 12)
	hidden, signed := parts(p, make([]byte, n))
	sealed := aead.Seal(nil, nonce, hidden, signed)
	tag := sealed[len(sealed)-16:]
	mac := origin.Seal(nil, nonce, nil, tag)
	return func() error {
		_, err := aead.Open(dst, nonce, sealed, signed)
		if err == nil && p.IsOrigin() {
			_, err = origin.Open(nil, nonce, mac, tag)
		}
		return err
	}
}
