package admission

import (
	"time"

	"github.com/secdds/dds/spi"
)

// retireAfter is how long keys that a peer has replaced open what comes. It uses
// the new ones once those who may read have them, at the latest after some
// seconds; who has left, or was banned, must not speak in its name with the old
// ones for longer.
const retireAfter = 10 * time.Second

// retire sets when the keys that a peer has just replaced are forgotten: those
// of a pair, or of the participant, if pair is nil.
func (p *Peer) retire(now time.Time, pair *Pair) {
	if p.retiring == nil {
		p.retiring = make(map[*Pair]time.Time)
	}
	p.retiring[pair] = now.Add(retireAfter)
	p.retireAt = sooner(p.retireAt, p.retiring[pair])
}

// advanceRetiring forgets keys whose time is over.
func (p *Peer) advanceRetiring(now time.Time) {
	if p.retireAt.IsZero() || now.Before(p.retireAt) {
		return
	}
	p.retireAt = time.Time{}
	for pair, at := range p.retiring {
		if now.Before(at) {
			p.retireAt = sooner(p.retireAt, at)
			continue
		}
		delete(p.retiring, pair)
		var crypto any = p.Crypto
		if pair != nil {
			crypto = pair.Crypto
		}
		if r, ok := crypto.(spi.KeyRetirer); ok {
			r.RetireKeys()
		}
	}
}
