//go:build !linux

package udp

import (
	"errors"
	"net"
	"net/netip"
	"slices"
	"syscall"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

// A receiver is one socket that is read, one datagram at a time.
type receiver struct{ c *net.UDPConn }

var _ spi.PacketReceiver = (*receiver)(nil)

func newReceiver(c *net.UDPConn) (*receiver, error) { return &receiver{c: c}, nil }

// ReadBatch implements spi.PacketReceiver.
func (r *receiver) ReadBatch(bufs [][]byte, sizes, segs []int, from []rtps.Locator) (int, error) {
	if min(len(bufs), len(sizes), len(segs), len(from)) == 0 {
		return 0, nil
	}
	for {
		n, ap, err := r.c.ReadFromUDPAddrPort(bufs[0])
		switch {
		case err == nil:
			sizes[0], segs[0], from[0] = n, max(n, 1), rtps.UDPLocator(ap)
			return 1, nil
		case errors.Is(err, net.ErrClosed):
			return 0, net.ErrClosed
		case isErrno(err, syscall.ECONNREFUSED), isErrno(err, syscall.ECONNRESET),
			isErrno(err, syscall.EHOSTUNREACH), isErrno(err, syscall.ENETUNREACH),
			isErrno(err, syscall.ENOBUFS), isErrno(err, syscall.EMSGSIZE):
			// See batch_linux.go.
		default:
			return 0, err
		}
	}
}

// A name is an address as the socket wants it.
type name = netip.AddrPort

func nameOf(l rtps.Locator) name { return l.AddrPort() }

// A sender is one socket that is written.
type sender struct {
	c         *net.UDPConn
	v6        bool
	unicast   bool         // sends to unicast addresses
	multicast bool         // sends to multicast addresses
	prefix    netip.Prefix // the network it is on; invalid: wildcard
}

func newSender(c *net.UDPConn, v6 bool) (*sender, error) { return &sender{c: c, v6: v6}, nil }

// write sends those of batch that are for s.
func (s *sender) write(c *conn, batch []spi.Datagram) error {
	var first error
	to := router{c: c}
	for i := range batch {
		d := &batch[i]
		r := to.find(&d.To)
		if !s.takes(d, r) {
			continue
		}
		data := d.Data
		if len(d.Tail) > 0 {
			data = slices.Concat(d.Data, d.Tail)
		}
		if _, err := s.c.WriteToUDPAddrPort(data, r.name); err != nil && first == nil {
			if first = err; errors.Is(err, net.ErrClosed) {
				return net.ErrClosed
			}
		}
	}
	return first
}
