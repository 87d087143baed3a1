package aesgcm

import (
	"crypto/rand"
	"encoding/binary"
	"sync"
	"sync/atomic"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

// A participant implements spi.ParticipantCrypto and spi.Reviser.
type participant struct {
	cfg     Config
	attrs   spi.ParticipantAttributes
	message *sender // nil: RTPS protection is NONE
	lastID  atomic.Uint32

	mu        sync.Mutex
	revision  revision // of new keys; stays 0 without key revision
	endpoints map[*endpoint]struct{}
}

var (
	_ spi.ParticipantCrypto = (*participant)(nil)
	_ spi.Reviser           = (*participant)(nil)
)

// newID returns a key id that nothing else of this participant has. Zero is the
// id of the key exchange's key.
func (c *participant) newID() (id [4]byte) {
	for id == [4]byte{} {
		binary.BigEndian.PutUint32(id[:], c.lastID.Add(1))
	}
	return id
}

// newMaster makes a key of kind k. The caller holds mu, or c is new.
func (c *participant) newMaster(k kind, id [4]byte) masterKey {
	m := masterKey{kind: k, revision: c.revision, id: id, saltLen: uint8(k.keyLen())}
	rand.Read(m.salt[:m.saltLen])
	rand.Read(m.key[:m.saltLen])
	return m
}

// newSender makes a key for what p protects. The caller holds mu, or c is new.
func (c *participant) newSender(p spi.Protection) *sender {
	return newSender(c.newMaster(kindFor(p, c.cfg.KeySize), c.newID()), c.cfg.MaxBlocksPerSession)
}

// Message implements spi.ParticipantCrypto.
func (c *participant) Message() spi.MessageSealer {
	if c.message == nil {
		return nil
	}
	return messageSealer{c.message}
}

// NewEndpoint implements spi.ParticipantCrypto.
func (c *participant) NewEndpoint(entity rtps.EntityID, attrs spi.EndpointAttributes) (spi.EndpointCrypto, error) {
	if attrs.Metadata == spi.ProtectNone && attrs.Data == spi.ProtectNone {
		return nil, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	e := &endpoint{c: c, entity: entity, attrs: attrs}
	if attrs.Metadata != spi.ProtectNone {
		e.submessage = c.newSender(attrs.Metadata)
	}
	if attrs.Data != spi.ProtectNone && entity.IsWriter() {
		e.payload = c.newSender(attrs.Data)
	}
	c.endpoints[e] = struct{}{}
	return e, nil
}
