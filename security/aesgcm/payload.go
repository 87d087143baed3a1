package aesgcm

import (
	"encoding/binary"
	"slices"

	"github.com/secdds/dds/spi"
)

// A payloadSealer seals payloads with a writer's key. DDS-Security 1.1, 9.5.3.3.
type payloadSealer struct{ key *sendKey }

var _ spi.PayloadSealer = payloadSealer{}

const payloadOverhead = cryptoHeaderLen + lengthLen + tagLen + 3 + countLen

// Overhead implements spi.PayloadSealer.
func (p payloadSealer) Overhead() int { return payloadOverhead }

// SealPayload implements spi.PayloadSealer. A signed payload is padded to a
// multiple of 4 octets.
func (p payloadSealer) SealPayload(dst, plain []byte) ([]byte, error) {
	n := len(plain)
	if uint64(n) > 1<<32-64 {
		return dst, errTooLong
	}
	s, err := p.key.next(n)
	if err != nil {
		return dst, err
	}
	b := slices.Grow(dst, n+payloadOverhead)
	nonce := len(b) + 8
	b = p.key.appendCryptoHeader(b, s)
	iv := b[nonce : nonce+12]

	// Interop: Fast DDS and OpenDDS align the footer's count, Cyclone DDS does
	// not. Of a ciphertext, zeros up to the aligned count serve both; of signed
	// octets, all three find the MAC only when these are aligned themselves.
	pad := zeros[:pad4(n)]
	if p.key.master.kind.encrypts() {
		b = binary.BigEndian.AppendUint32(b, uint32(n))
		b = s.aead.Seal(b, iv, plain, nil)
		b = append(b, pad...)
	} else {
		start := len(b)
		b = append(b, plain...)
		b = append(b, pad...)
		b = s.aead.Seal(b, iv, nil, b[start:])
	}
	return append(b, zeros[:countLen]...), nil // no receiver has a MAC: 9.5.3.3
}

// OpenPayload implements spi.PayloadOpener.
func (p *pair) OpenPayload(dst, b []byte) ([]byte, error) {
	if len(b) < cryptoHeaderLen {
		return dst, errMalformed
	}
	h := cryptoHeader(b[:cryptoHeaderLen])
	k := findKey(p.payloads.Load(), h.ref())
	if k == nil {
		return dst, errNoKey
	}
	if h.isGCM() {
		return k.openEncrypted(dst, h, b[cryptoHeaderLen:])
	}
	return k.openSigned(dst, h, b[cryptoHeaderLen:])
}

// openEncrypted opens CryptoContent and CryptoFooter.
func (k *recvKey) openEncrypted(dst []byte, h cryptoHeader, b []byte) ([]byte, error) {
	if len(b) < lengthLen {
		return dst, errMalformed
	}
	n := uint64(binary.BigEndian.Uint32(b))
	b = b[lengthLen:]
	if n+tagLen > uint64(len(b)) {
		return dst, errMalformed
	}
	b, foot := b[:n+tagLen], b[n+tagLen:]
	if len(foot) < countLen || len(foot) > countLen+3 || !isZero(foot) {
		return dst, errMalformed
	}
	ses, fresh := k.session(h)
	out, err := ses.aead.Open(dst, h.nonce(), b, nil)
	if err != nil {
		return dst, errTag
	}
	if fresh {
		k.sessions.add(ses)
	}
	return out, nil
}

// openSigned opens octets in clear followed by CryptoFooter. Only their sum is
// known: when the count is aligned and the octets are not, as OpenDDS may send
// it, up to three zeros lie between MAC and count.
func (k *recvKey) openSigned(dst []byte, h cryptoHeader, b []byte) ([]byte, error) {
	if len(b) < tagLen+countLen || !isZero(b[len(b)-countLen:]) {
		return dst, errMalformed
	}
	ses, fresh := k.session(h)
	b = b[:len(b)-countLen]
	for range 4 {
		if len(b) < tagLen {
			break
		}
		plain, tag := b[:len(b)-tagLen], b[len(b)-tagLen:]
		if _, err := ses.aead.Open(nil, h.nonce(), tag, plain); err == nil {
			if fresh {
				k.sessions.add(ses)
			}
			return append(dst, plain...), nil
		}
		if b[len(b)-1] != 0 {
			break
		}
		b = b[:len(b)-1]
	}
	return dst, errTag
}
