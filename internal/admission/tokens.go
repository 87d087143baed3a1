package admission

import (
	"fmt"
	"reflect"
	"time"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

// Crypto tokens travel on a reliable channel. They are sent again all the same
// while the peer's have not come, some times, and when the peer's come again.
//
// Interop: a reader of OpenDDS that joins late misses the first tokens.

// A sendings counts how often tokens were sent.
type sendings struct {
	n, again int
	last     time.Time
}

// due returns when tokens are to be sent again; zero: not any more.
func (s *sendings) due() time.Time {
	if s.n == 0 || s.n >= tokenResends {
		return time.Time{}
	}
	return s.last.Add(tokenResend)
}

// ask reports whether tokens are sent again since the peer sent its own again.
// When both have just done so, that ends it.
func (s *sendings) ask(now time.Time) bool {
	if s.n == 0 || s.again >= tokenResends || now.Sub(s.last) < tokenResend/2 {
		return false
	}
	s.again++
	return true
}

// Connected is called when the volatile-secure endpoints of both sides are
// matched: the participant's crypto tokens are sent.
func (p *Peer) Connected(now time.Time, out *Outbox) {
	if p.state != peerAuthed {
		return
	}
	p.connected = true
	p.sendTokens(now, out)
	p.tokens.n++
	if p.outdated {
		p.SendCredentials(out)
	}
	p.schedule()
}

// Probe asks an authenticated peer for a sign of life: the same tokens once
// more, which change nothing but have to be acknowledged under its keys.
func (p *Peer) Probe(now time.Time, out *Outbox) {
	if p.connected {
		p.sendTokens(now, out)
		p.schedule()
	}
}

func (p *Peer) sendTokens(now time.Time, out *Outbox) {
	toks, err := p.Crypto.Tokens()
	if err != nil {
		out.event(PeerNotice, p, verdict(cryptography, "crypto tokens not made", fmt.Errorf("create participant crypto tokens: %w", err)))
		return
	}
	p.tokens.last = now
	out.Volatile = append(out.Volatile, p.gate.volatile(rtps.GenericMessage{
		DestinationParticipant: p.Remote.GUID, ClassID: spi.ClassParticipantTokens, Data: toks,
	}))
}

// schedule sets when tokens are to be sent again.
func (p *Peer) schedule() {
	p.at = time.Time{}
	if p.connected && !p.Crypto.HasTokens() {
		p.at = p.tokens.due()
	}
	for pair := range p.unready {
		p.at = sooner(p.at, pair.sent.due())
	}
	if p.renewal != nil && !p.busy {
		p.at = sooner(p.at, p.renewable)
	}
}

func (p *Peer) advanceTokens(now time.Time, out *Outbox) {
	p.renew(now, out)
	due := func(at time.Time) bool { return !at.IsZero() && !now.Before(at) }
	if p.connected && !p.Crypto.HasTokens() && due(p.tokens.due()) {
		if p.last != nil && !p.keyed {
			// Perhaps it has not got our final message.
			//
			// Interop: Fast DDS does not ask for it.
			out.Stateless = append(out.Stateless, p.gate.stateless(*p.last))
		}
		p.sendTokens(now, out)
		p.tokens.n++
	}
	for pair := range p.unready {
		if due(pair.sent.due()) {
			pair.sendTokens(out)
			pair.sent.last = now
			pair.sent.n++
		}
	}
	p.schedule()
}

// HandleVolatile takes a message of the volatile-secure topic that was sealed
// by this peer. Tokens for a pair are kept until Pair.HandleTokens asks for them.
func (p *Peer) HandleVolatile(now time.Time, m *rtps.GenericMessage, out *Outbox) {
	if p.state != peerAuthed {
		return
	}
	p.keyed = true
	if m.DestinationParticipant != p.gate.Self() && !m.DestinationParticipant.IsZero() {
		return // Interop: Fast DDS sends every token to every matched peer
	}
	switch m.ClassID {
	case spi.ClassCredentials:
		p.handleCredentials(now, m, out)
	case spi.ClassParticipantTokens:
		had := p.Crypto.HasTokens()
		if err := p.Crypto.SetTokens(m.Data); err != nil {
			out.event(PeerNotice, p, verdict(cryptography, "crypto tokens refused", fmt.Errorf("participant crypto tokens: %w", err)))
			return
		}
		again := reflect.DeepEqual(p.theirs, m.Data)
		if p.theirs != nil && !again {
			p.retire(now, nil)
		}
		p.theirs = m.Data
		if !had {
			out.event(PeerKeys, p, nil)
		} else if again && p.connected && p.tokens.ask(now) {
			p.sendTokens(now, out)
		}
		p.schedule()
	case spi.ClassWriterTokens, spi.ClassReaderTokens:
		if m.SourceEndpoint.Prefix != p.Remote.GUID.Prefix || m.DestinationEndpoint.Prefix != p.gate.Self().Prefix {
			return
		}
		if n := octets(m.Data); n > maxTokens {
			out.event(PeerNotice, p, verdict(cryptography, "crypto tokens refused",
				fmt.Errorf("crypto tokens of endpoint %s: %d octets, want at most %d", m.SourceEndpoint.Entity, n, maxTokens)))
			return
		}
		k := pairKey{m.SourceEndpoint, m.DestinationEndpoint}
		if _, known := p.pending[k]; known || len(p.pending) < maxPendingTokens {
			p.pending[k] = *m
		}
	}
}

// octets is about how much memory tokens take.
func octets(tokens []spi.Token) (n int) {
	for i := range tokens {
		t := &tokens[i]
		n += 64 + len(t.ClassID)
		for _, p := range t.Properties {
			n += 64 + len(p.Name) + len(p.Value)
		}
		for _, p := range t.BinaryProperties {
			n += 64 + len(p.Name) + len(p.Value)
		}
	}
	return n
}
