package psk

import (
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"slices"
	"sync/atomic"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

// A sendSession is a session key that we seal with.
//
// No IV is used twice under it: the suffix counts up by the blocks that are
// sealed, which also tells how much of the session is used. It starts at random,
// as does the first session id, because a participant that comes back with the
// same GUID prefix and passphrase has the same master key, and knows nothing of
// what it sealed before.
type sendSession struct {
	derivation
	keys   *keyset // that the seed was the primary of
	aead   cipher.AEAD
	start  uint64        // the suffix that nothing has been sealed with
	suffix atomic.Uint64 // the last one given away
}

func (c *participant) newSession(keys *keyset, header *[headerLen]byte, id uint32) *sendSession {
	s := &sendSession{keys: keys, derivation: derivation{seed: keys.primary, header: *header, keyLen: uint8(c.kind.keyLen())}}
	copy(s.keyID[:], c.plugin.cfg.KeyID[:])
	s.keyID[3] = keys.primary.id
	binary.BigEndian.PutUint32(s.session[:], id)
	s.aead = s.derivation.aead()
	var start [8]byte
	rand.Read(start[:])
	s.start = binary.BigEndian.Uint64(start[:])
	s.suffix.Store(s.start)
	return s
}

// next returns the session to seal n octets under that header in, and the IV
// suffix, which nobody else gets. Goroutines that are sealing in the session
// before finish there: neither its limit nor the end of a passphrase is a sharp one.
func (c *participant) next(header *[headerLen]byte, n int) (s *sendSession, suffix uint64) {
	keys := c.plugin.keys.Load()
	s = c.sending.Load()
	blocks := uint64(n)/16 + 1
	if s != nil && s.keys == keys && s.header == *header {
		suffix = s.suffix.Add(blocks)
		if used := suffix - s.start; used <= c.plugin.cfg.MaxBlocksPerSession || used == blocks {
			return s, suffix
		}
	}
	s = c.rollover(s, keys, header)
	return s, s.suffix.Add(blocks)
}

func (c *participant) rollover(old *sendSession, keys *keyset, header *[headerLen]byte) *sendSession {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.sending.Load()
	if s != old && s.keys == keys && s.header == *header {
		return s // somebody else was first
	}
	var id uint32
	if s == nil {
		var first [4]byte
		rand.Read(first[:])
		id = binary.BigEndian.Uint32(first[:])
	} else {
		id = binary.BigEndian.Uint32(s.session[:]) + 1
	}
	s = c.newSession(keys, header, id)
	c.sending.Store(s)
	return s
}

// SealMessage implements spi.MessageSealer. INFO_SRC and the submessages have to
// lie in one piece, which they do not in msg: this is the one copy.
func (c *participant) SealMessage(dst, msg []byte, to []spi.Receiver) ([]byte, error) {
	b := slices.Grow(dst, len(msg)+c.Overhead(0))
	start := len(dst) + c.Room()
	b, err := c.SealMessageInPlace(append(b[:start], msg...), start, to)
	if err != nil {
		return dst, err
	}
	return b, nil
}

const behind = 3 + postfixLen

// Overhead implements spi.MessageSealer.
func (c *participant) Overhead(int) int { return prefixLen + bodyStartLen + infoSrcLen + behind }

// Room implements spi.InPlaceMessageSealer. INFO_SRC ends where the RTPS header
// did: it takes the place of it and of 4 octets more.
func (c *participant) Room() int { return c.front() + infoSrcLen - headerLen }

// front is how many octets of a sealed message are before the body.
func (c *participant) front() int {
	if c.kind.encrypts() {
		return headerLen + prefixLen + bodyStartLen
	}
	return headerLen + prefixLen
}

// SealMessageInPlace implements spi.InPlaceMessageSealer. Nobody in particular
// receives it.
func (c *participant) SealMessageInPlace(buf []byte, start int, _ []spi.Receiver) ([]byte, error) {
	msg := buf[start:]
	if len(msg) < headerLen || string(msg[:4]) != "RTPS" || rtps.GUIDPrefix(msg[8:headerLen]) != c.prefix {
		return buf, errMalformed
	}
	if len(msg) > headerLen && msg[headerLen] == subHeaderExtension {
		return buf, errMalformed // it would have to stay in front, and we send none
	}
	if lengthLen+infoSrcLen+len(msg)-headerLen+3 > 0xffff {
		return buf, errTooLong
	}
	b, err := padLast(slices.Grow(buf, behind), start+headerLen)
	if err != nil {
		return buf, err
	}

	header := [headerLen]byte(b[start:])
	body, end := start+headerLen-infoSrcLen, len(b)
	putSubHeader(b[body:], rtps.SubInfoSrc, 0, infoSrcLen-subHeaderLen)
	clear(b[body+subHeaderLen : body+2*subHeaderLen]) // version, vendor and GUID prefix are in place
	s, suffix := c.next(&header, end-body)

	// Additional authenticated data lies right before the body for now, and the
	// IV where the message will begin.
	iv := b[body-c.front():][:ivLen]
	copy(iv, s.session[:])
	binary.BigEndian.PutUint64(iv[len(s.session):], suffix)
	bound := body
	if c.plugin.cfg.HeaderAAD {
		bound -= copy(b[body-headerLen:], header[:])
	}
	if c.kind.encrypts() {
		b = s.aead.Seal(b[:body], iv, b[body:end], b[bound:body])
		copy(b[end+subHeaderLen:end+subHeaderLen+tagLen], b[end:]) // to where the postfix has it
	} else {
		b = s.aead.Seal(b[:end+subHeaderLen], iv, nil, b[bound:end])
	}
	b = b[:end+postfixLen]
	putSubHeader(b[end:], rtps.SubSRTPSPostfix, 0, tagLen+countLen)
	clear(b[end+subHeaderLen+tagLen:])
	c.putFront(b[body-c.front():body], s, suffix, end-body)
	return b, nil
}

// putFront writes what is before a body of n octets: to b.
func (c *participant) putFront(b []byte, s *sendSession, suffix uint64, n int) {
	copy(b, s.header[:])
	b = b[headerLen:]
	flags := byte(flagPSK)
	if c.plugin.cfg.HeaderAAD {
		flags |= flagAAD
	}
	putSubHeader(b, rtps.SubSRTPSPrefix, flags, cryptoHeaderLen)
	b = b[subHeaderLen:]
	binary.BigEndian.PutUint32(b, uint32(c.kind)) // the passphrase id's upper octets are zero
	copy(b[4:], s.keyID[:])
	copy(b[8:], s.session[:])
	binary.BigEndian.PutUint64(b[12:], suffix)
	if c.kind.encrypts() {
		b = b[cryptoHeaderLen:]
		putSubHeader(b, rtps.SubSecBody, 0, lengthLen+n)
		binary.BigEndian.PutUint32(b[subHeaderLen:], uint32(n))
	}
}

// padLast pads the submessages in b[start:] to a multiple of 4 and makes the
// last one that much longer: there are readers that know no other padding.
func padLast(b []byte, start int) ([]byte, error) {
	pad := -(len(b) - start) & 3
	if pad == 0 {
		return b, nil
	}
	for last := b[start:]; ; {
		_, flags, body, rest, ok := nextSub(last)
		if !ok || len(rest) == 0 && len(body)+pad > 0xffff {
			return nil, errMalformed
		}
		if len(rest) > 0 {
			last = rest
			continue
		}
		if n := uint16(len(body) + pad); flags&flagE != 0 {
			binary.LittleEndian.PutUint16(last[2:], n)
		} else {
			binary.BigEndian.PutUint16(last[2:], n)
		}
		return append(b, make([]byte, pad)...), nil
	}
}
