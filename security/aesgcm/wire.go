package aesgcm

import (
	"encoding/binary"
	"errors"
)

// Submessage kinds. DDS-Security 1.1, 7.3.6; DDSI-RTPS 2.5, 9.4.5.
const (
	subInfoSrc      = 0x0c
	subSecBody      = 0x30
	subSecPrefix    = 0x31
	subSecPostfix   = 0x32
	subSRTPSPrefix  = 0x33
	subSRTPSPostfix = 0x34
	subVendor       = 0x80 // and above: vendor-specific, DDSI-RTPS 2.5, 9.4.5.1.1
)

const (
	flagE = 0x01 // octetsToNextHeader is little-endian; contents are big-endian always

	subHeaderLen    = 4
	cryptoHeaderLen = 20 // kind 4, key id 4, session id 4, IV suffix 8
	lengthLen       = 4  // of CryptoContent
	tagLen          = 16
	countLen        = 4  // of receiver-specific MACs
	macLen          = 20 // key id 4, MAC 16
	rtpsHeaderLen   = 20
	infoSrcLen      = 24

	prefixLen    = subHeaderLen + cryptoHeaderLen // SEC_PREFIX, SRTPS_PREFIX
	bodyStartLen = subHeaderLen + lengthLen       // SEC_BODY up to the ciphertext
	postfixLen   = subHeaderLen + tagLen + countLen
)

var (
	errMalformed = errors.New("aesgcm: malformed")
	errNoKey     = errors.New("aesgcm: no such key")
	errTag       = errors.New("aesgcm: authentication failed")
	errOrigin    = errors.New("aesgcm: no receiver-specific MAC for us")
	errTooLong   = errors.New("aesgcm: too long to be sealed")
	errReflected = errors.New("aesgcm: sealed by ourselves")
	errClosed    = errors.New("aesgcm: keys have been closed")
	errSessions  = errors.New("aesgcm: the key has used up its 2³² sessions: keys must be revised")
	errReceiver  = errors.New("aesgcm: receiver is not one of this key")
)

// A cryptoHeader is CryptoHeader, as it lies in a message. DDS-Security 1.1, 9.5.2.
type cryptoHeader []byte

// ref is what a key is looked up by.
func (h cryptoHeader) ref() keyRef        { return keyRef(binary.BigEndian.Uint64(h)) }
func (h cryptoHeader) session() sessionID { return sessionID(binary.BigEndian.Uint32(h[8:])) }
func (h cryptoHeader) nonce() []byte      { return h[8:20] } // session id and IV suffix: 9.5.3.3
func (h cryptoHeader) isGCM() bool        { return kind(h[3]).encrypts() }

// A keyRef names a key on the wire: transformation kind, key revision included,
// and id. It is a number because maps look up those fastest.
type keyRef uint64

// A sealed is a protected submessage or message, taken apart. Its fields borrow
// what was parsed.
type sealed struct {
	crypto cryptoHeader
	body   []byte // ciphertext; for GMAC, the submessages in clear; the postfix lies behind
	tag    []byte // common_mac
	macs   []byte // receiver-specific MACs, macLen octets each
}

// split takes apart a prefix, a body and a postfix, which b holds and nothing else.
func (s *sealed) split(b []byte, prefix, postfix byte) error {
	id, head, rest, ok := nextSub(b)
	if !ok || id != prefix || len(head) != cryptoHeaderLen {
		return errMalformed
	}
	s.crypto = cryptoHeader(head)

	if s.crypto.isGCM() {
		var content []byte
		if id, content, rest, ok = nextSub(rest); !ok || id != subSecBody || len(content) < lengthLen {
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
		for {
			if len(rest) == 0 {
				return errMalformed
			}
			if rest[0] == postfix {
				break
			}
			if _, _, rest, ok = nextSub(rest); !ok {
				return errMalformed
			}
		}
		s.body = body[:len(body)-len(rest)]
	}

	if len(rest) < subHeaderLen || rest[0] != postfix {
		return errMalformed
	}
	// Interop: OpenDDS writes octetsToNextHeader = 0 in SRTPS_POSTFIX: to the end.
	foot := rest[subHeaderLen:]
	if n := subLen(rest); n != 0 && n != len(foot) {
		if n > len(foot) || postfix != subSRTPSPostfix || !vendorOnly(foot[n:]) {
			return errMalformed
		}
		foot = foot[:n]
	}
	return s.splitFooter(foot)
}

// vendorOnly reports whether b holds vendor-specific submessages and nothing
// else. They are not looked at: nothing protects them.
//
// Interop: Fast DDS appends its statistics, submessage 0x80, to messages that
// are sealed already.
func vendorOnly(b []byte) bool {
	for len(b) > 0 {
		id, _, rest, ok := nextSub(b)
		if !ok || id < subVendor {
			return false
		}
		b = rest
	}
	return true
}

// splitFooter takes apart CryptoFooter. DDS-Security 1.1, 9.5.2.
func (s *sealed) splitFooter(foot []byte) error {
	if len(foot) < tagLen+countLen {
		return errMalformed
	}
	s.tag = foot[:tagLen]
	s.macs = foot[tagLen+countLen:]
	if n := binary.BigEndian.Uint32(foot[tagLen:]); uint64(n)*macLen != uint64(len(s.macs)) {
		return errMalformed
	}
	return nil
}

// subLen reads octetsToNextHeader; b holds a submessage header.
func subLen(b []byte) int {
	if b[1]&flagE != 0 {
		return int(binary.LittleEndian.Uint16(b[2:]))
	}
	return int(binary.BigEndian.Uint16(b[2:]))
}

// nextSub takes the first submessage off b. A length of zero is taken to be
// that: inside something sealed nothing runs on to the end.
func nextSub(b []byte) (id byte, body, rest []byte, ok bool) {
	if len(b) < subHeaderLen {
		return 0, nil, nil, false
	}
	n := subHeaderLen + subLen(b)
	if n > len(b) {
		return 0, nil, nil, false
	}
	return b[0], b[subHeaderLen:n], b[n:], true
}

// putSubHeader writes a submessage header in little-endian order to the first
// octets of b.
func putSubHeader(b []byte, id byte, n int) {
	binary.LittleEndian.PutUint32(b, uint32(id)|flagE<<8|uint32(n)<<16)
}

func pad4(n int) int { return -n & 3 }

const zeros = "\x00\x00\x00\x00"
