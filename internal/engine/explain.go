package engine

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/secdds/dds/internal/admission"
	"github.com/secdds/dds/internal/discovery"
	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

// An Explanation is why a remote participant or endpoint does not match, or that
// it does.
type Explanation struct {
	Remote  rtps.GUID
	Stage   Stage    // how far the participant has come
	Subject string   // of its certificate, once it is authenticated
	Reasons []Reason // why it has not come further; none: nothing keeps it
	Pairs   []Pairing
}

// A Stage is how far a remote participant has come with us.
type Stage uint8

// The stages, in order.
const (
	StageUnknown        Stage = iota // nothing usable was heard of it
	StageWaiting                     // it announced itself and waits for its turn
	StageAuthenticating              // a handshake is under way
	StageRefused                     // it was kept out
	StageAdmitted                    // it is in, without credentials
	StageAuthenticated               // it is in, with credentials
)

var stageNames = [...]string{"unknown", "waiting for its turn", "authenticating", "refused", "admitted", "authenticated"}

// String returns the stage in a word or two.
func (s Stage) String() string { return stageNames[s] }

// A Reason is one thing that keeps somebody out or two endpoints apart.
type Reason struct {
	// Kind is what it is about: "domain", "tokens", "authentication", "access
	// control", "cryptography", "handshake", "keys", "governance", "type",
	// "partition", "topic" or the name of a QoS policy.
	Kind string
	Text string // the whole reason
	// The same in fields, as far as they are known.
	Document, Rule, Ours, Theirs, Remedy string
	Line                                 int
}

// A Pairing is a local endpoint and a remote one on the same topic.
type Pairing struct {
	Topic         string
	Local, Remote rtps.GUID
	Matched       bool
	Reasons       []Reason // why not; none if matched
}

// String lists everything, a line each.
func (e *Explanation) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "participant %s: %s", rtps.GUID{Prefix: e.Remote.Prefix, Entity: rtps.EntityParticipant}, e.Stage)
	if e.Subject != "" {
		fmt.Fprintf(&b, " as %s", e.Subject)
	}
	for _, r := range e.Reasons {
		fmt.Fprintf(&b, "\n  %s: %s", r.Kind, r.Text)
	}
	for _, p := range e.Pairs {
		state := "not matched"
		if p.Matched {
			state = "matched"
		}
		fmt.Fprintf(&b, "\n  topic %s: ours %s, theirs %s: %s", p.Topic, p.Local.Entity, p.Remote.Entity, state)
		for _, r := range p.Reasons {
			fmt.Fprintf(&b, "\n    %s: %s", r.Kind, r.Text)
		}
	}
	return b.String()
}

// reasonOf puts an error into a Reason.
func reasonOf(kind string, err error) Reason {
	r := Reason{Kind: kind, Text: err.Error()}
	if f := (*spi.Refusal)(nil); errors.As(err, &f) {
		r.Document, r.Rule, r.Line = f.Document, f.Rule, f.Line
		r.Ours, r.Theirs, r.Remedy = f.Expected, f.Found, f.Remedy
	}
	return r
}

// reasonsOf takes apart what says of several fields that they differ.
func reasonsOf(kind string, err error) []Reason {
	var ds admission.Differences
	if !errors.As(err, &ds) {
		return []Reason{reasonOf(kind, err)}
	}
	var rs []Reason
	for _, d := range ds {
		rs = append(rs, Reason{
			Kind: "governance", Text: fmt.Sprintf("%s: ours %s, theirs %s", d.Field, d.Ours, d.Theirs),
			Document: "governance", Rule: d.Field, Ours: d.Ours, Theirs: d.Theirs, Remedy: "give both sides the same governance",
		})
	}
	return rs
}

// Explain tells why a remote participant, or endpoint, does not match: every
// reason, not the first. remote is the GUID of either; with an endpoint's, the
// pairs are those of that endpoint alone.
func (p *Participant) Explain(remote rtps.GUID) (*Explanation, error) {
	x := &Explanation{Remote: remote}
	if !p.call(func() { p.explain(x) }) {
		return nil, ErrClosed
	}
	return x, nil
}

func (p *Participant) explain(x *Explanation) {
	q := p.peer(x.Remote.Prefix)
	if q == nil {
		p.explainUnknown(x)
		return
	}
	switch {
	case q.authenticated():
		x.Stage = StageAuthenticated
		if !q.gate.HasKeys() {
			x.Reasons = append(x.Reasons, Reason{Kind: "keys", Text: "its participant crypto tokens have not come: what it seals as whole messages cannot be opened"})
		}
	case q.admitted:
		x.Stage = StageAdmitted
	case q.gate != nil && q.gate.Shaking():
		x.Stage = StageAuthenticating
	default:
		x.Stage = StageRefused
	}
	if q.gate != nil {
		x.Subject = q.gate.Result.SubjectName
		if err := q.gate.Refusal(); err != nil {
			kind := admission.VerdictOf(err).Plugin
			if x.Stage == StageAuthenticating {
				kind = "handshake"
			}
			x.Reasons = append(x.Reasons, reasonsOf(kind, err)...)
		} else if x.Stage == StageAuthenticating {
			x.Reasons = append(x.Reasons, Reason{Kind: "handshake", Text: "under way; it has not been answered yet"})
		}
	}
	p.dir.Remotes(q.data, func(d *discovery.EndpointData) {
		if x.Remote.Entity == rtps.EntityParticipant || x.Remote.Entity == d.GUID.Entity {
			p.explainEndpoint(x, q, d)
		}
	})
	slices.SortFunc(x.Pairs, func(a, b Pairing) int {
		if c := strings.Compare(a.Topic, b.Topic); c != 0 {
			return c
		}
		if c := a.Local.Compare(b.Local); c != 0 {
			return c
		}
		return a.Remote.Compare(b.Remote)
	})
	if x.Remote.Entity != rtps.EntityParticipant && len(x.Pairs) == 0 && q.admitted {
		x.Reasons = append(x.Reasons, Reason{Kind: "topic", Text: "it has announced no endpoint of that GUID, or we have none of the other side on its topic"})
	}
}

func (p *Participant) explainUnknown(x *Explanation) {
	if s, ok := p.strays.m[x.Remote.Prefix]; ok {
		x.Reasons = append(x.Reasons, Reason{
			Kind: "domain", Text: fmt.Sprintf("it announces %s, ours is %s", s.theirs, s.ours), Ours: s.ours, Theirs: s.theirs,
			Remedy: "give both the same domain id and tag",
		})
		return
	}
	if p.security != nil {
		if err := p.shutOut(x.Remote.Prefix); err != nil {
			x.Stage, x.Reasons = StageRefused, append(x.Reasons, reasonOf(admission.VerdictOf(err).Plugin, err))
			return
		}
		if p.security.gate.Waits(x.Remote.Prefix) {
			x.Stage = StageWaiting
			x.Reasons = append(x.Reasons, Reason{Kind: "handshake", Text: "many participants ask to be let in; its turn comes, sooner if it answers"})
			return
		}
	}
	text := "nothing was heard of it: it is not running, another network is between, or its messages are dropped"
	if p.opensPSK != nil {
		text += "; with a pre-shared key that is also so when it does not have ours"
	}
	x.Reasons = append(x.Reasons, Reason{Kind: "discovery", Text: text})
}

// explainEndpoint compares a remote endpoint with every local one on its topic.
func (p *Participant) explainEndpoint(x *Explanation, q *peer, d *discovery.EndpointData) {
	for _, e := range p.local {
		if e.data.Topic != d.Topic {
			continue
		}
		rs, ok := discovery.Explain(e.data, d)
		if !ok {
			continue
		}
		pairing := Pairing{Topic: d.Topic, Local: e.data.GUID, Remote: d.GUID}
		for _, r := range rs {
			kind := r.Mismatch.String()
			if r.Mismatch == discovery.PolicyMismatch {
				kind = r.Policy.String()
			}
			pairing.Reasons = append(pairing.Reasons, Reason{Kind: kind, Text: r.String(), Ours: r.Ours, Theirs: r.Theirs})
		}
		pr := p.pairs[pairKey{e.data.GUID, d.GUID}]
		pairing.Matched = pr != nil && pr.joined
		pairing.Reasons = append(pairing.Reasons, p.pairReasons(q, e, d, pr)...)
		x.Pairs = append(x.Pairs, pairing)
	}
}

// pairReasons is what security holds against a pair, whether or not discovery
// would let it come to that.
func (p *Participant) pairReasons(q *peer, e *endpoint, d *discovery.EndpointData, pr *pair) []Reason {
	switch {
	case p.security == nil || q.gate == nil || pr != nil && pr.joined:
		return nil
	case pr != nil && pr.why != nil:
		return []Reason{reasonOf("access control", pr.why)}
	case pr != nil && pr.gate != nil && pr.gate.Refusal() == nil:
		return []Reason{{Kind: "keys", Text: "the crypto tokens of the remote endpoint have not come, or not all: what it sends cannot be opened"}}
	}
	remote := admission.RemoteEndpoint{GUID: d.GUID, Topic: topicOf(d), SecurityInfo: d.SecurityInfo}
	var rs []Reason
	for _, err := range q.gate.Against(time.Now(), admission.Local{GUID: e.data.GUID, Attributes: e.attrs, Crypto: e.crypto}, remote) {
		rs = append(rs, reasonsOf(admission.VerdictOf(err).Plugin, err)...)
	}
	return rs
}

// strays are the participants of other domains that were heard last.
type strays struct {
	m     map[rtps.GUIDPrefix]stray
	order []rtps.GUIDPrefix
}

type stray struct{ ours, theirs string }

const maxStrays = 64

// stray remembers a participant that is not of our domain.
func (p *Participant) stray(d *discovery.ParticipantData) {
	if d.GUID.Prefix == p.guid.Prefix {
		return
	}
	s := &p.strays
	if _, known := s.m[d.GUID.Prefix]; known {
		return
	}
	if s.m == nil {
		s.m = make(map[rtps.GUIDPrefix]stray)
	}
	if len(s.order) >= maxStrays {
		delete(s.m, s.order[0])
		s.order = slices.Delete(s.order, 0, 1)
	}
	theirs := "no domain id"
	if d.DomainID != nil {
		theirs = fmt.Sprintf("domain %d", *d.DomainID)
	}
	if d.DomainTag != "" {
		theirs += fmt.Sprintf(" with tag %q", d.DomainTag)
	}
	s.m[d.GUID.Prefix] = stray{fmt.Sprintf("domain %d", p.cfg.Domain), theirs}
	s.order = append(s.order, d.GUID.Prefix)
}
