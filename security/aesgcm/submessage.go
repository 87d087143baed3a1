package aesgcm

import (
	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

// A submessageSealer seals submessages with an endpoint's key, or with that of
// the volatile-secure endpoints. DDS-Security 1.1, 9.5.3.3.
type submessageSealer struct{ key *sendKey }

var _ spi.SubmessageSealer = submessageSealer{}

// SealSubmessage implements spi.SubmessageSealer.
func (m submessageSealer) SealSubmessage(dst, sub []byte, to []spi.Receiver) ([]byte, error) {
	if len(sub) < subHeaderLen {
		return dst, errMalformed
	}
	return m.key.seal(dst, subSecPrefix, subSecPostfix, nil, sub, to)
}

// Overhead implements spi.SubmessageSealer.
func (m submessageSealer) Overhead(receivers int) int { return overhead(receivers) }

// OpenSubmessage implements spi.PeerCrypto.
func (p *peer) OpenSubmessage(dst, b []byte) ([]byte, rtps.EntityID, error) {
	s, err := splitSealed(b, subSecPrefix, subSecPostfix)
	if err != nil {
		return dst, rtps.EntityID{}, err
	}
	keys := p.submessages.Load()
	if keys == nil {
		return dst, rtps.EntityID{}, errClosed
	}
	err = errNoKey
	for _, k := range (*keys)[s.crypto.ref()] {
		// The key of the key exchange is the same in both directions: what we
		// sealed must not come back as the peer's. Its sessions begin at random
		// ids, so that ours are not the peer's but by a chance of 2⁻³².
		if k.owner == rtps.EntityUnknown && p.kx.made(s.crypto.session()) {
			err = errReflected
			continue
		}
		var out []byte
		if out, err = k.open(dst, &s); err != nil {
			continue
		}
		// One submessage, whole: its length is what is left, or 0 for that.
		sub := out[len(dst):]
		if len(sub) < subHeaderLen || subLen(sub) != 0 && subLen(sub) != len(sub)-subHeaderLen {
			return dst, rtps.EntityID{}, errMalformed
		}
		return out, k.owner, nil
	}
	return dst, rtps.EntityID{}, err
}
