//go:build interop

package main

import (
	"time"

	"github.com/secdds/dds/spi"
)

// bend wraps the access control so that this peer does what a well-behaved one
// does not, for the other side to refuse: --access-clock and --trust-self.
func bend(s *spi.Security, o options) *spi.Security {
	if o.accessClock == 0 && !o.trustSelf {
		return s
	}
	bent := *s
	bent.AccessControl = access{s.AccessControl, o}
	return &bent
}

type access struct {
	spi.AccessControl
	o options
}

func (a access) ValidateLocalPermissions(now time.Time, id spi.LocalIdentity, domain uint32) (spi.LocalPermissions, error) {
	p, err := a.AccessControl.ValidateLocalPermissions(now.Add(a.o.accessClock), id, domain)
	if err != nil {
		return nil, err
	}
	return local{p, a.o}, nil
}

type local struct {
	spi.LocalPermissions
	o options
}

func (l local) NotAfter() time.Time { return time.Time{} }

func (l local) CheckCreateTopic(now time.Time, topic string) error {
	if l.o.trustSelf {
		return nil
	}
	return l.LocalPermissions.CheckCreateTopic(now.Add(l.o.accessClock), topic)
}

func (l local) CheckCreateWriter(now time.Time, t spi.Topic) error {
	if l.o.trustSelf {
		return nil
	}
	return l.LocalPermissions.CheckCreateWriter(now.Add(l.o.accessClock), t)
}

func (l local) CheckCreateReader(now time.Time, t spi.Topic) error {
	if l.o.trustSelf {
		return nil
	}
	return l.LocalPermissions.CheckCreateReader(now.Add(l.o.accessClock), t)
}

func (l local) ValidateRemote(now time.Time, token spi.Token, peer spi.HandshakeResult) (spi.RemotePermissions, error) {
	return l.LocalPermissions.ValidateRemote(now.Add(l.o.accessClock), token, peer)
}
