package aesgcm

import (
	"bytes"
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

// session returns the session of id, and whether it still has to be
// remembered, once something has been opened in it.
func (k *recvKey) session(h cryptoHeader) (s *session, fresh bool) {
	if s := k.sessions.find(h.session()); s != nil {
		return s, false
	}
	id := h.sessionID()
	return &session{id: id, aead: k.master.senderAEAD(id)}, true
}

// open appends to dst what s protects. Any error means that nothing of s can be
// believed, and dst comes back as it was. It does not write to what s borrows.
func (k *recvKey) open(dst []byte, s *sealed) ([]byte, error) {
	ses, fresh := k.session(s.crypto)
	iv := s.crypto.nonce()

	b := dst
	if s.crypto.isGCM() {
		b = slices.Grow(b, len(s.body)+tagLen)
		b = append(b, s.body...)
		b = append(b, s.tag...)
		var err error
		if b, err = ses.aead.Open(b[:len(dst)], iv, b[len(dst):], nil); err != nil {
			return dst, errTag
		}
	} else {
		if _, err := ses.aead.Open(nil, iv, s.tag, s.body); err != nil {
			return dst, errTag
		}
		b = append(b, s.body...)
	}
	if fresh {
		k.sessions.add(ses)
	}
	if k.protect.IsOrigin() && !k.fromOwner(s) {
		clear(b[len(dst):])
		return dst, errOrigin
	}
	return b, nil
}

// fromOwner reports whether s holds a MAC made with a key that its sender
// shares with us alone: it is not from another receiver, who has the sender's
// key too. DDS-Security 1.1, 9.5.3.3.
func (k *recvKey) fromOwner(s *sealed) bool {
	l := k.receivers.Load()
	if l == nil {
		return false
	}
	for macs := s.macs; len(macs) >= macLen; macs = macs[macLen:] {
		for _, r := range *l {
			if bytes.Equal(r.id[:], macs[:4]) {
				if k.verify(r, s, macs[4:macLen]) {
					return true
				}
			}
		}
	}
	return false
}

func (k *recvKey) verify(r *recvMAC, s *sealed, mac []byte) bool {
	ses, fresh := r.sessions.find(s.crypto.session()), false
	if ses == nil {
		id := s.crypto.sessionID()
		ses, fresh = &session{id: id, aead: k.master.receiverAEAD(&r.secret, id)}, true
	}
	if _, err := ses.aead.Open(nil, s.crypto.nonce(), mac, s.tag); err != nil {
		return false
	}
	if fresh {
		r.sessions.add(ses)
	}
	return true
}
