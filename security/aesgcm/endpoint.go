package aesgcm

import (
	"errors"
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

// An endpoint implements spi.EndpointCrypto. Submessage and payload never share
// a key: Cyclone DDS and OpenDDS expect two.
type endpoint struct {
	c          *participant
	entity     rtps.EntityID
	attrs      spi.EndpointAttributes
	submessage *sender // nil: metadata protection is NONE
	payload    *sender // nil: data protection is NONE, or a reader
}

var _ spi.EndpointCrypto = (*endpoint)(nil)

// Payload implements spi.EndpointCrypto.
func (e *endpoint) Payload() spi.PayloadSealer {
	if e.payload == nil {
		return nil
	}
	return payloadSealer{e.payload}
}

// Submessage implements spi.EndpointCrypto.
func (e *endpoint) Submessage() spi.SubmessageSealer {
	if e.submessage == nil {
		return nil
	}
	return submessageSealer{e.submessage}
}

// Match implements spi.EndpointCrypto.
func (e *endpoint) Match(peerCrypto spi.PeerCrypto, remote rtps.EntityID) (spi.PairCrypto, error) {
	p, ok := peerCrypto.(*peer)
	if !ok || p.c != e.c {
		return nil, errors.New("aesgcm: match: the peer is not one of this participant")
	}
	if e.entity.IsWriter() == remote.IsWriter() {
		return nil, fmt.Errorf("aesgcm: match: %v and %v are not a writer and a reader", e.entity, remote)
	}
	q := &pair{e: e, p: p, remote: remote}
	if e.attrs.Metadata.IsOrigin() {
		q.receiver = e.c.newReceiver(e.submessage)
	}
	return q, nil
}

// Close implements spi.EndpointCrypto.
func (e *endpoint) Close() {
	e.c.mu.Lock()
	defer e.c.mu.Unlock()
	delete(e.c.endpoints, e)
	for _, s := range []*sender{e.submessage, e.payload} {
		if s != nil {
			s.close()
		}
	}
}

// A pair implements spi.PairCrypto and spi.PayloadOpener.
type pair struct {
	// Immutable.
	e        *endpoint
	p        *peer
	remote   rtps.EntityID
	receiver *receiver // nil: no origin authentication

	payloads atomic.Pointer[[]*recvKey] // newest first; replaced whole under the peer's mu
	ready    atomic.Bool

	// Guarded by the peer's mu.
	submessages []*recvKey  // held, newest first
	latest      []masterKey // of the last tokens
	closed      bool
}

var (
	_ spi.PairCrypto           = (*pair)(nil)
	_ spi.KeyRetirer           = (*pair)(nil)
	_ spi.PayloadOpener        = (*pair)(nil)
	_ spi.InPlacePayloadOpener = (*pair)(nil)
)

// needsPayload reports whether the remote endpoint's payloads are protected.
func (q *pair) needsPayload() bool {
	return q.e.attrs.Data != spi.ProtectNone && q.remote.IsWriter()
}

func (q *pair) needsSubmessage() bool { return q.e.attrs.Metadata != spi.ProtectNone }

// Tokens implements spi.PairCrypto. The submessage key comes first. DDS-Security 1.1, 9.5.3.2.
func (q *pair) Tokens() ([]spi.Token, error) {
	var tokens []spi.Token
	switch {
	case q.receiver != nil:
		m := q.receiver.material()
		tokens = append(tokens, tokenOf(&m))
	case q.e.submessage != nil:
		tokens = append(tokens, tokenOf(&q.e.submessage.offered.Load().master))
	}
	if q.e.payload != nil {
		tokens = append(tokens, tokenOf(&q.e.payload.offered.Load().master))
	}
	if len(tokens) == 0 && q.needsPayload() {
		// Interop: a writer of Fast DDS waits for tokens of the reader where only
		// payloads are protected, too: this one says that there is no key.
		tokens = append(tokens, tokenOf(&masterKey{kind: kindNone}))
	}
	return tokens, nil
}

// SetTokens implements spi.PairCrypto. Which key is for what does not follow
// from the order of the tokens: a key serves whatever its class fits. Fast DDS
// sends one for both.
func (q *pair) SetTokens(tokens []spi.Token) error {
	keys, err := parseTokens(tokens, q.e.c.attrs.KeyRevision)
	if err != nil {
		return fmt.Errorf("endpoint %v of %v: %w", q.remote, q.p.remote.Prefix, err)
	}
	subs, err := q.choose(keys, q.e.attrs.Metadata, q.needsSubmessage())
	if err != nil {
		return err
	}
	pays, err := q.choose(keys, q.e.attrs.Data, q.needsPayload())
	if err != nil {
		return err
	}

	q.p.mu.Lock()
	defer q.p.mu.Unlock()
	if q.closed || q.p.closed {
		return errClosed
	}
	for i := range subs {
		if err := q.addSubmessage(&subs[i]); err != nil {
			return err
		}
	}
	q.addPayloads(pays)
	q.latest = keys
	q.ready.Store(true)
	return nil
}

// choose returns those of keys that fit what p protects. It is an error when
// one is needed and there is none.
func (q *pair) choose(keys []masterKey, p spi.Protection, needed bool) ([]masterKey, error) {
	if !needed {
		return nil, nil
	}
	var fit []masterKey
	var why error
	for i := range keys {
		if err := checkKey(&keys[i], p); err != nil {
			why = err
			continue
		}
		fit = append(fit, keys[i])
	}
	if len(fit) == 0 {
		return nil, fmt.Errorf("endpoint %v of %v: %w", q.remote, q.p.remote.Prefix, why)
	}
	return fit, nil
}

func (q *pair) addSubmessage(m *masterKey) error {
	protect := q.e.attrs.Metadata
	for _, k := range q.submessages {
		if k.master.same(m) {
			k.addReceiver(q, m)
			return nil
		}
	}
	k, err := q.p.hold(m, q.remote, protect)
	if err != nil {
		return err
	}
	k.addReceiver(q, m)
	q.submessages = slices.Insert(q.submessages, 0, k)
	if len(q.submessages) > maxKeys {
		q.drop(q.submessages[maxKeys])
		q.submessages = q.submessages[:maxKeys]
	}
	return nil
}

func (q *pair) addPayloads(keys []masterKey) {
	var l []*recvKey
	if old := q.payloads.Load(); old != nil {
		l = slices.Clone(*old)
	}
	for i := range keys {
		m := &keys[i]
		if slices.ContainsFunc(l, func(k *recvKey) bool { return k.master.same(m) }) {
			continue
		}
		l = slices.Insert(l, 0, &recvKey{master: *m, owner: q.remote, protect: q.e.attrs.Data})
	}
	l = l[:min(len(l), maxKeys)]
	q.payloads.Store(&l)
}

// RetireKeys implements spi.KeyRetirer.
func (q *pair) RetireKeys() {
	q.p.mu.Lock()
	defer q.p.mu.Unlock()
	if q.closed || q.p.closed {
		return
	}
	var kept []*recvKey
	for _, k := range q.submessages {
		if k.among(q.latest) {
			kept = append(kept, k)
		} else {
			q.drop(k)
		}
	}
	q.submessages = kept
	if old := q.payloads.Load(); old != nil {
		l := slices.DeleteFunc(slices.Clone(*old), func(k *recvKey) bool { return !k.among(q.latest) })
		q.payloads.Store(&l)
	}
}

func (q *pair) drop(k *recvKey) {
	k.dropReceivers(q)
	q.p.release(k)
}

// Ready implements spi.PairCrypto.
func (q *pair) Ready() bool {
	return q.ready.Load() || !q.needsSubmessage() && !q.needsPayload()
}

// Payload implements spi.PairCrypto.
func (q *pair) Payload() spi.PayloadOpener {
	if !q.needsPayload() {
		return nil
	}
	return q
}

// Receiver implements spi.PairCrypto.
func (q *pair) Receiver() spi.Receiver {
	if q.receiver == nil {
		return nil
	}
	return q.receiver
}

// Close implements spi.PairCrypto.
func (q *pair) Close() {
	q.p.mu.Lock()
	defer q.p.mu.Unlock()
	if q.closed {
		return
	}
	q.closed = true
	q.ready.Store(false)
	for _, k := range q.submessages {
		q.drop(k)
	}
	q.submessages, q.latest = nil, nil
	q.payloads.Store(nil)
}
