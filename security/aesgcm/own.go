package aesgcm

import (
	"slices"
	"sync/atomic"
)

// maxOwnKeys is how many keys of its own a writer keeps: what was sealed more
// revisions ago cannot be put under the present key any more. One takes a few
// hundred octets.
const maxOwnKeys = 256

// ownKeys are the keys that payloads of ours are sealed with, newest first.
type ownKeys struct {
	list atomic.Pointer[[]*recvKey] // replaced whole under the participant's mu; nil: closed
}

// add remembers a key of ours, newest first, and forgets one that nothing was
// sealed with, if not nil. The caller holds the participant's mu.
func (o *ownKeys) add(m, unused *masterKey) {
	var l []*recvKey
	if old := o.list.Load(); old != nil {
		l = slices.DeleteFunc(slices.Clone(*old), func(k *recvKey) bool { return unused != nil && k.master.same(unused) })
	}
	l = slices.Insert(l, 0, &recvKey{master: *m})
	l = l[:min(len(l), maxOwnKeys)]
	o.list.Store(&l)
}

// ResealPayload implements spi.PayloadResealer. It opens what was sealed with any
// of the last maxOwnKeys keys.
func (p payloadSealer) ResealPayload(dst, sealed []byte) ([]byte, error) {
	var s sealedPayload
	if err := s.split(p.e.own.list.Load(), sealed); err != nil {
		return dst, err
	}
	at := len(dst) + p.Room()
	b := slices.Grow(dst, len(sealed)+payloadOverhead)[:at]
	if s.crypto.isGCM() {
		var err error
		if b, err = s.decrypt(b); err != nil {
			return dst, err
		}
	} else {
		plain, err := s.verify()
		if err != nil {
			return dst, err
		}
		b = append(b, plain...)
	}
	out, err := p.SealPayloadInPlace(b, at)
	if err != nil {
		clear(b[at:])
		return dst, err
	}
	return out, nil
}
