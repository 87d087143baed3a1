package aesgcm

import (
	"encoding/binary"
	"slices"

	"github.com/secdds/dds/spi"
)

// A payloadSealer seals payloads with a writer's key. DDS-Security 1.1, 9.5.3.3.
type payloadSealer struct{ key *sender }

var (
	_ spi.PayloadSealer        = payloadSealer{}
	_ spi.InPlacePayloadSealer = payloadSealer{}
)

const payloadOverhead = cryptoHeaderLen + lengthLen + tagLen + 3 + countLen

// Overhead implements spi.PayloadSealer.
func (p payloadSealer) Overhead() int { return payloadOverhead }

// SealPayload implements spi.PayloadSealer. A signed payload is padded to a
// multiple of 4 octets.
func (p payloadSealer) SealPayload(dst, plain []byte) ([]byte, error) {
	if uint64(len(plain)) > maxPayload {
		return dst, errTooLong
	}
	at := len(dst) + p.Room()
	b, err := p.seal(slices.Grow(dst, len(plain)+payloadOverhead)[:at], plain)
	if err != nil {
		return dst, err
	}
	return b, nil
}

// Room implements spi.InPlacePayloadSealer.
func (p payloadSealer) Room() int {
	if p.key.kind.encrypts() {
		return cryptoHeaderLen + lengthLen
	}
	return cryptoHeaderLen
}

// SealPayloadInPlace implements spi.InPlacePayloadSealer.
func (p payloadSealer) SealPayloadInPlace(buf []byte, start int) ([]byte, error) {
	n := len(buf) - start
	if uint64(n) > maxPayload {
		return buf, errTooLong
	}
	buf = slices.Grow(buf, payloadOverhead-p.Room())
	return p.seal(buf[:start], buf[start:start+n])
}

// maxPayload is what fits in the length of CryptoContent, all around it included.
const maxPayload = 1<<32 - 64

// seal writes CryptoHeader and what is before the payload into the last octets
// of b, and appends the protected form of plain and the footer. plain lies where
// it is to go, or away from b. b has capacity for all.
func (p payloadSealer) seal(b, plain []byte) ([]byte, error) {
	n, pad := len(plain), pad4(len(plain))
	k := p.key.active.Load()
	if k == nil {
		return b, errClosed
	}
	s, suffix, err := k.next(n)
	if err != nil {
		return b, err
	}
	start := len(b)
	head := b[start-p.Room():]
	iv := s.putCryptoHeader(head, suffix)

	// Interop: Fast DDS and OpenDDS align the footer's count, Cyclone DDS does
	// not. Of a ciphertext, zeros up to the aligned count serve both; of signed
	// octets, all three find the MAC only when these are aligned themselves.
	if p.key.kind.encrypts() {
		binary.BigEndian.PutUint32(head[cryptoHeaderLen:], uint32(n))
		b = s.aead.Seal(b, iv, plain, nil)
		b = append(b, zeros[:pad]...)
	} else {
		b = b[:start+n]
		copy(b[start:], plain) // nothing when plain is there; append would move it
		b = append(b, zeros[:pad]...)
		b = s.aead.Seal(b, iv, nil, b[start:])
	}
	return append(b, zeros[:countLen]...), nil // no receiver has a MAC: 9.5.3.3
}

// OpenPayload implements spi.PayloadOpener.
func (p *pair) OpenPayload(dst, b []byte) ([]byte, error) {
	var s sealedPayload
	if err := s.split(p.payloads.Load(), b); err != nil {
		return dst, err
	}
	if s.crypto.isGCM() {
		return s.decrypt(dst)
	}
	plain, err := s.verify()
	return append(dst, plain...), err
}

// OpenPayloadInPlace implements spi.InPlacePayloadOpener.
func (p *pair) OpenPayloadInPlace(b []byte) ([]byte, error) {
	var s sealedPayload
	if err := s.split(p.payloads.Load(), b); err != nil {
		return nil, err
	}
	if !s.crypto.isGCM() {
		return s.verify()
	}
	plain, err := s.decrypt(s.content[:0])
	if err != nil {
		return nil, err
	}
	return plain, nil
}

// A sealedPayload is a protected payload, taken apart. It borrows what was parsed.
type sealedPayload struct {
	key     *recvKey
	crypto  cryptoHeader
	content []byte // ciphertext and tag; for GMAC, everything behind CryptoHeader but the count
}

// split takes b apart, and finds which of keys it is sealed with.
func (s *sealedPayload) split(keys *[]*recvKey, b []byte) error {
	if len(b) < cryptoHeaderLen {
		return errMalformed
	}
	s.crypto, b = cryptoHeader(b[:cryptoHeaderLen]), b[cryptoHeaderLen:]
	if s.key = findKey(keys, s.crypto.ref()); s.key == nil {
		return errNoKey
	}
	var foot []byte
	if s.crypto.isGCM() {
		if len(b) < lengthLen {
			return errMalformed
		}
		n := uint64(binary.BigEndian.Uint32(b)) + tagLen
		b = b[lengthLen:]
		if n > uint64(len(b)) {
			return errMalformed
		}
		s.content, foot = b[:n], b[n:]
		if len(foot) > countLen+3 {
			return errMalformed
		}
	} else {
		at := max(0, len(b)-countLen)
		s.content, foot = b[:at], b[at:]
	}
	if len(foot) < countLen || !isZero(foot) {
		return errMalformed
	}
	return nil
}

// decrypt appends the payload to dst, which may be content[:0].
func (s *sealedPayload) decrypt(dst []byte) ([]byte, error) {
	id := s.crypto.session()
	aead, fresh := s.key.session(id)
	out, err := aead.Open(dst, s.crypto.nonce(), s.content, nil)
	if err != nil {
		return dst, errTag
	}
	if fresh {
		s.key.sessions.add(session{id, aead})
	}
	return out, nil
}

// verify returns the signed octets. Only the sum of them and CryptoFooter is
// known: when the count is aligned and the octets are not, as OpenDDS may send
// it, up to three zeros lie between MAC and count.
func (s *sealedPayload) verify() ([]byte, error) {
	id := s.crypto.session()
	b := s.content
	if len(b) < tagLen {
		return nil, errMalformed
	}
	aead, fresh := s.key.session(id)
	for range 4 {
		if len(b) < tagLen {
			break
		}
		plain, tag := b[:len(b)-tagLen], b[len(b)-tagLen:]
		if _, err := aead.Open(nil, s.crypto.nonce(), tag, plain); err == nil {
			if fresh {
				s.key.sessions.add(session{id, aead})
			}
			return plain, nil
		}
		if b[len(b)-1] != 0 {
			break
		}
		b = b[:len(b)-1]
	}
	return nil, errTag
}
