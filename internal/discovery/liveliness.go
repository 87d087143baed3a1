package discovery

import (
	"slices"
	"time"

	"github.com/secdds/dds/qos"
	"github.com/secdds/dds/rtps"
)

// leastAssertion is the shortest time between two assertions of the local
// automatic writers, however short their lease.
const leastAssertion = time.Millisecond

// watch starts the lease of a writer whose liveliness can be lost. An
// announcement is an assertion. Local automatic writers need none: as long as
// this code runs, they live.
func (d *Directory) watch(now time.Time, e *endpoint) {
	q := e.data.Writer
	if !lasting(q) || e.peer == nil && q.Liveliness.Kind == qos.Automatic {
		d.leases.stop(&e.lease)
		return
	}
	if !e.dead {
		d.leases.renew(now, &e.lease, q.Liveliness.Lease)
	}
}

func (d *Directory) assert(now time.Time, e *endpoint, out *Events) {
	if !lasting(e.data.Writer) {
		return
	}
	if e.dead {
		e.dead = false
		out.add(LivelinessBack{Writer: e.data.GUID})
	}
	d.watch(now, e)
}

// change gives e what it announces now. A lease that is running goes on unless
// the policy changed: an announcement is no assertion of a writer its
// application has to assert.
func (d *Directory) change(now time.Time, e *endpoint, data *EndpointData, out *Events) {
	old := e.data
	e.data = data
	if old.Writer == nil || data.Writer == nil || old.Writer.Liveliness == data.Writer.Liveliness {
		return
	}
	if e.dead && !lasting(data.Writer) {
		e.dead = false
		out.add(LivelinessBack{Writer: data.GUID})
	}
	d.watch(now, e)
}

// lasting reports whether q's liveliness can run out.
func lasting(q *qos.Writer) bool { return q != nil && q.Liveliness.Lease < qos.Infinite }

// HandleMessage takes a sample of the participant message topic that the
// participant from sent; secure says that the topic was the secure one. It
// asserts all automatic, or all manual-by-participant, writers of it; if not
// secure, those without liveliness protection. It reports false when the
// participant is not admitted or speaks of another. DDSI-RTPS 2.5, 8.4.13;
// DDS-Security 1.1, 7.4.2.
func (d *Directory) HandleMessage(now time.Time, from rtps.GUIDPrefix, m *MessageData, secure bool, out *Events) bool {
	p := d.peers[from]
	switch {
	case m.Prefix != from:
		d.refused.Foreign++
		return false
	case p == nil:
		d.refused.UnknownSender++
		return false
	case !p.admitted:
		d.refused.NotAdmitted++
		return false
	}
	switch m.Kind {
	case AutomaticUpdate:
		d.assertKind(now, p, qos.Automatic, secure, out)
	case ManualUpdate:
		d.assertKind(now, p, qos.ManualByParticipant, secure, out)
	}
	return true
}

func (d *Directory) assertKind(now time.Time, p *peer, kind qos.LivelinessKind, secure bool, out *Events) {
	for _, e := range p.endpoints {
		if e.data.Writer != nil && e.data.Writer.Liveliness.Kind == kind && (secure || !e.data.livelinessProtected()) {
			d.assert(now, e, out)
		}
	}
}

// AssertWriter takes a sign of life of a remote writer itself: a sample, or a
// HEARTBEAT that says so. It asserts with a manual-by-participant writer all of
// its participant. DDS 1.4, 2.2.3.11.
//
// It need not be called for every sample; a few times in a lease will do.
func (d *Directory) AssertWriter(now time.Time, guid rtps.GUID, out *Events) {
	e := d.remotes[guid]
	if e == nil || e.data.Writer == nil {
		return
	}
	if e.data.Writer.Liveliness.Kind == qos.ManualByParticipant {
		d.assertKind(now, e.peer, qos.ManualByParticipant, e.data.livelinessProtected(), out)
		return
	}
	d.assert(now, e, out)
}

// Alive reports whether a writer is known and has not lost its liveliness.
func (d *Directory) Alive(writer rtps.GUID) bool {
	e := d.locals[writer]
	if e == nil {
		e = d.remotes[writer]
	}
	return e != nil && !e.dead
}

// AssertLocal says that the application asserted a local writer, by a write or
// by assert_liveliness. It renews the lease of the writer, or of all
// manual-by-participant ones if it is one; AssertLiveliness is then reported,
// for their readers must hear of it. DDS 1.4, 2.2.3.11 and 2.2.2.4.2.22.
//
// That a manual-by-topic writer is asserted, its HEARTBEAT tells: the caller
// sends it.
func (d *Directory) AssertLocal(now time.Time, writer rtps.GUID, out *Events) {
	e := d.locals[writer]
	if e == nil || e.data.Writer == nil {
		return
	}
	if e.data.Writer.Liveliness.Kind == qos.ManualByParticipant {
		d.AssertParticipant(now, out)
		return
	}
	d.assert(now, e, out)
}

// AssertParticipant says that the application asserted the participant: all
// local manual-by-participant writers. DDS 1.4, 2.2.2.2.1.19.
func (d *Directory) AssertParticipant(now time.Time, out *Events) {
	var manual []*endpoint
	for _, e := range d.locals {
		if q := e.data.Writer; lasting(q) && q.Liveliness.Kind == qos.ManualByParticipant {
			manual = append(manual, e)
		}
	}
	if manual == nil {
		return
	}
	slices.SortFunc(manual, func(a, b *endpoint) int { return a.data.GUID.Compare(b.data.GUID) })
	for _, e := range manual {
		d.assert(now, e, out)
	}
	out.add(AssertLiveliness{Kind: ManualUpdate})
}

// scheduleAssertion plans the next assertion of the local automatic writers:
// twice in the shortest of their leases, so that one may be lost. A new writer
// is asserted by its announcement.
func (d *Directory) scheduleAssertion(now time.Time) {
	shortest := qos.Infinite
	for _, e := range d.locals {
		if q := e.data.Writer; lasting(q) && q.Liveliness.Kind == qos.Automatic {
			shortest = min(shortest, q.Liveliness.Lease)
		}
	}
	if shortest == qos.Infinite {
		d.assertAt = time.Time{}
		return
	}
	at := now.Add(max(shortest/2, leastAssertion))
	if d.assertAt.IsZero() || at.Before(d.assertAt) {
		d.assertAt = at
	}
}
