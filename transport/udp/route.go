package udp

import (
	"maps"
	"net/netip"
	"slices"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

// maxRoutes is how many routes a conn remembers. Locators come from what peers
// announce, so there must be an end to them: past it all are forgotten.
const maxRoutes = 1024

// A route is how datagrams to one locator leave. It does not change.
type route struct {
	senders []*sender // one of a unicast, several of a multicast address; none: out of reach
	used    uint64    // the bits of senders
	name    name
}

// route returns the one to l. Interfaces and sockets stay as Listen found them,
// so it is worked out once.
func (c *conn) route(l rtps.Locator) *route {
	if m := c.routes.Load(); m != nil {
		if r := (*m)[l]; r != nil {
			return r
		}
	}
	r := &route{name: nameOf(l)}
	if c.Reaches(l) {
		addr := l.AddrPort().Addr()
		one := c.unicastSender(addr)
		for i, s := range c.senders {
			if addr.IsMulticast() && s.multicast && s.v6 == addr.Is6() || !addr.IsMulticast() && s == one {
				r.senders = append(r.senders, s)
				r.used |= senderBit(i)
			}
		}
	}
	c.routesMu.Lock()
	defer c.routesMu.Unlock()
	next := make(map[rtps.Locator]*route)
	if m := c.routes.Load(); m != nil && len(*m) < maxRoutes {
		maps.Copy(next, *m)
	}
	next[l] = r
	c.routes.Store(&next)
	return r
}

// senderBit is the bit of the sender i in route.used; those past the 63rd share one.
func senderBit(i int) uint64 { return 1 << min(i, 63) }

// A router finds the routes of a batch. Most go where the one before went.
type router struct {
	c    *conn
	to   rtps.Locator
	last *route
}

func (r *router) find(l *rtps.Locator) *route {
	if r.last == nil || *l != r.to {
		r.to, r.last = *l, r.c.route(*l)
	}
	return r.last
}

// WriteBatch sends what it can and returns the first error. After Close that is
// net.ErrClosed. It may be called by many goroutines at once.
func (c *conn) WriteBatch(batch []spi.Datagram) error {
	var first error
	var used uint64
	to := router{c: c}
	for i := range batch {
		d := &batch[i]
		r := to.find(&d.To)
		if d.Len() > maxMessage || r.used == 0 {
			first = errUnreachable
		} else {
			used |= r.used
		}
	}
	for i, s := range c.senders {
		if used&senderBit(i) == 0 {
			continue
		}
		if err := s.write(c, batch); first == nil {
			first = err
		}
	}
	return first
}

// takes reports whether s sends d, which goes by r. Only one of several senders
// of a unicast address does; each of a family's multicast senders does.
func (s *sender) takes(d *spi.Datagram, r *route) bool {
	return d.Len() <= maxMessage && slices.Contains(r.senders, s)
}

// unicastSender returns the socket that unicast to addr leaves from: see the
// package documentation.
func (c *conn) unicastSender(addr netip.Addr) *sender {
	var best *sender
	for _, s := range c.senders {
		if !s.unicast || s.v6 != addr.Is6() {
			continue
		}
		if !s.prefix.IsValid() || s.prefix.Contains(addr) {
			return s
		}
		if best == nil || best.prefix.Addr().IsLoopback() && !s.prefix.Addr().IsLoopback() {
			best = s
		}
	}
	return best
}
