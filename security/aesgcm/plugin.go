package aesgcm

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"

	"github.com/secdds/dds/spi"
)

// A Config configures a Plugin. The zero Config is valid.
type Config struct {
	// MaxBlocksPerSession is after how many 16-octet blocks a sender moves on
	// to a new session key. If zero, 1 << 26 (1 GiB): what one key may encrypt
	// with GCM is far more (NIST SP 800-38D, 8.3), and each key costs its readers.
	MaxBlocksPerSession uint64

	// KeySize is that of our own keys in bits: 128 or 256. If zero, 256. What
	// others seal is opened with the keys they sent, of either size. The key
	// exchange always has 256.
	KeySize int
}

// A Plugin is DDS:Crypto:AES-GCM-GMAC.
type Plugin struct{ cfg Config }

var _ spi.Cryptography = (*Plugin)(nil)

// New returns a plugin.
func New(cfg Config) *Plugin {
	if cfg.MaxBlocksPerSession == 0 {
		cfg.MaxBlocksPerSession = 1 << 26
	}
	if cfg.KeySize == 0 {
		cfg.KeySize = 256
	}
	return &Plugin{cfg}
}

// NewParticipant implements spi.Cryptography.
func (p *Plugin) NewParticipant(attrs spi.ParticipantAttributes) (spi.ParticipantCrypto, error) {
	if p.cfg.KeySize != 128 && p.cfg.KeySize != 256 {
		return nil, fmt.Errorf("aesgcm: Config.KeySize is %d, want 128 or 256 bits", p.cfg.KeySize)
	}
	c := &participant{cfg: p.cfg, attrs: attrs, endpoints: map[*endpoint]struct{}{}}
	var start [4]byte
	rand.Read(start[:])
	c.lastID.Store(binary.BigEndian.Uint32(start[:]))
	if attrs.RTPS != spi.ProtectNone {
		c.message = c.newSender(attrs.RTPS)
	}
	return c, nil
}
