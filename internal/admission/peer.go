package admission

import (
	"container/list"
	"fmt"
	"time"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

type peerState uint8

const (
	peerIdle     peerState = iota
	peerShaking            // a handshake is under way
	peerAuthed             // authenticated, permitted, keys derived
	peerRefused            // for good, until it announces itself differently
	peerTimedOut           // tried again when it announces itself
	peerUnauthed           // admitted without credentials
)

// A Remote is what discovery says of a participant.
type Remote struct {
	GUID             rtps.GUID
	Vendor           rtps.VendorID
	IdentityToken    *rtps.DataHolder // nil: it announces no credentials
	PermissionsToken *rtps.DataHolder
	SecurityInfo     *rtps.SecurityInfo // nil: compatible with anything
	Algorithms       *rtps.SecurityAlgorithms
}

// A Peer is the peer gate's machine for one remote participant. It is not safe
// for concurrent use.
type Peer struct {
	gate   *Gate
	Remote Remote
	pdata  []byte

	state  peerState
	closed bool
	err    error // why it was refused
	shake        // the handshake
	stranger

	busy    bool // a job is ordered; hs and anew belong to it
	result  func(time.Time, *Outbox)
	waiting [2]*rtps.GenericMessage // came while busy: an authentication request, another one
	renewal *rtps.GenericMessage    // likewise: new credentials

	renewable time.Time // from when on the next ones are looked at
	outdated  bool      // the handshake showed credentials that were replaced while it went on

	barred    bool // kept out by Shut: nothing it says is heard
	Result    spi.HandshakeResult
	Rights    spi.RemotePermissions // nil unless authenticated
	Crypto    spi.PeerCrypto        // nil unless authenticated
	keyed     bool                  // something sealed for us has come
	connected bool
	at        time.Time // when to send a handshake message or tokens again
	tokens    sendings
	theirs    []spi.Token // the peer's, once taken
	pending   map[pairKey]rtps.GenericMessage
	unready   map[*Pair]struct{} // pairs that wait for tokens
	retiring  map[*Pair]time.Time
	retireAt  time.Time
}

type pairKey struct{ source, destination rtps.GUID }

// A stranger is what is known of a peer that has not authenticated itself.
type stranger struct {
	turn   *guest        // nil: none
	shelf  *list.Element // among the refused ones; nil: it is not there
	source rtps.Locator
	heard  bool      // it has sent a handshake message
	proven bool      // one that shows a valid certificate; anyone may have copied it
	asked  time.Time // when it was first sent what it has to answer
	credit int       // messages it may be sent before something comes from it
	jobs   int       // it has cost
}

// NewPeer prepares the gate for a participant discovery has found. pdata is
// the local ParticipantBuiltinTopicData in big-endian order, with its sentinel.
func (g *Gate) NewPeer(remote Remote, pdata []byte) *Peer {
	p := &Peer{gate: g, Remote: remote, pdata: pdata, pending: make(map[pairKey]rtps.GenericMessage)}
	g.enter(p)
	return p
}

// Authenticated reports whether the peer passed the gate with credentials.
func (p *Peer) Authenticated() bool { return p.state == peerAuthed }

// Admitted reports whether endpoints of the peer may be looked at.
func (p *Peer) Admitted() bool { return p.state == peerAuthed || p.state == peerUnauthed }

// Shaking reports whether a handshake is under way.
func (p *Peer) Shaking() bool { return p.state == peerShaking }

// Refusal returns why the peer was refused, or nil.
func (p *Peer) Refusal() error { return p.err }

// Begin looks at a new participant and starts the handshake with it.
func (p *Peer) Begin(now time.Time, out *Outbox) {
	attrs := p.gate.Permissions.ParticipantAttributes()
	if p.Remote.IdentityToken == nil {
		if attrs.AllowUnauthenticated {
			p.state = peerUnauthed
			p.gate.leave(p)
			out.event(PeerUnauthenticated, p, nil)
			return
		}
		p.refuse(now, out, verdict(authentication, "", &spi.Refusal{
			Document: "governance", Rule: "allow_unauthenticated_participants", Expected: "an identity token (the rule is false)",
			Found: "none: it runs without security",
		}))
		return
	}
	// DDS-Security 1.1, 7.4.1.6: no handshake with incompatible attributes.
	if info := p.Remote.SecurityInfo; info != nil && !attrs.Info.Compatible(*info) {
		p.refuse(now, out, fmt.Errorf("its governance differs: %w", DifferParticipant(attrs.Info, *info)))
		return
	}
	p.state, p.begun = peerShaking, now
	p.start(now, out)
}

// Announced is called whenever discovery hears the participant's announcement:
// a handshake that timed out is tried again, and one that is not answered goes
// on.
func (p *Peer) Announced(now time.Time, out *Outbox) {
	switch {
	case p.state == peerTimedOut && now.Sub(p.begun) >= retryAfter && !p.busy:
		if p.gate.again(now, p, out) {
			p.Begin(now, out)
		}
	case p.state == peerShaking:
		p.owe(now)
	}
}

// refuse keeps the peer out.
func (p *Peer) refuse(now time.Time, out *Outbox, err error) {
	p.keepOut(err, out)
	out.event(PeerRefused, p, err)
}

func (p *Peer) keepOut(err error, out *Outbox) {
	p.state, p.err, p.at, p.last = peerRefused, err, time.Time{}, nil
	p.gate.shelve(p, out)
}

// job orders a slow call at once: somebody authenticated asks for it. f runs on
// a worker; what it returns, on the loop.
func (p *Peer) job(out *Outbox, f func() func(time.Time, *Outbox)) {
	p.busy = true
	out.Jobs = append(out.Jobs, Job{Peer: p, Run: func() { p.result = f() }})
}

// Finish continues after the Run of the peer's Job.
func (p *Peer) Finish(now time.Time, out *Outbox) {
	if !p.busy || p.result == nil {
		panic("BUG: admission: Finish without a job that has run")
	}
	f := p.result
	p.busy, p.result = false, nil
	f(now, out)
	for i, m := range p.waiting {
		if m != nil && !p.busy && !p.closed {
			p.waiting[i] = nil
			p.HandleStateless(now, m, out)
		}
	}
	p.renew(now, out)
}

// renew looks at the credentials that came while that could not be.
func (p *Peer) renew(now time.Time, out *Outbox) {
	if m := p.renewal; m != nil && !p.busy && !p.closed {
		p.renewal = nil
		p.handleCredentials(now, m, out)
	}
}

// Next reports when Advance is due; the zero time means never.
func (p *Peer) Next() time.Time { return sooner(p.retireAt, sooner(p.at, p.anewAt)) }

// Advance resends what is unanswered.
func (p *Peer) Advance(now time.Time, out *Outbox) {
	if !p.anewAt.IsZero() && !now.Before(p.anewAt) {
		p.repeatAnew(now, out)
	}
	p.advanceRetiring(now)
	if p.at.IsZero() || now.Before(p.at) {
		return
	}
	switch p.state {
	case peerShaking:
		p.advanceShaking(now, out)
	case peerAuthed:
		p.advanceTokens(now, out)
	default:
		p.at = time.Time{}
	}
}

// Close forgets the peer's keys. A job that still runs is for nothing.
func (p *Peer) Close() {
	if p.Crypto != nil {
		p.Crypto.Close()
	}
	p.gate.leave(p)
	p.gate.cancel(p)
	p.state, p.closed, p.at, p.anewAt, p.retireAt = peerIdle, true, time.Time{}, time.Time{}, time.Time{}
}
