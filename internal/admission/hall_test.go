package admission

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

// A hall is a participant among strangers, in virtual time, with what the engine
// has around its gate.
type hall struct {
	t        *testing.T
	now      time.Time
	gate     *Gate
	out      Outbox
	peers    map[rtps.GUIDPrefix]*Peer
	jobs     []time.Time                  // when slow calls were made
	sent     map[rtps.GUIDPrefix]int      // handshake messages
	authed   map[rtps.GUIDPrefix]bool     // for ever
	reach    func(m *rtps.GenericMessage) // what the strangers get
	overflow int
	most     [3]int // turns, waiting, refused
}

func newHall(t *testing.T, self byte) *hall {
	g := (&fakeCast{}).enter(t, self, rtps.GUID{})
	return &hall{t: t, now: epoch, gate: g, peers: map[rtps.GUIDPrefix]*Peer{}, sent: map[rtps.GUIDPrefix]int{}, authed: map[rtps.GUIDPrefix]bool{}}
}

func (h *hall) announced(prefix rtps.GUIDPrefix, from rtps.Locator, size int) {
	if p := h.peers[prefix]; p != nil {
		if !p.Authenticated() {
			p.Announced(h.now, &h.out)
		}
	} else {
		h.gate.Arrive(h.now, Stranger{Prefix: prefix, From: from, Announcement: make([]byte, size)}, &h.out)
	}
	h.settle()
}

func (h *hall) said(prefix rtps.GUIDPrefix, class string, tok spi.Token) {
	m := &rtps.GenericMessage{DestinationParticipant: h.gate.Self(), ClassID: class, Data: []spi.Token{tok}}
	m.Identity.Source.Prefix = prefix
	h.heard(m)
}

func (h *hall) heard(m *rtps.GenericMessage) {
	if p := h.peers[m.Identity.Source.Prefix]; p != nil {
		p.HandleStateless(h.now, m, &h.out)
	} else {
		h.gate.Heard(h.now, m.Identity.Source.Prefix, &h.out)
	}
	h.settle()
}

func (h *hall) settle() {
	for !h.out.Empty() {
		out := h.out
		h.out = Outbox{}
		for i := range out.Stateless {
			h.sent[out.Stateless[i].DestinationParticipant.Prefix]++
			if h.reach != nil {
				h.reach(&out.Stateless[i])
			}
		}
		for _, e := range out.Events {
			if e.Kind == PeerAuthenticated {
				h.authed[e.Peer.Remote.GUID.Prefix] = true
			}
		}
		for _, j := range out.Jobs {
			h.jobs = append(h.jobs, h.now)
			j.Run()
			j.Peer.Finish(h.now, &h.out)
		}
		h.overflow += out.Overflow
		for _, prefix := range out.Evicted {
			p := h.peers[prefix]
			require.NotNil(h.t, p)
			require.False(h.t, p.Authenticated())
			p.Close()
			delete(h.peers, prefix)
		}
		for _, s := range out.Turns {
			require.Nil(h.t, h.peers[s.Prefix])
			token := tok("id")
			p := h.gate.NewPeer(Remote{GUID: rtps.GUID{Prefix: s.Prefix, Entity: rtps.EntityParticipant}, IdentityToken: &token}, nil)
			h.peers[s.Prefix] = p
			p.Begin(h.now, &h.out)
		}
	}
}

// check demands that what is kept of strangers is within bounds.
func (h *hall) check() {
	b := h.gate.bounds()
	turns, waiting, refused := h.gate.Strangers()
	for i, n := range []int{turns, waiting, refused} {
		h.most[i] = max(h.most[i], n)
	}
	require.LessOrEqual(h.t, turns, b.Handshakes)
	require.LessOrEqual(h.t, waiting, b.Waiting)
	require.LessOrEqual(h.t, refused, b.Refused)
	require.LessOrEqual(h.t, len(h.gate.work.jobs), b.Handshakes+b.Refused)
	require.LessOrEqual(h.t, len(h.peers), b.Handshakes+b.Refused+len(h.authed))
	q := &h.gate.lobby.queues
	require.Len(h.t, h.gate.lobby.waiting, q[0].Len()+q[1].Len()+q[2].Len())
	require.LessOrEqual(h.t, len(h.gate.lobby.bySource), turns)
	require.LessOrEqual(h.t, len(h.gate.lobby.byName), turns)
}

// step lets d pass.
func (h *hall) step(d time.Duration) {
	h.now = h.now.Add(d)
	h.gate.Advance(h.now, &h.out)
	for _, p := range h.peers {
		p.Advance(h.now, &h.out)
	}
	h.settle()
	h.check()
}

// wantRate demands that in no time of any length more slow calls were made than
// a bucket of that rate and burst allows.
func (h *hall) wantRate(rate, burst float64) {
	h.t.Helper()
	level, at := 0.0, epoch
	for _, now := range h.jobs {
		level = max(0, level-rate*now.Sub(at).Seconds()) + 1
		at = now
		require.LessOrEqual(h.t, level, burst+0.01)
	}
}

// A newcomer is a real participant that wants to get in.
type newcomer struct {
	*hall
	gate     *Gate
	peer     *Peer
	out      Outbox
	from     rtps.Locator
	announce time.Time
	quiet    bool // sends no authentication request
}

func (h *hall) newcomer(name byte, from rtps.Locator) *newcomer {
	n := &newcomer{hall: h, gate: (&fakeCast{made: 77}).enter(h.t, name, rtps.GUID{}), from: from, announce: h.now}
	token := tok("id")
	n.peer = n.gate.NewPeer(Remote{GUID: h.gate.Self(), IdentityToken: &token}, nil)
	h.reach = func(m *rtps.GenericMessage) {
		if m.DestinationParticipant == n.gate.Self() {
			n.peer.HandleStateless(n.now, m, &n.out)
		}
	}
	n.peer.Begin(h.now, &n.out)
	return n
}

// step does what is due and takes what came.
func (n *newcomer) step() {
	if !n.now.Before(n.announce) {
		n.announce = n.now.Add(announceEvery)
		n.hall.announced(n.gate.Self().Prefix, n.from, 800)
		n.peer.Announced(n.now, &n.out)
	}
	n.gate.Advance(n.now, &n.out)
	n.peer.Advance(n.now, &n.out)
	for !n.out.Empty() {
		out := n.out
		n.out = Outbox{}
		for i := range out.Stateless {
			if !n.quiet || out.Stateless[i].ClassID != spi.ClassAuthRequest {
				n.hall.heard(&out.Stateless[i])
			}
		}
		for _, j := range out.Jobs {
			j.Run()
			j.Peer.Finish(n.now, &n.out)
		}
	}
}

func (n *newcomer) in() bool {
	return n.authed[n.gate.Self().Prefix] && n.peer.Authenticated()
}

// A flood is one way to invent participants.
type flood struct {
	rng    *rand.Rand
	rate   int           // invented ones a second
	again  time.Duration // an invented one is announced again so often; zero: never
	stolen bool          // all have the name of one certificate and show it
	speak  bool          // they send authentication requests
	shake  bool          // and garbage, or requests with a stolen certificate
	spoof  bool          // from an address of its own each
	known  []rtps.GUIDPrefix
	made   int
}

func (f *flood) tick(h *hall, d time.Duration) {
	for range int(float64(f.rate) * d.Seconds()) {
		f.made++
		var prefix rtps.GUIDPrefix
		for i := range prefix {
			prefix[i] = byte(f.rng.Uint32())
		}
		if prefix[0] = 40; f.stolen {
			copy(prefix[:6], "\x28stole")
		}
		binary.BigEndian.PutUint32(prefix[8:], uint32(f.made))
		if n := int(f.again.Seconds() * float64(f.rate)); n > 0 {
			if len(f.known) >= n {
				prefix = f.known[f.made%n]
			} else {
				f.known = append(f.known, prefix)
			}
		}
		from := rtps.Locator{Kind: 1, Port: 7410, Address: [16]byte{15: 66}}
		if f.spoof {
			binary.BigEndian.PutUint32(from.Address[12:], f.rng.Uint32())
		}
		h.announced(prefix, from, 800)
		if f.speak {
			h.said(prefix, spi.ClassAuthRequest, tok("authreq", prefix[:4]))
		}
		switch {
		case f.shake && f.stolen:
			h.said(prefix, spi.ClassAuth, tok("req", prefix[:4]))
			h.said(prefix, spi.ClassAuth, tok("final", prefix[:4], prefix[:4]))
		case f.shake:
			h.said(prefix, spi.ClassAuth, tok("final", prefix[:4], prefix[:4]))
		}
	}
}

func own() rtps.Locator { return rtps.Locator{Kind: 1, Port: 7412, Address: [16]byte{15: 5}} }
