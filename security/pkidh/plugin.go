package pkidh

import (
	"errors"
	"time"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

// A Plugin is DDS:Auth:PKI-DH with one set of credentials.
type Plugin struct{ cfg Config }

var _ spi.Authentication = (*Plugin)(nil)

// New parses the credentials.
func New(cfg Config) (*Plugin, error) { return &Plugin{cfg: cfg}, nil }

// ValidateLocalIdentity implements spi.Authentication.
func (p *Plugin) ValidateLocalIdentity(now time.Time, domain uint32, candidate rtps.GUID) (spi.LocalIdentity, error) {
	return nil, errors.New("pkidh: not there yet")
}
