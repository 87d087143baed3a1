package dds_test

import (
	"sync/atomic"
	"time"

	"github.com/secdds/dds"
	"github.com/secdds/dds/spi"
)

// slowly makes an access control plugin whose judgement of peers takes its time:
// what it says rests on what was so when it was asked.
type slowly struct {
	spi.AccessControl
	wait   time.Duration // about peers
	create time.Duration // about writers of our own
	refuse error         // what it says of everyone; nil: what the plugin says
	asked  atomic.Int32
}

func (s *slowly) slow(cfg *dds.Config) {
	plugins := *cfg.Security
	s.AccessControl, plugins.AccessControl = plugins.AccessControl, s
	cfg.Security = &plugins
}

func (s *slowly) ValidateLocalPermissions(now time.Time, id spi.LocalIdentity, domain uint32) (spi.LocalPermissions, error) {
	p, err := s.AccessControl.ValidateLocalPermissions(now, id, domain)
	return slowPermissions{p, s}, err
}

type slowPermissions struct {
	spi.LocalPermissions
	s *slowly
}

func (p slowPermissions) ValidateRemote(now time.Time, t spi.Token, r spi.HandshakeResult) (spi.RemotePermissions, error) {
	p.s.asked.Add(1)
	rights, err := p.LocalPermissions.ValidateRemote(now, t, r)
	time.Sleep(p.s.wait) // virtual
	if p.s.refuse != nil {
		return nil, p.s.refuse
	}
	return rights, err
}

func (p slowPermissions) CheckCreateWriter(now time.Time, t spi.Topic) error {
	err := p.LocalPermissions.CheckCreateWriter(now, t)
	if p.s.create > 0 {
		p.s.asked.Add(1)
		time.Sleep(p.s.create) // virtual
	}
	return err
}
