package memnet

import (
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

// Receivers of a conn.
const (
	metaUni = iota
	userUni
	metaMulti
	userMulti
)

// A packet is what a receiver got, and when.
type packet struct {
	data string
	from rtps.Locator
	at   time.Duration // since the start of the bubble
}

// A node is one participant whose receivers are read.
type node struct {
	t  *testing.T
	c  spi.Conn
	in [4]chan packet
}

// bubble runs f in virtual time; it fails if f leaves a goroutine.
func bubble(t *testing.T, f func(t *testing.T)) { t.Helper(); synctest.Test(t, f) }

func listenConfig(id int) spi.ListenConfig {
	return spi.ListenConfig{Domain: 5, ParticipantID: id, Logger: slog.New(slog.DiscardHandler)}
}

func newNode(t *testing.T, h *Host) *node {
	t.Helper()
	c, err := h.Listen(listenConfig(-1))
	require.NoError(t, err)
	n := &node{t: t, c: c}
	start := time.Now()
	for k, r := range c.Receivers() {
		n.in[k] = make(chan packet, 10000)
		go func() {
			bufs := [][]byte{make([]byte, 2000), make([]byte, 2000)}
			sizes, segs, from := make([]int, 2), make([]int, 2), make([]rtps.Locator, 2)
			for {
				got, err := r.ReadBatch(bufs, sizes, segs, from)
				if err != nil {
					if err != net.ErrClosed {
						t.Errorf("read: %v", err)
					}
					return
				}
				for i := range got {
					n.in[k] <- packet{string(bufs[i][:sizes[i]]), from[i], time.Since(start)}
				}
			}
		}()
	}
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	return n
}

func (n *node) send(to rtps.Locator, data ...string) {
	n.t.Helper()
	var batch []spi.Datagram
	for _, d := range data {
		batch = append(batch, spi.Datagram{To: to, Data: []byte(d)})
	}
	require.NoError(n.t, n.c.WriteBatch(batch))
}

// got returns all that has come to a receiver once everything rests.
func (n *node) got(receiver int) []packet {
	synctest.Wait()
	var out []packet
	for {
		select {
		case p := <-n.in[receiver]:
			out = append(out, p)
		default:
			return out
		}
	}
}

func (n *node) text(receiver int) string {
	var s []string
	for _, p := range n.got(receiver) {
		s = append(s, p.data)
	}
	return strings.Join(s, " ")
}

func numbers(from, to int) (out []string) {
	for i := from; i < to; i++ {
		out = append(out, fmt.Sprint(i))
	}
	return out
}

func TestDelivery(t *testing.T) {
	bubble(t, func(t *testing.T) {
		net := New(Config{})
		a, b := newNode(t, net.Host("a")), newNode(t, net.Host("b"))
		c := newNode(t, net.Host("b")) // a second participant of the same host
		require.Equal(t, 0, b.c.ParticipantID())
		require.Equal(t, 1, c.c.ParticipantID())
		at := func(s string) []rtps.Locator { return []rtps.Locator{rtps.UDPLocator(netip.MustParseAddrPort(s))} }
		require.Equal(t, at("10.0.0.1:8660"), a.c.MetatrafficUnicast())
		require.Equal(t, at("10.0.0.2:8662"), c.c.MetatrafficUnicast())
		require.Equal(t, at("10.0.0.2:8663"), c.c.DefaultUnicast())
		require.Equal(t, at("239.255.0.1:8650"), c.c.SPDPMulticast())
		require.Equal(t, at("239.255.0.1:8650"), c.c.MetatrafficMulticast())
		require.Equal(t, at("239.255.0.1:8651"), c.c.DefaultMulticast())

		a.send(a.c.SPDPMulticast()[0], "spdp")
		for _, n := range []*node{a, b, c} {
			got := n.got(metaMulti)
			require.Len(t, got, 1)
			require.Equal(t, packet{"spdp", a.c.MetatrafficUnicast()[0], 0}, got[0])
		}
		a.send(c.c.DefaultUnicast()[0], numbers(0, 5)...)
		require.Equal(t, "0 1 2 3 4", c.text(userUni))
		a.send(c.c.DefaultMulticast()[0], "m")
		require.Equal(t, "m", b.text(userMulti))
		require.Empty(t, b.text(userUni))
		a.send(at("10.9.9.9:1")[0], "nobody")
		require.Equal(t, Stats{Sent: 8, Delivered: 11, NoReceiver: 1}, net.Stats())
	})
}

func TestDelay(t *testing.T) {
	bubble(t, func(t *testing.T) {
		net := New(Config{MinDelay: 20 * time.Millisecond, MaxDelay: 30 * time.Millisecond})
		a, b := newNode(t, net.Host("a")), newNode(t, net.Host("b"))
		to := b.c.DefaultUnicast()[0]
		a.send(to, numbers(0, 50)...)
		require.Empty(t, b.got(userUni))
		require.Equal(t, 50, net.InFlight())
		time.Sleep(time.Second)
		got := b.got(userUni)
		require.Len(t, got, 50)
		for i, p := range got {
			require.Equal(t, fmt.Sprint(i), p.data) // in order, as nothing is reordered
			require.GreaterOrEqual(t, p.at, 20*time.Millisecond)
			require.LessOrEqual(t, p.at, 30*time.Millisecond)
		}
		require.Less(t, got[0].at, got[49].at)

		// To oneself nothing is delayed.
		a.send(a.c.SPDPMulticast()[0], "self")
		require.Equal(t, "self", a.text(metaMulti))
		net.SetDelay(0, 0)
		a.send(to, "now")
		require.Equal(t, "now", b.text(userUni))
	})
}

func TestLossDuplicateReorder(t *testing.T) {
	for _, tt := range []struct {
		name     string
		cfg      Config
		min, max int
		ordered  bool
	}{
		{"loss", Config{Seed: 1, Loss: 0.3}, 620, 780, true},
		{"all lost", Config{Seed: 1, Loss: 7}, 0, 0, true},
		{"duplicates", Config{Seed: 1, Duplicate: 0.3}, 1220, 1380, false},
		{"reordering", Config{Seed: 1, Reorder: 0.1}, 1000, 1000, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				net := New(tt.cfg)
				a, b := newNode(t, net.Host("a")), newNode(t, net.Host("b"))
				for i := range 1000 {
					a.send(b.c.DefaultUnicast()[0], fmt.Sprintf("%04d", i))
					time.Sleep(100 * time.Microsecond)
				}
				time.Sleep(time.Second)
				got := strings.Fields(b.text(userUni))
				require.GreaterOrEqual(t, len(got), tt.min)
				require.LessOrEqual(t, len(got), tt.max)
				inOrder := true
				for i := 1; i < len(got); i++ {
					inOrder = inOrder && got[i-1] <= got[i]
				}
				require.Equal(t, tt.ordered, inOrder)
				s := net.Stats()
				require.EqualValues(t, len(got), s.Delivered)
				require.EqualValues(t, 1000, s.Delivered+s.Lost-s.Duplicated)
			})
		})
	}
}

// One run of a link, as text.
func run(t *testing.T, seed uint64, other bool) string {
	var out string
	bubble(t, func(t *testing.T) {
		net := New(Config{Seed: seed, Loss: 0.2, Duplicate: 0.2, Reorder: 0.2, MinDelay: time.Millisecond, MaxDelay: 3 * time.Millisecond})
		a, b, c := newNode(t, net.Host("a")), newNode(t, net.Host("b")), newNode(t, net.Host("c"))
		for _, d := range numbers(0, 100) {
			a.send(b.c.DefaultUnicast()[0], d)
			if other {
				c.send(b.c.MetatrafficUnicast()[0], d)
				c.send(a.c.MetatrafficUnicast()[0], d)
			}
			time.Sleep(500 * time.Microsecond)
		}
		time.Sleep(time.Second)
		for _, p := range b.got(userUni) {
			out += fmt.Sprintf("%s@%v ", p.data, p.at)
		}
	})
	return out
}

func TestSeedRepeats(t *testing.T) {
	first := run(t, 7, false)
	require.NotEmpty(t, first)
	for range 5 {
		require.Equal(t, first, run(t, 7, false))
	}
	require.Equal(t, first, run(t, 7, true), "traffic of other links changed this one")
	require.NotEqual(t, first, run(t, 8, false))
}

func TestPartition(t *testing.T) {
	bubble(t, func(t *testing.T) {
		net := New(Config{})
		a, b, c := newNode(t, net.Host("a")), newNode(t, net.Host("b")), newNode(t, net.Host("c"))
		net.Partition("a", "b")
		a.send(a.c.SPDPMulticast()[0], "1")
		b.send(a.c.SPDPMulticast()[0], "2")
		c.send(a.c.SPDPMulticast()[0], "3")
		require.Equal(t, "1 3", a.text(metaMulti))
		require.Equal(t, "2 3", b.text(metaMulti))
		require.Equal(t, "1 2 3", c.text(metaMulti))
		net.Heal()
		a.send(b.c.DefaultUnicast()[0], "4")
		require.Equal(t, "4", b.text(userUni))
		net.Cut("a", "b")
		a.send(b.c.DefaultUnicast()[0], "5")
		b.send(a.c.DefaultUnicast()[0], "6")
		require.Empty(t, b.text(userUni))
		require.Equal(t, "6", a.text(userUni))

		// What was under way before the partition arrives.
		net.Heal()
		net.SetDelay(time.Second, time.Second)
		a.send(b.c.DefaultUnicast()[0], "7")
		net.Partition("b", "a")
		time.Sleep(2 * time.Second)
		require.Equal(t, "7", b.text(userUni))
		require.EqualValues(t, 3, net.Stats().Filtered)
	})
}

func TestTapFilterInject(t *testing.T) {
	bubble(t, func(t *testing.T) {
		net := New(Config{})
		a, b := newNode(t, net.Host("a")), newNode(t, net.Host("10.1.2.3"))
		to := b.c.DefaultUnicast()[0]
		var seen []string
		net.Tap(func(from, to rtps.Locator, data []byte) {
			seen = append(seen, fmt.Sprintf("%v %v %s", from, to, data))
			net.Stats() // a tap may call the network
		})
		net.Filter(func(p *Packet) bool {
			require.Equal(t, "a", p.FromHost)
			require.Equal(t, "10.1.2.3", p.ToHost)
			p.Data = append(p.Data, '!')
			p.Data[0] = 'X'
			return string(p.Data) != "Xop!"
		})
		sent := []byte("abc")
		require.Equal(t, a.c.MaxMessage(), a.c.Unfragmented(rtps.Locator{}))
		require.NoError(t, a.c.WriteBatch([]spi.Datagram{{To: to, Data: sent}, {To: to, Data: []byte("t"), Tail: []byte("op")}}))
		require.Equal(t, "abc", string(sent))
		require.Equal(t, "Xbc!", b.text(userUni))
		require.Equal(t, []string{
			"udp/10.0.0.1:8660 udp/10.1.2.3:8661 abc", "udp/10.0.0.1:8660 udp/10.1.2.3:8661 top",
		}, seen)
		require.EqualValues(t, 1, net.Stats().Filtered)
		net.Filter(nil)

		forged := rtps.UDPLocator(netip.MustParseAddrPort("10.66.66.66:666"))
		net.Partition("a", "10.1.2.3")
		require.True(t, net.Inject(forged, to, []byte("evil")))
		got := b.got(userUni)
		require.Len(t, got, 1)
		require.Equal(t, packet{"evil", forged, 0}, got[0])
		require.True(t, net.Inject(forged, a.c.SPDPMulticast()[0], []byte("all")))
		require.Equal(t, "all", a.text(metaMulti))
		require.Equal(t, "all", b.text(metaMulti))
		require.False(t, net.Inject(forged, forged, nil))
		require.Len(t, seen, 2)
	})
}

func TestQueueLimit(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := New(Config{QueueLimit: 3})
		c, err := n.Host("b").Listen(listenConfig(-1)) // nobody reads
		require.NoError(t, err)
		a := newNode(t, n.Host("a"))
		a.send(c.DefaultUnicast()[0], numbers(0, 5)...)
		require.Equal(t, Stats{Sent: 5, Delivered: 3, Overflow: 2}, n.Stats())

		bufs := [][]byte{make([]byte, 10), nil, make([]byte, 10)}
		sizes, segs, from := make([]int, 3), make([]int, 3), make([]rtps.Locator, 3)
		got, err := c.Receivers()[userUni].ReadBatch(bufs, sizes, segs, from)
		require.NoError(t, err)
		require.Equal(t, 3, got)
		require.Equal(t, []int{1, 0, 1}, sizes) // the second does not fit
		require.Equal(t, []int{1, 1, 1}, segs)
		require.NoError(t, c.Close())
		_, err = c.Receivers()[userUni].ReadBatch(bufs, sizes, segs, from)
		require.ErrorIs(t, err, net.ErrClosed)
		require.ErrorIs(t, c.WriteBatch(nil), net.ErrClosed)
		require.NoError(t, c.Close())

		// The port is free again, and what is sent to it goes nowhere meanwhile.
		a.send(c.DefaultUnicast()[0], "x")
		require.EqualValues(t, 1, n.Stats().NoReceiver)
		c, err = n.Host("b").Listen(listenConfig(0))
		require.NoError(t, err)
		require.NoError(t, c.Close())
	})
}

// synctest.Test fails where a goroutine stays; here with datagrams under way.
func TestCloseLeavesNothing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		net := New(Config{MinDelay: time.Hour})
		a, b := newNode(t, net.Host("a")), newNode(t, net.Host("b"))
		a.send(b.c.SPDPMulticast()[0], "late")
		require.NoError(t, b.c.Close())
		time.Sleep(2 * time.Hour)
		require.EqualValues(t, 1, net.Stats().NoReceiver)
		c := newNode(t, net.Host("b"))
		a.send(c.c.DefaultUnicast()[0], "never")
		require.NoError(t, a.c.Close())
		require.NoError(t, c.c.Close())
		require.Zero(t, net.InFlight())
	})
}

func TestListenErrors(t *testing.T) {
	n := New(Config{})
	h := n.Host("a")
	require.Same(t, h, n.Host("a"))
	c, err := h.Listen(listenConfig(3))
	require.NoError(t, err)
	defer c.Close()
	_, err = h.Listen(listenConfig(3))
	require.ErrorContains(t, err, "8666")
	for _, id := range []int{-2, 120} {
		_, err = h.Listen(listenConfig(id))
		require.Error(t, err)
	}
	_, err = h.Listen(spi.ListenConfig{Domain: 233})
	require.Error(t, err)
	_, err = h.Listen(spi.ListenConfig{Domain: 232, ParticipantID: 119})
	require.Error(t, err)

	quiet, err := n.Host("q").Listen(spi.ListenConfig{NoMulticast: true})
	require.NoError(t, err)
	defer quiet.Close()
	require.Len(t, quiet.Receivers(), 2)
	require.Empty(t, quiet.SPDPMulticast())
	require.False(t, quiet.Reaches(c.SPDPMulticast()[0]))
	require.True(t, quiet.Reaches(c.DefaultUnicast()[0]))
	for _, l := range []rtps.Locator{{}, rtps.UDPLocator(netip.MustParseAddrPort("[::1]:1")), rtps.UDPLocator(netip.MustParseAddrPort("192.0.2.1:1"))} {
		require.False(t, c.Reaches(l))
		require.ErrorIs(t, c.WriteBatch([]spi.Datagram{{To: l}}), errUnreachable)
	}
	require.ErrorIs(t, c.WriteBatch([]spi.Datagram{{To: c.DefaultUnicast()[0], Data: make([]byte, 65001)}}), errUnreachable)

	// All ids of one domain.
	for id := range 120 {
		p, err := n.Host("full").Listen(listenConfig(-1))
		require.NoError(t, err)
		require.Equal(t, id, p.ParticipantID())
		defer p.Close()
	}
	_, err = n.Host("full").Listen(listenConfig(-1))
	require.Error(t, err)
}

func TestPeer(t *testing.T) {
	n := New(Config{})
	c, err := n.Host("a").Listen(listenConfig(-1))
	require.NoError(t, err)
	defer c.Close()
	n.Host("b")
	for _, tt := range []struct {
		address, first string
		count          int
	}{
		{"b", "10.0.0.2:8660", 10}, {"b:9", "10.0.0.2:9", 1}, {"10.0.0.7", "10.0.0.7:8660", 10},
		{"10.0.0.7:9", "10.0.0.7:9", 1}, {"239.255.0.1", "239.255.0.1:8650", 1},
	} {
		got, err := c.Peer(tt.address)
		require.NoError(t, err, tt.address)
		require.Len(t, got, tt.count)
		require.Equal(t, rtps.UDPLocator(netip.MustParseAddrPort(tt.first)), got[0])
	}
	for _, bad := range []string{"", "c", "b:", "b:0", "b:99999", "192.0.2.1", "::1"} {
		_, err := c.Peer(bad)
		require.Error(t, err, bad)
	}
}
