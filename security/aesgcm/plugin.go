package aesgcm

import (
	"errors"

	"github.com/secdds/dds/spi"
)

// A Config configures a Plugin. The zero Config is valid.
type Config struct {
	// MaxBlocksPerSession is after how many 16-octet blocks a sender moves on
	// to a new session key. If zero, 1 << 20 (16 MiB).
	MaxBlocksPerSession uint64
}

// A Plugin is DDS:Crypto:AES-GCM-GMAC.
type Plugin struct{ maxBlocks uint64 }

var _ spi.Cryptography = (*Plugin)(nil)

// New returns a plugin.
func New(cfg Config) *Plugin {
	if cfg.MaxBlocksPerSession == 0 {
		cfg.MaxBlocksPerSession = 1 << 20
	}
	return &Plugin{maxBlocks: cfg.MaxBlocksPerSession}
}

// NewParticipant implements spi.Cryptography.
func (p *Plugin) NewParticipant(attrs spi.ParticipantAttributes) (spi.ParticipantCrypto, error) {
	return nil, errors.New("aesgcm: not there yet")
}
