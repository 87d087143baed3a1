package discovery

import (
	"time"

	"github.com/secdds/dds/rtps"
)

// Concerns reports whether an announcement of the SPDP topic is not our own and
// of our domain. It counts those that are not.
func (d *Directory) Concerns(data *ParticipantData) bool {
	switch {
	case data.GUID.Prefix == d.self:
		d.refused.Self++
		return false
	// DDSI-RTPS 2.5, 8.5.3.2: the domain id, if present, and the domain tag
	// have to be equal; otherwise "the Participant shall be ignored".
	case data.DomainID != nil && *data.DomainID != d.domain, data.DomainTag != d.tag:
		d.refused.OtherDomain++
		return false
	}
	return true
}

// account notes what p has more, or less.
func (d *Directory) account(p *peer, endpoints, bytes int) {
	d.bytes += bytes
	if p.guest {
		d.guests.endpoints += endpoints
		d.guests.bytes += bytes
	}
}

// HandleParticipant takes an announcement of the SPDP topic. It renews the
// participant's lease. DDSI-RTPS 2.5, 8.5.3.
//
// An announcement of another domain or domain tag is ignored. A participant
// that was admitted stays so whatever it announces: where that must not be
// believed, call Touch instead.
func (d *Directory) HandleParticipant(now time.Time, data *ParticipantData, out *Events) {
	prefix := data.GUID.Prefix
	if !d.Concerns(data) {
		return
	}
	size := data.size()
	p := d.peers[prefix]
	if p == nil {
		d.find(now, data, size, out)
		return
	}
	d.leases.renew(now, &p.lease, data.Lease)
	if p.data.equal(data) {
		return
	}
	if d.bytes+size-p.size > d.limits.MaxBytes || p.guest && d.guests.bytes+size-p.size > d.limits.MaxBytes/4 {
		d.refused.TooMany++
		d.leases.renew(now, &p.lease, p.data.Lease)
		return
	}
	old := p.data
	d.account(p, 0, size-p.size)
	p.data, p.size = data, size
	out.add(PeerChanged{Old: old, Peer: data})
}

func (d *Directory) find(now time.Time, data *ParticipantData, size int, out *Events) {
	if len(d.peers) >= d.limits.MaxPeers && !d.evict(now, out) || d.bytes+size > d.limits.MaxBytes {
		d.refused.TooMany++
		return
	}
	p := &peer{data: data, size: size, found: now}
	p.lease.peer = p
	d.peers[data.GUID.Prefix] = p
	d.bytes += size
	d.leases.renew(now, &p.lease, data.Lease)
	out.add(PeerFound{Peer: data})
}

// evict makes room for a participant: the one that has been known longest
// without being admitted gives way, once it has had its Grace. So a flood of
// invented participants cannot keep real ones out for good, and neither drive
// out those that were admitted or are about to be.
func (d *Directory) evict(now time.Time, out *Events) bool {
	var oldest *peer
	for _, p := range d.peers {
		if !p.admitted && (oldest == nil || p.found.Before(oldest.found) ||
			p.found.Equal(oldest.found) && p.data.GUID.Compare(oldest.data.GUID) < 0) {
			oldest = p
		}
	}
	if oldest == nil || now.Sub(oldest.found) < d.limits.Grace {
		return false
	}
	d.remove(oldest, Evicted, out)
	return true
}

// HandleParticipantGone takes a dispose or unregister of the SPDP topic.
func (d *Directory) HandleParticipantGone(now time.Time, prefix rtps.GUIDPrefix, out *Events) {
	if p := d.peers[prefix]; p != nil {
		d.remove(p, Left, out)
	}
}

// Admit says that the endpoints of a participant may be believed and matched.
// It reports false when the participant is not known.
func (d *Directory) Admit(now time.Time, prefix rtps.GUIDPrefix) bool {
	p := d.peers[prefix]
	if p == nil {
		return false
	}
	d.unguest(p)
	p.admitted = true
	return true
}

// AdmitGuest is Admit for a participant that nobody vouches for, where such are
// let in. There may be any number of them, so they have limits of their own: it
// reports false when there are MaxGuests.
func (d *Directory) AdmitGuest(now time.Time, prefix rtps.GUIDPrefix) bool {
	p := d.peers[prefix]
	switch {
	case p == nil:
		return false
	case p.admitted:
		return true
	case d.guests.peers >= d.limits.MaxGuests || d.guests.bytes+p.size > d.limits.MaxBytes/4:
		d.refused.TooMany++
		return false
	}
	p.admitted, p.guest = true, true
	d.guests.peers++
	d.guests.bytes += p.size
	return true
}

// unguest lets p count like any other.
func (d *Directory) unguest(p *peer) {
	if !p.guest {
		return
	}
	p.guest = false
	d.guests.peers--
	d.guests.bytes -= p.size
	for _, e := range p.endpoints {
		d.guests.endpoints--
		d.guests.bytes -= e.size
	}
}

// Admitted reports whether a participant is known and was admitted.
func (d *Directory) Admitted(prefix rtps.GUIDPrefix) bool {
	p := d.peers[prefix]
	return p != nil && p.admitted
}

// Remove forgets a participant. It is found anew with its next announcement.
func (d *Directory) Remove(now time.Time, prefix rtps.GUIDPrefix, out *Events) {
	if p := d.peers[prefix]; p != nil {
		d.remove(p, Removed, out)
	}
}

// Touch renews the lease of a participant as an announcement does. Call it for
// traffic that is certainly the participant's.
func (d *Directory) Touch(now time.Time, prefix rtps.GUIDPrefix) {
	if p := d.peers[prefix]; p != nil {
		d.leases.renew(now, &p.lease, p.data.Lease)
	}
}

func (d *Directory) remove(p *peer, why LostReason, out *Events) {
	for len(p.endpoints) > 0 {
		d.removeRemote(p.endpoints[len(p.endpoints)-1], out)
	}
	d.leases.stop(&p.lease)
	delete(d.peers, p.data.GUID.Prefix)
	d.unguest(p)
	d.bytes -= p.size
	out.add(PeerLost{Peer: p.data, Reason: why})
}
