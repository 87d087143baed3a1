package attack

import (
	"time"

	"github.com/secdds/dds"
	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

// lenient makes a plugin set that checks nothing of what its own side does: a
// peer that lies about its rights and goes on when they lapse.
func lenient(cfg *dds.Config) { (&liar{}).join(cfg) }

// A liar is lenient, and shows a permissions document that its own side does not
// go by.
type liar struct {
	spi.AccessControl
	shows []byte // instead of its own; nil: its own
}

func (l *liar) join(cfg *dds.Config) {
	s := *cfg.Security
	l.AccessControl, s.AccessControl = s.AccessControl, l
	s.Authentication = agelessAuthentication{s.Authentication}
	cfg.Security = &s
}

func (l *liar) ValidateLocalPermissions(now time.Time, id spi.LocalIdentity, domain uint32) (spi.LocalPermissions, error) {
	p, err := l.AccessControl.ValidateLocalPermissions(now, id, domain)
	return lyingPermissions{p, l}, err
}

type lyingPermissions struct {
	spi.LocalPermissions
	l *liar
}

func (p lyingPermissions) CredentialToken() spi.Token {
	t := p.LocalPermissions.CredentialToken()
	if p.l.shows != nil {
		t.BinaryProperties = []rtps.BinaryProperty{{Name: t.BinaryProperties[0].Name, Value: p.l.shows}}
	}
	return t
}

func (lyingPermissions) NotAfter() time.Time                          { return time.Time{} }
func (lyingPermissions) CheckCreateTopic(time.Time, string) error     { return nil }
func (lyingPermissions) CheckCreateWriter(time.Time, spi.Topic) error { return nil }
func (lyingPermissions) CheckCreateReader(time.Time, spi.Topic) error { return nil }

type agelessAuthentication struct{ spi.Authentication }

func (a agelessAuthentication) ValidateLocalIdentity(now time.Time, domain uint32, g rtps.GUID) (spi.LocalIdentity, error) {
	id, err := a.Authentication.ValidateLocalIdentity(now, domain, g)
	return agelessIdentity{id}, err
}

type agelessIdentity struct{ spi.LocalIdentity }

func (agelessIdentity) NotAfter() time.Time { return time.Time{} }
