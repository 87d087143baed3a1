package udp

import (
	"errors"
	"net"
	"net/netip"
	"slices"
	"sync"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

// A conn is the sockets of one participant.
//
// It is immutable after Listen, so its methods need no lock.
type conn struct {
	id        int
	domain    uint32
	max       int
	whole     int // what every interface in use carries in one piece
	multicast bool

	own       []netip.Addr // every address of this host
	socks     []*net.UDPConn
	receivers []spi.PacketReceiver
	senders   []*sender

	metaUni, userUni, metaMulti, userMulti, spdp []rtps.Locator

	close    sync.Once
	closeErr error
}

var _ spi.Conn = (*conn)(nil)

func (c *conn) ParticipantID() int                   { return c.id }
func (c *conn) Receivers() []spi.PacketReceiver      { return slices.Clone(c.receivers) }
func (c *conn) MetatrafficUnicast() []rtps.Locator   { return slices.Clone(c.metaUni) }
func (c *conn) MetatrafficMulticast() []rtps.Locator { return slices.Clone(c.metaMulti) }
func (c *conn) DefaultUnicast() []rtps.Locator       { return slices.Clone(c.userUni) }
func (c *conn) DefaultMulticast() []rtps.Locator     { return slices.Clone(c.userMulti) }
func (c *conn) SPDPMulticast() []rtps.Locator        { return slices.Clone(c.spdp) }
func (c *conn) MaxMessage() int                      { return c.max }
func (c *conn) Unfragmented() int                    { return c.whole }

// Close closes every socket; each ReadBatch returns net.ErrClosed.
func (c *conn) Close() error {
	c.close.Do(func() {
		var errs []error
		for _, s := range c.socks {
			errs = append(errs, s.Close())
		}
		c.closeErr = errors.Join(errs...)
	})
	return c.closeErr
}

// Reaches reports whether l is a UDP address of a family in use. Where loopback
// is the only interface in use, addresses of other hosts are out of reach.
func (c *conn) Reaches(l rtps.Locator) bool {
	ap := l.AddrPort()
	if !ap.IsValid() || ap.Addr().IsUnspecified() {
		return false
	}
	if ap.Addr().IsMulticast() {
		return c.multicast && slices.ContainsFunc(c.senders, func(s *sender) bool {
			return s.multicast && s.v6 == ap.Addr().Is6()
		})
	}
	s := c.unicastSender(ap.Addr())
	if s == nil {
		return false
	}
	return !s.prefix.IsValid() || !s.prefix.Addr().IsLoopback() ||
		ap.Addr().IsLoopback() || slices.Contains(c.own, ap.Addr())
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

// WriteBatch sends what it can and returns the first error. After Close that is
// net.ErrClosed. It may be called by many goroutines at once.
func (c *conn) WriteBatch(batch []spi.Datagram) error {
	var first error
	for i := range batch {
		if d := &batch[i]; d.Len() > maxMessage || !c.Reaches(d.To) {
			first = errUnreachable
		}
	}
	for _, s := range c.senders {
		if err := s.write(c, batch); first == nil {
			first = err
		}
	}
	return first
}

// errUnreachable is one value, as it is returned on the data path.
var errUnreachable = errors.New("udp: a locator that no socket reaches, or a message above 65507 octets")

// takes reports whether s sends d. Only one of several senders of a unicast
// address does; each of a family's multicast senders does.
func (c *conn) takes(s *sender, d *spi.Datagram) bool {
	ap := d.To.AddrPort()
	if ap.Addr().Is6() != s.v6 || d.Len() > maxMessage || !c.Reaches(d.To) {
		return false
	}
	if ap.Addr().IsMulticast() {
		return s.multicast
	}
	return c.unicastSender(ap.Addr()) == s
}
