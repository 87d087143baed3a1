package engine

import (
	"time"

	"github.com/secdds/dds/internal/admission"
	"github.com/secdds/dds/internal/discovery"
	"github.com/secdds/dds/rtps"
)

// What participants that are not authenticated can make us do is limited, so
// that those that are do not notice: see admission.Bounds. Until it is its turn,
// a stranger is nothing but its announcement in the gate's lobby.

// answerRate is how many announcements of new participants are answered with
// one of ours in a second, after a burst of answerBurst. An announcement can name
// another's address.
const (
	answerRate  = 20
	answerBurst = 100
)

// strangerLimits are the limits of discovery for a secured participant. Of
// those not admitted there are no more than the gate lets in.
var strangerLimits = discovery.Limits{MaxPeers: 1500, MaxGuests: 300}

// arrive takes an announcement of a participant that is not known.
func (p *Participant) arrive(now time.Time, m *mail) {
	p.security.gate.Arrive(now, admission.Stranger{Prefix: m.source, From: m.from, Announcement: m.payload}, &p.adm)
}

// takeTurns forgets those whose turn is over and begins with those whose turn
// it is.
func (p *Participant) takeTurns(now time.Time, out *admission.Outbox) {
	if p.security == nil {
		return
	}
	p.stats.dropped[dropStranger].Add(uint64(out.Overflow))
	for _, prefix := range out.Evicted {
		if q := p.peer(prefix); q != nil && q.authenticated() {
			continue
		}
		p.drop(dropEvicted)
		p.dir.Remove(now, prefix, &p.events)
	}
	if len(out.Evicted) > 0 {
		p.settle(now)
	}
	for _, s := range out.Turns {
		if d, err := discovery.ParseParticipantPayload(s.Announcement); err == nil {
			p.dir.HandleParticipant(now, d, &p.events)
			p.settle(now)
		}
		if p.peer(s.Prefix) == nil {
			p.security.gate.Leave(s.Prefix)
		}
	}
	turns, waiting, refused := p.security.gate.Strangers()
	p.stats.turns.Store(uint64(turns))
	p.stats.waiting.Store(uint64(waiting))
	p.stats.refused.Store(uint64(refused))
}

// metaOf returns where the built-in endpoints of a participant are reached. As
// long as it is not admitted that is one address, never a multicast one,
// whatever it announces.
func (p *Participant) metaOf(d *discovery.ParticipantData, admitted bool) []rtps.Locator {
	if admitted {
		return p.unicast(d.MetatrafficUnicast, d.MetatrafficMulticast)
	}
	return p.unicast(d.MetatrafficUnicast, nil)
}
