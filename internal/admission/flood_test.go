package admission

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

// However someone invents participants, a thousand a second: a real one gets in
// meanwhile, within the time stated; what is kept stays within
// bounds, slow calls stay within their rate, and nobody is sent much.
func TestNewcomerAmongInventedParticipants(t *testing.T) {
	for name, tt := range map[string]struct {
		flood
		within time.Duration
	}{
		"announcements":                           {flood{}, 3 * time.Second},
		"announcements, addresses forged":         {flood{spoof: true}, 6 * time.Second},
		"announcements again and again":           {flood{again: 4 * time.Second}, 3 * time.Second},
		"authentication requests":                 {flood{speak: true}, 6 * time.Second},
		"garbage, addresses forged":               {flood{speak: true, shake: true, spoof: true}, 20 * time.Second},
		"garbage again and again":                 {flood{speak: true, shake: true, spoof: true, again: 2 * time.Second}, 10 * time.Second},
		"garbage":                                 {flood{speak: true, shake: true}, 6 * time.Second},
		"a stolen certificate":                    {flood{speak: true, shake: true, stolen: true}, 6 * time.Second},
		"a stolen certificate, addresses forged":  {flood{speak: true, shake: true, stolen: true, spoof: true}, 6 * time.Second},
		"a stolen certificate, again and again":   {flood{speak: true, shake: true, stolen: true, spoof: true, again: 3 * time.Second}, 6 * time.Second},
		"garbage from the newcomer's own address": {flood{speak: true, shake: true, stolen: true}, 6 * time.Second},
	} {
		for _, self := range []byte{1, 200} { // we begin, or the newcomer does
			for _, quiet := range []bool{false, true} { // Interop: Fast DDS sends no authentication request
				t.Run(fmt.Sprintf("%s/self=%d/quiet=%v", name, self, quiet), func(t *testing.T) {
					h, f := newHall(t, self), tt.flood
					f.rng, f.rate = rand.New(rand.NewPCG(1, 2)), 1000
					const tick = 10 * time.Millisecond
					for range 100 { // it is in full swing when the newcomer comes
						h.step(tick)
						f.tick(h, tick)
					}
					from := own()
					if name == "garbage from the newcomer's own address" {
						from.Address[15] = 66
					}
					n := h.newcomer(100, from)
					n.quiet = quiet
					took := time.Duration(0)
					for !n.in() && took < time.Minute {
						h.step(tick)
						f.tick(h, tick)
						n.step()
						took += tick
					}
					require.True(t, n.in())
					require.LessOrEqual(t, took, tt.within)
					for range 50 {
						h.step(tick)
						f.tick(h, tick)
						n.step()
					}
					require.True(t, n.in())
					h.wantRate(50, 200)
					require.Equal(t, 64, h.most[0])
					require.Positive(t, h.overflow)
					for prefix, sent := range h.sent {
						if prefix != n.gate.Self().Prefix && !f.speak && f.again == 0 {
							require.LessOrEqual(t, sent, maxUnanswered)
						}
					}
				})
			}
		}
	}
}

// The same when nothing tells the newcomer from the others: it comes from their
// address, is not heard until it is asked, and they come again and again. Turns
// are taken in order, so it has its share.
func TestNewcomerThatCannotBeTold(t *testing.T) {
	h := newHall(t, 1)
	f := flood{rng: rand.New(rand.NewPCG(1, 2)), rate: 200, again: 50 * time.Second} // ten thousand
	from := rtps.Locator{Kind: 1, Port: 1, Address: [16]byte{15: 66}}
	n := h.newcomer(100, from)
	n.announce = h.now.Add(5 * time.Second)
	n.quiet = true
	took := time.Duration(0)
	for const10 := 10 * time.Millisecond; !n.in() && took < 10*time.Minute; took += const10 {
		h.step(const10)
		f.tick(h, const10)
		n.step()
	}
	require.True(t, n.in())
	require.LessOrEqual(t, took, 2*time.Minute)
	h.wantRate(50, 200)
}

// Somebody who invents participants does not keep a whole fleet out that starts
// at once from one host with one certificate, nor does the fleet wait for itself.
func TestFleet(t *testing.T) {
	h := newHall(t, 1)
	h.gate.Bounds = Bounds{Handshakes: 8}
	const n = 40
	var all []*newcomer
	for i := range n {
		x := h.newcomer(100, own())
		x.gate = (&fakeCast{made: 1000 + i}).enter(t, 100, rtps.GUID{})
		token := tok("id")
		x.peer = x.gate.NewPeer(Remote{GUID: h.gate.Self(), IdentityToken: &token}, nil)
		x.out = Outbox{}
		x.peer.Begin(h.now, &x.out)
		all = append(all, x)
	}
	h.reach = func(m *rtps.GenericMessage) {
		for _, x := range all {
			if m.DestinationParticipant == x.gate.Self() {
				x.peer.HandleStateless(h.now, m, &x.out)
			}
		}
	}
	for range 200 {
		h.step(10 * time.Millisecond)
		for _, x := range all {
			x.step()
		}
	}
	for _, x := range all {
		require.True(t, x.in())
	}
}

// What a stranger gets is bounded by what comes from it: a handful of messages
// for its first announcement, one for each further one.
func TestMessagesToASilentStranger(t *testing.T) {
	h := newHall(t, 1)
	prefix := rtps.GUIDPrefix{0: 40}
	h.announced(prefix, own(), 800)
	for range 3000 {
		h.step(10 * time.Millisecond)
	}
	require.Equal(t, maxUnanswered, h.sent[prefix])
	for i := range 10 {
		h.announced(prefix, own(), 800)
		for range 300 {
			h.step(10 * time.Millisecond)
		}
		require.LessOrEqual(t, h.sent[prefix], maxUnanswered+i+1)
	}
	require.Greater(t, h.sent[prefix], maxUnanswered+5, "it goes on")
}

// A stranger that makes us reply, by a certificate it has copied, gets as many
// replies as it has sent messages, and the handful of the beginning.
func TestMessagesToAThief(t *testing.T) {
	h := newHall(t, 200)
	prefix := rtps.GUIDPrefix{0: 40}
	h.announced(prefix, own(), 800)
	came := 1
	for i := range 2000 {
		h.step(10 * time.Millisecond)
		if i%100 == 0 && i < 1000 {
			h.said(prefix, spi.ClassAuth, tok("req", []byte{byte(i / 100)}))
			came++
		}
		require.LessOrEqual(t, h.sent[prefix], maxUnanswered+came)
	}
}

// An announcement too large to be kept is not, but gets in when there is room.
func TestLargeAnnouncements(t *testing.T) {
	h := newHall(t, 1)
	h.gate.Bounds = Bounds{Handshakes: 1, Refused: 1}
	h.announced(rtps.GUIDPrefix{0: 40}, own(), 60_000)
	require.Len(t, h.peers, 1)
	h.announced(rtps.GUIDPrefix{0: 41}, own(), maxWaitingAnnouncement+1)
	h.announced(rtps.GUIDPrefix{0: 42}, own(), maxWaitingAnnouncement)
	_, waiting, _ := h.gate.Strangers()
	require.Equal(t, 1, waiting)
	require.Equal(t, 1, h.overflow)
	h.announced(rtps.GUIDPrefix{0: 42}, own(), maxWaitingAnnouncement+1)
	require.Len(t, h.gate.lobby.waiting[rtps.GUIDPrefix{0: 42}].Announcement, maxWaitingAnnouncement)
}

// A turn that the caller makes nothing of is free again; an announcement that
// waited too long is forgotten.
func TestTurnsComeBack(t *testing.T) {
	g := (&fakeCast{}).enter(t, 1, rtps.GUID{})
	g.Bounds = Bounds{Handshakes: 1}
	var out Outbox
	a, b := Stranger{Prefix: rtps.GUIDPrefix{0: 2}}, Stranger{Prefix: rtps.GUIDPrefix{0: 3}}
	g.Arrive(epoch, a, &out)
	require.Equal(t, []Stranger{a}, out.Turns)
	g.Arrive(epoch, b, &out)
	g.Arrive(epoch, b, &out)
	require.Len(t, out.Turns, 1)
	require.False(t, g.Next(epoch).IsZero())
	g.Leave(a.Prefix)
	require.Equal(t, epoch, g.Next(epoch))
	g.Advance(epoch, &out)
	require.Equal(t, []Stranger{a, b}, out.Turns)
	require.True(t, g.Next(epoch).IsZero())

	// While the turn is not over, a waits; then there is nobody any more.
	g.Arrive(epoch, a, &out)
	p := g.NewPeer(Remote{GUID: rtps.GUID{Prefix: b.Prefix, Entity: rtps.EntityParticipant}}, nil)
	p.proven = true
	g.Advance(epoch.Add(patienceProven-1), &out)
	require.Len(t, out.Turns, 2)
	require.Empty(t, out.Evicted)
	require.Equal(t, epoch.Add(patienceProven), g.Next(epoch))
	g.Advance(epoch.Add(2*waitingFor), &out)
	require.Len(t, out.Turns, 2)
	_, waiting, _ := g.Strangers()
	require.Zero(t, waiting)
}

// Of those that were refused the latest are remembered; a participant that was
// given up and announces itself has its turn if there is one.
func TestRefusedOnesAreForgotten(t *testing.T) {
	h := newHall(t, 1)
	h.gate.Bounds = Bounds{Handshakes: 4, Refused: 3}
	for i := range 10 {
		h.announced(rtps.GUIDPrefix{0: 40, 1: byte(i)}, own(), 100)
		for range 7 {
			h.step(10 * time.Second)
		}
	}
	_, _, refused := h.gate.Strangers()
	require.Equal(t, 3, refused)
	require.Len(t, h.peers, 3)
	last := rtps.GUIDPrefix{0: 40, 1: 9}
	h.announced(last, own(), 100)
	require.True(t, h.peers[last].Shaking())

	for i := range 4 {
		h.announced(rtps.GUIDPrefix{0: 50, 1: byte(i)}, own(), 100)
	}
	second := rtps.GUIDPrefix{0: 40, 1: 8}
	h.announced(second, own(), 100)
	require.Nil(t, h.peers[second], "no turn is free: it waits like any other")
}

func TestBucket(t *testing.T) {
	b := Bucket{Rate: 10, Burst: 3}
	now := epoch
	take := func() (n int) {
		for b.Take(now) {
			n++
		}
		return n
	}
	require.Equal(t, 3, take())
	for range 20 {
		at := b.Next(now)
		require.InDelta(t, 0.1, at.Sub(now).Seconds(), 0.001)
		now = at
		require.Equal(t, 1, take())
	}
	now = now.Add(time.Hour)
	require.Equal(t, now, b.Next(now))
	require.Equal(t, 3, take())
}

// A job of a peer that has shown a valid certificate comes first, one of a peer
// that has cost more than its share last; and those of authenticated peers have
// a bucket of their own.
func TestOrderOfJobs(t *testing.T) {
	g := (&fakeCast{}).enter(t, 1, rtps.GUID{})
	g.Bounds = Bounds{Jobs: 1, JobBurst: 2}
	var out Outbox
	peer := func(change func(*Peer)) *Peer {
		p := g.NewPeer(Remote{}, nil)
		change(p)
		g.order(epoch, p, func() func(time.Time, *Outbox) { return nil }, &out)
		return p
	}
	for range 2 {
		peer(func(*Peer) {})
	}
	require.Len(t, out.Jobs, 2)
	greedy := peer(func(p *Peer) { p.proven, p.jobs = true, 9 })
	silent := peer(func(*Peer) {})
	gone := peer(func(p *Peer) { p.proven = true })
	heard := peer(func(p *Peer) { p.heard = true })
	proven := peer(func(p *Peer) { p.proven = true })
	require.Len(t, out.Jobs, 2)
	old := peer(func(p *Peer) { p.state = peerAuthed })
	require.Equal(t, old, out.Jobs[2].Peer)
	out = Outbox{}
	gone.Close()
	now := epoch
	for len(out.Jobs) < 4 {
		require.True(t, g.Next(now).After(now))
		now = g.Next(now)
		g.Advance(now, &out)
	}
	for i, p := range []*Peer{proven, heard, silent, greedy} {
		require.Equal(t, p, out.Jobs[i].Peer)
	}
	require.True(t, g.Next(now).IsZero())
}

// FuzzHall lets the input decide what strangers do: bounds hold, and nobody is
// kept who has gone.
func FuzzHall(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9})
	f.Add([]byte{0x10, 0x20, 0x30, 0x11, 0x21, 0x31, 0x51, 0x52, 0x53, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, in []byte) {
		if len(in) > 300 {
			return
		}
		h := newHall(t, 41)
		h.gate.Bounds = Bounds{Handshakes: 2, Waiting: 3, Refused: 2, Jobs: 2, JobBurst: 2}
		for _, c := range in {
			prefix := rtps.GUIDPrefix{0: 40 + c>>3&3, 1: c >> 3 & 1, 2: c >> 4 & 1}
			switch c & 7 {
			case 0, 1:
				h.announced(prefix, rtps.Locator{Kind: 1, Address: [16]byte{15: c >> 6}}, 100)
			case 2:
				h.said(prefix, spi.ClassAuthRequest, tok("authreq", []byte{c}))
			case 3:
				h.said(prefix, spi.ClassAuth, tok("req", []byte{c}))
			case 4:
				h.said(prefix, spi.ClassAuth, tok("final", []byte{c}, []byte{c}))
			case 5:
				if p := h.peers[prefix]; p != nil {
					p.Close()
					delete(h.peers, prefix)
					h.settle()
				}
			case 6:
				h.step(50 * time.Millisecond)
			default:
				h.step(time.Duration(c) * 200 * time.Millisecond)
			}
		}
		h.wantRate(2, 2)
		for prefix, p := range h.peers {
			p.Close()
			delete(h.peers, prefix)
		}
		h.settle()
		for range 100 {
			h.step(time.Second)
			for prefix, p := range h.peers {
				p.Close()
				delete(h.peers, prefix)
			}
		}
		turns, waiting, refused := h.gate.Strangers()
		require.Zero(t, turns+waiting+refused+len(h.gate.work.jobs))
		require.Empty(t, h.gate.lobby.bySource)
		require.Empty(t, h.gate.lobby.byName)
		require.True(t, h.gate.Next(h.now).IsZero())
	})
}
