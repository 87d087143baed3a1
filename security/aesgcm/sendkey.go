package aesgcm

import (
	"crypto/rand"
	"encoding/binary"
	"sync"
	"sync/atomic"

	"github.com/secdds/dds/spi"
)

// A sendKey seals with one of our own keys.
type sendKey struct {
	master    masterKey
	maxBlocks uint64
	first     sessionID

	closed  atomic.Bool
	current atomic.Pointer[sendSession]
	mu      sync.Mutex // serialises rollover
}

// A sendSession is a session of a sendKey.
//
// No IV is used twice: session ids count up from a random one, so that a master
// key has 2³² sessions before one comes back, and within a session the suffix
// counts up from a random one, by the blocks that are sealed: one counter tells
// both the next IV and how much of the session is used. Random starts matter for
// the key exchange's key, which both sides seal with. DDS-Security 1.1, 9.5.3.3.
type sendSession struct {
	session
	head   [cryptoHeaderLen - 8]byte // CryptoHeader up to the suffix
	start  uint64                    // the suffix that nothing has been sealed with
	suffix atomic.Uint64             // the last one given away
}

func newSendKey(m masterKey, maxBlocks uint64) *sendKey {
	k := &sendKey{master: m, maxBlocks: maxBlocks}
	var id [4]byte
	rand.Read(id[:])
	k.first = sessionID(binary.BigEndian.Uint32(id[:]))
	k.current.Store(k.newSession(k.first))
	return k
}

// made reports whether the session of that id is one of k's.
func (k *sendKey) made(id sessionID) bool {
	return id-k.first <= k.current.Load().id-k.first
}

func (k *sendKey) newSession(id sessionID) *sendSession {
	s := &sendSession{session: session{id: id, aead: k.master.senderAEAD(id)}}
	binary.BigEndian.PutUint64(s.head[:], uint64(k.master.ref()))
	binary.BigEndian.PutUint32(s.head[8:], uint32(id))
	var start [8]byte
	rand.Read(start[:])
	s.start = binary.BigEndian.Uint64(start[:])
	s.suffix.Store(s.start)
	return s
}

// next returns the session to seal n octets in, and the IV suffix, which nobody
// else gets. Goroutines that are sealing in the old session during a rollover
// finish there: the limit is not a sharp one.
func (k *sendKey) next(n int) (s *sendSession, suffix uint64, err error) {
	if k.closed.Load() {
		return nil, 0, errClosed
	}
	s = k.current.Load()
	blocks := uint64(n)/16 + 1
	suffix = s.suffix.Add(blocks)
	if used := suffix - s.start; used <= k.maxBlocks || used == blocks {
		return s, suffix, nil
	}
	s, suffix = k.rollover(s, blocks)
	return s, suffix, nil
}

func (k *sendKey) rollover(old *sendSession, blocks uint64) (*sendSession, uint64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	s := k.current.Load()
	if s == old {
		s = k.newSession(old.id + 1)
		k.current.Store(s)
	}
	return s, s.suffix.Add(blocks)
}

func (k *sendKey) close() { k.closed.Store(true) }

// putCryptoHeader writes CryptoHeader to the first octets of b, and returns the
// IV in it.
func (s *sendSession) putCryptoHeader(b []byte, suffix uint64) (iv []byte) {
	b = b[:cryptoHeaderLen]
	copy(b, s.head[:])
	binary.BigEndian.PutUint64(b[len(s.head):], suffix)
	return b[8:]
}

// room is how many octets seal writes before the body.
func (k *sendKey) room() int {
	if k.master.kind.encrypts() {
		return prefixLen + bodyStartLen
	}
	return prefixLen
}

// behind is how many octets seal adds behind the body at most.
func behind(receivers int) int { return 3 + postfixLen + macLen*receivers }

// overhead is what seal adds at most.
func overhead(receivers int) int { return prefixLen + bodyStartLen + behind(receivers) }

// seal writes a prefix into the last room octets of b, and appends the protected
// form of body and a postfix. body lies where it is to go, or away from b: then
// the cipher reads it there, and nothing else copies it. b has capacity for all.
// DDS-Security 1.1, 9.5.3.3.
func (k *sendKey) seal(b []byte, prefix, postfix byte, body []byte, to []spi.Receiver) ([]byte, error) {
	n, pad, start := len(body), pad4(len(body)), len(b)
	encrypts := k.master.kind.encrypts()
	if lengthLen+n+pad > 0xffff && (prefix == subSecPrefix || encrypts) || len(to) > maxReceivers {
		return nil, errTooLong
	}
	s, suffix, err := k.next(n)
	if err != nil {
		return nil, err
	}

	head := b[start-k.room():]
	putSubHeader(head, prefix, cryptoHeaderLen)
	iv := s.putCryptoHeader(head[subHeaderLen:], suffix)
	if encrypts {
		head = head[prefixLen : prefixLen+bodyStartLen]
		putSubHeader(head, subSecBody, lengthLen+n+pad)
		binary.BigEndian.PutUint32(head[subHeaderLen:], uint32(n))
		b = s.aead.Seal(b, iv, body, nil)
		// The tag lies right behind, and goes where the postfix has it.
		foot := b[start+n : start+n+pad+postfixLen]
		copy(foot[pad+subHeaderLen:], foot[:tagLen])
		copy(foot, zeros)
		b = b[:start+n+pad+subHeaderLen+tagLen]
	} else {
		b = b[:start+n]
		copy(b[start:], body) // nothing when body is there; append would move it
		if b, err = padLast(b, start, pad); err != nil {
			return nil, err
		}
		b = s.aead.Seal(b[:len(b)+subHeaderLen], iv, nil, b[start:])
	}
	common := b[len(b)-tagLen:]
	putSubHeader(b[len(b)-tagLen-subHeaderLen:], postfix, tagLen+countLen+macLen*len(to))
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

// maxReceivers is how many MACs the 16 bits of octetsToNextHeader can tell of.
const maxReceivers = (0xffff - tagLen - countLen) / macLen

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
