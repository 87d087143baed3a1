package discovery

import (
	"time"

	"github.com/secdds/dds/rtps"
)

// HandleEndpoint takes an announcement of a SEDP topic by the participant from,
// whose writer sent it; secure says that the topic was a secure one. It sets
// data.Secure. It reports false when the announcement is refused: the
// participant is not known or not admitted, the endpoint is not its own, a
// limit is reached, or a plain announcement is about an endpoint that was
// announced securely. DDSI-RTPS 2.5, 8.5.4.
func (d *Directory) HandleEndpoint(now time.Time, from rtps.GUIDPrefix, data *EndpointData, secure bool, out *Events) bool {
	p := d.peers[from]
	switch {
	case from == d.self:
		d.refused.Self++
		return false
	case data.GUID.Prefix != from || data.Participant.Prefix != from || !plausible(data):
		d.refused.Foreign++
		return false
	case p == nil:
		d.refused.UnknownSender++
		return false
	case !p.admitted:
		d.refused.NotAdmitted++
		return false
	}
	data.Secure = secure
	e := d.remotes[data.GUID]
	if e != nil && e.data.Secure && !secure {
		d.refused.Unprotected++
		return false
	}
	size := data.size()
	was := 0
	if e != nil {
		was = e.size
	}
	switch {
	case d.bytes+size-was > d.limits.MaxBytes,
		p.guest && d.guests.bytes+size-was > d.limits.MaxBytes/4,
		p.guest && e == nil && d.guests.endpoints >= d.limits.MaxEndpoints/4,
		e == nil && (len(p.endpoints) >= d.limits.MaxEndpointsPerPeer || len(d.remotes) >= d.limits.MaxEndpoints):
		d.refused.TooMany++
		return false
	}
	if e != nil && !sameSubject(e.data, data) {
		d.removeRemote(e, out)
		e = nil
	}
	if e == nil {
		d.addRemote(now, p, data, size, out)
		return true
	}
	if e.data.equal(data) {
		return true
	}
	d.account(p, 0, size-e.size)
	e.size = size
	d.change(now, e, data, out)
	for _, local := range e.topic.locals {
		d.meet(local, e, out)
	}
	return true
}

// plausible reports whether the entity id of an announced endpoint is one of a
// user's writer or reader. Built-in endpoints are never announced.
func plausible(d *EndpointData) bool {
	if (d.Writer == nil) == (d.Reader == nil) || d.GUID.Entity.IsBuiltin() {
		return false
	}
	return d.Writer != nil && d.GUID.Entity.IsWriter() || d.Reader != nil && d.GUID.Entity.IsReader()
}

func (d *Directory) addRemote(now time.Time, p *peer, data *EndpointData, size int, out *Events) {
	e := &endpoint{data: data, size: size, peer: p, nth: len(p.endpoints)}
	e.lease.writer = e
	p.endpoints = append(p.endpoints, e)
	d.remotes[data.GUID] = e
	d.account(p, 1, size)
	d.enterTopic(e)
	d.watch(now, e)
	for _, local := range e.topic.locals {
		d.meet(local, e, out)
	}
}

// HandleEndpointGone takes a dispose or unregister of a SEDP topic by the
// participant from; secure says that the topic was a secure one. It reports
// false when it is refused.
func (d *Directory) HandleEndpointGone(now time.Time, from rtps.GUIDPrefix, guid rtps.GUID, secure bool, out *Events) bool {
	e := d.remotes[guid]
	switch {
	case guid.Prefix != from:
		d.refused.Foreign++
		return false
	case e == nil:
		return true
	case e.data.Secure && !secure:
		d.refused.Unprotected++
		return false
	}
	d.removeRemote(e, out)
	return true
}

func (d *Directory) removeRemote(e *endpoint, out *Events) {
	for _, local := range e.topic.locals {
		part(local, e, out)
	}
	d.leaveTopic(e)
	d.leases.stop(&e.lease)
	delete(d.remotes, e.data.GUID)
	d.account(e.peer, -1, -e.size)
	list := e.peer.endpoints
	last := len(list) - 1
	list[e.nth] = list[last]
	list[e.nth].nth = e.nth
	list[last] = nil
	e.peer.endpoints = list[:last]
}

// AddLocal enters a local endpoint, or changes it if it is there.
func (d *Directory) AddLocal(now time.Time, data *EndpointData, out *Events) {
	e := d.locals[data.GUID]
	if e != nil && !sameSubject(e.data, data) {
		d.RemoveLocal(now, data.GUID, out)
		e = nil
	}
	if e == nil {
		e = &endpoint{data: data}
		e.lease.writer = e
		d.locals[data.GUID] = e
		d.enterTopic(e)
		d.watch(now, e)
	} else {
		if e.data.equal(data) {
			return
		}
		d.change(now, e, data, out)
	}
	d.scheduleAssertion(now)
	for _, remote := range e.topic.remotes {
		d.meet(e, remote, out)
	}
}

// UpdateLocal is AddLocal of an endpoint that is there.
func (d *Directory) UpdateLocal(now time.Time, data *EndpointData, out *Events) {
	d.AddLocal(now, data, out)
}

// RemoveLocal forgets a local endpoint.
func (d *Directory) RemoveLocal(now time.Time, guid rtps.GUID, out *Events) {
	e := d.locals[guid]
	if e == nil {
		return
	}
	for _, remote := range e.topic.remotes {
		part(e, remote, out)
	}
	d.leaveTopic(e)
	d.leases.stop(&e.lease)
	delete(d.locals, guid)
	d.scheduleAssertion(now)
}

// Matched appends to guids the other sides of the compatible pairs that the
// local or remote endpoint guid is in.
func (d *Directory) Matched(guids []rtps.GUID, guid rtps.GUID) []rtps.GUID {
	if e := d.locals[guid]; e != nil {
		for _, remote := range e.topic.remotes {
			if v, ok := remote.pairs[e]; ok && v.mismatch == 0 {
				guids = append(guids, remote.data.GUID)
			}
		}
	} else if e := d.remotes[guid]; e != nil {
		for _, local := range e.topic.locals {
			if v, ok := e.pairs[local]; ok && v.mismatch == 0 {
				guids = append(guids, local.data.GUID)
			}
		}
	}
	return guids
}
