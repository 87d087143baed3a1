package engine

import (
	"errors"
	"fmt"
	"time"

	"github.com/secdds/dds/spi"
)

// event reports a decision about a remote participant, or about ourselves if q
// is nil. With a q it may be called on the control loop only. The fields of a
// [spi.Refusal] within err become the event's.
//
// How severe, by the standard's levels (DDS-Security 1.1, 8.6.2.1.1):
//
//	ALERT     our own rights have ended: nothing works until someone acts
//	CRITICAL  the participant cannot be
//	ERROR     one of our own endpoints cannot be, or cannot work
//	WARNING   someone was refused, or something was not as it should be
//	NOTICE    someone was let in, or a session ended or began anew
//	INFO      the steps between, and what is allowed
//	DEBUG     the same for built-in endpoints
func (p *Participant) event(sev spi.Severity, plugin, what string, q *peer, topic string, err error) {
	p.report(q, spi.SecurityEvent{Severity: sev, Plugin: plugin, What: what, Topic: topic, Err: err})
}

// report is event for what has more to say. It fills in what is empty.
func (p *Participant) report(q *peer, e spi.SecurityEvent) {
	a := p.audit
	if a == nil {
		return
	}
	p.complete(q, &e)
	// Anyone can invent participants, and say in clear that others have left.
	if q != nil && (!q.authenticated() || !q.suspect.IsZero()) && !a.allow(&e) {
		return
	}
	a.add(e)
}

func (p *Participant) complete(q *peer, e *spi.SecurityEvent) {
	e.Time, e.Domain = time.Now(), p.cfg.Domain
	if e.Local.IsZero() {
		e.Local = p.guid
	}
	if q != nil {
		if e.Remote.IsZero() {
			e.Remote = q.guid
		}
		if q.gate != nil && e.Subject == "" {
			e.Subject = q.gate.Result.SubjectName
		}
	}
	if r := (*spi.Refusal)(nil); errors.As(e.Err, &r) {
		e.Document, e.Rule, e.Line = r.Document, r.Rule, r.Line
		e.Expected, e.Found, e.Remedy = r.Expected, r.Found, r.Remedy
	}
}

// cannotBe reports that this participant cannot be, and returns why.
func (p *Participant) cannotBe(plugin string, err error) error {
	p.event(spi.SeverityCritical, plugin, "local participant refused", nil, "", err)
	return err
}

// preShared reports what became of the pre-shared key, and returns err.
func (p *Participant) preShared(err error) error {
	if err != nil {
		return p.cannotBe("cryptography", err)
	}
	p.event(spi.SeverityNotice, "cryptography", "pre-shared key in use", nil, "", nil)
	return nil
}

// validated reports what this participant is and what it is held to.
func (p *Participant) validated(s *security) {
	p.report(nil, spi.SecurityEvent{
		Severity: spi.SeverityNotice, Plugin: "authentication", What: "local identity validated",
		Subject: s.identity().SubjectName(), Found: until(s.identity().NotAfter()),
	})
	a := s.attrs
	e := spi.SecurityEvent{
		Severity: spi.SeverityNotice, Plugin: "access control", What: "local permissions validated",
		Subject: s.identity().SubjectName(),
		Found: fmt.Sprintf("%s; rtps %v, discovery %v, liveliness %v, allow_unauthenticated_participants %t, enable_join_access_control %t",
			until(s.perms().NotAfter()), a.RTPS, a.Discovery, a.Liveliness, a.AllowUnauthenticated, a.JoinAccessControl),
	}
	if b, ok := s.perms().(spi.Basis); ok {
		e.Document, e.Rule, e.Line = b.Basis()
	}
	p.report(nil, e)
}

// until says when rights end.
func until(t time.Time) string {
	if t.IsZero() {
		return "valid without end"
	}
	return "valid until " + t.UTC().Format(time.RFC3339)
}
