package udp

import (
	"errors"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

// A conn is the sockets of one participant.
//
// It is immutable after Listen but for the routes it remembers, so its methods
// need no lock.
type conn struct {
	id                int
	domain            uint32
	max               int
	whole, wholeLocal int // see Unfragmented
	multicast         bool

	own       []netip.Addr // every address of this host
	socks     []*net.UDPConn
	receivers []spi.PacketReceiver
	senders   []*sender

	metaUni, userUni, metaMulti, userMulti, spdp []rtps.Locator

	routes   atomic.Pointer[map[rtps.Locator]*route] // copied to be changed
	routesMu sync.Mutex                              // held while one is added

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

// Unfragmented implements spi.Conn. What goes to an address of this host goes
// by way of loopback, whatever interface the address is of.
func (c *conn) Unfragmented(to rtps.Locator) int {
	ap := to.AddrPort()
	if ap.IsValid() && (ap.Addr().IsLoopback() || slices.Contains(c.own, ap.Addr())) {
		return c.wholeLocal
	}
	return c.whole
}

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

// errUnreachable is one value, as it is returned on the data path.
var errUnreachable = errors.New("udp: a locator that no socket reaches, or a message above 65507 octets")
