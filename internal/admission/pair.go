package admission

import (
	"fmt"
	"reflect"
	"time"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

// A Local is a local endpoint as the match gate sees it.
type Local struct {
	GUID       rtps.GUID
	Attributes spi.EndpointAttributes
	Crypto     spi.EndpointCrypto // nil: unprotected
}

// A RemoteEndpoint is what discovery says of a remote endpoint.
type RemoteEndpoint struct {
	GUID         rtps.GUID
	Topic        spi.Topic
	SecurityInfo *rtps.SecurityInfo // nil: compatible with anything
	Builtin      bool               // not subject to permissions
}

// A Pair is the match gate's machine for one local and one remote endpoint.
type Pair struct {
	peer   *Peer
	Local  Local
	Remote RemoteEndpoint
	Crypto spi.PairCrypto // nil: the pair is unprotected
	ready  bool
	err    error
	tokens *rtps.GenericMessage // the remote endpoint's, once taken
	sent   sendings             // of ours
}

// Peer returns the remote endpoint's participant.
func (p *Pair) Peer() *Peer { return p.peer }

// Ready reports whether data may flow.
func (p *Pair) Ready() bool { return p.ready }

// Refusal returns why the pair may not exchange data, or nil.
func (p *Pair) Refusal() error { return p.err }

// NewPair judges two endpoints that discovery found compatible. The verdict
// comes as an event: at once, or when the remote endpoint's keys arrive.
func (p *Peer) NewPair(now time.Time, local Local, remote RemoteEndpoint, out *Outbox) *Pair {
	pair := &Pair{peer: p, Local: local, Remote: remote}
	if err := pair.permit(now); err != nil {
		pair.err = err
		out.Events = append(out.Events, Event{Kind: PairRefused, Peer: p, Pair: pair, Err: err})
		return pair
	}
	if local.Crypto == nil {
		pair.become(out)
		return pair
	}
	crypto, err := local.Crypto.Match(p.Crypto, remote.GUID.Entity)
	if err != nil {
		pair.err = verdict(cryptography, "", fmt.Errorf("register the remote endpoint's keys: %w", err))
		out.Events = append(out.Events, Event{Kind: PairRefused, Peer: p, Pair: pair, Err: pair.err})
		return pair
	}
	pair.Crypto = crypto
	if pair.sendTokens(out) {
		pair.sent = sendings{n: 1, last: now}
	}
	pair.HandleTokens(now, out)
	if crypto.Ready() {
		pair.become(out)
	}
	if !pair.ready && pair.sent.n > 0 {
		if p.unready == nil {
			p.unready = make(map[*Pair]struct{})
		}
		p.unready[pair] = struct{}{}
		p.schedule()
	}
	return pair
}

func (p *Pair) become(out *Outbox) {
	if !p.ready {
		p.ready = true
		delete(p.peer.unready, p)
		out.Events = append(out.Events, Event{Kind: PairReady, Peer: p.peer, Pair: p})
	}
}

func (p *Pair) permit(now time.Time) error {
	if errs := p.peer.Against(now, p.Local, p.Remote); len(errs) > 0 {
		return errs[0]
	}
	return nil
}

// Against returns everything the gate holds against a local and a remote
// endpoint, the weightiest first.
func (p *Peer) Against(now time.Time, local Local, remote RemoteEndpoint) (errs []error) {
	hold := func(err error) {
		if err != nil {
			errs = append(errs, err)
		}
	}
	a := local.Attributes
	if info := remote.SecurityInfo; info != nil && !a.Info.Compatible(*info) {
		hold(fmt.Errorf("security attributes differ: %w", DifferEndpoint(a.Info, *info)))
	}
	if !p.Authenticated() {
		// DDS-Security 1.1, 8.4.2.4: unauthenticated participants meet
		// unprotected endpoints only.
		switch {
		case local.Crypto != nil:
			hold(unauthenticated(remote.Topic.Name, "metadata_protection_kind, data_protection_kind"))
		case local.GUID.Entity.IsWriter() && a.ReadProtected, local.GUID.Entity.IsReader() && a.WriteProtected:
			hold(unauthenticated(remote.Topic.Name, "enable_read_access_control, enable_write_access_control"))
		}
		return errs
	}
	if remote.Builtin {
		return errs
	}
	if err := p.Rights.CheckTopic(now, remote.Topic.Name); err != nil {
		return append(errs, err) // and so is every endpoint on it
	}
	if remote.GUID.Entity.IsWriter() {
		hold(p.Rights.CheckWriter(now, remote.Topic))
	} else {
		hold(p.Rights.CheckReader(now, remote.Topic))
	}
	return errs
}

// sendTokens reports false if there are none to send.
func (p *Pair) sendTokens(out *Outbox) bool {
	toks, err := p.Crypto.Tokens()
	if err != nil {
		out.event(PeerNotice, p.peer, verdict(cryptography, "crypto tokens not made", fmt.Errorf("create endpoint crypto tokens: %w", err)))
		return false
	}
	if len(toks) == 0 {
		return false
	}
	class := spi.ClassReaderTokens
	if p.Local.GUID.Entity.IsWriter() {
		class = spi.ClassWriterTokens
	}
	out.Volatile = append(out.Volatile, p.peer.gate.volatile(rtps.GenericMessage{
		DestinationParticipant: p.peer.Remote.GUID,
		DestinationEndpoint:    p.Remote.GUID,
		SourceEndpoint:         p.Local.GUID,
		ClassID:                class,
		Data:                   toks,
	}))
	return true
}

// HandleTokens looks whether tokens for the pair have come (HandleVolatile
// keeps them with the peer, since they may come before discovery's report).
func (p *Pair) HandleTokens(now time.Time, out *Outbox) {
	k := pairKey{p.Remote.GUID, p.Local.GUID}
	m, ok := p.peer.pending[k]
	if !ok || p.Crypto == nil {
		return
	}
	delete(p.peer.pending, k)
	want := spi.ClassReaderTokens
	if p.Remote.GUID.Entity.IsWriter() {
		want = spi.ClassWriterTokens
	}
	if m.ClassID != want {
		return
	}
	if err := p.Crypto.SetTokens(m.Data); err != nil {
		out.event(PeerNotice, p.peer, verdict(cryptography, "crypto tokens refused", fmt.Errorf("crypto tokens of endpoint %s: %w", p.Remote.GUID.Entity, err)))
		return
	}
	again := p.tokens != nil && reflect.DeepEqual(p.tokens.Data, m.Data)
	if p.tokens != nil && !again {
		p.peer.retire(now, p)
	}
	p.tokens = &m
	switch {
	case p.ready:
		if again && p.sent.ask(now) {
			p.sendTokens(out)
			p.sent.last = now
		}
	case p.Crypto.Ready():
		p.become(out)
	}
}

// Close forgets the pair's keys.
func (p *Pair) Close() {
	delete(p.peer.unready, p)
	delete(p.peer.retiring, p)
	if p.Crypto != nil {
		p.Crypto.Close()
	}
}

// unauthenticated is why an endpoint of a participant without credentials is refused.
func unauthenticated(topic, rule string) error {
	return &spi.Refusal{
		Document: "governance", Rule: rule, Expected: fmt.Sprintf("an authenticated participant, as topic %q is protected", topic),
		Found: "one without credentials",
	}
}
