package aesgcm

import (
	"crypto/cipher"
	"sync/atomic"

	"github.com/secdds/dds/spi"
)

// A receiver is one destination of what a sendKey seals with origin authentication.
type receiver struct {
	key    *sendKey // whose receiver it is
	id     [4]byte
	secret [32]byte
	last   atomic.Pointer[session] // the session last used
}

var _ spi.Receiver = (*receiver)(nil)

// ReceiverKeyID implements spi.Receiver.
func (r *receiver) ReceiverKeyID() [4]byte { return r.id }

func (r *receiver) aead(id sessionID) cipher.AEAD {
	if s := r.last.Load(); s != nil && s.id == id {
		return s.aead
	}
	s := &session{id: id, aead: r.key.master.receiverAEAD(&r.secret, id)}
	r.last.Store(s)
	return s.aead
}

// material returns the key material of r's key for r alone.
func (r *receiver) material() masterKey {
	m := r.key.master
	m.recvID, m.recvKey = r.id, r.secret
	return m
}
