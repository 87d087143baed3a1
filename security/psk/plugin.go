package psk

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

// A Plugin is the pre-shared keys of any number of participants. What Update and
// Reload do is in force for all of them at once, for the next message.
type Plugin struct {
	cfg  Config                 // but for the passphrases, which are below
	keys atomic.Pointer[keyset] // never nil

	mu      sync.Mutex // serialises Update and Reload, and guards what follows
	primary string
	extra   []string
}

var _ spi.PreSharedKey = (*Plugin)(nil)

// New reads the passphrases and returns a plugin. An error that something of
// cfg is to blame for wraps an *spi.Refusal; it never quotes a seed.
func New(cfg Config) (*Plugin, error) {
	cfg, err := cfg.check()
	if err != nil {
		return nil, fmt.Errorf("psk: %w", err)
	}
	p := &Plugin{cfg: cfg}
	if err := p.Update(cfg.Passphrase, cfg.Extra...); err != nil {
		return nil, err
	}
	p.cfg.Passphrase, p.cfg.Extra = "", nil
	return p, nil
}

// String says nothing of the passphrases, as that of Config.
func (p *Plugin) String() string { return "psk.Plugin" }

// GoString is String.
func (p *Plugin) GoString() string { return p.String() }

// Update replaces the passphrases: what Config.Passphrase and Config.Extra say.
// After an error, those before it are still in force.
func (p *Plugin) Update(passphrase string, extra ...string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.load(passphrase, extra); err != nil {
		return err
	}
	p.primary, p.extra = passphrase, slices.Clone(extra)
	return nil
}

// Reload reads the files of passphrases again. After an error, what was read
// before is still in force.
func (p *Plugin) Reload() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.load(p.primary, p.extra)
}

// HasFiles reports whether a passphrase comes from a file, so that Reload makes sense.
func (p *Plugin) HasFiles() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return isFile(p.primary) || slices.ContainsFunc(p.extra, isFile)
}

func isFile(value string) bool { return strings.HasPrefix(value, "file:") }

func (p *Plugin) load(primary string, extra []string) error {
	k, err := newKeyset(p.keys.Load(), primary, extra, p.cfg.Warn)
	if err != nil {
		return fmt.Errorf("psk: %w", err)
	}
	p.keys.Store(k)
	return nil
}

// IDs returns the id of the passphrase that is sealed with, and those of all that
// are opened with, in ascending order.
func (p *Plugin) IDs() (sealing uint8, opening []uint8) {
	k := p.keys.Load()
	for _, s := range k.byID {
		if s != nil {
			opening = append(opening, s.id)
		}
	}
	return k.primary.id, opening
}

// Kind implements spi.PreSharedKey.
func (p *Plugin) Kind() spi.Protection { return p.cfg.Kind }

// NewParticipant implements spi.PreSharedKey.
func (p *Plugin) NewParticipant(guid rtps.GUID, protection spi.Protection) (spi.PSKCrypto, error) {
	c := &participant{plugin: p, prefix: guid.Prefix, cache: newCache(maxSessions)}
	switch aes128 := p.cfg.Cipher == AES128; {
	case protection == spi.ProtectSign && aes128:
		c.kind = kindAES128GMAC
	case protection == spi.ProtectSign:
		c.kind = kindAES256GMAC
	case protection == spi.ProtectEncrypt && aes128:
		c.kind = kindAES128GCM
	case protection == spi.ProtectEncrypt:
		c.kind = kindAES256GCM
	default:
		return nil, errors.New("psk: protection is " + protection.String() + ", expected SIGN or ENCRYPT")
	}
	return c, nil
}

// A participant seals and opens the messages of one local participant. It
// implements spi.PSKCrypto.
type participant struct {
	plugin *Plugin
	prefix rtps.GUIDPrefix
	kind   kind // of what it seals; what it opens is of the same class, sign or encrypt

	sending atomic.Pointer[sendSession] // nil: nothing was sealed yet
	mu      sync.Mutex                  // serialises rollover

	cache *cache
	seen  atomic.Pointer[keyset] // whose seeds alone are in cache
}

var (
	_ spi.PSKCrypto            = (*participant)(nil)
	_ spi.InPlaceMessageSealer = (*participant)(nil)
)
