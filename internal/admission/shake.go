package admission

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

// A shake is the part of a Peer that conducts the handshake: three messages, of
// which any may be lost, come twice, late or in another order, or be forged.
// DDS-Security 1.1, 8.3.2.11.
//
// Whoever waits sends its last message again. Whoever gets a message again has
// not been heard and gives the same answer again.
type shake struct {
	hs      spi.Handshake
	old     spi.Handshake // what hs took the place of: it may still be the right one
	begun   time.Time
	last    *rtps.GenericMessage // what is sent again while nothing was answered
	answers []answer             // what came and was answered, oldest first
	turns   int                  // the answer that is sent again next
	resends time.Duration        // the interval
	sent    time.Time            // when something was sent last, other than when asked
	doubted time.Time            // when a message was refused first; zero: none was

	// A second handshake, while what the first established stands.
	anew     spi.Handshake
	anewAt   time.Time // when to repeat its reply
	anewLeft int
}

// An answer is what a message of the peer was answered with.
type answer struct {
	to      [32]byte             // digest of the message's token
	message *rtps.GenericMessage // nil: it needs none any more
	at      time.Time            // when it was given
}

func digestOf(t *spi.Token) [32]byte { return sha256.Sum256(rtps.AppendDataHolder(nil, true, t)) }

// start starts a handshake with new challenges; p.begun stays.
func (p *Peer) start(now time.Time, out *Outbox) {
	hs, err := p.newHandshake()
	if err != nil {
		p.refuse(now, out, err)
		return
	}
	p.shake = shake{hs: hs, begun: p.begun, resends: resendFirst}
	p.err, p.proven, p.asked, p.credit = nil, false, time.Time{}, maxUnanswered
	p.at = now.Add(giveUp)
	if tok := hs.AuthRequest(); tok != nil {
		p.send(now, spi.ClassAuthRequest, *tok, rtps.MessageIdentity{}, out)
	}
	if !hs.Initiator() {
		p.ask(now)
		return
	}
	p.gate.order(now, p, func() func(time.Time, *Outbox) {
		tok, err := hs.Begin(now, p.pdata)
		return func(now time.Time, out *Outbox) {
			switch {
			case p.closed:
			case err != nil:
				p.refuse(now, out, verdict(authentication, "", fmt.Errorf("begin handshake: %w", err)))
			default:
				p.send(now, spi.ClassAuth, tok, rtps.MessageIdentity{}, out)
				p.ask(now)
			}
		}
	}, out)
}

func (p *Peer) newHandshake() (spi.Handshake, error) {
	hs, err := p.gate.Identity.NewHandshake(spi.RemoteParticipant{
		GUID: p.Remote.GUID, Vendor: p.Remote.Vendor, IdentityToken: *p.Remote.IdentityToken,
		Algorithms: p.Remote.Algorithms,
	})
	if err != nil {
		return nil, verdict(authentication, "", fmt.Errorf("validate remote identity: %w", err))
	}
	return handshake{hs, p.gate.renewals}, nil
}

// A handshake shows the credentials that were in force when it was made.
type handshake struct {
	spi.Handshake
	renewals int // of the gate
}

// ask notes that it is the peer's turn to speak.
func (p *Peer) ask(now time.Time) {
	if p.asked.IsZero() {
		p.asked, p.gate.lobby.evictAt = now, time.Time{}
	}
}

func (p *Peer) message(class string, tok rtps.DataHolder, related rtps.MessageIdentity) *rtps.GenericMessage {
	return &rtps.GenericMessage{
		Related:                related,
		DestinationParticipant: p.Remote.GUID,
		ClassID:                class,
		Data:                   []rtps.DataHolder{tok},
	}
}

// send sends a handshake message and keeps it to be sent again.
func (p *Peer) send(now time.Time, class string, tok rtps.DataHolder, related rtps.MessageIdentity, out *Outbox) {
	p.last = p.message(class, tok, related)
	p.resends = resendFirst
	p.transmit(now, p.last, out)
}

// resend sends what is unanswered, in turns if the peer, or someone in its
// name, has had several answers.
func (p *Peer) resend(now time.Time, out *Outbox) {
	m := p.last
	if n := len(p.answers); n > 0 {
		m = p.answers[(n-1+p.turns)%n].message
		p.turns++
	}
	p.transmit(now, m, out)
}

func (p *Peer) transmit(now time.Time, m *rtps.GenericMessage, out *Outbox) {
	p.at = now.Add(p.resends)
	p.resends = min(p.resends*3/2, resendMax)
	if p.credit == 0 {
		return // it may not be where it says, or not exist
	}
	p.credit--
	p.sent = now
	out.Stateless = append(out.Stateless, p.gate.stateless(*m))
}

// owe notes that something has come from the peer, as it seems, so that it may
// be sent something.
func (p *Peer) owe(now time.Time) {
	if p.credit < maxUnanswered {
		p.credit++
	}
	if p.credit == 1 && p.last != nil && now.Sub(p.sent) >= resendMax {
		p.at = now
	}
}

func (p *Peer) advanceShaking(now time.Time, out *Outbox) {
	switch {
	case p.busy:
		p.at = now.Add(resendFirst)
	case now.Sub(p.begun) >= giveUp:
		err := errors.New("the handshake was not answered")
		if p.err != nil {
			err = p.err
		}
		p.shake = shake{begun: now}
		p.state, p.at = peerTimedOut, time.Time{}
		p.err = verdict(authentication, "handshake timed out", fmt.Errorf("handshake not completed within %v: %w", giveUp, err))
		p.gate.shelve(p, out)
		out.event(PeerRefused, p, p.err)
	case p.last != nil:
		p.resend(now, out)
		if p.err == nil && now.Sub(p.begun) >= unanswered {
			p.err = verdict(authentication, "handshake unanswered",
				fmt.Errorf("it has not answered the handshake for %v; it may refuse our credentials, which its own log would tell", unanswered))
			out.event(PeerNotice, p, p.err)
		}
	default:
		p.at = p.begun.Add(giveUp)
	}
}

// HandleStateless takes a message of the stateless topic whose sender is this
// peer. Forged ones change nothing but at most cost one signature check.
func (p *Peer) HandleStateless(now time.Time, m *rtps.GenericMessage, out *Outbox) {
	if m.DestinationParticipant != p.gate.Self() || len(m.Data) != 1 || p.Remote.IdentityToken == nil || p.closed || p.barred {
		return
	}
	switch m.ClassID {
	case spi.ClassAuthRequest:
		p.heard = true
		p.owe(now)
		if p.state == peerAuthed {
			out.event(PeerSuspect, p, nil)
			return
		}
		if p.busy {
			p.waiting[0] = m
			return
		}
		if p.state == peerTimedOut {
			p.Announced(now, out) // it is there
		}
		if p.state == peerShaking && !p.busy {
			if err := p.hs.HandleAuthRequest(m.Data[0]); err != nil {
				p.notice(now, out, fmt.Errorf("authentication request: %w", err))
			}
		}
	case spi.ClassAuth:
		p.heard = true
		p.owe(now)
		if p.busy {
			p.waiting[1] = m
			return
		}
		p.handleAuth(now, m, out)
	}
}

func (p *Peer) handleAuth(now time.Time, m *rtps.GenericMessage, out *Outbox) {
	d := digestOf(&m.Data[0])
	for i := range p.answers {
		if p.answers[i].to == d {
			p.answerAgain(now, &p.answers[i], m, out)
			return
		}
	}
	hs, spare := p.hs, spi.Handshake(nil)
	switch p.state {
	case peerShaking:
		spare = p.old
	case peerTimedOut:
		// The peer has not given up, or has begun anew. If we are the initiator
		// we begin when it announces itself.
		if p.gate.Self().Compare(p.Remote.GUID) < 0 || !p.gate.again(now, p, out) {
			return
		}
		fresh, err := p.newHandshake()
		if err != nil {
			return
		}
		p.state, p.err, p.shake, p.proven = peerShaking, nil, shake{hs: fresh, begun: now, resends: resendFirst}, false
		p.credit = maxUnanswered
		p.at = now.Add(giveUp)
		hs = fresh
	case peerAuthed, peerRefused:
		// The peer starts anew (it restarted, or gave up before we did). What
		// stands is replaced only when the new handshake has succeeded.
		if p.gate.Self().Compare(p.Remote.GUID) < 0 {
			return // we are the initiator
		}
		var err error
		if spare, err = p.newHandshake(); err != nil {
			return
		}
		hs = p.anew
	default:
		return
	}
	tok, from, perms, renewals := m.Data[0], m.Identity, p.gate.Permissions, p.gate.renewals
	p.gate.order(now, p, func() func(time.Time, *Outbox) {
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
			adm = p.admit(now, perms, renewals, hs.Result())
		}
		return func(now time.Time, out *Outbox) {
			switch {
			case err != nil:
				p.refused(now, out, err)
			case done:
				if !p.closed {
					p.finished(now, hs, d, reply, from, out)
				}
				adm(now, out)
			case !p.closed:
				p.proven, p.doubted = true, time.Time{}
				if p.state != peerShaking {
					p.anew = hs
				}
				if reply != nil {
					p.reply(now, d, *reply, from, out)
				}
			}
		}
	}, out)
}

// answerAgain answers a message that was answered before: the answer was lost.
func (p *Peer) answerAgain(now time.Time, a *answer, m *rtps.GenericMessage, out *Outbox) {
	if a.message == nil || now.Sub(a.at) < answerGap {
		return
	}
	// Interop: Fast DDS wants the copy quoted that is answered.
	a.message.Related = m.Identity
	a.at = now
	out.Stateless = append(out.Stateless, p.gate.stateless(*a.message))
}

// reply sends the reply to a request. Who sent the request is not known yet,
// so that there may be several.
func (p *Peer) reply(now time.Time, to [32]byte, tok spi.Token, related rtps.MessageIdentity, out *Outbox) {
	m := p.message(spi.ClassAuth, tok, related)
	p.answered(answer{to, m, now})
	if p.state == peerShaking {
		p.last, p.resends, p.turns = m, resendFirst, 0
		p.transmit(now, m, out)
		return
	}
	p.anewAt, p.anewLeft = now.Add(resendMax), maxUnanswered
	out.Stateless = append(out.Stateless, p.gate.stateless(*m))
}

func (p *Peer) answered(a answer) {
	if len(p.answers) == maxAnswers {
		p.answers = p.answers[1:]
	}
	p.answers = append(p.answers[:len(p.answers):len(p.answers)], a)
}

// repeatAnew sends the last reply of a second handshake again.
//
// Interop: Fast DDS sends its final message once.
func (p *Peer) repeatAnew(now time.Time, out *Outbox) {
	p.anewAt = time.Time{}
	if n := len(p.answers); p.anew != nil && n > 0 && p.answers[n-1].message != nil && p.anewLeft > 0 {
		p.anewLeft--
		p.anewAt = now.Add(resendMax)
		out.Stateless = append(out.Stateless, p.gate.stateless(*p.answers[n-1].message))
	}
}

// finished takes note of a handshake that is over; final is nil if the peer
// sent it.
func (p *Peer) finished(now time.Time, hs spi.Handshake, last [32]byte, final *spi.Token, from rtps.MessageIdentity, out *Outbox) {
	p.hs, p.old, p.anew, p.anewAt = hs, nil, nil, time.Time{}
	p.outdated = hs.(handshake).renewals != p.gate.renewals
	p.at, p.last = time.Time{}, nil
	a := answer{to: last, at: now}
	if final != nil {
		a.message = p.message(spi.ClassAuth, *final, from)
		p.last = a.message
		p.answers = nil
		out.Stateless = append(out.Stateless, p.gate.stateless(*a.message))
	}
	// A replier has nothing more to say: a late copy of the request needs no
	// answer, and one of the final message must not have one.
	for i := range p.answers {
		p.answers[i].message = nil
	}
	p.answered(a)
}

// refused takes note of a handshake message that failed. If others go on
// failing, they are not forged perhaps: the peer may have started anew and what
// told us of its new challenge may be lost. Then the handshake starts over, and
// what is under way may go on beside it. One that has shown a valid certificate
// is given more time.
func (p *Peer) refused(now time.Time, out *Outbox, err error) {
	p.notice(now, out, err)
	if p.state != peerShaking {
		return
	}
	wait := startOver
	if p.proven {
		wait *= 3
	}
	switch {
	case p.doubted.IsZero():
		p.doubted = now
	case now.Sub(p.doubted) >= wait:
		old, answers, kept := p.hs, p.answers, p.err
		p.start(now, out)
		if p.state == peerShaking {
			p.old, p.answers, p.err = old, answers, kept
		}
	}
}

// notice reports a handshake message that failed. The first one of a handshake
// is kept as the reason to give should it never succeed.
func (p *Peer) notice(now time.Time, out *Outbox, err error) {
	if p.state == peerShaking && p.err == nil {
		p.err = err
		out.event(PeerNotice, p, verdict(authentication, "handshake message refused", fmt.Errorf("handshake: %w", err)))
	}
}

// admit runs on the worker: permissions and keys of an authenticated peer.
func (p *Peer) admit(now time.Time, perms spi.LocalPermissions, renewals int, res spi.HandshakeResult) func(time.Time, *Outbox) {
	var keys spi.PeerCrypto
	derive := func() (err error) {
		if keys, err = p.gate.Crypto.NewPeer(p.Remote.GUID, res.Secret); err != nil {
			err = verdict(cryptography, "", fmt.Errorf("derive keys: %w", err))
		}
		return err
	}
	rights, err := p.permitted(now, perms, res)
	if err == nil {
		err = derive()
	}
	return func(now time.Time, out *Outbox) {
		if renewals != p.gate.renewals && !p.closed { // what it was judged by holds no more
			if rights, err = p.judge(now, res); err == nil && keys == nil {
				err = derive()
			}
		}
		if err == nil && !p.closed && p.gate.Bar != nil {
			err = p.gate.Bar(res)
		}
		if keys != nil && (err != nil || p.closed) {
			keys.Close()
		}
		switch {
		case p.closed:
			return
		case err != nil && p.state == peerAuthed: // what stands, stands
			out.event(PeerNotice, p, verdict(authentication, "handshake message refused", fmt.Errorf("handshake anew: %w", err)))
			return
		case err != nil:
			p.Result = res
			p.refuse(now, out, err) // the answers stay: the peer may still need our final message, to refuse us in turn or to stop asking
			return
		case p.state == peerAuthed:
			out.event(PeerReset, p, nil)
			p.Crypto.Close()
			p.connected = false
			clear(p.pending)
			clear(p.unready)
			clear(p.retiring)
			p.theirs = nil
		}
		p.gate.leave(p)
		p.state, p.err = peerAuthed, nil
		p.Result, p.Rights, p.Crypto = res, rights, keys
		p.keyed, p.tokens, p.theirs, p.renewal = false, sendings{}, nil, nil
		out.event(PeerAuthenticated, p, nil)
	}
}
