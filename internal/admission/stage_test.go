package admission

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

// A cast is a set of plugins to play with.
type cast interface {
	// enter returns the plugins of a participant, with a GUID of its own or that
	// of one that was here before.
	enter(t *testing.T, name byte, again rtps.GUID) *Gate
	endpoint(t *testing.T, g *Gate, entity rtps.EntityID) spi.EndpointCrypto
}

// A stage is two participants and the network between them, in virtual time.
// Scripts say what becomes of which message, and when who starts anew. The stage
// does for the peer gates what the engine does: it takes announcements, watches
// leases and puts suspicions to the test.
type stage struct {
	t       *testing.T
	cast    cast
	now     time.Time
	a, b    *actor // a has the smaller GUID: it initiates
	inAir   []*flight
	count   map[string]int // messages sent, by kind
	script  func(kind string, nth int, f *flight) []*flight
	after   func(kind string, nth int) // called when a message has been delivered
	asleep  bool                       // nothing is announced, no lease runs
	restart func()                     // called when a flight of this kind lands
	log     []string
}

// An actor is one participant; it may start anew.
type actor struct {
	*stage
	name     byte
	gate     *Gate
	guid     rtps.GUID
	out      Outbox
	peers    map[rtps.GUID]*acquaintance
	announce time.Time
	resets   int // sessions that were replaced by a new handshake
	doubted  int // sessions that ended since there was no sign of life
	crypto   [2]spi.EndpointCrypto
}

// An acquaintance is what the engine has beside a Peer.
type acquaintance struct {
	*Peer
	seen, proof, suspect time.Time
	probed               bool
	pairs                []*Pair
}

type flight struct {
	at       time.Time
	to       *actor
	kind     string
	nth      int
	volatile bool
	sealed   spi.SharedSecret // of a volatile message
	sealer   *Peer
	m        rtps.GenericMessage
}

const (
	flightTime    = time.Millisecond
	announceEvery = 3 * time.Second
	lease         = 20 * time.Second
)

var (
	writerID = rtps.EntityID{0, 0, 1, 2}
	readerID = rtps.EntityID{0, 0, 2, 7}
)

func newStage(t *testing.T, c cast) *stage {
	s := &stage{t: t, cast: c, now: epoch, count: map[string]int{}}
	s.a, s.b = s.actor('a'), s.actor('b')
	s.a.enter(rtps.GUID{})
	s.b.enter(rtps.GUID{})
	require.Negative(t, s.a.guid.Compare(s.b.guid))
	return s
}

func (s *stage) actor(name byte) *actor { return &actor{stage: s, name: name} }

func (s *stage) other(a *actor) *actor {
	if a == s.a {
		return s.b
	}
	return s.a
}

// enter lets a participant come to life, with nothing in memory. It announces
// itself at once.
func (a *actor) enter(again rtps.GUID) {
	a.gate = a.cast.enter(a.t, a.name, again)
	a.guid, a.out, a.peers = a.gate.Self(), Outbox{}, map[rtps.GUID]*acquaintance{}
	for i, e := range []rtps.EntityID{writerID, readerID} {
		a.crypto[i] = a.cast.endpoint(a.t, a.gate, e)
	}
	a.announce = a.now
}

// hear is what the engine does with an announcement.
func (a *actor) hear(from *actor) {
	q := a.peers[from.guid]
	if q == nil {
		token := from.gate.Identity.Token()
		perm := from.gate.Permissions.Token()
		q = &acquaintance{Peer: a.gate.NewPeer(Remote{GUID: from.guid, Vendor: rtps.VendorSecdds, IdentityToken: &token, PermissionsToken: &perm}, pdataOf(a.guid)), seen: a.now}
		a.peers[from.guid] = q
		q.Begin(a.now, &a.out)
		a.announce = a.now // it is answered at once
		return
	}
	q.seen = a.now
	if !q.Authenticated() {
		q.Announced(a.now, &a.out)
	}
}

func pdataOf(g rtps.GUID) []byte {
	b := rtps.AppendParameter(nil, false, rtps.PIDParticipantGUID, append(g.Prefix[:], g.Entity[:]...))
	return rtps.AppendSentinel(b, false)
}

// settle runs jobs, takes events and lets messages fly.
func (a *actor) settle() {
	for !a.out.Empty() {
		out := a.out
		a.out = Outbox{}
		for _, m := range out.Stateless {
			a.fly(m, false)
		}
		for _, m := range out.Volatile {
			a.fly(m, true)
		}
		for _, e := range out.Events {
			a.handle(e)
		}
		for _, j := range out.Jobs {
			j.Run()
			j.Peer.Finish(a.now, &a.out)
		}
		for _, prefix := range out.Evicted {
			delete(a.peers, rtps.GUID{Prefix: prefix, Entity: rtps.EntityParticipant})
		}
	}
}

func (a *actor) handle(e Event) {
	q := a.peers[e.Peer.Remote.GUID]
	if q == nil || q.Peer != e.Peer {
		return
	}
	if e.Err != nil {
		a.log = append(a.log, fmt.Sprintf("%v %c: %v", a.now.Sub(epoch), a.name, e.Err))
	}
	switch e.Kind {
	case PeerAuthenticated:
		q.Connected(a.now, &a.out)
		q.pairs = nil
		for i, l := range []rtps.EntityID{writerID, readerID} {
			local := Local{GUID: rtps.GUID{Prefix: a.guid.Prefix, Entity: l}, Crypto: a.crypto[i]}
			remote := RemoteEndpoint{GUID: rtps.GUID{Prefix: q.Remote.GUID.Prefix, Entity: [2]rtps.EntityID{readerID, writerID}[i]}, Topic: spi.Topic{Name: "square"}}
			q.pairs = append(q.pairs, q.NewPair(a.now, local, remote, &a.out))
		}
	case PeerReset:
		a.resets++
		for _, p := range q.pairs {
			p.Close()
		}
		q.pairs = nil
	case PeerSuspect:
		if q.suspect.IsZero() {
			q.suspect, q.probed = a.now, false
		}
	}
}

// watch ends leases and puts suspicions to the test, as the engine does.
func (a *actor) watch() {
	for g, q := range a.peers {
		gone := !a.asleep && a.now.Sub(q.seen) >= lease
		switch {
		case q.suspect.IsZero():
		case q.proof.After(q.suspect.Add(500 * time.Millisecond)):
			q.suspect = time.Time{}
		case a.now.Sub(q.suspect) >= 3*time.Second:
			gone = true
			a.doubted++
		case a.now.Sub(q.suspect) >= 500*time.Millisecond && !q.probed:
			q.probed = true
			q.Probe(a.now, &a.out)
		}
		if gone {
			q.Close()
			delete(a.peers, g)
		}
	}
}

func kindOf(a *actor, m *rtps.GenericMessage) string {
	class := m.ClassID
	switch {
	case class == spi.ClassAuthRequest:
		class = "authreq"
	case class == spi.ClassAuth:
		class = m.Data[0].ClassID
		class = strings.ToLower(class[strings.LastIndexByte(class, '+')+1:])
	default:
		class = strings.TrimPrefix(class, "dds.sec.")
	}
	return string(a.name) + " " + class
}

func (a *actor) fly(m rtps.GenericMessage, volatile bool) {
	f := &flight{at: a.now.Add(flightTime), to: a.other(a), kind: kindOf(a, &m), volatile: volatile, m: m}
	if q := a.peers[m.DestinationParticipant]; volatile && q != nil {
		f.sealed, f.sealer = q.Result.Secret, q.Peer
	}
	a.count[f.kind]++
	f.nth = a.count[f.kind]
	if a.script != nil {
		a.inAir = append(a.inAir, a.script(f.kind, f.nth, f)...)
		return
	}
	a.inAir = append(a.inAir, f)
}

// land delivers f. A sealed message that cannot be opened yet is repeated, as
// the reliable channel does, as long as its sender has its key.
func (s *stage) land(f *flight) {
	if f.kind == "restart" {
		s.restart()
		return
	}
	from := rtps.GUID{Prefix: f.m.Identity.Source.Prefix, Entity: rtps.EntityParticipant}
	q := f.to.peers[from]
	if f.volatile {
		if q == nil || q.Peer.Result.Secret != f.sealed || !q.connected || !q.Authenticated() {
			if from := s.other(f.to).peers[f.m.DestinationParticipant]; from != nil && from.Peer == f.sealer && f.sealer.Authenticated() && f.sealer.Result.Secret == f.sealed {
				f.at = s.now.Add(10 * time.Millisecond)
				s.inAir = append(s.inAir, f)
			}
			return
		}
		q.seen, q.proof = s.now, s.now
		q.HandleVolatile(s.now, &f.m, &f.to.out)
		for _, p := range q.pairs {
			p.HandleTokens(s.now, &f.to.out)
		}
		if o := s.other(f.to); o.guid == from && o.peers[f.to.guid] != nil { // its acknowledgement
			o.peers[f.to.guid].proof = s.now
		}
	} else if q != nil {
		q.seen = s.now
		q.HandleStateless(s.now, &f.m, &f.to.out)
	}
	if s.after != nil {
		s.settle()
		s.after(f.kind, f.nth)
	}
}

func (s *stage) settle() {
	for !s.a.out.Empty() || !s.b.out.Empty() {
		s.a.settle()
		s.b.settle()
	}
}

// run lets the stage go on for d.
func (s *stage) run(d time.Duration) { s.until(d, func() bool { return false }) }

// until lets the stage go on until something is so, for at most d, and returns
// how long it took.
func (s *stage) until(d time.Duration, so func() bool) time.Duration {
	begin, end := s.now, s.now.Add(d)
	for {
		for _, a := range []*actor{s.a, s.b} {
			if !s.asleep && !a.announce.After(s.now) {
				a.announce = s.now.Add(announceEvery)
				s.other(a).hear(a)
			}
			a.watch()
			a.gate.Advance(s.now, &a.out)
			for _, q := range a.peers {
				q.Advance(s.now, &a.out)
			}
		}
		s.settle()
		if so() {
			return s.now.Sub(begin)
		}
		next := end
		for _, f := range s.inAir {
			next = sooner(next, f.at)
		}
		for _, a := range []*actor{s.a, s.b} {
			next = sooner(next, a.gate.Next(s.now))
			if !s.asleep {
				next = sooner(next, a.announce)
			}
			for _, q := range a.peers {
				next = sooner(next, q.Next())
				if !s.asleep {
					next = sooner(next, q.seen.Add(lease))
				}
				if !q.suspect.IsZero() {
					next = sooner(next, q.suspect.Add(3*time.Second))
					if !q.probed {
						next = sooner(next, q.suspect.Add(500*time.Millisecond))
					}
				}
			}
		}
		if !next.Before(end) {
			s.now = end
			return d
		}
		if next.After(s.now) {
			s.now = next
		}
		var due []*flight
		s.inAir = slices.DeleteFunc(s.inAir, func(f *flight) bool {
			if f.at.After(s.now) {
				return false
			}
			due = append(due, f)
			return true
		})
		slices.SortStableFunc(due, func(x, y *flight) int { return x.at.Compare(y.at) })
		for _, f := range due {
			s.land(f)
		}
	}
}

// met reports whether both sides have authenticated what the other is now, have
// the same secret and all keys.
func (s *stage) met() bool {
	p, q := s.a.peers[s.b.guid], s.b.peers[s.a.guid]
	if p == nil || q == nil || !p.Authenticated() || !q.Authenticated() || p.Result.Secret != q.Result.Secret {
		return false
	}
	for _, x := range []*acquaintance{p, q} {
		if !x.Crypto.HasTokens() || x.Refusal() != nil || len(x.pairs) != 2 || !x.pairs[0].Ready() || !x.pairs[1].Ready() {
			return false
		}
	}
	return true
}

// wantMet demands that both sides meet within d, and that then there is peace:
// what they say ends, and nothing comes of it.
func (s *stage) wantMet(d time.Duration) {
	s.t.Helper()
	took := s.until(d, s.met)
	require.True(s.t, s.met(), "not within %v:\n%s", d, strings.Join(s.log, "\n"))
	s.script = nil
	secret := s.a.peers[s.b.guid].Result.Secret
	s.run(lease + 10*time.Second) // also old incarnations are forgotten then
	require.True(s.t, s.met(), "no longer, after %v:\n%s", took, strings.Join(s.log, "\n"))
	require.Equal(s.t, secret, s.a.peers[s.b.guid].Result.Secret)
	require.Empty(s.t, s.inAir, "they do not stop talking")
	for _, a := range []*actor{s.a, s.b} {
		q := a.peers[s.other(a).guid]
		require.True(s.t, q.Next().IsZero(), "nothing is due any more")
	}
}

// wantUndisturbed demands that no session was replaced or lost.
func (s *stage) wantUndisturbed() {
	s.t.Helper()
	for _, a := range []*actor{s.a, s.b} {
		require.Zero(s.t, a.resets)
		require.Zero(s.t, a.doubted)
	}
}
