package psk

import (
	"encoding/binary"
	"errors"

	"github.com/secdds/dds/rtps"
)

// subHeaderExtension is HEADER_EXTENSION, between the RTPS header and the first
// submessage. DDSI-RTPS 2.5, 9.4.5.2.
const subHeaderExtension = 0x00

// Flags of SRTPS_PREFIX. DDS-Security 1.2.
const (
	flagE   = 0x01 // octetsToNextHeader is little-endian; contents are big-endian always
	flagAAD = 0x02 // the RTPS header is additional authenticated data
	flagPSK = 0x04
)

// Flags of HEADER_EXTENSION that decide where its checksum is.
const (
	flagLength   = 0x02 // 4 octets
	flagTime     = 0x04 // 8
	flagUExt     = 0x08 // 4
	flagWExt     = 0x10 // 8
	flagChecksum = 0x60 // 4, 8 or 16
)

const (
	headerLen       = rtps.HeaderLen
	subHeaderLen    = rtps.SubmessageHeaderLen
	cryptoHeaderLen = 20 // passphrase id 3, kind 1, key id 4, session id 4, IV suffix 8
	lengthLen       = 4  // of CryptoContent
	tagLen          = 16
	countLen        = 4 // of receiver-specific MACs: always 0 here
	infoSrcLen      = 24
	ivLen           = 12

	prefixLen    = subHeaderLen + cryptoHeaderLen
	bodyStartLen = subHeaderLen + lengthLen
	postfixLen   = subHeaderLen + tagLen + countLen
)

var (
	errMalformed = errors.New("psk: malformed")
	errKind      = errors.New("psk: not protected as it has to be")
	errNoKey     = errors.New("psk: no passphrase of that id")
	errTag       = errors.New("psk: authentication failed")
	errTooLong   = errors.New("psk: too long to be sealed")
)

// A kind is the last octet of CryptoTransformKind. DDS-Security 1.1, 9.5.2.1.1.
type kind uint8

const (
	kindAES128GMAC kind = 1 + iota
	kindAES128GCM
	kindAES256GMAC
	kindAES256GCM
)

// encrypts reports whether k hides what it protects, rather than only sign it.
func (k kind) encrypts() bool { return k == kindAES128GCM || k == kindAES256GCM }

// keyLen returns the length of k's keys and salts in octets; 0: there is no such kind.
func (k kind) keyLen() int {
	switch k {
	case kindAES128GMAC, kindAES128GCM:
		return 16
	case kindAES256GMAC, kindAES256GCM:
		return 32
	}
	return 0
}

// A sealed is a protected message, taken apart. Its fields borrow the message.
type sealed struct {
	header    []byte
	extension []byte // HEADER_EXTENSION with its submessage header, or empty
	bound     bool   // header and extension are additional authenticated data
	crypto    []byte // CryptoHeader
	body      []byte // ciphertext; for GMAC, the submessages in clear
	tag       []byte
}

// The parts of CryptoHeader. Where the PSK flag is set, a passphrase id takes
// the place of the first three octets and of the last one of the key id.
func (s *sealed) kind() kind       { return kind(s.crypto[3]) }
func (s *sealed) keyID() [4]byte   { return [4]byte(s.crypto[4:]) }
func (s *sealed) session() [4]byte { return [4]byte(s.crypto[8:]) }
func (s *sealed) iv() []byte       { return s.crypto[8:cryptoHeaderLen] }

// passphrase returns the passphrase id. Ids above 255 are none of ours: their
// upper octets' order is not known for certain.
func (s *sealed) passphrase() (id uint8, ok bool) {
	return s.crypto[7], s.crypto[0]|s.crypto[1]|s.crypto[2] == 0
}

// split takes msg apart. Every octet that neither the key nor the tag depends on
// has to be as expected, so that no altered message is as good as the original.
func (s *sealed) split(msg []byte) error {
	if len(msg) < headerLen || string(msg[:4]) != "RTPS" {
		return errMalformed
	}
	s.header = msg[:headerLen]
	id, flags, head, rest, ok := nextSub(msg[headerLen:])
	if ok && id == subHeaderExtension {
		s.extension = msg[headerLen : len(msg)-len(rest)]
		if len(s.extension) < subHeaderLen+checksumEnd(flags) {
			return errMalformed
		}
		id, flags, head, rest, ok = nextSub(rest)
	}
	if !ok || id != rtps.SubSRTPSPrefix || flags&^(flagE|flagAAD) != flagPSK || len(head) != cryptoHeaderLen {
		return errMalformed
	}
	s.bound, s.crypto = flags&flagAAD != 0, head
	if s.kind().keyLen() == 0 {
		return errMalformed
	}

	if s.kind().encrypts() {
		var content []byte
		id, flags, content, rest, ok = nextSub(rest)
		if !ok || id != rtps.SubSecBody || flags&^flagE != 0 || len(content) < lengthLen {
			return errMalformed
		}
		n := binary.BigEndian.Uint32(content)
		pad := uint64(len(content)-lengthLen) - uint64(n) // wraps when n is too large
		if pad > 3 {
			return errMalformed
		}
		s.body = content[lengthLen : lengthLen+int(n)]
	} else {
		body := rest
		for len(rest) > 0 && rest[0] != rtps.SubSRTPSPostfix {
			if _, _, _, rest, ok = nextSub(rest); !ok {
				return errMalformed
			}
		}
		s.body = body[:len(body)-len(rest)]
	}

	id, flags, foot, rest, ok := nextSub(rest)
	if !ok || id != rtps.SubSRTPSPostfix || flags&^flagE != 0 || len(rest) != 0 {
		return errMalformed
	}
	// Interop: the count of receiver-specific MACs may be missing.
	if len(foot) != tagLen && (len(foot) != tagLen+countLen || [countLen]byte(foot[tagLen:]) != [countLen]byte{}) {
		return errMalformed
	}
	s.tag = foot[:tagLen]
	return nil
}

// nextSub takes the first submessage off b. A length of zero is taken to be
// that: nothing of what is expected here runs on to the end.
func nextSub(b []byte) (id, flags byte, body, rest []byte, ok bool) {
	if len(b) < subHeaderLen {
		return 0, 0, nil, nil, false
	}
	n := int(binary.BigEndian.Uint16(b[2:]))
	if b[1]&flagE != 0 {
		n = int(binary.LittleEndian.Uint16(b[2:]))
	}
	if n += subHeaderLen; n > len(b) {
		return 0, 0, nil, nil, false
	}
	return b[0], b[1], b[subHeaderLen:n], b[n:], true
}

// putSubHeader writes a submessage header in little-endian order to the first
// octets of b.
func putSubHeader(b []byte, id, flags byte, n int) {
	b[0], b[1] = id, flags|flagE
	binary.LittleEndian.PutUint16(b[2:], uint16(n))
}

// checksumSpan says where the checksum lies in the contents of a
// HEADER_EXTENSION with those flags. DDSI-RTPS 2.5, 9.4.5.2.
func checksumSpan(flags byte) (from, to int) {
	for _, f := range [...]struct {
		flag byte
		size int
	}{{flagLength, 4}, {flagTime, 8}, {flagUExt, 4}, {flagWExt, 8}} {
		if flags&f.flag != 0 {
			from += f.size
		}
	}
	switch flags & flagChecksum {
	case 0x20: // CRC-32C
		return from, from + 4
	case 0x40: // CRC-64
		return from, from + 8
	case 0x60: // MD5
		return from, from + 16
	}
	return from, from
}

func checksumEnd(flags byte) int {
	_, to := checksumSpan(flags)
	return to
}

// appendExtension appends a HEADER_EXTENSION as additional authenticated data
// has it: without messageLength and checksum, which are known only when the
// message is sealed.
func appendExtension(b, ext []byte) []byte {
	if len(ext) == 0 {
		return b
	}
	start := len(b) + subHeaderLen
	b = append(b, ext...)
	if flags := ext[1]; flags&flagLength != 0 {
		clear(b[start : start+4])
	}
	from, to := checksumSpan(ext[1])
	clear(b[start+from : start+to])
	return b
}
