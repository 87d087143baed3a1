package aesgcm

import (
	"crypto/cipher"
	"sync/atomic"

	"github.com/secdds/dds/spi"
)

// A receiver is one destination of what a sender seals with origin
// authentication. Its own key stays when that of the sender is replaced: nobody
// but the two of us has it, so who leaves takes nothing of it along. What it is
// used for changes all the same: the session keys come from the sender's salt, too.
type receiver struct {
	of     *sender // whose receiver it is
	id     [4]byte
	secret [32]byte
	last   atomic.Pointer[receiverSession] // the session last used
}

// A receiverSession is the receiver-specific key of a session.
type receiverSession struct {
	of   *sendSession
	aead cipher.AEAD
}

var _ spi.Receiver = (*receiver)(nil)

// ReceiverKeyID implements spi.Receiver.
func (r *receiver) ReceiverKeyID() [4]byte { return r.id }

// aead returns the receiver-specific key of s, a session of k.
func (r *receiver) aead(k *sendKey, s *sendSession) cipher.AEAD {
	if l := r.last.Load(); l != nil && l.of == s {
		return l.aead
	}
	l := &receiverSession{of: s, aead: k.master.receiverAEAD(&r.secret, s.id)}
	r.last.Store(l)
	return l.aead
}

// material returns the key material that is offered to r alone.
func (r *receiver) material() masterKey {
	m := r.of.offered.Load().master
	m.recvID, m.recvKey = r.id, r.secret
	return m
}
