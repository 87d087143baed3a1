//go:build interop

package main

import (
	"context"
	"time"

	"github.com/secdds/dds"
	"github.com/secdds/dds/rtps"
)

// watch prints what the statuses and the list of peers tell, until ctx ends.
// It looks every few milliseconds: there is no call that waits for all of it.
func watch(ctx context.Context, p *dds.Participant, matched func() dds.MatchedStatus, incompatible func() dds.IncompatibleStatus) {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	current, total := 0, 0
	known := make(map[rtps.GUID]dds.PeerInfo)
	for {
		look(p, known)
		s := matched()
		if s.Total > total && s.Current <= current { // came and went since the last look
			emit("MATCHED %d peer=%v", current+1, s.Last)
			current++
		}
		if s.Current != current {
			word := "MATCHED"
			if s.Current < current {
				word = "UNMATCHED"
			}
			emit("%s %d peer=%v", word, s.Current, s.Last)
		}
		current, total = s.Current, s.Total
		if s := incompatible(); s.TotalChange > 0 {
			for _, id := range s.LastPolicies {
				emit("INCOMPATIBLE policy=%v", id)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// look prints how the peers changed since known.
func look(p *dds.Participant, known map[rtps.GUID]dds.PeerInfo) {
	now := make(map[rtps.GUID]bool)
	for _, peer := range p.Peers() {
		was, old := known[peer.GUID]
		if !old {
			emit("DISCOVERED peer=%v", peer.GUID)
		}
		if peer.Authenticated && !was.Authenticated {
			emit("AUTHENTICATED peer=%v", peer.GUID)
		}
		if peer.Refusal != nil && (was.Refusal == nil || was.Refusal.Error() != peer.Refusal.Error()) {
			emit("REFUSED peer=%v reason=%v", peer.GUID, peer.Refusal)
		}
		known[peer.GUID], now[peer.GUID] = peer, true
	}
	for g := range known {
		if !now[g] {
			emit("GONE peer=%v", g)
			delete(known, g)
		}
	}
}
