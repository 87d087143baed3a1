package aesgcm

import (
	"slices"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

// A submessageSealer seals submessages with an endpoint's key, or with that of
// the volatile-secure endpoints. DDS-Security 1.1, 9.5.3.3.
type submessageSealer struct{ key *sender }

var (
	_ spi.SubmessageSealer        = submessageSealer{}
	_ spi.InPlaceSubmessageSealer = submessageSealer{}
)

// SealSubmessage implements spi.SubmessageSealer.
func (m submessageSealer) SealSubmessage(dst, sub []byte, to []spi.Receiver) ([]byte, error) {
	if len(sub) < subHeaderLen {
		return dst, errMalformed
	}
	b := slices.Grow(dst, overhead(len(to))+len(sub))[:len(dst)+m.key.room()]
	b, err := m.key.seal(b, subSecPrefix, subSecPostfix, sub, to)
	if err != nil {
		return dst, err
	}
	return b, nil
}

// Overhead implements spi.SubmessageSealer.
func (m submessageSealer) Overhead(receivers int) int { return overhead(receivers) }

// Room implements spi.InPlaceSubmessageSealer.
func (m submessageSealer) Room() int { return m.key.room() }

// SealSubmessageInPlace implements spi.InPlaceSubmessageSealer.
func (m submessageSealer) SealSubmessageInPlace(buf []byte, start int, to []spi.Receiver) ([]byte, error) {
	n := len(buf) - start
	if n < subHeaderLen {
		return buf, errMalformed
	}
	b := slices.Grow(buf, behind(len(to)))
	b, err := m.key.seal(b[:start], subSecPrefix, subSecPostfix, b[start:start+n], to)
	if err != nil {
		return buf, err
	}
	return b, nil
}

// OpenSubmessage implements spi.PeerCrypto.
func (p *peer) OpenSubmessage(dst, b []byte) ([]byte, rtps.EntityID, error) {
	var s sealed
	keys, err := p.splitSubmessage(&s, b)
	if err != nil {
		return dst, rtps.EntityID{}, err
	}
	for _, k := range keys {
		if p.reflected(k, &s) {
			err = errReflected
			continue
		}
		var out []byte
		if out, err = k.open(dst, &s); err != nil {
			continue
		}
		if !isWhole(out[len(dst):]) {
			clear(out[len(dst):])
			return dst, rtps.EntityID{}, errMalformed
		}
		return out, k.owner, nil
	}
	return dst, rtps.EntityID{}, err
}

// OpenSubmessageInPlace implements spi.InPlaceOpener.
func (p *peer) OpenSubmessageInPlace(b []byte) ([]byte, rtps.EntityID, error) {
	var s sealed
	keys, err := p.splitSubmessage(&s, b)
	if err != nil {
		return nil, rtps.EntityID{}, err
	}
	if len(keys) > 1 {
		// The first key that does not fit would leave nothing to try the next with.
		out, from, err := p.OpenSubmessage(nil, b)
		if err != nil {
			return nil, from, err
		}
		return out, from, nil
	}
	k := keys[0]
	if p.reflected(k, &s) {
		return nil, rtps.EntityID{}, errReflected
	}
	out, err := k.openInPlace(&s, s.body)
	if err != nil {
		return nil, rtps.EntityID{}, err
	}
	if !isWhole(out) {
		clear(out)
		return nil, rtps.EntityID{}, errMalformed
	}
	return out, k.owner, nil
}

// splitSubmessage takes b apart into s, and returns the keys it may be sealed
// with: at least one.
func (p *peer) splitSubmessage(s *sealed, b []byte) ([]*recvKey, error) {
	if err := s.split(b, subSecPrefix, subSecPostfix); err != nil {
		return nil, err
	}
	all := p.submessages.Load()
	if all == nil {
		return nil, errClosed
	}
	keys := (*all)[s.crypto.ref()]
	if len(keys) == 0 {
		return nil, errNoKey
	}
	return keys, nil
}

// reflected reports whether s comes from ourselves. The key of the key exchange
// is the same in both directions: what we sealed must not come back as the
// peer's. Its sessions begin at random ids, so that ours are not the peer's but
// by a chance of 2⁻³².
func (p *peer) reflected(k *recvKey, s *sealed) bool {
	if k.owner != rtps.EntityUnknown {
		return false
	}
	kx := p.kx.active.Load()
	return kx == nil || kx.made(s.crypto.session()) // nil: closed a moment ago
}

// isWhole reports whether b is one submessage: its length is what is left, or 0
// for that.
func isWhole(b []byte) bool {
	return len(b) >= subHeaderLen && (subLen(b) == 0 || subLen(b) == len(b)-subHeaderLen)
}
