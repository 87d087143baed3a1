package main

import (
	"fmt"
	"slices"
	"time"

	"github.com/secdds/dds/spi"
)

// A policy is an access control plugin that asks Go code, after the documents:
// what it wraps goes on deciding what is protected and who is let in.
type policy struct {
	spi.AccessControl
	owner     string
	forbidden []string // topics that nobody may write
	report    func(decision string, err error)
}

// ValidateLocalPermissions is spi.AccessControl's.
func (p *policy) ValidateLocalPermissions(now time.Time, id spi.LocalIdentity, domain uint32) (spi.LocalPermissions, error) {
	l, err := p.AccessControl.ValidateLocalPermissions(now, id, domain)
	if err != nil {
		return nil, err
	}
	return &local{LocalPermissions: l, policy: p, subject: id.SubjectName()}, nil
}

// judge asks the documents, then the code, and reports the decision.
func (p *policy) judge(whose, subject, topic string, documents error) error {
	err := documents
	if err == nil && slices.Contains(p.forbidden, topic) {
		err = &spi.Refusal{Document: "the policy", Rule: "forbidden topics", Found: topic}
	}
	verdict := "allowed"
	if err != nil {
		verdict = "refused: " + err.Error()
	}
	p.report(fmt.Sprintf("%s asks about its %s writer of %q, by %s: %s", p.owner, whose, topic, subject, verdict), err)
	return err
}

// local is what our own participant may do.
type local struct {
	spi.LocalPermissions
	policy  *policy
	subject string
}

func (l *local) CheckCreateWriter(now time.Time, t spi.Topic) error {
	return l.policy.judge("own", l.subject, t.Name, l.LocalPermissions.CheckCreateWriter(now, t))
}

func (l *local) ValidateRemote(now time.Time, token spi.Token, peer spi.HandshakeResult) (spi.RemotePermissions, error) {
	r, err := l.LocalPermissions.ValidateRemote(now, token, peer)
	if err != nil {
		return nil, err
	}
	return &remote{RemotePermissions: r, policy: l.policy, subject: peer.SubjectName}, nil
}

// remote is what an authenticated peer may do.
type remote struct {
	spi.RemotePermissions
	policy  *policy
	subject string
}

func (r *remote) CheckWriter(now time.Time, t spi.Topic) error {
	return r.policy.judge("remote", r.subject, t.Name, r.RemotePermissions.CheckWriter(now, t))
}
