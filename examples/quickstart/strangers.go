package main

import (
	"context"
	"fmt"
	"time"

	"github.com/secdds/dds"
)

// refusal waits until one of ours has refused the participant of stranger, and
// returns why; none may have admitted it.
//
// Not all of ours learn why: of two participants the one with the lower GUID
// begins the handshake, and one who begins with a stranger that does not like
// what it sees gets no answer.
func refusal(ctx context.Context, ours []*node, stranger *node) (string, error) {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		var why error
		for _, n := range ours {
			peer, known := n.peer(stranger)
			if known && peer.Admitted {
				return "", fmt.Errorf("it was admitted")
			}
			if peer.Refusal != nil {
				why = peer.Refusal
			}
		}
		if why != nil {
			return why.Error(), nil
		}
		select {
		case <-ctx.Done():
			return "", fmt.Errorf("it was not refused: %w", ctx.Err())
		case <-tick.C:
		}
	}
}

// peer returns what n knows of the participant of another node.
func (n *node) peer(other *node) (dds.PeerInfo, bool) {
	for _, peer := range n.p.Peers() {
		if peer.GUID == other.p.GUID() {
			return peer, true
		}
	}
	return dds.PeerInfo{}, false
}

// heardNobody reports an error unless the writer and the reader of n know each
// other and nobody else, and n received what it wrote and nothing else.
func (n *node) heardNobody(ctx context.Context) error {
	for _, m := range []dds.MatchedStatus{n.w.Matched(), n.r.Matched()} {
		if m.Total != 1 || m.Last.Prefix != n.p.GUID().Prefix {
			return fmt.Errorf("it was matched %d times, last with %v", m.Total, m.Last)
		}
	}
	if s, err := n.r.Next(ctx); err != nil || s.Value.Text != lie {
		return fmt.Errorf("it did not receive its own message but %+v (error %v)", s.Value, err)
	}
	if got := n.r.Take(0, dds.Query{}); len(got) > 0 {
		return fmt.Errorf("it received %d messages of others", len(got))
	}
	return nil
}
