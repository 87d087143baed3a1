package aesgcm

import (
	"crypto/rand"
	"encoding/binary"
	"sync/atomic"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

// A Config configures a Plugin. The zero Config is valid.
type Config struct {
	// MaxBlocksPerSession is after how many 16-octet blocks a sender moves on
	// to a new session key. If zero, 1 << 26 (1 GiB): what one key may encrypt
	// with GCM is far more (NIST SP 800-38D, 8.3), and each key costs its readers.
	MaxBlocksPerSession uint64
}

// A Plugin is DDS:Crypto:AES-GCM-GMAC.
type Plugin struct{ maxBlocks uint64 }

var _ spi.Cryptography = (*Plugin)(nil)

// New returns a plugin.
func New(cfg Config) *Plugin {
	if cfg.MaxBlocksPerSession == 0 {
		cfg.MaxBlocksPerSession = 1 << 26
	}
	return &Plugin{maxBlocks: cfg.MaxBlocksPerSession}
}

// NewParticipant implements spi.Cryptography.
func (p *Plugin) NewParticipant(attrs spi.ParticipantAttributes) (spi.ParticipantCrypto, error) {
	c := &participant{maxBlocks: p.maxBlocks, attrs: attrs}
	var start [4]byte
	rand.Read(start[:])
	c.lastID.Store(binary.BigEndian.Uint32(start[:]))
	if attrs.RTPS != spi.ProtectNone {
		c.message = c.newKey(attrs.RTPS)
	}
	return c, nil
}

// A participant implements spi.ParticipantCrypto.
type participant struct {
	maxBlocks uint64
	attrs     spi.ParticipantAttributes
	message   *sendKey // nil: RTPS protection is NONE
	lastID    atomic.Uint32
}

var _ spi.ParticipantCrypto = (*participant)(nil)

// newID returns a key id that nothing else of this participant has. Zero is the
// id of the key exchange's key.
func (c *participant) newID() (id [4]byte) {
	for id == [4]byte{} {
		binary.BigEndian.PutUint32(id[:], c.lastID.Add(1))
	}
	return id
}

// newKey makes a key for what p protects.
func (c *participant) newKey(p spi.Protection) *sendKey {
	m := masterKey{kind: kindFor(p), id: c.newID(), saltLen: 32}
	rand.Read(m.salt[:])
	rand.Read(m.key[:])
	return newSendKey(m, c.maxBlocks)
}

// newReceiver makes a destination of what k seals.
func (c *participant) newReceiver(k *sendKey) *receiver {
	r := &receiver{key: k, id: c.newID()}
	rand.Read(r.secret[:])
	return r
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
	e := &endpoint{c: c, entity: entity, attrs: attrs}
	if attrs.Metadata != spi.ProtectNone {
		e.submessage = c.newKey(attrs.Metadata)
	}
	if attrs.Data != spi.ProtectNone && entity.IsWriter() {
		e.payload = c.newKey(attrs.Data)
	}
	return e, nil
}
