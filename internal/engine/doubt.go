package engine

import (
	"errors"
	"fmt"
	"time"

	"github.com/secdds/dds/spi"
)

// A doubted peer is asked for a sign of life after doubtAfter (what it sealed
// before it left may still arrive) and has until doubtFor to give it.
const (
	doubtAfter = 500 * time.Millisecond
	doubtFor   = 3 * time.Second
)

// doubt is called when an unauthenticated message says that an authenticated
// peer has left or started anew. Anyone can send that (CVE-2023-50257), so it
// is not believed; the peer is asked for something only it can send.
//
// Interop: Cyclone DDS 0.10 says in clear that it leaves; what it says under
// its keys is not sent any more.
func (p *Participant) doubt(now time.Time, q *peer) {
	if q.suspect.IsZero() && q.authenticated() {
		q.suspect, q.probed = now, false
		p.event(spi.SeverityInfo, "authentication", "participant doubted", q, "",
			errors.New("an unauthenticated message says that it has left or started anew; it is asked for a sign of life"))
	}
}

// resolveDoubts asks doubted peers and forgets those that do not answer.
func (p *Participant) resolveDoubts(now time.Time) {
	p.resolveEndpointDoubts(now)
	for _, q := range *p.peers.Load() {
		switch {
		case q.suspect.IsZero():
		case q.proof.Load() >= q.suspect.Add(doubtAfter).UnixNano():
			p.event(spi.SeverityInfo, "authentication", "participant no longer doubted", q, "", nil)
			q.suspect = time.Time{}
		case now.Sub(q.suspect) >= doubtFor:
			p.event(spi.SeverityNotice, "authentication", "participant forgotten", q, "",
				fmt.Errorf("it gave no sign of life for %v", doubtFor))
			q.suspect = time.Time{}
			p.dir.HandleParticipantGone(now, q.prefix, &p.events)
		case now.Sub(q.suspect) >= doubtAfter && !q.probed:
			q.probed = true
			q.gate.Probe(now, &p.adm)
		}
	}
}

// nextDoubt returns when resolveDoubts is due; zero: never.
func (p *Participant) nextDoubt() (next time.Time) {
	next = p.nextEndpointDoubt()
	for _, q := range *p.peers.Load() {
		if q.suspect.IsZero() {
			continue
		}
		at := q.suspect.Add(doubtFor)
		if !q.probed {
			at = q.suspect.Add(doubtAfter)
		}
		if next.IsZero() || at.Before(next) {
			next = at
		}
	}
	return next
}
