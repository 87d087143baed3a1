package engine

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/secdds/dds/internal/admission"
	"github.com/secdds/dds/internal/discovery"
	"github.com/secdds/dds/spi"
)

// updateAgain is when plugins that could not replace others are tried again.
const updateAgain = 10 * time.Second

// watch lets the plugins tell when they are to be replaced. What cannot replace
// them may do so later, without anybody saying so again: permissions that are
// not in force yet.
func (p *Participant) watch() {
	s := p.cfg.Security
	if s == nil || s.Watch == nil {
		return
	}
	var (
		mu     sync.Mutex
		failed *spi.Security // nil: what was given last is in force
		beside *credentials  // what was in force then
	)
	p.jobs.Go(func() {
		s.Watch(p.done, func(next *spi.Security, err error) {
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				p.notUsed(err)
				return
			}
			failed = nil
			if p.Update(next) != nil && p.security != nil {
				failed, beside = next, p.security.creds.Load()
			}
		})
	})
	p.jobs.Go(func() {
		tick := time.NewTicker(updateAgain)
		defer tick.Stop()
		for {
			select {
			case <-p.done:
				return
			case <-tick.C:
			}
			mu.Lock()
			if failed != nil && (p.security.creds.Load() != beside || p.update(failed) == nil) {
				failed = nil
			}
			mu.Unlock()
		}
	})
}

// Update replaces the credentials and permissions of the participant by those
// of other plugins; keys, and matches that are still allowed, stay as they are.
// An error changes nothing.
//
// The certificate must be of the same subject, since the GUID follows from it,
// and the governance must ask for the same protection, since the keys that are
// in use follow from that. Authenticated peers of our kind learn of the new
// credentials at once; others rely on the old ones until those lapse.
//
// Logging stays with the plugin that the participant began with.
func (p *Participant) Update(next *spi.Security) error {
	err := p.update(next)
	if err != nil && !errors.Is(err, ErrClosed) {
		p.notUsed(err)
	}
	return err
}

// notUsed reports why credentials are not replaced.
func (p *Participant) notUsed(err error) {
	plugin := "authentication"
	if p.security == nil {
		plugin = "cryptography"
	}
	p.event(spi.SeverityError, plugin, "new credentials are not used; the old ones stay", nil, "", err)
}

func (p *Participant) update(next *spi.Security) error {
	if p.security == nil {
		return fmt.Errorf("%w: the participant has no credentials to replace", ErrBadParameter)
	}
	c, err := p.renewal(next)
	if err != nil {
		return err
	}
	if !p.call(func() { err = p.adopt(time.Now(), c) }) {
		return ErrClosed
	}
	return err
}

// renewal asks other plugins for credentials of this participant.
func (p *Participant) renewal(next *spi.Security) (*credentials, error) {
	if next == nil || next.Authentication == nil || next.AccessControl == nil {
		return nil, fmt.Errorf("%w: the authentication and access control plugins must be set", ErrBadParameter)
	}
	renewer, ok := next.Authentication.(spi.IdentityRenewer)
	if !ok {
		return nil, fmt.Errorf("%w: the authentication plugin cannot replace credentials (spi.IdentityRenewer)", ErrBadParameter)
	}
	now := time.Now()
	id, err := renewer.RenewLocalIdentity(now, p.cfg.Domain, p.guid)
	if err != nil {
		return nil, fmt.Errorf("identity: %w", err)
	}
	perms, err := next.AccessControl.ValidateLocalPermissions(now, id, p.cfg.Domain)
	if err != nil {
		return nil, fmt.Errorf("access control: %w", err)
	}
	id.SetPermissions(perms.CredentialToken())
	return &credentials{identity: id, perms: perms}, nil
}

// adopt puts new credentials in force.
func (p *Participant) adopt(now time.Time, c *credentials) error {
	s := p.security
	if a := c.perms.ParticipantAttributes(); a != s.attrs {
		return p.sameGovernance("", admission.DifferParticipant(s.attrs.Info, a.Info).Error())
	}
	for _, e := range p.local {
		a, err := c.perms.EndpointAttributes(e.data.Topic)
		if err != nil {
			return err
		}
		if a != e.attrs {
			return p.sameGovernance(e.data.Topic, admission.DifferEndpoint(e.attrs.Info, a.Info).Error())
		}
	}
	c.term = p.clocks.term(now, first(c.identity.NotAfter(), c.perms.NotAfter()))
	s.creds.Store(c)
	s.gate.Renew(c.identity, c.perms)
	s.lapsed = nil
	p.eventSelf(spi.SeverityNotice, "authentication", "credentials replaced", nil)
	p.recheckLocal(now)
	for _, q := range *p.peers.Load() {
		switch {
		case q.gate == nil:
		case !q.authenticated():
			if q.gate.Refusal() != nil && !q.gate.Shaking() { // what it was refused for may be no more
				p.dir.Remove(now, q.prefix, &p.events)
			}
		default:
			if err := q.gate.Recheck(now); err != nil {
				p.expel(now, q, err)
				continue
			}
			q.gate.SendCredentials(&p.adm)
			p.renewed(now, q)
		}
	}
	p.settle(now)
	p.announce(p.initial)
	return nil
}

func (p *Participant) sameGovernance(topic, differ string) error {
	rule := "domain_rule"
	if topic != "" {
		rule = "topic_rule of " + topic
	}
	return &spi.Refusal{
		Document: "governance", Rule: rule, Expected: "the protection the participant began with", Found: differ,
		Remedy: "the protection kinds cannot change while a participant works: make a new one",
	}
}

// recheckLocal ends the matches of local endpoints that we may no longer have,
// and lets those begin again that we may have by now.
func (p *Participant) recheckLocal(now time.Time) {
	for _, e := range p.local {
		check := p.security.perms().CheckCreateReader
		if e.writer != nil {
			check = p.security.perms().CheckCreateWriter
		}
		err := check(now, topicOf(e.data))
		was := e.barred
		if e.barred = err; (was == nil) == (err == nil) {
			continue
		}
		// The others learn of it, too: who does not judge our permissions would
		// wait for the acknowledgements of a reader that is none any more.
		if err != nil {
			p.event(spi.SeverityError, "access control", "a local endpoint may no longer match others", nil, e.data.Topic, err)
			p.retractEndpoint(e)
		} else {
			p.publishEndpoint(e)
		}
		for k, pr := range p.pairs {
			if k.local == e.data.GUID && pr.peer.prefix != p.guid.Prefix {
				p.matchAgain(pr)
			}
		}
	}
}

// matchAgain judges a pair from the start, with the keys it has.
func (p *Participant) matchAgain(pr *pair) {
	e, d := p.local[pr.key.local], p.dir.Endpoint(pr.key.remote)
	if e == nil || d == nil {
		return
	}
	if pr.gate != nil {
		pr.gate.Release()
	}
	p.disconnect(time.Now(), pr.key)
	p.events = append(p.events, discovery.Compatible{Local: e.data, Remote: d, Alive: p.dir.Alive(pr.key.remote)})
}
