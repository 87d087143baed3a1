package psk

import (
	"bytes"
	"crypto/cipher"
	"slices"

	"github.com/secdds/dds/rtps"
)

// OpenMessage implements spi.PSKCrypto. A header extension is left out of what
// is appended. Any error means that nothing of msg can be believed, and dst
// comes back as it was. Our own messages are opened, too: a participant's writers
// and readers may meet over the network.
func (c *participant) OpenMessage(dst, msg []byte) ([]byte, error) {
	var s sealed
	if err := s.split(msg); err != nil {
		return dst, err
	}
	if s.kind().encrypts() != c.kind.encrypts() {
		return dst, errKind
	}
	keys := c.plugin.keys.Load()
	if c.seen.Load() != keys {
		c.seen.Store(keys)
		c.cache.retain(keys)
	}
	id, ok := s.passphrase()
	if !ok || id > maxID || keys.byID[id] == nil {
		return dst, errNoKey
	}
	d := derivation{
		seed: keys.byID[id], header: [headerLen]byte(s.header),
		keyID: s.keyID(), session: s.session(), keyLen: uint8(s.kind().keyLen()),
	}
	aead := c.cache.find(&d)
	fresh := aead == nil
	if fresh {
		aead = d.aead()
	}
	b, err := s.open(dst, aead)
	if err != nil {
		return dst, err
	}
	if fresh {
		c.cache.add(&d, aead)
	}
	return b, nil
}

// open appends the header and the submessages to dst.
func (s *sealed) open(dst []byte, aead cipher.AEAD) ([]byte, error) {
	start := len(dst)
	b := slices.Grow(dst, headerLen+len(s.extension)+len(s.body)+tagLen)
	b = append(b, s.header...)
	b = appendExtension(b, s.extension)
	body := len(b)
	b = append(b, s.body...)
	bound := body
	if s.bound {
		bound = start
	}
	if s.kind().encrypts() {
		whole := append(b[body:], s.tag...)
		if _, err := aead.Open(whole[:0], s.iv(), whole, b[bound:body]); err != nil {
			return dst, errTag // the cipher has zeroed it
		}
	} else if _, err := aead.Open(nil, s.iv(), s.tag, b[bound:]); err != nil {
		return dst, errTag
	}
	if !sourceFits(b[body:], s.header) {
		clear(b[body:])
		return dst, errMalformed
	}
	return append(b[:start+headerLen], b[body:]...), nil
}

// sourceFits reports whether an INFO_SRC that the submessages begin with agrees
// with the header. There need not be one.
func sourceFits(subs, header []byte) bool {
	id, _, src, _, ok := nextSub(subs)
	return !ok || id != rtps.SubInfoSrc || len(src) >= infoSrcLen-subHeaderLen && bytes.Equal(src[4:headerLen], header[4:])
}
