package engine

import (
	"errors"
	"fmt"
	"time"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

// How the keys are renewed when somebody who had them leaves.
const (
	rekeyAfter = time.Second      // several who leave at about the same time are one reason
	rekeyEvery = 10 * time.Second // and no more often than that
	rekeyFor   = 2 * time.Second  // so long is waited for those who stay to have the new keys
	rekeyMost  = 4 * time.Second  // and no longer when keys are renewed again meanwhile
)

// rekeying is the state of a renewal of keys.
type rekeying struct {
	due      time.Time // when it is to begin; zero: it is not
	forced   bool      // it is because somebody may no longer read
	last     time.Time // when the last one began
	begun    time.Time // when the first one began that is under way
	activate func()    // nil: none is under way
	until    time.Time // then the new keys are used, whoever has them
	sent     rtps.SequenceNumber
}

// rekeySoon renews the keys because somebody left who may have done so with
// what it knows. DDS-Security 1.2, key revision.
func (p *Participant) rekeySoon(now time.Time) {
	if r := &p.rekeying; r.due.IsZero() {
		r.due = now.Add(rekeyAfter)
		if soonest := r.last.Add(rekeyEvery); soonest.After(r.due) {
			r.due = soonest
		}
	}
}

// rekeyNow renews the keys because somebody may no longer read, with this turn
// of the control loop: several who are sent away together are one reason.
func (p *Participant) rekeyNow(now time.Time) { p.rekeying.due, p.rekeying.forced = now, true }

// rekey renews the keys of this participant and of all of its endpoints: the
// new ones go to every peer that is left, and when they all have them, or have
// had the time, they are used.
func (p *Participant) rekey(now time.Time) {
	r := &p.rekeying
	r.last = now
	var activate func()
	err := errors.New("the cryptography plugin cannot (spi.Reviser)")
	if reviser, ok := p.security.crypto.(spi.Reviser); ok {
		activate, err = reviser.Revise()
	}
	if err != nil {
		p.eventSelf(spi.SeverityError, "cryptography", "keys not renewed", err)
		return
	}
	p.rekeySelf()
	for _, q := range *p.peers.Load() {
		if p.deaf(q) {
			p.reenter(now, q)
		}
	}
	n := 0
	for _, q := range *p.peers.Load() {
		if q.authenticated() {
			q.gate.SendKeys(now, &p.adm)
			n++
		}
	}
	for _, pr := range p.pairs {
		if pr.gate != nil {
			pr.gate.SendKeys(&p.adm)
		}
	}
	p.settle(now)
	w := p.builtin.writers[rtps.EntityVolatileWriter]
	w.mu.Lock()
	r.sent = w.m.Last()
	w.mu.Unlock()
	if r.activate == nil {
		r.begun = now
	}
	r.activate, r.until = activate, now.Add(rekeyFor)
	if most := r.begun.Add(rekeyMost); most.Before(r.until) {
		r.until = most // or who is sent away often could go on reading
	}
	p.report(nil, spi.SecurityEvent{Severity: spi.SeverityNotice, Plugin: "cryptography", What: "keys renewed", Found: fmt.Sprintf("%d participants that get them", n)})
}

// rekeySelf gives the new keys to ourselves.
func (p *Participant) rekeySelf() {
	q := p.peer(p.guid.Prefix)
	if q == nil {
		return
	}
	keys := *q.keys.Load()
	toks, err := keys.Tokens()
	if err == nil {
		err = keys.SetTokens(toks)
	}
	for k, a := range p.pairs {
		b := p.pairs[pairKey{k.remote, k.local}]
		if err != nil || b == nil || a.self == nil || b.self == nil {
			continue
		}
		if toks, err = a.self.Tokens(); err == nil && len(toks) > 0 {
			err = b.self.SetTokens(toks)
		}
	}
	if err != nil {
		p.eventSelf(spi.SeverityError, "cryptography", "keys within this participant", err)
	}
}

// resolveRekey begins a renewal that is due and ends one that is done.
func (p *Participant) resolveRekey(now time.Time) {
	r := &p.rekeying
	if r.activate != nil {
		w := p.builtin.writers[rtps.EntityVolatileWriter]
		w.mu.Lock()
		all := w.m.AckedAll(r.sent)
		w.mu.Unlock()
		if all || !now.Before(r.until) {
			r.activate()
			r.activate = nil
		}
	}
	if !due(r.due, now) {
		return
	}
	forced := r.forced
	r.due, r.forced = time.Time{}, false
	for _, q := range *p.peers.Load() {
		if !forced && p.deaf(q) {
			return // no reason to disturb who stays: it left with rights it still has
		}
	}
	p.rekey(now)
}

// deaf reports whether the peer cannot take new keys for the session it has.
//
// Interop: Cyclone DDS takes those of messages only, and Fast DDS before 2.6.12,
// 3.2.5 and 3.6.2 those of payloads only; its announcements do not tell which it
// is. Of others nothing is known but that 1.2's key revision is made for it.
func (p *Participant) deaf(q *peer) bool {
	a := p.security.attrs
	switch {
	case !q.authenticated() || q.data.Vendor == rtps.VendorSecdds || a.KeyRevision:
		return false
	case q.data.Vendor == rtps.VendorCyclone:
		submessages, payloads := p.protects()
		return submessages || payloads
	case q.data.Vendor == rtps.VendorFast:
		submessages, _ := p.protects()
		return submessages || a.RTPS != spi.ProtectNone
	}
	return true
}

// protects reports what the keys of our endpoints are for.
func (p *Participant) protects() (submessages, payloads bool) {
	a := p.security.attrs
	submessages = a.Discovery != spi.ProtectNone || a.Liveliness != spi.ProtectNone
	for _, e := range p.local {
		submessages = submessages || e.attrs.Metadata != spi.ProtectNone
		payloads = payloads || e.attrs.Data != spi.ProtectNone
	}
	return submessages, payloads
}

// reentry is when those who were sent away are called back: they need a moment
// to forget us.
const reentry = 100 * time.Millisecond

// reenter ends the session with a peer, which begins another one with our next
// announcement.
func (p *Participant) reenter(now time.Time, q *peer) {
	p.event(spi.SeverityNotice, "cryptography", "a new session for new keys, which it takes no other way", q, "", nil)
	p.farewellTo(q)
	p.dir.Remove(now, q.prefix, &p.events)
	p.settle(now)
	if at := now.Add(reentry); at.Before(p.announced) {
		p.announced = at
	}
}

// nextRekey returns when resolveRekey is due; zero: never.
func (p *Participant) nextRekey(now time.Time) time.Time {
	r := &p.rekeying
	if r.activate != nil {
		return now.Add(min(20*time.Millisecond, r.until.Sub(now))) // acknowledgements do not wake the loop
	}
	return r.due
}
