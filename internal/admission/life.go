package admission

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

// This file is what may change while a session stands: credentials, keys, and
// whether there is to be a session at all.

// Shut keeps a participant out from the start, whatever it sends.
func (p *Peer) Shut(err error, out *Outbox) {
	p.barred = true
	p.keepOut(err, out)
	out.event(PeerRefused, p, err)
}

func (p *Peer) permissionsToken() (t spi.Token) {
	if p.Remote.PermissionsToken != nil {
		t = *p.Remote.PermissionsToken
	}
	return t
}

// HasKeys reports whether the peer's participant crypto tokens have come.
func (p *Peer) HasKeys() bool { return p.Crypto != nil && p.Crypto.HasTokens() }

// Waits reports whether a stranger waits for its turn.
func (g *Gate) Waits(prefix rtps.GUIDPrefix) bool { return g.lobby.waiting[prefix] != nil }

// Lapses returns when the peer's certificate or permissions end, whichever is
// first; zero: never.
func (p *Peer) Lapses() time.Time {
	at := p.Result.NotAfter
	if p.Rights != nil {
		if r := p.Rights.NotAfter(); !r.IsZero() && (at.IsZero() || r.Before(at)) {
			at = r
		}
	}
	return at
}

// Renew replaces the local credentials. What jobs that are under way found by the
// old ones is judged again when they are done; the caller calls Recheck for the
// peers that are in.
func (g *Gate) Renew(id spi.LocalIdentity, perms spi.LocalPermissions) {
	g.Identity, g.Permissions = id, perms
	g.renewals++
}

// Recheck judges an authenticated peer again, by the gate's present identity
// and permissions. An error is why it may not stay.
func (p *Peer) Recheck(now time.Time) error {
	rights, err := p.judge(now, p.Result)
	if err == nil {
		p.Rights = rights
	}
	return err
}

func (p *Peer) judge(now time.Time, res spi.HandshakeResult) (spi.RemotePermissions, error) {
	if c, ok := p.gate.Identity.(spi.PeerChecker); ok {
		if err := c.CheckPeer(now, res); err != nil {
			return nil, verdict(authentication, "", fmt.Errorf("identity of %s: %w", res.SubjectName, err))
		}
	}
	return p.permitted(now, p.gate.Permissions, res)
}

// permitted asks access control about a peer.
func (p *Peer) permitted(now time.Time, perms spi.LocalPermissions, res spi.HandshakeResult) (spi.RemotePermissions, error) {
	rights, err := perms.ValidateRemote(now, p.permissionsToken(), res)
	if err != nil {
		return nil, fmt.Errorf("permissions of %s: %w", res.SubjectName, err)
	}
	return rights, nil
}

// SendCredentials tells the peer of the gate's present credentials. Only our
// own kind understands them.
func (p *Peer) SendCredentials(out *Outbox) {
	prover, ok := p.gate.Identity.(spi.CredentialProver)
	if !ok || p.state != peerAuthed || !p.connected || p.Remote.Vendor != rtps.VendorSecdds {
		return
	}
	t, err := prover.ProveCredentials(p.Result, p.Remote.GUID)
	if err != nil {
		out.event(PeerNotice, p, verdict(authentication, "credentials not proven", fmt.Errorf("prove new credentials: %w", err)))
		return
	}
	out.Volatile = append(out.Volatile, p.gate.volatile(rtps.GenericMessage{
		DestinationParticipant: p.Remote.GUID, ClassID: spi.ClassCredentials, Data: []spi.Token{t},
	}))
}

// renewalGap is how often a peer's new credentials are looked at, at most: that
// takes the time of workers that others need, and a line in the security log.
// Of those that come in between, the last are.
const renewalGap = time.Second

// maxCredentials bounds, in octets, what a peer may show.
const maxCredentials = 1 << 20

// handleCredentials takes new credentials of an authenticated peer. What it
// showed before stands until the new ones are proven, and if they never are,
// until it lapses.
func (p *Peer) handleCredentials(now time.Time, m *rtps.GenericMessage, out *Outbox) {
	prover, ok := p.gate.Identity.(spi.CredentialProver)
	if !ok || len(m.Data) != 1 {
		return
	}
	if p.busy || now.Before(p.renewable) {
		p.renewal = m
		p.schedule()
		return
	}
	p.renewable = now.Add(renewalGap)
	if n := octets(m.Data); n > maxCredentials {
		out.event(PeerNotice, p, verdict(authentication, "credentials refused", fmt.Errorf("new credentials of %d octets, expected at most %d", n, maxCredentials)))
		return
	}
	session, perms, renewals, t := p.Result, p.gate.Permissions, p.gate.renewals, m.Data[0]
	p.job(out, func() func(time.Time, *Outbox) {
		var rights spi.RemotePermissions
		res, err := prover.AcceptCredentials(now, session, p.Remote.GUID, t)
		if err == nil && res.Secret != session.Secret {
			err = errors.New("they are of another session")
		}
		if err == nil {
			rights, err = perms.ValidateRemote(now, p.permissionsToken(), res)
		}
		return func(now time.Time, out *Outbox) {
			if renewals != p.gate.renewals && p.state == peerAuthed {
				// Ours are others by now: perhaps those that make the peer's good.
				p.renewal = cmp.Or(p.renewal, m)
				return
			}
			switch {
			case p.state != peerAuthed || p.Result.Secret != session.Secret:
			case err != nil:
				out.event(PeerNotice, p, verdict(authentication, "credentials refused", fmt.Errorf("new credentials: %w", err)))
			default:
				p.Result, p.Rights = res, rights
				out.event(PeerRenewed, p, nil)
			}
		}
	})
}

// SendKeys sends the local participant's crypto tokens once more: they changed.
func (p *Peer) SendKeys(now time.Time, out *Outbox) {
	if p.state == peerAuthed && p.connected {
		p.Probe(now, out)
	}
}

// SendKeys sends the local endpoint's crypto tokens once more: they changed.
func (p *Pair) SendKeys(out *Outbox) {
	if p.Crypto != nil && p.err == nil {
		p.sendTokens(out)
	}
}

// Recheck judges the pair again and reports whether the verdict is another one.
func (p *Pair) Recheck(now time.Time) (changed bool) {
	return (p.permit(now) == nil) != (p.err == nil)
}

// Release leaves the remote endpoint's tokens to a pair of the same two that
// follows: the peer does not know that it has to send them again.
func (p *Pair) Release() {
	if p.tokens != nil {
		p.peer.pending[pairKey{p.Remote.GUID, p.Local.GUID}] = *p.tokens
	}
}
