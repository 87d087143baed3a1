package aesgcm

import (
	"crypto/cipher"
	"slices"
	"sync/atomic"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

// A recvKey opens with a peer's key.
type recvKey struct {
	master  masterKey
	owner   rtps.EntityID  // of the peer
	protect spi.Protection // what is asked of whatever is opened with it

	sessions  sessionCache
	receivers atomic.Pointer[[]*recvMAC] // of ours; replaced whole under the peer's mu
	refs      int                        // pairs that hold it; guarded by the peer's mu
}

// A recvMAC is a receiver-specific key that a peer made for one of our endpoints.
type recvMAC struct {
	pair     *pair // whose it is; nil: the participant's
	id       [4]byte
	secret   [32]byte
	sessions sessionCache
}

// addReceiver remembers the receiver-specific key in m, and the last few of
// that pair. The caller holds the peer's mu.
func (k *recvKey) addReceiver(p *pair, m *masterKey) {
	if m.recvID == [4]byte{} {
		return
	}
	l := []*recvMAC{{pair: p, id: m.recvID, secret: m.recvKey}}
	if old := k.receivers.Load(); old != nil {
		kept := 1
		for _, r := range *old {
			if r.pair == p {
				if r.id == m.recvID && r.secret == m.recvKey {
					return
				}
				if kept++; kept > maxKeys {
					continue
				}
			}
			l = append(l, r)
		}
	}
	k.receivers.Store(&l)
}

// dropReceivers forgets what addReceiver was told for p. The caller holds the peer's mu.
func (k *recvKey) dropReceivers(p *pair) {
	if old := k.receivers.Load(); old != nil {
		l := slices.DeleteFunc(slices.Clone(*old), func(r *recvMAC) bool { return r.pair == p })
		k.receivers.Store(&l)
	}
}

// among reports whether k is made of one of keys.
func (k *recvKey) among(keys []masterKey) bool {
	return slices.ContainsFunc(keys, func(m masterKey) bool { return k.master.same(&m) })
}

// session returns the session of id, and whether it still has to be
// remembered, once something has been opened in it.
func (k *recvKey) session(id sessionID) (aead cipher.AEAD, fresh bool) {
	if aead := k.sessions.find(id); aead != nil {
		return aead, false
	}
	return k.master.senderAEAD(id), true
}

// open appends to dst what s protects. Any error means that nothing of s can be
// believed, and dst comes back as it was. It does not write to what s borrows.
func (k *recvKey) open(dst []byte, s *sealed) ([]byte, error) {
	if !s.crypto.isGCM() {
		body, err := k.openInPlace(s, s.body) // writes nothing
		return append(dst, body...), err
	}
	b := slices.Grow(dst, len(s.body)+tagLen)
	b = append(b, s.body...)
	if _, err := k.openInPlace(s, b[len(dst):]); err != nil {
		return dst, err
	}
	return b, nil
}

// openInPlace opens body, that of s or a copy, where it lies, and returns it.
// Behind it must be room for the tag, which the cipher wants there; behind that
// of s there is: the postfix. Any error means that nothing of s can be believed,
// and that nothing of body is left in the clear that did not come so.
func (k *recvKey) openInPlace(s *sealed, body []byte) ([]byte, error) {
	id := s.crypto.session()
	aead, fresh := k.session(id)
	tag := s.tag
	if n := len(body); s.crypto.isGCM() {
		whole := body[:n+tagLen]
		tag = whole[n:]
		copy(tag, s.tag)
		if _, err := aead.Open(body[:0], s.crypto.nonce(), whole, nil); err != nil {
			return nil, errTag // the cipher has zeroed body
		}
	} else if _, err := aead.Open(nil, s.crypto.nonce(), tag, body); err != nil {
		return nil, errTag
	}
	if fresh {
		k.sessions.add(session{id, aead})
	}
	if k.protect.IsOrigin() && !k.fromOwner(s, tag) {
		if s.crypto.isGCM() {
			clear(body)
		}
		return nil, errOrigin
	}
	return body, nil
}

// fromOwner reports whether s, whose common MAC is tag, holds a MAC made with a
// key that its sender shares with us alone: it is not from another receiver, who has the sender's
// key too. DDS-Security 1.1, 9.5.3.3.
func (k *recvKey) fromOwner(s *sealed, tag []byte) bool {
	l := k.receivers.Load()
	if l == nil {
		return false
	}
	for macs := s.macs; len(macs) >= macLen; macs = macs[macLen:] {
		for _, r := range *l {
			if r.id == [4]byte(macs) && k.verify(r, s, tag, macs[4:macLen]) {
				return true
			}
		}
	}
	return false
}

func (k *recvKey) verify(r *recvMAC, s *sealed, tag, mac []byte) bool {
	id := s.crypto.session()
	aead, fresh := r.sessions.find(id), false
	if aead == nil {
		aead, fresh = k.master.receiverAEAD(&r.secret, id), true
	}
	if _, err := aead.Open(nil, s.crypto.nonce(), mac, tag); err != nil {
		return false
	}
	if fresh {
		r.sessions.add(session{id, aead})
	}
	return true
}
