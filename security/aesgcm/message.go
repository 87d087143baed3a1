package aesgcm

import (
	"bytes"

	"github.com/secdds/dds/spi"
)

// A messageSealer seals whole messages with the participant's key.
// DDS-Security 1.1, 9.5.3.3.
type messageSealer struct{ key *sendKey }

var _ spi.MessageSealer = messageSealer{}

// SealMessage implements spi.MessageSealer.
func (m messageSealer) SealMessage(dst, msg []byte, to []spi.Receiver) ([]byte, error) {
	if len(msg) < rtpsHeaderLen {
		return dst, errMalformed
	}
	b := append(dst, msg[:rtpsHeaderLen]...)
	b, err := m.key.seal(b, subSRTPSPrefix, subSRTPSPostfix, msg[:rtpsHeaderLen], msg[rtpsHeaderLen:], to)
	if err != nil {
		return dst, err
	}
	return b, nil
}

// Overhead implements spi.MessageSealer.
func (m messageSealer) Overhead(receivers int) int { return overhead(receivers) + infoSrcLen }

// OpenMessage implements spi.PeerCrypto.
func (p *peer) OpenMessage(dst, msg []byte) ([]byte, error) {
	if len(msg) < rtpsHeaderLen || string(msg[:4]) != "RTPS" || !bytes.Equal(msg[8:rtpsHeaderLen], p.remote.Prefix[:]) {
		return dst, errMalformed
	}
	s, err := splitSealed(msg[rtpsHeaderLen:], subSRTPSPrefix, subSRTPSPostfix)
	if err != nil {
		return dst, err
	}
	k := findKey(p.messages.Load(), s.crypto.ref())
	if k == nil {
		return dst, errNoKey
	}

	b := append(dst, msg[:rtpsHeaderLen]...)
	if b, err = k.open(b, &s); err != nil {
		return dst, err
	}
	// The header itself is not protected, only its copy is: INFO_SRC, which
	// must come first. DDS-Security 1.1, 7.3.6.
	// Interop: OpenDDS writes "RTPS" where DDSI-RTPS 2.5, 9.4.5.10 has an unused word.
	id, src, _, ok := nextSub(b[len(dst)+rtpsHeaderLen:])
	if !ok || id != subInfoSrc || len(src) < infoSrcLen-subHeaderLen || !bytes.Equal(src[4:20], msg[4:rtpsHeaderLen]) {
		return dst, errMalformed
	}
	return b, nil
}

// findKey returns the key of that kind and id, or nil.
func findKey(keys *[]*recvKey, ref keyRef) *recvKey {
	if keys == nil {
		return nil
	}
	for _, k := range *keys {
		if k.master.ref() == ref {
			return k
		}
	}
	return nil
}
