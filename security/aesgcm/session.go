package aesgcm

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"sync"
	"sync/atomic"

	"github.com/secdds/dds/spi"
)

// newAEAD is the one place that makes a GCM. DDS-Security prescribes how the
// nonce is built, so the FIPS constructors of crypto/cipher do not apply.
func newAEAD(key []byte) cipher.AEAD {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic("BUG: aesgcm: " + err.Error()) // the key length is that of a kind
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic("BUG: aesgcm: " + err.Error())
	}
	return aead
}

// A sessionID is the number of a session of one master key.
type sessionID uint32

// senderAEAD derives the session key. DDS-Security 1.1, 9.5.3.3.
func (m *masterKey) senderAEAD(session sessionID) cipher.AEAD {
	return m.derive(&m.key, "SessionKey", session)
}

// receiverAEAD derives the receiver-specific session key from key.
// DDS-Security 1.1, 9.5.3.3.
func (m *masterKey) receiverAEAD(key *[32]byte, session sessionID) cipher.AEAD {
	return m.derive(key, "SessionReceiverKey", session)
}

func (m *masterKey) derive(key *[32]byte, label string, session sessionID) cipher.AEAD {
	return newAEAD(m.sessionKey(key, label, session))
}

func (m *masterKey) sessionKey(key *[32]byte, label string, session sessionID) []byte {
	n := m.kind.keyLen()
	h := hmac.New(sha256.New, key[:n])
	h.Write([]byte(label)) // without NUL: DDSSEC12-53
	h.Write(m.salt[:m.saltLen])
	h.Write(binary.BigEndian.AppendUint32(nil, uint32(session)))
	return h.Sum(nil)[:n]
}

// kxKey derives the key material of the volatile-secure endpoints from what the
// handshake established. DDS-Security 1.1, 9.5.2.1.2. Note that the challenges
// change places, and that the hash is the HMAC's key.
func kxKey(s *spi.SharedSecret) masterKey {
	mix := func(a [32]byte, cookie string, b [32]byte) (out [32]byte) {
		k := sha256.New()
		k.Write(a[:])
		k.Write([]byte(cookie))
		k.Write(b[:])
		h := hmac.New(sha256.New, k.Sum(nil))
		h.Write(s.Secret[:])
		h.Sum(out[:0])
		return out
	}
	return masterKey{
		kind:    kindAES256GCM,
		salt:    mix(s.Challenge1, "keyexchange salt", s.Challenge2),
		saltLen: 32,
		key:     mix(s.Challenge2, "key exchange key", s.Challenge1),
	}
}

// A session is one derived key.
type session struct {
	id   sessionID
	aead cipher.AEAD
}

// maxSessions is how many sessions of one key a receiver keeps: datagrams may
// come out of order, and the writer's and reader's submessages of the
// volatile-secure endpoints use sessions of their own under the one key.
const maxSessions = 8

// A sessionCache holds the sessions last used by a sender. Looking one up takes
// no lock: the list is never changed, only replaced.
//
// Interop: Fast DDS begins a session with every 32nd message, OpenDDS with every
// 1024th block, Cyclone DDS never does.
type sessionCache struct {
	list atomic.Pointer[sessions]
	mu   sync.Mutex // serialises add
}

// sessions are those in use, newest first, and then zero ones. They lie in one
// piece: that of the sender's last session is found after one step.
type sessions struct {
	all  [maxSessions]session
	used atomic.Uint32 // bit i: the i-th was found since, if it is of the older half
}

// find returns the session of that id, or nil.
func (c *sessionCache) find(id sessionID) cipher.AEAD {
	l := c.list.Load()
	if l == nil {
		return nil
	}
	for i := range l.all {
		if l.all[i].id == id {
			if i >= maxSessions/2 && l.used.Load()&(1<<i) == 0 {
				l.used.Or(1 << i)
			}
			return l.all[i].aead // nil when it is one of the zero ones
		}
	}
	return nil
}

// add puts s first, behind it what was found among the older half, and forgets
// the last. It is called only after something has been opened with s: forged
// session ids do not push out real ones.
func (c *sessionCache) add(s session) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.find(s.id) != nil {
		return
	}
	l := &sessions{}
	l.all[0] = s
	if old := c.list.Load(); old != nil {
		used, to := old.used.Load(), l.all[1:1]
		for i := range old.all {
			if used&(1<<i) != 0 {
				to = append(to, old.all[i])
			}
		}
		for i := range old.all {
			if used&(1<<i) == 0 && len(to) < cap(to) {
				to = append(to, old.all[i])
			}
		}
	}
	c.list.Store(l)
}
