package aesgcm

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

// maxKeys is how many keys of one peer or pair are kept for one purpose: the
// newest, and older ones for what is still under way when a peer changes keys.
// A revision of a writer may bring two of a class. Fast DDS keeps as many.
const maxKeys = 8

// maxSameRef is how many keys of one peer may share a kind and id: ids are
// drawn at random by some vendors.
const maxSameRef = 8

// A peer implements spi.PeerCrypto.
type peer struct {
	// Immutable.
	c        *participant
	remote   rtps.GUID
	kx       *sender
	receiver *receiver // nil: no origin authentication

	// What is opened with. Loaded without a lock, replaced whole under mu.
	messages    atomic.Pointer[[]*recvKey]            // the participant's keys, newest first
	submessages atomic.Pointer[map[keyRef][]*recvKey] // the endpoints' and the Kx key; nil: closed
	hasTokens   atomic.Bool

	mu     sync.Mutex
	latest []masterKey // of the last tokens
	closed bool
}

var (
	_ spi.PeerCrypto    = (*peer)(nil)
	_ spi.InPlaceOpener = (*peer)(nil)
	_ spi.KeyRetirer    = (*peer)(nil)
)

// NewPeer implements spi.ParticipantCrypto.
func (c *participant) NewPeer(remote rtps.GUID, secret spi.SharedSecret) (spi.PeerCrypto, error) {
	kx := kxKey(&secret)
	p := &peer{c: c, remote: remote, kx: newSender(kx, c.cfg.MaxBlocksPerSession)}
	if c.attrs.RTPS.IsOrigin() {
		p.receiver = c.newReceiver(c.message)
	}
	k := &recvKey{master: kx, owner: rtps.EntityUnknown, protect: spi.ProtectEncrypt, refs: 1}
	p.submessages.Store(&map[keyRef][]*recvKey{kx.ref(): {k}})
	return p, nil
}

// Tokens implements spi.PeerCrypto. A token is sent even when nothing is
// protected: peers wait for one.
func (p *peer) Tokens() ([]spi.Token, error) {
	var m masterKey // of kind NONE
	switch {
	case p.receiver != nil:
		m = p.receiver.material()
	case p.c.message != nil:
		m = p.c.message.offered.Load().master
	}
	return []spi.Token{tokenOf(&m)}, nil
}

// SetTokens implements spi.PeerCrypto.
func (p *peer) SetTokens(tokens []spi.Token) error {
	keys, err := parseTokens(tokens, p.c.attrs.KeyRevision)
	if err != nil {
		return fmt.Errorf("participant %v: %w", p.remote, err)
	}
	protect := p.c.attrs.RTPS
	if protect == spi.ProtectNone {
		// Interop: Fast DDS sends a key all the same, Cyclone DDS one of kind NONE.
		p.hasTokens.Store(true)
		return nil
	}
	for i := range keys {
		if err := checkKey(&keys[i], protect); err != nil {
			return fmt.Errorf("participant %v: %w", p.remote, err)
		}
	}

	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return errClosed
	}
	var l []*recvKey
	if old := p.messages.Load(); old != nil {
		l = slices.Clone(*old)
	}
	for i := range keys {
		m := &keys[i]
		at := slices.IndexFunc(l, func(k *recvKey) bool { return k.master.same(m) })
		if at < 0 {
			k := &recvKey{master: *m, owner: rtps.EntityParticipant, protect: protect}
			l = slices.Insert(l, 0, k)
			at = 0
		}
		l[at].addReceiver(nil, m)
	}
	l = l[:min(len(l), maxKeys)]
	p.latest = keys
	p.messages.Store(&l)
	p.hasTokens.Store(true)
	return nil
}

// RetireKeys implements spi.KeyRetirer.
func (p *peer) RetireKeys() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if old := p.messages.Load(); old != nil {
		l := slices.DeleteFunc(slices.Clone(*old), func(k *recvKey) bool { return !k.among(p.latest) })
		p.messages.Store(&l)
	}
}

// HasTokens implements spi.PeerCrypto.
func (p *peer) HasTokens() bool { return p.hasTokens.Load() }

// Kx implements spi.PeerCrypto.
func (p *peer) Kx() spi.SubmessageSealer { return submessageSealer{p.kx} }

// Receiver implements spi.PeerCrypto.
func (p *peer) Receiver() spi.Receiver {
	if p.receiver == nil {
		return nil
	}
	return p.receiver
}

// Close implements spi.PeerCrypto.
func (p *peer) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	p.kx.close()
	p.messages.Store(nil)
	p.submessages.Store(nil)
	p.latest = nil
}

// hold returns the peer's key of that material and owner, which has one holder
// more. The caller holds mu, and p is not closed.
func (p *peer) hold(m *masterKey, owner rtps.EntityID, protect spi.Protection) (*recvKey, error) {
	all := *p.submessages.Load()
	same := all[m.ref()]
	for _, k := range same {
		if k.owner == owner && k.protect == protect && k.master.same(m) {
			k.refs++
			return k, nil
		}
	}
	if len(same) >= maxSameRef {
		return nil, fmt.Errorf("aesgcm: %d keys of participant %v with the id %x", len(same)+1, p.remote, m.id)
	}
	k := &recvKey{master: *m, owner: owner, protect: protect, refs: 1}
	all = maps.Clone(all)
	all[m.ref()] = append(slices.Clip(slices.Clone(same)), k)
	p.submessages.Store(&all)
	return k, nil
}

// release gives up what hold returned. The caller holds mu.
func (p *peer) release(k *recvKey) {
	if k.refs--; k.refs > 0 || p.closed {
		return
	}
	all := maps.Clone(*p.submessages.Load())
	ref := k.master.ref()
	rest := slices.DeleteFunc(slices.Clone(all[ref]), func(o *recvKey) bool { return o == k })
	if all[ref] = rest; len(rest) == 0 {
		delete(all, ref)
	}
	p.submessages.Store(&all)
}
