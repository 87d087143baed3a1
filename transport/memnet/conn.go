package memnet

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

// The parameters of the port numbers, DDSI-RTPS 2.5, 9.6.2.3, and the group, 9.6.2.4.1.
const (
	portBase, domainGain, participantGain                          = 7400, 250, 2
	offsetMetaMulti, offsetMetaUni, offsetUserMulti, offsetUserUni = 0, 10, 1, 11

	maxDomain        = 232
	maxParticipantID = 119
	firstPeers       = 10
)

var group = netip.AddrFrom4([4]byte{239, 255, 0, 1})

// A conn is one participant on a host. Its fields but the queues of its sockets
// do not change.
type conn struct {
	host      *Host
	domain    int
	id        int
	multicast bool
	max       int
	sockets   []*socket
	closed    chan struct{}
	done      bool // Close was called; guarded by net.mu

	metaUni, userUni, metaMulti, userMulti []rtps.Locator
}

var _ spi.Conn = (*conn)(nil)

// Listen implements spi.Transport.
func (h *Host) Listen(cfg spi.ListenConfig) (spi.Conn, error) {
	if cfg.Domain > maxDomain {
		return nil, fmt.Errorf("memnet: domain %d is above %d", cfg.Domain, maxDomain)
	}
	if cfg.ParticipantID < -1 || cfg.ParticipantID > maxParticipantID {
		return nil, fmt.Errorf("memnet: participant id %d is not within -1 and %d", cfg.ParticipantID, maxParticipantID)
	}
	n, domain, id := h.net, int(cfg.Domain), cfg.ParticipantID
	n.mu.Lock()
	defer n.mu.Unlock()
	if id < 0 {
		for id = 0; h.ids[[2]int{domain, id}]; id++ {
		}
	}
	base := portBase + domainGain*domain
	port := base + offsetMetaUni + participantGain*id
	switch {
	case id > maxParticipantID || port+1 > 65535:
		return nil, fmt.Errorf("memnet: %v: domain %d has no more participant ids", h, domain)
	case h.ids[[2]int{domain, id}]:
		return nil, fmt.Errorf("memnet: %v: port %d is taken", h, port)
	}
	h.ids[[2]int{domain, id}] = true
	n.conns++
	c := &conn{host: h, domain: domain, id: id, multicast: !cfg.NoMulticast, max: n.cfg.MaxMessage, closed: make(chan struct{})}
	listen := func(a netip.Addr, port int) []rtps.Locator {
		l := rtps.UDPLocator(netip.AddrPortFrom(a, uint16(port)))
		s := &socket{conn: c, at: l, ready: make(chan struct{}, 1)}
		c.sockets = append(c.sockets, s)
		n.sockets[l] = append(n.sockets[l], s)
		return []rtps.Locator{l}
	}
	c.metaUni = listen(h.addr, port)
	c.userUni = listen(h.addr, port+offsetUserUni-offsetMetaUni)
	if c.multicast {
		c.metaMulti = listen(group, base+offsetMetaMulti)
		c.userMulti = listen(group, base+offsetUserMulti)
	}
	return c, nil
}

func (c *conn) ParticipantID() int                   { return c.id }
func (c *conn) MetatrafficUnicast() []rtps.Locator   { return slices.Clone(c.metaUni) }
func (c *conn) MetatrafficMulticast() []rtps.Locator { return slices.Clone(c.metaMulti) }
func (c *conn) DefaultUnicast() []rtps.Locator       { return slices.Clone(c.userUni) }
func (c *conn) DefaultMulticast() []rtps.Locator     { return slices.Clone(c.userMulti) }
func (c *conn) SPDPMulticast() []rtps.Locator        { return slices.Clone(c.metaMulti) }
func (c *conn) MaxMessage() int                      { return c.max }
func (c *conn) Unfragmented(rtps.Locator) int        { return c.max }

func (c *conn) Receivers() []spi.PacketReceiver {
	var out []spi.PacketReceiver
	for _, s := range c.sockets {
		out = append(out, s)
	}
	return out
}

// Reaches implements spi.Conn: simulated addresses, and the group.
func (c *conn) Reaches(l rtps.Locator) bool {
	ap := l.AddrPort()
	if !ap.IsValid() || l.Kind != rtps.LocatorUDPv4 {
		return false
	}
	return simulated(ap.Addr()) || c.multicast && ap.Addr().IsMulticast()
}

var errUnreachable = errors.New("memnet: a locator outside the network, or a message above the limit")

// WriteBatch implements spi.Conn. What the network loses is no error.
func (c *conn) WriteBatch(batch []spi.Datagram) error {
	select {
	case <-c.closed:
		return net.ErrClosed
	default:
	}
	var err error
	for _, d := range batch {
		if !c.Reaches(d.To) || d.Len() > c.max {
			err = errUnreachable
			continue
		}
		c.host.net.send(c, d)
	}
	return err
}

// Peer implements spi.Conn. Hosts are known by their name, too.
func (c *conn) Peer(address string) ([]rtps.Locator, error) {
	name, portText, hasPort := strings.Cut(address, ":")
	var given uint16
	if hasPort {
		p, err := strconv.ParseUint(portText, 10, 16)
		if err != nil || p == 0 {
			return nil, fmt.Errorf("memnet: peer %q: bad port", address)
		}
		given = uint16(p)
	}
	addr, err := netip.ParseAddr(name)
	if err != nil {
		c.host.net.mu.Lock()
		h := c.host.net.hosts[name]
		c.host.net.mu.Unlock()
		if h == nil {
			return nil, fmt.Errorf("memnet: no host %q", name)
		}
		addr = h.addr
	}
	var out []rtps.Locator
	base := portBase + domainGain*c.domain
	switch {
	case given != 0:
		out = append(out, rtps.UDPLocator(netip.AddrPortFrom(addr, given)))
	case addr.IsMulticast():
		out = append(out, rtps.UDPLocator(netip.AddrPortFrom(addr, uint16(base+offsetMetaMulti))))
	default:
		for id := range firstPeers {
			out = append(out, rtps.UDPLocator(netip.AddrPortFrom(addr, uint16(base+offsetMetaUni+participantGain*id))))
		}
	}
	if !c.Reaches(out[0]) {
		return nil, fmt.Errorf("memnet: peer %q is out of reach", address)
	}
	return out, nil
}

// Close implements spi.Conn. What waits unread is gone. When the last
// participant of a network closes, so is what is under way.
func (c *conn) Close() error {
	n := c.host.net
	n.mu.Lock()
	defer n.mu.Unlock()
	if c.done {
		return nil
	}
	c.done = true
	close(c.closed)
	delete(c.host.ids, [2]int{c.domain, c.id})
	for _, s := range c.sockets {
		s.gone, s.queue = true, nil
		left := slices.DeleteFunc(slices.Clone(n.sockets[s.at]), func(o *socket) bool { return o == s })
		if n.sockets[s.at] = left; len(left) == 0 {
			delete(n.sockets, s.at)
		}
		for _, l := range n.links {
			delete(l.last, s)
		}
	}
	if n.conns--; n.conns == 0 {
		n.flight = nil
		if n.timer != nil {
			n.timer.Stop()
		}
	}
	return nil
}

// A socket is one address of a conn, and its queue.
type socket struct {
	conn  *conn
	at    rtps.Locator
	ready chan struct{} // one slot: there may be something in queue

	// Guarded by Network.mu.
	queue []queued
	gone  bool
}

var _ spi.PacketReceiver = (*socket)(nil)

type queued struct {
	from rtps.Locator
	data []byte
}

// ReadBatch implements spi.PacketReceiver. It is for one goroutine. A datagram
// larger than its buffer is given the size 0.
func (s *socket) ReadBatch(bufs [][]byte, sizes, segs []int, from []rtps.Locator) (int, error) {
	most := min(len(bufs), len(sizes), len(segs), len(from))
	if most == 0 {
		return 0, nil
	}
	for {
		select {
		case <-s.conn.closed:
			return 0, net.ErrClosed
		default:
		}
		if n := s.take(bufs[:most], sizes, segs, from); n > 0 {
			return n, nil
		}
		select {
		case <-s.ready:
		case <-s.conn.closed:
		}
	}
}

func (s *socket) take(bufs [][]byte, sizes, segs []int, from []rtps.Locator) int {
	mu := &s.conn.host.net.mu
	mu.Lock()
	defer mu.Unlock()
	n := min(len(bufs), len(s.queue))
	for i, q := range s.queue[:n] {
		sizes[i], from[i] = copy(bufs[i], q.data), q.from
		if len(q.data) > len(bufs[i]) {
			sizes[i] = 0
		}
		segs[i] = max(sizes[i], 1)
	}
	s.queue = slices.Delete(s.queue, 0, n)
	return n
}
