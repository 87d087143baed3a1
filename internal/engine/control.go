package engine

import (
	"bytes"
	"time"

	"github.com/secdds/dds/internal/admission"
	"github.com/secdds/dds/internal/discovery"
	"github.com/secdds/dds/internal/reliable"
	"github.com/secdds/dds/rtps"
)

// Timing of announcements: a few quick ones at the start, then at a steady
// pace. DDSI-RTPS 2.5, 8.5.3.3.2.
const announceBurst = 100 * time.Millisecond

// control is the participant's control loop: everything rare happens here, one
// thing at a time.
func (p *Participant) control() {
	defer close(p.ended)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		p.turn()
		timer.Reset(p.idle())
		select {
		case f := <-p.calls:
			f()
		case <-p.wake:
		case <-timer.C:
		case <-p.done:
			return
		}
	}
}

// turn takes what came in, does what is due and carries out what follows.
func (p *Participant) turn() {
	now := time.Now()
	p.takeMail(now)
	p.takeBuiltin(now)
	p.touch(now)
	p.lapse(now)
	p.resolveRekey(now)
	p.resolveDoubts(now)
	p.touchWriters()
	p.dir.Advance(now, &p.events)
	if p.security != nil {
		p.security.gate.Advance(now, &p.adm)
	}
	for _, q := range *p.peers.Load() {
		if q.gate != nil {
			q.gate.Advance(now, &p.adm)
		}
	}
	if !now.Before(p.announced) {
		p.announce(p.initial)
		every := p.cfg.Announce
		if p.burst > 0 {
			p.burst--
			every = min(every, announceBurst<<(10-p.burst)/2)
		}
		p.announced = now.Add(every)
	}
	p.settle(now)
}

// settle carries out events until none is left.
func (p *Participant) settle(now time.Time) {
	for len(p.events) > 0 || !p.adm.Empty() {
		events := p.events
		p.events = nil
		for _, e := range events {
			p.handle(now, e)
		}
		out := p.adm
		p.adm = admission.Outbox{}
		for _, e := range out.Events {
			p.handleGate(now, e)
		}
		for i := range out.Stateless {
			p.sendHandshake(&out.Stateless[i])
		}
		for i := range out.Volatile {
			p.sendTokens(&out.Volatile[i])
		}
		for _, j := range out.Jobs {
			p.run(j)
		}
		p.takeTurns(now, &out)
	}
}

// idle is how long nothing is due.
func (p *Participant) idle() time.Duration {
	next := p.announced
	sooner := func(at time.Time) {
		if !at.IsZero() && at.Before(next) {
			next = at
		}
	}
	sooner(p.nextDoubt())
	sooner(p.dir.Next())
	if p.security != nil {
		sooner(p.security.gate.Next(time.Now()))
	}
	for _, q := range *p.peers.Load() {
		if q.gate != nil {
			sooner(q.gate.Next())
		}
	}
	now := time.Now()
	sooner(p.nextRekey(now))
	wait := time.Until(next)
	if d, ok := p.nextLapse(now); ok {
		wait = min(wait, d)
	}
	return max(0, wait)
}

// run runs a slow plugin call on a worker and comes back to the loop.
func (p *Participant) run(j admission.Job) {
	p.jobs.Go(func() {
		select {
		case p.workers <- struct{}{}:
		case <-p.done:
			return
		}
		j.Run()
		<-p.workers
		select {
		case p.calls <- func() { j.Peer.Finish(time.Now(), &p.adm) }:
		case <-p.done:
		}
	})
}

// touch renews the leases of peers that were heard.
func (p *Participant) touch(now time.Time) {
	for _, q := range *p.peers.Load() {
		if seen := q.seen.Load(); seen != q.touched && q.prefix != p.guid.Prefix {
			q.touched = seen
			p.dir.Touch(now, q.prefix)
		}
	}
}

func (p *Participant) takeMail(now time.Time) {
	p.mailMu.Lock()
	mails := p.mails
	p.mails, p.mailOctets = nil, 0
	p.mailMu.Unlock()
	for i := range mails {
		m := &mails[i]
		if m.writer == rtps.EntityStatelessWriter {
			p.takeHandshake(now, m.source, m.payload)
		} else {
			p.takeAnnouncement(now, m)
		}
		p.settle(now)
	}
}

// takeAnnouncement takes an unprotected SPDP sample. What an authenticated peer
// said by a protected way is not changed by it: CVE-2023-50257.
func (p *Participant) takeAnnouncement(now time.Time, m *mail) {
	q := p.peer(m.source)
	if m.status != 0 || m.isKey {
		g, err := discovery.ParseParticipantKey(m.payload)
		if err != nil && m.hasKey { // Interop: Fast DDS sends the hash only
			g, err = discovery.KeyGUID(m.key), nil
		}
		switch {
		case err != nil || g.Prefix != m.source:
			p.drop(dropMalformed)
		case q != nil && q.authenticated():
			p.doubt(now, q)
		case q != nil && q.gate != nil && q.gate.Shaking():
			// Whether it has left shows in whether it answers.
		default:
			p.dir.HandleParticipantGone(now, m.source, &p.events)
		}
		return
	}
	d, err := discovery.ParseParticipantPayload(m.payload)
	if err != nil || d.GUID.Prefix != m.source {
		p.drop(dropMalformed)
		return
	}
	if q != nil && q.authenticated() {
		p.dir.Touch(now, m.source)
		return
	}
	if q != nil && q.decided() && !sameCredentials(q.data, d) {
		// Not what we judged: someone may have spoken in its name. Begin anew.
		p.dir.Remove(now, m.source, &p.events)
		p.settle(now)
		q = nil
	}
	if q == nil && !p.dir.Concerns(d) {
		p.stray(d)
		return
	}
	if q == nil && p.security != nil {
		p.arrive(now, m)
		return
	}
	p.dir.HandleParticipant(now, d, &p.events)
	if q != nil && q.gate != nil {
		was := q.gate.Shaking()
		q.gate.Announced(now, &p.adm)
		p.begun(q, was)
	}
}

// sameCredentials reports whether two announcements show the same to the peer gate.
func sameCredentials(a, b *discovery.ParticipantData) bool {
	holder := func(h *rtps.DataHolder) []byte {
		if h == nil {
			return nil
		}
		return rtps.AppendDataHolder(nil, true, h)
	}
	if (a.SecurityInfo == nil) != (b.SecurityInfo == nil) || a.SecurityInfo != nil && *a.SecurityInfo != *b.SecurityInfo {
		return false
	}
	if (a.Algorithms == nil) != (b.Algorithms == nil) || a.Algorithms != nil && *a.Algorithms != *b.Algorithms {
		return false
	}
	return bytes.Equal(holder(a.IdentityToken), holder(b.IdentityToken)) &&
		bytes.Equal(holder(a.PermissionsToken), holder(b.PermissionsToken))
}

func (p *Participant) takeBuiltin(now time.Time) {
	for id, r := range p.builtin.readers {
		for _, s := range r.takeInbox() {
			p.takeBuiltinSample(now, id, &s)
			p.settle(now)
		}
	}
}

func (p *Participant) takeBuiltinSample(now time.Time, id rtps.EntityID, s *reliable.Sample) {
	from := s.Writer.Prefix
	switch id {
	case rtps.EntitySEDPPubReader, rtps.EntitySEDPSubReader, rtps.EntitySecureSEDPPubReader, rtps.EntitySecureSEDPSubReader:
		writer := id == rtps.EntitySEDPPubReader || id == rtps.EntitySecureSEDPPubReader
		secure := id[0] == 0xff
		if s.Status != 0 || s.IsKey {
			g, err := discovery.ParseEndpointKey(s.Payload)
			if err != nil && s.HasKey { // Interop: Fast DDS sends the hash only
				g, err = discovery.KeyGUID(s.Key), nil
			}
			if err == nil && g.Prefix == from && !p.dir.HandleEndpointGone(now, from, g, secure, &p.events) {
				p.doubtEndpoint(now, g)
			}
			return
		}
		d, err := discovery.ParseEndpointPayload(s.Payload, writer)
		if err != nil || d.GUID.Prefix != from {
			p.drop(dropMalformed)
			return
		}
		p.dir.HandleEndpoint(now, from, d, secure, &p.events)
	case rtps.EntityMessageReader, rtps.EntitySecureMessageReader:
		m, err := discovery.ParseMessage(s.Payload)
		if err != nil || m.Prefix != from {
			p.drop(dropMalformed)
			return
		}
		p.dir.HandleMessage(now, from, m, id == rtps.EntitySecureMessageReader, &p.events)
	case rtps.EntitySecureSPDPReader:
		if s.Status != 0 || s.IsKey {
			if q := p.peer(from); q != nil && p.builtin.readers[id].requires == 0 {
				p.doubt(now, q) // discovery_protection_kind is NONE: anyone can say so
				return
			}
			p.dir.HandleParticipantGone(now, from, &p.events)
			return
		}
		d, err := discovery.ParseParticipantPayload(s.Payload)
		if err != nil || d.GUID.Prefix != from {
			p.drop(dropMalformed)
			return
		}
		p.dir.HandleParticipant(now, d, &p.events)
	case rtps.EntityVolatileReader:
		p.takeTokens(now, from, s.Payload)
	case rtps.EntityStatelessReader:
		p.takeHandshake(now, from, s.Payload)
	}
}

// handle carries out what discovery reports.
func (p *Participant) handle(now time.Time, e discovery.Event) {
	switch e := e.(type) {
	case discovery.PeerFound:
		p.found(now, e.Peer)
	case discovery.PeerChanged:
		if q := p.peer(e.Peer.GUID.Prefix); q != nil {
			p.relocated(now, q, e.Peer)
		}
	case discovery.PeerLost:
		p.lost(now, e.Peer, e.Reason)
	case discovery.Compatible:
		p.compatible(now, e.Local, e.Remote, e.Alive)
	case discovery.Updated:
		p.updated(now, e.Local, e.Remote)
	case discovery.Incompatible:
		p.incompatible(e.Local.GUID, e.Remote, e.Reason, e.Policies)
	case discovery.Unmatched:
		p.unmatched(now, e.Local, e.Remote)
	case discovery.LivelinessLost:
		p.livelinessChanged(now, e.Writer, false)
	case discovery.LivelinessBack:
		p.livelinessChanged(now, e.Writer, true)
	case discovery.AssertLiveliness:
		p.assertLiveliness(e.Kind)
	}
}

// assertLiveliness tells the peers that our writers live. DDSI-RTPS 2.5, 8.4.13.
func (p *Participant) assertLiveliness(kind discovery.MessageKind) {
	send := func(id rtps.EntityID) {
		if w := p.builtin.writers[id]; w != nil {
			key := rtps.GUID{Prefix: p.guid.Prefix, Entity: rtps.EntityID(kind)}
			w.publish(key, &reliable.Change{
				Time: rtps.TimeOf(time.Now()), HasKey: true, Key: rtps.KeyHash(append(p.guid.Prefix[:], kind[:]...)),
				Payload: discovery.AppendMessage(nil, &discovery.MessageData{Prefix: p.guid.Prefix, Kind: kind}),
			})
		}
	}
	plain, secure := false, false
	for _, e := range p.local {
		if e.data.Writer == nil {
			continue
		}
		if e.attrs.LivelinessProtected {
			secure = true
		} else {
			plain = true
		}
	}
	if plain {
		send(rtps.EntityMessageWriter)
	}
	if secure {
		send(rtps.EntitySecureMessageWriter)
	}
}
