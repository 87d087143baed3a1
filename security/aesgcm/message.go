package aesgcm

import (
	"slices"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

// A messageSealer seals whole messages with the participant's key.
// DDS-Security 1.1, 9.5.3.3.
type messageSealer struct{ key *sender }

var (
	_ spi.MessageSealer        = messageSealer{}
	_ spi.InPlaceMessageSealer = messageSealer{}
)

// SealMessage implements spi.MessageSealer. INFO_SRC and the submessages have
// to lie in one piece, which they do not in msg: this is the one copy.
func (m messageSealer) SealMessage(dst, msg []byte, to []spi.Receiver) ([]byte, error) {
	b := slices.Grow(dst, len(msg)+m.Overhead(len(to)))
	start := len(dst) + m.Room()
	b, err := m.SealMessageInPlace(append(b[:start], msg...), start, to)
	if err != nil {
		return dst, err
	}
	return b, nil
}

// Overhead implements spi.MessageSealer.
func (m messageSealer) Overhead(receivers int) int { return overhead(receivers) + infoSrcLen }

// Room implements spi.InPlaceMessageSealer. INFO_SRC ends where the RTPS header
// did: it takes the place of it and of 4 octets more.
func (m messageSealer) Room() int { return rtpsHeaderLen + m.key.room() + infoSrcLen - rtpsHeaderLen }

// SealMessageInPlace implements spi.InPlaceMessageSealer.
func (m messageSealer) SealMessageInPlace(buf []byte, start int, to []spi.Receiver) ([]byte, error) {
	n := len(buf) - start
	if n < rtpsHeaderLen {
		return buf, errMalformed
	}
	b := slices.Grow(buf, behind(len(to)))
	copy(b[start-m.Room():], b[start:start+rtpsHeaderLen])
	src := start + rtpsHeaderLen - infoSrcLen
	putSubHeader(b[src:], subInfoSrc, infoSrcLen-subHeaderLen)
	clear(b[src+subHeaderLen : src+2*subHeaderLen]) // version, vendor and GUID prefix are in place
	b, err := m.key.seal(b[:src], subSRTPSPrefix, subSRTPSPostfix, b[src:start+n], to)
	if err != nil {
		return buf, err
	}
	return b, nil
}

// OpenMessage implements spi.PeerCrypto.
func (p *peer) OpenMessage(dst, msg []byte) ([]byte, error) {
	var s sealed
	k, err := p.splitMessage(&s, msg)
	if err != nil {
		return dst, err
	}
	b := slices.Grow(dst, rtpsHeaderLen+len(s.body)+tagLen)
	b, err = k.open(append(b, msg[:rtpsHeaderLen]...), &s)
	if err != nil {
		return dst, err
	}
	subs := b[len(dst)+rtpsHeaderLen:]
	if !startsWithSource(subs, msg) {
		clear(subs)
		return dst, errMalformed
	}
	return b, nil
}

// OpenMessageInPlace implements spi.InPlaceOpener.
func (p *peer) OpenMessageInPlace(msg []byte) ([]byte, error) {
	var s sealed
	k, err := p.splitMessage(&s, msg)
	if err != nil {
		return nil, err
	}
	subs, err := k.openInPlace(&s, s.body)
	if err != nil {
		return nil, err
	}
	if !startsWithSource(subs, msg) {
		clear(subs)
		return nil, errMalformed
	}
	return subs, nil
}

// splitMessage takes msg apart into s, and returns the key it is sealed with.
func (p *peer) splitMessage(s *sealed, msg []byte) (*recvKey, error) {
	if len(msg) < rtpsHeaderLen || string(msg[:4]) != "RTPS" || rtps.GUIDPrefix(msg[8:rtpsHeaderLen]) != p.remote.Prefix {
		return nil, errMalformed
	}
	if err := s.split(msg[rtpsHeaderLen:], subSRTPSPrefix, subSRTPSPostfix); err != nil {
		return nil, err
	}
	k := findKey(p.messages.Load(), s.crypto.ref())
	if k == nil {
		return nil, errNoKey
	}
	return k, nil
}

// startsWithSource reports whether the opened submessages of msg begin with an
// INFO_SRC that agrees with its header. The header itself is not protected, only
// this copy is. DDS-Security 1.1, 7.3.6.
//
// Interop: OpenDDS writes "RTPS" where DDSI-RTPS 2.5, 9.4.5.10 has an unused word.
func startsWithSource(subs, msg []byte) bool {
	id, src, _, ok := nextSub(subs)
	return ok && id == subInfoSrc && len(src) >= infoSrcLen-subHeaderLen && [16]byte(src[4:]) == [16]byte(msg[4:])
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
