package engine

import (
	"crypto/rand"
	"time"

	"github.com/secdds/dds/internal/discovery"
	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

// admitSelf makes us our own peer.
func (p *Participant) admitSelf(now time.Time) {
	q := p.newPeer(p.participantData())
	q.admitted = true
	if s := p.security; s != nil {
		var secret spi.SharedSecret
		_, _ = rand.Read(secret.Secret[:])
		keys, err := s.crypto.NewPeer(p.guid, secret)
		if err == nil {
			var toks []spi.Token
			if toks, err = keys.Tokens(); err == nil {
				err = keys.SetTokens(toks)
			}
		}
		if err != nil {
			p.event(spi.SeverityError, "cryptography", "endpoints of this participant cannot meet each other", nil, "", err)
			return
		}
		q.keys.Store(&keys)
	}
	p.setPeers(func(m map[rtps.GUIDPrefix]*peer) { m[q.prefix] = q })
}

// meetSelf introduces a new local endpoint to the others of this participant.
func (p *Participant) meetSelf(now time.Time, e *endpoint) {
	if p.peer(p.guid.Prefix) == nil {
		return
	}
	for _, o := range p.local {
		if o == e || o.data.Topic != e.data.Topic {
			continue
		}
		why, policies, ok := discovery.Compare(e.data, o.data)
		switch {
		case !ok:
		case why == 0:
			p.compatible(now, e.data, o.data, true)
			p.compatible(now, o.data, e.data, p.dir.Alive(e.data.GUID))
			p.joinSelf(now, pairKey{e.data.GUID, o.data.GUID})
		default:
			p.incompatible(e.data.GUID, o.data, why, policies)
			p.incompatible(o.data.GUID, e.data, why, policies)
		}
	}
}

// connectSelf makes one half of the keys of a pair within this participant;
// joinSelf exchanges the halves.
func (p *Participant) connectSelf(now time.Time, e *endpoint, pr *pair) {
	if e.crypto == nil {
		p.connect(now, pr)
		return
	}
	c, err := e.crypto.Match(*pr.peer.keys.Load(), pr.key.remote.Entity)
	if err != nil {
		p.event(spi.SeverityError, "cryptography", "keys within this participant refused", nil, e.data.Topic, err)
		return
	}
	pr.self = c
}

func (p *Participant) joinSelf(now time.Time, k pairKey) {
	a, b := p.pairs[k], p.pairs[pairKey{k.remote, k.local}]
	if a == nil || b == nil || a.self == nil || b.self == nil {
		return
	}
	for _, d := range [2][2]*pair{{a, b}, {b, a}} {
		toks, err := d[0].self.Tokens()
		if err == nil && len(toks) > 0 {
			err = d[1].self.SetTokens(toks)
		}
		if err != nil {
			p.event(spi.SeverityError, "cryptography", "keys within this participant refused", nil, "", err)
			return
		}
	}
	// The reader first: what the writer sends at once must find it.
	if a.reader == nil {
		a, b = b, a
	}
	p.connect(now, a)
	p.connect(now, b)
}
