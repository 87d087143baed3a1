package admission

import (
	"errors"
	"fmt"
	"reflect"
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

	state   peerState
	err     error // why it was refused
	hs      spi.Handshake
	anew    spi.Handshake // a second one, while what the first established stands
	begun   time.Time
	last    *rtps.GenericMessage // what we resend; its Related is kept
	resends time.Duration        // the interval
	at      time.Time            // when to resend, or to send tokens again
	lastIn  []rtps.DataHolder    // the peer's message that last answers

	busy    bool // a job runs; hs belongs to it
	result  func(time.Time, *Outbox)
	waiting *rtps.GenericMessage // came while busy
	renewal *rtps.GenericMessage // likewise: new credentials

	barred    bool // kept out by Bar: nothing it says is heard
	Result    spi.HandshakeResult
	Rights    spi.RemotePermissions // nil unless authenticated
	Crypto    spi.PeerCrypto        // nil unless authenticated
	connected bool
	tokens    int // how often ours were sent
	pending   map[pairKey]rtps.GenericMessage
}

type pairKey struct{ source, destination rtps.GUID }

// NewPeer prepares the gate for a participant discovery has found. pdata is
// the local ParticipantBuiltinTopicData in big-endian order, with its sentinel.
func (g *Gate) NewPeer(remote Remote, pdata []byte) *Peer {
	return &Peer{gate: g, Remote: remote, pdata: pdata, pending: make(map[pairKey]rtps.GenericMessage)}
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
			out.event(PeerUnauthenticated, p, nil)
			return
		}
		p.refuse(out, verdict(authentication, "", &spi.Refusal{
			Document: "governance", Rule: "allow_unauthenticated_participants", Expected: "an identity token (the rule is false)",
			Found: "none: it runs without security",
		}))
		return
	}
	// DDS-Security 1.1, 7.4.1.6: no handshake with incompatible attributes.
	if info := p.Remote.SecurityInfo; info != nil && !attrs.Info.Compatible(*info) {
		p.refuse(out, fmt.Errorf("its governance differs: %w", DifferParticipant(attrs.Info, *info)))
		return
	}
	hs, err := p.gate.Identity.NewHandshake(spi.RemoteParticipant{
		GUID: p.Remote.GUID, Vendor: p.Remote.Vendor, IdentityToken: *p.Remote.IdentityToken,
		Algorithms: p.Remote.Algorithms,
	})
	if err != nil {
		p.refuse(out, verdict(authentication, "", fmt.Errorf("validate remote identity: %w", err)))
		return
	}
	p.hs, p.state, p.begun, p.err = hs, peerShaking, now, nil
	p.resends = resendFirst
	if tok := hs.AuthRequest(); tok != nil {
		p.send(now, spi.ClassAuthRequest, *tok, rtps.MessageIdentity{}, out)
	} else {
		p.at = now.Add(giveUp)
	}
	if hs.Initiator() {
		p.job(out, func() func(time.Time, *Outbox) {
			tok, err := hs.Begin(now, p.pdata)
			return func(now time.Time, out *Outbox) {
				if err != nil {
					p.refuse(out, verdict(authentication, "", fmt.Errorf("begin handshake: %w", err)))
					return
				}
				p.send(now, spi.ClassAuth, tok, rtps.MessageIdentity{}, out)
			}
		})
	}
}

// Announced is called whenever discovery hears the participant's announcement:
// a handshake that timed out is tried again.
func (p *Peer) Announced(now time.Time, out *Outbox) {
	if p.state == peerTimedOut && now.Sub(p.begun) >= retryAfter && !p.busy {
		p.Begin(now, out)
	}
}

func (p *Peer) refuse(out *Outbox, err error) {
	p.state, p.err, p.at, p.last = peerRefused, err, time.Time{}, nil
	out.event(PeerRefused, p, err)
}

// job orders a slow call. f runs on a worker; what it returns, on the loop.
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
	if m := p.waiting; m != nil && !p.busy {
		p.waiting = nil
		p.HandleStateless(now, m, out)
	}
	if m := p.renewal; m != nil && !p.busy {
		p.renewal = nil
		p.handleCredentials(now, m, out)
	}
}

// send sends a handshake message and keeps it to be sent again.
func (p *Peer) send(now time.Time, class string, tok rtps.DataHolder, related rtps.MessageIdentity, out *Outbox) {
	p.last = &rtps.GenericMessage{
		Related:                related,
		DestinationParticipant: p.Remote.GUID,
		ClassID:                class,
		Data:                   []rtps.DataHolder{tok},
	}
	p.resends = resendFirst
	p.resend(now, out)
}

func (p *Peer) resend(now time.Time, out *Outbox) {
	out.Stateless = append(out.Stateless, p.gate.stateless(*p.last))
	p.at = now.Add(p.resends)
	p.resends = min(p.resends*3/2, resendMax)
}

// HandleStateless takes a message of the stateless topic whose sender is this
// peer. Forged ones change nothing but at most cost one signature check.
func (p *Peer) HandleStateless(now time.Time, m *rtps.GenericMessage, out *Outbox) {
	if m.DestinationParticipant != p.gate.Self() || len(m.Data) != 1 || p.Remote.IdentityToken == nil || p.barred {
		return
	}
	if p.busy {
		p.waiting = m
		return
	}
	switch m.ClassID {
	case spi.ClassAuthRequest:
		if p.state == peerAuthed {
			out.event(PeerSuspect, p, nil)
		}
		if p.state == peerShaking {
			if err := p.hs.HandleAuthRequest(m.Data[0]); err != nil {
				p.notice(out, fmt.Errorf("authentication request: %w", err))
			}
		}
	case spi.ClassAuth:
		p.handleAuth(now, m, out)
	}
}

func (p *Peer) handleAuth(now time.Time, m *rtps.GenericMessage, out *Outbox) {
	if p.last != nil && p.lastIn != nil && reflect.DeepEqual(p.lastIn, m.Data) {
		// The same message again: our answer was lost. It quotes the copy it answers.
		p.last.Related = m.Identity
		out.Stateless = append(out.Stateless, p.gate.stateless(*p.last))
		return
	}
	hs, spare := p.hs, spi.Handshake(nil)
	switch p.state {
	case peerShaking:
	case peerAuthed, peerTimedOut, peerRefused:
		// The peer starts anew (it restarted, or gave up before we did). What
		// stands is replaced only when the new handshake has succeeded.
		if p.gate.Self().Compare(p.Remote.GUID) < 0 {
			return // we are the initiator: we begin when it announces itself
		}
		var err error
		spare, err = p.gate.Identity.NewHandshake(spi.RemoteParticipant{
			GUID: p.Remote.GUID, Vendor: p.Remote.Vendor, IdentityToken: *p.Remote.IdentityToken,
			Algorithms: p.Remote.Algorithms,
		})
		if err != nil {
			return
		}
		hs = p.anew
	default:
		return
	}
	tok, from, known, perms := m.Data[0], m.Identity, m.Data, p.gate.Permissions
	p.job(out, func() func(time.Time, *Outbox) {
		var (
			reply *spi.Token
			done  bool
			err   = errors.New("no handshake is under way")
			adm   func(time.Time, *Outbox)
		)
		if hs != nil {
			reply, done, err = hs.Process(now, p.pdata, tok)
		}
		if err != nil && spare != nil {
			hs = spare
			reply, done, err = hs.Process(now, p.pdata, tok)
		}
		if err == nil && done {
			adm = p.admit(now, perms, hs.Result())
		}
		return func(now time.Time, out *Outbox) {
			if err != nil {
				p.notice(out, err)
				return
			}
			p.lastIn = known
			if spare != nil {
				p.anew = hs
			}
			if reply != nil {
				p.send(now, spi.ClassAuth, *reply, from, out)
			}
			if adm != nil {
				p.hs, p.anew = hs, nil
				p.at = time.Time{} // the answer is sent again only when asked for
				adm(now, out)
			}
		}
	})
}

// notice reports a handshake message that failed. The first one of a handshake
// is kept as the reason to give should it never succeed.
func (p *Peer) notice(out *Outbox, err error) {
	if p.state == peerShaking && p.err == nil {
		p.err = err
		out.event(PeerNotice, p, verdict(authentication, "handshake message refused", fmt.Errorf("handshake: %w", err)))
	}
}

// admit runs on the worker: permissions and keys of an authenticated peer.
func (p *Peer) admit(now time.Time, perms spi.LocalPermissions, res spi.HandshakeResult) func(time.Time, *Outbox) {
	rights, err := perms.ValidateRemote(now, p.permissionsToken(), res)
	if err != nil {
		err = fmt.Errorf("permissions of %s: %w", res.SubjectName, err)
	}
	var keys spi.PeerCrypto
	if err == nil {
		if keys, err = p.gate.Crypto.NewPeer(p.Remote.GUID, res.Secret); err != nil {
			err = verdict(cryptography, "", fmt.Errorf("derive keys: %w", err))
		}
	}
	return func(now time.Time, out *Outbox) {
		p.Result = res
		if err == nil && p.gate.Bar != nil {
			err = p.gate.Bar(res)
		}
		if err != nil {
			if p.state != peerAuthed {
				last := p.last
				p.refuse(out, err)
				p.last = last // the peer may still need our final message, to refuse us in turn or to stop asking
			}
			return
		}
		if p.state == peerAuthed {
			out.event(PeerReset, p, nil)
			p.Crypto.Close()
			p.connected = false
			clear(p.pending)
		}
		p.state, p.err = peerAuthed, nil
		p.Rights, p.Crypto = rights, keys
		p.tokens = 0
		out.event(PeerAuthenticated, p, nil)
	}
}

// Connected is called when the volatile-secure endpoints of both sides are
// matched: the participant's crypto tokens are sent.
func (p *Peer) Connected(now time.Time, out *Outbox) {
	if p.state != peerAuthed {
		return
	}
	p.connected = true
	p.sendTokens(now, out)
}

// Probe asks an authenticated peer for a sign of life: the same tokens once
// more, which change nothing but have to be acknowledged under its keys.
func (p *Peer) Probe(now time.Time, out *Outbox) {
	if p.connected {
		at, tokens := p.at, p.tokens
		p.sendTokens(now, out)
		p.at, p.tokens = at, tokens
	}
}

func (p *Peer) sendTokens(now time.Time, out *Outbox) {
	toks, err := p.Crypto.Tokens()
	if err != nil {
		out.event(PeerNotice, p, verdict(cryptography, "crypto tokens not made", fmt.Errorf("create participant crypto tokens: %w", err)))
		return
	}
	p.tokens++
	p.at = time.Time{}
	if p.tokens < tokenResends {
		p.at = now.Add(tokenResend)
	}
	out.Volatile = append(out.Volatile, p.gate.volatile(rtps.GenericMessage{
		DestinationParticipant: p.Remote.GUID, ClassID: spi.ClassParticipantTokens, Data: toks,
	}))
}

// HandleVolatile takes a message of the volatile-secure topic that was sealed
// by this peer. Tokens for a pair are kept until Pair.HandleTokens asks for them.
func (p *Peer) HandleVolatile(now time.Time, m *rtps.GenericMessage, out *Outbox) {
	if m.DestinationParticipant != p.gate.Self() && !m.DestinationParticipant.IsZero() {
		return // Interop: Fast DDS sends every token to every matched peer
	}
	if p.state != peerAuthed {
		return
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
		if p.connected {
			p.at = time.Time{}
		}
		if !had {
			out.event(PeerKeys, p, nil)
		}
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

// Next reports when Advance is due; the zero time means never.
func (p *Peer) Next() time.Time { return p.at }

// Advance resends what is unanswered.
func (p *Peer) Advance(now time.Time, out *Outbox) {
	if p.at.IsZero() || now.Before(p.at) {
		return
	}
	switch p.state {
	case peerShaking:
		switch {
		case p.busy:
			p.at = now.Add(resendFirst)
		case now.Sub(p.begun) >= giveUp:
			err := errors.New("the handshake was not answered")
			if p.err != nil {
				err = p.err
			}
			p.state, p.at, p.last, p.lastIn = peerTimedOut, time.Time{}, nil, nil
			p.begun = now
			p.err = verdict(authentication, "handshake timed out", fmt.Errorf("handshake not completed within %v: %w", giveUp, err))
			out.event(PeerRefused, p, p.err)
		case p.last != nil:
			p.resend(now, out)
			if p.err == nil && now.Sub(p.begun) >= unanswered {
				p.err = verdict(authentication, "handshake unanswered",
					fmt.Errorf("it has not answered the handshake for %v; it may refuse our credentials, which its own log would tell", unanswered))
				out.event(PeerNotice, p, p.err)
			}
		}
	case peerAuthed:
		p.at = time.Time{}
		if p.connected && !p.Crypto.HasTokens() {
			p.sendTokens(now, out)
		}
	default:
		p.at = time.Time{}
	}
}

// Close forgets the peer's keys.
func (p *Peer) Close() {
	if p.Crypto != nil {
		p.Crypto.Close()
	}
	p.state, p.at = peerIdle, time.Time{}
}
