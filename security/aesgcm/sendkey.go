package aesgcm

import (
	"crypto/rand"
	"encoding/binary"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/secdds/dds/spi"
)

// A sendKey seals with one of our own keys.
type sendKey struct {
	master    masterKey
	maxBlocks uint64
	first     uint32 // the id of the first session

	closed  atomic.Bool
	current atomic.Pointer[sendSession]
	mu      sync.Mutex // serialises rollover
}

// A sendSession is a session of a sendKey.
//
// No IV is used twice: session ids count up from a random one, so that a master
// key has 2³² sessions before one comes back, and within a session the suffix
// counts up from a random one. Random starts matter for the key exchange's
// key, which both sides seal with. DDS-Security 1.1, 9.5.3.3.
type sendSession struct {
	session
	suffix atomic.Uint64
	blocks atomic.Uint64
}

func newSendKey(m masterKey, maxBlocks uint64) *sendKey {
	k := &sendKey{master: m, maxBlocks: maxBlocks}
	var id [4]byte
	rand.Read(id[:])
	k.first = binary.BigEndian.Uint32(id[:])
	k.current.Store(k.newSession(id))
	return k
}

// made reports whether the session of that id is one of k's.
func (k *sendKey) made(id []byte) bool {
	current := k.current.Load().id
	return binary.BigEndian.Uint32(id)-k.first <= binary.BigEndian.Uint32(current[:])-k.first
}

func (k *sendKey) newSession(id [4]byte) *sendSession {
	s := &sendSession{session: session{id: id, aead: k.master.senderAEAD(id)}}
	var start [8]byte
	rand.Read(start[:])
	s.suffix.Store(binary.BigEndian.Uint64(start[:]))
	return s
}

// next returns the session to seal n octets in. Goroutines that are sealing in
// the old one during a rollover finish there: the limit is not a sharp one.
func (k *sendKey) next(n int) (*sendSession, error) {
	if k.closed.Load() {
		return nil, errClosed
	}
	s := k.current.Load()
	blocks := uint64(n)/16 + 1
	if used := s.blocks.Add(blocks); used <= k.maxBlocks || used == blocks {
		return s, nil
	}
	return k.rollover(s, blocks), nil
}

func (k *sendKey) rollover(old *sendSession, blocks uint64) *sendSession {
	k.mu.Lock()
	defer k.mu.Unlock()
	s := k.current.Load()
	if s == old {
		var id [4]byte
		binary.BigEndian.PutUint32(id[:], binary.BigEndian.Uint32(old.id[:])+1)
		s = k.newSession(id)
		k.current.Store(s)
	}
	s.blocks.Add(blocks)
	return s
}

func (k *sendKey) close() { k.closed.Store(true) }

// appendCryptoHeader appends CryptoHeader with an IV that is used for the first time.
func (k *sendKey) appendCryptoHeader(b []byte, s *sendSession) []byte {
	b = append(b, 0, 0, 0, byte(k.master.kind))
	b = append(b, k.master.id[:]...)
	b = append(b, s.id[:]...)
	return binary.BigEndian.AppendUint64(b, s.suffix.Add(1))
}

// overhead is what seal adds at most.
func overhead(receivers int) int {
	return prefixLen + bodyStartLen + 3 + postfixLen + macLen*receivers
}

// seal appends a prefix, the protected form of body and a postfix. For a whole
// message, header is its RTPS header, which goes into the body as INFO_SRC;
// else it is nil. DDS-Security 1.1, 9.5.3.3.
func (k *sendKey) seal(dst []byte, prefix, postfix byte, header, body []byte, to []spi.Receiver) ([]byte, error) {
	n := len(body)
	if header != nil {
		n += infoSrcLen
	}
	pad := pad4(n)
	if lengthLen+n+pad > 0xffff && (header == nil || k.master.kind.encrypts()) || len(to) > maxReceivers {
		return dst, errTooLong
	}
	s, err := k.next(n)
	if err != nil {
		return dst, err
	}

	b := slices.Grow(dst, overhead(len(to))+n)
	b = appendSubHeader(b, prefix, cryptoHeaderLen)
	nonce := len(b) + 8
	b = k.appendCryptoHeader(b, s)
	if k.master.kind.encrypts() {
		b = appendSubHeader(b, subSecBody, lengthLen+n+pad)
		b = binary.BigEndian.AppendUint32(b, uint32(n))
	}
	start := len(b)
	if header != nil {
		b = appendSubHeader(b, subInfoSrc, infoSrcLen-subHeaderLen)
		b = append(b, zeros...)
		b = append(b, header[4:]...) // version, vendor, GUID prefix
	}
	b = append(b, body...)

	iv := b[nonce : nonce+12]
	if k.master.kind.encrypts() {
		b = s.aead.Seal(b[:start], iv, b[start:], nil) // in place
		b = b[:start+n]                                // the tag lies behind; appendPostfix moves it
	} else {
		if b, err = padLast(b, start, pad); err != nil {
			return dst, err
		}
		pad = 0
		b = s.aead.Seal(b, iv, nil, b[start:])
		b = b[:len(b)-tagLen]
	}
	b, err = k.appendPostfix(b, s, postfix, pad, iv, to)
	if err != nil {
		return dst, err
	}
	return b, nil
}

// maxReceivers is how many MACs the 16 bits of octetsToNextHeader can tell of.
const maxReceivers = (0xffff - tagLen - countLen) / macLen

// appendPostfix appends pad zeros and the postfix of id to b. The common MAC
// lies right behind b, and every receiver gets its own.
func (k *sendKey) appendPostfix(b []byte, s *sendSession, id byte, pad int, iv []byte, to []spi.Receiver) ([]byte, error) {
	at := len(b) + pad + subHeaderLen
	tag := b[len(b) : len(b)+tagLen]
	copy(b[at:at+tagLen], tag) // first, for the header goes where it was
	b = append(b, zeros[:pad]...)
	b = appendSubHeader(b, id, tagLen+countLen+macLen*len(to))
	b = b[:at+tagLen]
	common := b[at:]
	b = binary.BigEndian.AppendUint32(b, uint32(len(to)))
	for _, t := range to {
		r, ok := t.(*receiver)
		if !ok || r == nil || r.key != k {
			return nil, errReceiver
		}
		b = append(b, r.id[:]...)
		// The receiver's MAC is over the common one, with the same IV.
		b = r.aead(s.id).Seal(b, iv, nil, common)
	}
	return b, nil
}

// padLast pads the submessages in b[start:] to a multiple of 4 and makes the
// last one that much longer: in a signed body nothing else can hold the padding.
func padLast(b []byte, start, pad int) ([]byte, error) {
	if pad == 0 {
		return b, nil
	}
	last := b[start:]
	for {
		_, body, rest, ok := nextSub(last)
		if !ok || len(rest) == 0 && len(body)+pad > 0xffff {
			return nil, errMalformed
		}
		if len(rest) > 0 {
			last = rest
			continue
		}
		if n := len(body) + pad; last[1]&flagE != 0 {
			binary.LittleEndian.PutUint16(last[2:], uint16(n))
		} else {
			binary.BigEndian.PutUint16(last[2:], uint16(n))
		}
		return append(b, zeros[:pad]...), nil
	}
}
