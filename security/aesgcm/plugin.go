package aesgcm

import (
	"crypto/rand"
	"encoding/binary"

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
	c := &participant{maxBlocks: p.maxBlocks, attrs: attrs, endpoints: map[*endpoint]struct{}{}}
	var start [4]byte
	rand.Read(start[:])
	c.lastID.Store(binary.BigEndian.Uint32(start[:]))
	if attrs.RTPS != spi.ProtectNone {
		c.message = c.newSender(attrs.RTPS)
	}
	return c, nil
}
