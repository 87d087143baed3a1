package aesgcm

import "errors"

var errRevisions = errors.New("aesgcm: the participant has used up its 2²⁴ key revisions: it must be made anew")

// Revise implements spi.Reviser. With key revision (DDS-Security 1.2,
// enable_key_revision) a key keeps its id and its revision is one more than that
// of the last; without, a new key is one of another id.
//
// When Revise is called again before activate, only the last activate has an
// effect: until then everything is sealed with the old keys.
func (c *participant) Revise() (activate func(), err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.attrs.KeyRevision {
		if c.revision == maxRevision {
			return nil, errRevisions
		}
		c.revision++
	}
	next := map[*sender]*sendKey{}
	if c.message != nil {
		next[c.message] = c.offer(c.message)
	}
	for e := range c.endpoints {
		for _, s := range []*sender{e.submessage, e.payload} {
			if s != nil {
				next[s] = c.offer(s)
			}
		}
	}
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		for s, k := range next {
			s.activate(k)
		}
		next = nil
	}, nil
}

// offer makes the key that is to follow that of s. The caller holds mu.
func (c *participant) offer(s *sender) *sendKey {
	id := s.offered.Load().master.id
	if !c.attrs.KeyRevision {
		id = c.newID()
	}
	k := newSendKey(c.newMaster(s.kind, id), c.cfg.MaxBlocksPerSession)
	s.offered.Store(k)
	return k
}
