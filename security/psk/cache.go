package psk

import (
	"crypto/cipher"
	"slices"
	"sync"
	"sync/atomic"
)

// maxSessions is how many sessions a receiver remembers: about 1 MiB of keys.
// With more participants than that in a domain it goes on, more slowly.
const maxSessions = 1024

// A cache holds the sessions last opened with. What is looked up and not there
// is derived, and comes in only after a tag was found good: so messages of
// participants that someone made up cost time, five HMACs each, and no memory.
//
// Once it is full, a session not used since the hand last passed by makes room
// (CLOCK): finding one need not write to anything that others write to.
type cache struct {
	max  int
	last atomic.Pointer[session] // found last: what comes in a row is of one sender
	mu   sync.RWMutex
	of   map[derivation]*session // guarded by mu, as are the fields below
	ring []*session
	hand int
}

// A session is one derived key of a sender.
type session struct {
	derivation
	aead cipher.AEAD
	used atomic.Bool // since the hand last passed by
}

func newCache(max int) *cache { return &cache{max: max, of: map[derivation]*session{}} }

// find returns the key of d, or nil.
func (c *cache) find(d *derivation) cipher.AEAD {
	s := c.last.Load()
	if s == nil || s.derivation != *d {
		c.mu.RLock()
		s = c.of[*d]
		c.mu.RUnlock()
		if s == nil {
			return nil
		}
		c.last.Store(s)
	}
	if !s.used.Load() {
		s.used.Store(true)
	}
	return s.aead
}

// add remembers the key of d.
func (c *cache) add(d *derivation, aead cipher.AEAD) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.of[*d] != nil {
		return
	}
	s := &session{derivation: *d, aead: aead}
	c.of[*d] = s
	if len(c.ring) < c.max {
		c.ring = append(c.ring, s)
		return
	}
	for c.ring[c.hand].used.Swap(false) {
		c.hand = (c.hand + 1) % len(c.ring)
	}
	delete(c.of, c.ring[c.hand].derivation)
	c.ring[c.hand] = s
	c.hand = (c.hand + 1) % len(c.ring)
}

// retain forgets what follows from other seeds than those of k.
func (c *cache) retain(k *keyset) {
	c.mu.Lock()
	defer c.mu.Unlock()

	c.last.Store(nil)
	c.hand = 0
	c.ring = slices.DeleteFunc(c.ring, func(s *session) bool {
		if k.byID[s.seed.id] == s.seed {
			return false
		}
		delete(c.of, s.derivation)
		return true
	})
}
