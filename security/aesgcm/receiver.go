package aesgcm

import (
	"crypto/cipher"
	"crypto/rand"
	"sync"
	"sync/atomic"

	"github.com/secdds/dds/spi"
)

// A receiver is one destination of what a sender seals with origin
// authentication. It has a key of its own for every key of the sender.
//
// Who leaves has nobody's but his own, so that a new key of the sender needs no
// new one of the receiver. It has to have another id all the same: Cyclone DDS
// keeps the material that an id came with first, and with it the salt of the
// sender's old key.
type receiver struct {
	c    *participant
	of   *sender                         // whose receiver it is
	last atomic.Pointer[receiverSession] // the session last used

	mu   sync.Mutex
	keys []receiverKey // for the sender's active key, and for the one offered
}

// A receiverKey is the receiver-specific key that goes with one key of the sender.
type receiverKey struct {
	of     *sendKey
	id     [4]byte
	secret [32]byte
}

// A receiverSession is the receiver-specific key of a session.
type receiverSession struct {
	of   *sendSession
	id   [4]byte
	aead cipher.AEAD
}

var _ spi.Receiver = (*receiver)(nil)

// newReceiver makes a destination of what s seals.
func (c *participant) newReceiver(s *sender) *receiver { return &receiver{c: c, of: s} }

// ReceiverKeyID implements spi.Receiver.
func (r *receiver) ReceiverKeyID() [4]byte { return r.key(r.of.offered.Load()).id }

// key returns the key that goes with k.
func (r *receiver) key(k *sendKey) receiverKey {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range r.keys {
		if r.keys[i].of == k {
			return r.keys[i]
		}
	}
	active, offered := r.of.active.Load(), r.of.offered.Load()
	fresh := receiverKey{of: k, id: r.c.newID()}
	rand.Read(fresh.secret[:r.of.kind.keyLen()])
	kept := []receiverKey{fresh}
	for _, o := range r.keys {
		if o.of == active || o.of == offered {
			kept = append(kept, o)
		}
	}
	r.keys = kept
	return fresh
}

// session returns the receiver-specific key of s, a session of k.
func (r *receiver) session(k *sendKey, s *sendSession) *receiverSession {
	if l := r.last.Load(); l != nil && l.of == s {
		return l
	}
	key := r.key(k)
	l := &receiverSession{of: s, id: key.id, aead: k.master.receiverAEAD(&key.secret, s.id)}
	r.last.Store(l)
	return l
}

// material returns the key material that is offered to r alone.
func (r *receiver) material() masterKey {
	k := r.of.offered.Load()
	key, m := r.key(k), k.master
	m.recvID, m.recvKey = key.id, key.secret
	return m
}
