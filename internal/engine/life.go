package engine

import (
	"fmt"
	"time"

	"github.com/secdds/dds/internal/discovery"
	"github.com/secdds/dds/internal/reliable"
	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

// lapse ends what rests on credentials that have ended: ours, and those of
// peers. DDS-Security 1.1, on_revoke_identity of 8.3 and on_revoke_permissions
// of 8.4.
func (p *Participant) lapse(now time.Time) {
	s := p.security
	if s == nil {
		return
	}
	r := p.clocks.read(now)
	if d := p.clocks.jumped(r); d != 0 {
		p.eventSelf(spi.SeverityWarning, "authentication", "the wall clock was set",
			fmt.Errorf("by %v, to %v; what lapses does so by the clock or by the time passed, whichever is first", d.Round(time.Millisecond), r.wall.UTC().Format(time.RFC3339)))
	}
	if c := s.creds.Load(); s.lapsed == nil && c.term.over(r) {
		s.lapsed = fmt.Errorf("our own credentials lapsed: the certificate is %s, the permissions are %s",
			until(c.identity.NotAfter()), until(c.perms.NotAfter()))
		p.eventSelf(spi.SeverityAlert, "authentication", "all sessions end", s.lapsed)
		for _, q := range *p.peers.Load() {
			if q.gate != nil {
				p.expel(now, q, s.lapsed)
			}
		}
	}
	for _, q := range *p.peers.Load() {
		if q.authenticated() && q.term.over(r) {
			p.expel(now, q, fmt.Errorf("its credentials lapsed: the certificate is %s, the permissions are %s",
				until(q.gate.Result.NotAfter), until(q.gate.Rights.NotAfter())))
		}
	}
}

// nextLapse returns how long nothing lapses; false: nothing ever does.
func (p *Participant) nextLapse(now time.Time) (d time.Duration, ok bool) {
	if p.security == nil {
		return 0, false
	}
	r := p.clocks.read(now)
	sooner := func(t term) {
		if in := t.in(r); !t.date.IsZero() && (!ok || in < d) {
			d, ok = in, true
		}
	}
	if p.security.lapsed == nil {
		sooner(p.security.creds.Load().term)
	}
	for _, q := range *p.peers.Load() {
		if q.authenticated() {
			sooner(q.term)
		}
	}
	return d, ok
}

// expel ends the session with a peer: it is told, forgotten with its keys, and
// what it could read so far is renewed for those who stay.
func (p *Participant) expel(now time.Time, q *peer, why error) {
	p.event(spi.SeverityWarning, "authentication", "participant expelled", q, "", why)
	p.farewellTo(q)
	had := q.authenticated()
	p.dir.Remove(now, q.prefix, &p.events)
	p.settle(now)
	if had { // also when we are the reason: not everyone may be let in again
		p.rekeyNow(now)
	}
}

// farewellTo tells one peer that we are gone, lest it wait for us.
func (p *Participant) farewellTo(q *peer) {
	c := p.disposal()
	if w := p.builtin.writers[rtps.EntitySecureSPDPWriter]; w != nil && q.authenticated() {
		secure := c
		secure.To = rtps.GUID{Prefix: q.prefix, Entity: rtps.EntitySecureSPDPReader}
		w.once(&secure)
	}
	p.sendStateless(&p.builtin.spdp, rtps.EntitySPDPWriter, &c, q.prefix, q.meta)
}

// once sends a change that does not stay in the history: a peer that is let in
// again must not hear of its end.
func (w *Writer) once(c *reliable.Change) {
	w.mu.Lock()
	if w.closed {
		w.mu.Unlock()
		return
	}
	sn := w.m.Write(time.Now(), c, &w.out)
	w.flush()
	w.mu.Lock()
	w.m.Remove(sn)
	w.mu.Unlock()
}

// disposal is the change that says we are gone.
func (p *Participant) disposal() reliable.Change {
	return reliable.Change{
		Status: reliable.StatusDisposed | reliable.StatusUnregistered,
		Key:    rtps.KeyHash(append(p.guid.Prefix[:], p.guid.Entity[:]...)), HasKey: true,
		Time: rtps.TimeOf(time.Now()), Payload: discovery.AppendParticipantKey(nil, p.guid), IsKey: true,
	}
}

// renewed judges the pairs with a peer again after its credentials, or ours,
// have changed: some end, some begin, and the others do not notice.
func (p *Participant) renewed(now time.Time, q *peer) {
	q.term = p.clocks.term(now, q.gate.Lapses())
	for _, pr := range p.pairs {
		if pr.peer == q && pr.gate != nil && pr.gate.Recheck(now) {
			p.matchAgain(pr)
		}
	}
}

// eventSelf is event for what concerns nobody else.
func (p *Participant) eventSelf(sev spi.Severity, plugin, what string, err error) {
	p.event(sev, plugin, what, nil, "", err)
}
