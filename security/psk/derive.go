package psk

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
)

// A derivation is everything a session key follows from. It is a map's key.
// DDS-Security 1.2.
//
// The header is the one the message was sent with, so that who alters it, the
// version or the vendor included, gets another key.
type derivation struct {
	seed    *seed
	header  [headerLen]byte
	keyID   [4]byte
	session [4]byte
	keyLen  uint8 // 16 or 32
}

// master returns the master key and salt of the sender.
func (d *derivation) master() (key, salt []byte) {
	return d.stretch("PSK-SKEY", "master sender key derivation"), d.stretch("PSK-SALT", "master salt derivation")
}

// stretch is HKDF with a salt that everyone knows. RFC 5869.
func (d *derivation) stretch(label, info string) []byte {
	b, err := hkdf.Key(sha256.New, d.seed.secret, d.publicSalt(label), info, sha256.Size)
	if err != nil {
		panic("BUG: psk: " + err.Error()) // the length is that of one block
	}
	return b[:d.keyLen]
}

func (d *derivation) publicSalt(label string) []byte {
	b := append([]byte(label), d.keyID[:]...)
	return append(b, d.header[:]...)
}

// sessionKey is DDS-Security 1.1, 9.5.3.3, for the master key.
func (d *derivation) sessionKey() []byte {
	key, salt := d.master()
	session := d.session // so that d, which is made for every message, need not be on the heap
	h := hmac.New(sha256.New, key)
	h.Write([]byte("SessionKey"))
	h.Write(salt)
	h.Write(session[:])
	return h.Sum(nil)[:d.keyLen]
}

// aead returns the cipher under the session key. It costs five HMACs.
func (d *derivation) aead() cipher.AEAD {
	block, err := aes.NewCipher(d.sessionKey())
	if err != nil {
		panic("BUG: psk: " + err.Error()) // the key length is that of a kind
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic("BUG: psk: " + err.Error())
	}
	return aead
}
