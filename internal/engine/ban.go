package engine

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

// bans are who must not take part, whatever their credentials say. Of the
// control loop alone.
type bans map[rtps.GUIDPrefix]ban

type ban struct {
	why     *spi.Refusal
	name    string // the subject name, if it was authenticated
	subject []byte // the same as it stands in the certificate
}

func (b *ban) covers(res *spi.HandshakeResult) bool {
	return b.subject != nil && bytes.Equal(b.subject, res.SubjectDER)
}

// Ban ends the session with a participant and keeps it out from then on: it is
// dropped, the keys are renewed so that it can no longer read, and so is every
// participant that shows a certificate of the same subject, now or later. If it
// is not authenticated, or not known, its GUID alone is kept out.
func (p *Participant) Ban(remote rtps.GUID, reason string) error {
	if p.security == nil {
		return fmt.Errorf("ban %s: %w: without security nobody can be told from somebody else", remote, ErrBadParameter)
	}
	if remote.Prefix == p.guid.Prefix {
		return fmt.Errorf("ban %s: %w: that is this participant", remote, ErrBadParameter)
	}
	why := &spi.Refusal{Document: "this participant", Rule: "ban of " + remote.String(), Found: reason, Remedy: "Unban lets it in again"}
	if !p.call(func() { p.ban(time.Now(), remote.Prefix, why) }) {
		return ErrClosed
	}
	return nil
}

func (p *Participant) ban(now time.Time, prefix rtps.GUIDPrefix, why *spi.Refusal) {
	if p.bans == nil {
		p.bans = make(bans)
	}
	b := p.bans[prefix] // of a participant that is banned once more the subject is known
	b.why = why
	q := p.peer(prefix)
	if q != nil && q.authenticated() {
		b.name, b.subject = q.gate.Result.SubjectName, q.gate.Result.SubjectDER
	}
	p.bans[prefix] = b
	if q != nil && q.gate != nil {
		p.expel(now, q, why)
	}
	for _, q := range *p.peers.Load() {
		if q.authenticated() && b.covers(&q.gate.Result) {
			p.expel(now, q, b.refusal())
		}
	}
}

func (b *ban) refusal() error { return fmt.Errorf("its subject %s is banned: %w", b.name, b.why) }

// Unban takes back the ban of a participant, and of its subject name.
func (p *Participant) Unban(remote rtps.GUID) {
	p.call(func() {
		b, banned := p.bans[remote.Prefix]
		if !banned {
			return
		}
		delete(p.bans, remote.Prefix)
		now := time.Now()
		for _, q := range *p.peers.Load() { // they begin anew with their next announcement
			if q.gate != nil && errors.Is(q.gate.Refusal(), b.why) {
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
	for _, b := range p.bans {
		if b.covers(&res) {
			return b.refusal()
		}
	}
	return nil
}

// shutOut returns why a participant is kept out before it says a word.
func (p *Participant) shutOut(prefix rtps.GUIDPrefix) error {
	if p.security.lapsed != nil {
		return p.security.lapsed
	}
	if b, banned := p.bans[prefix]; banned {
		return b.why
	}
	return nil
}
