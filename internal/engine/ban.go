package engine

import (
	"bytes"
	"fmt"
	"time"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

// bans are who must not take part, whatever their credentials say. Of the
// control loop alone.
type bans struct {
	guids    map[rtps.GUIDPrefix]error
	subjects []bannedSubject
}

type bannedSubject struct {
	der  []byte // the subject name as it stands in the certificate
	name string
	err  error
}

// Ban ends the session with a participant and keeps it out from then on: it is
// dropped, the keys are renewed so that it can no longer read, and whoever
// shows a certificate of the same subject is refused. If it is not
// authenticated, or not known, its GUID alone is kept out.
func (p *Participant) Ban(remote rtps.GUID, reason string) error {
	if p.security == nil {
		return fmt.Errorf("ban %s: %w: without security nobody can be told from somebody else", remote, ErrBadParameter)
	}
	if remote.Prefix == p.guid.Prefix {
		return fmt.Errorf("ban %s: %w: that is this participant", remote, ErrBadParameter)
	}
	why := &spi.Refusal{Document: "this participant", Rule: "ban of " + remote.String(), Found: reason, Remedy: "Unban lets it in again"}
	if !p.call(func() {
		now := time.Now()
		b := &p.bans
		if b.guids == nil {
			b.guids = make(map[rtps.GUIDPrefix]error)
		}
		b.guids[remote.Prefix] = why
		q := p.peer(remote.Prefix)
		if q == nil || q.gate == nil {
			return
		}
		if q.authenticated() {
			b.subjects = append(b.subjects, bannedSubject{q.gate.Result.SubjectDER, q.gate.Result.SubjectName, why})
		}
		p.expel(now, q, why)
	}) {
		return ErrClosed
	}
	return nil
}

// Unban takes back the ban of a participant, and of its subject name.
func (p *Participant) Unban(remote rtps.GUID) {
	p.call(func() {
		why := p.bans.guids[remote.Prefix]
		delete(p.bans.guids, remote.Prefix)
		kept := p.bans.subjects[:0]
		for _, s := range p.bans.subjects {
			if s.err != why {
				kept = append(kept, s)
			}
		}
		p.bans.subjects = kept
		now := time.Now()
		for _, q := range *p.peers.Load() { // they begin anew with their next announcement
			if q.gate != nil && q.gate.Refusal() != nil {
				p.dir.Remove(now, q.prefix, &p.events)
			}
		}
		p.settle(now)
	})
}

// barred returns why somebody of proven identity may not join.
func (p *Participant) barred(res spi.HandshakeResult) error {
	if p.security.lapsed != nil {
		return p.security.lapsed
	}
	for _, s := range p.bans.subjects {
		if bytes.Equal(s.der, res.SubjectDER) {
			return fmt.Errorf("its subject %s is banned: %w", s.name, s.err)
		}
	}
	return nil
}

// shutOut returns why a participant is kept out before it says a word.
func (p *Participant) shutOut(prefix rtps.GUIDPrefix) error {
	if p.security.lapsed != nil {
		return p.security.lapsed
	}
	return p.bans.guids[prefix]
}
