package aesgcm

import (
	"crypto/rand"
	"encoding/binary"
	"sync"
	"sync/atomic"
)

// A sendKey is one of our own keys, with the session it is in.
type sendKey struct {
	master    masterKey
	maxBlocks uint64
	first     sessionID

	current atomic.Pointer[sendSession]
	mu      sync.Mutex // serialises rollover
}

// A sendSession is a session of a sendKey.
//
// No IV is used twice: session ids count up from a random one, so that a master
// key has 2³² sessions and then seals nothing more, and within a session the suffix
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
	s = k.current.Load()
	blocks := uint64(n)/16 + 1
	suffix = s.suffix.Add(blocks)
	if used := suffix - s.start; used <= k.maxBlocks || used == blocks {
		return s, suffix, nil
	}
	return k.rollover(s, blocks)
}

func (k *sendKey) rollover(old *sendSession, blocks uint64) (*sendSession, uint64, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	s := k.current.Load()
	if s == old {
		if old.id+1 == k.first {
			return nil, 0, errSessions
		}
		s = k.newSession(old.id + 1)
		k.current.Store(s)
	}
	return s, s.suffix.Add(blocks), nil
}

// putCryptoHeader writes CryptoHeader to the first octets of b, and returns the
// IV in it.
func (s *sendSession) putCryptoHeader(b []byte, suffix uint64) (iv []byte) {
	b = b[:cryptoHeaderLen]
	copy(b, s.head[:])
	binary.BigEndian.PutUint64(b[len(s.head):], suffix)
	return b[8:]
}
