package udp

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"syscall"

	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

// Listen opens the sockets of a participant. With the id -1 it takes the first
// one whose unicast ports are free on every address in use. DDSI-RTPS 2.5, 9.6.2.3.
func (t *Transport) Listen(cfg spi.ListenConfig) (spi.Conn, error) {
	host, err := hostInterfaces(t.cfg.Family)
	if err != nil {
		return nil, err
	}
	ifs, err := chooseInterfaces(host, t.cfg.Interfaces)
	if err != nil {
		return nil, err
	}
	if cfg.ParticipantID >= 0 {
		return t.open(cfg, host, ifs, cfg.ParticipantID)
	}
	for id := 0; id <= maxParticipantID; id++ {
		c, err := t.open(cfg, host, ifs, id)
		if err == nil {
			return c, nil
		}
		if !addrInUse(err) {
			return nil, err
		}
	}
	return nil, fmt.Errorf("udp: domain %d: the ports of all %d participant ids are taken", cfg.Domain, maxParticipantID+1)
}

// open makes a Conn of one participant id. On failure nothing stays open.
func (t *Transport) open(cfg spi.ListenConfig, host, ifs []iface, id int) (_ spi.Conn, err error) {
	p, err := portsOf(cfg.Domain, id)
	if err != nil {
		return nil, err
	}
	c := &conn{id: id, domain: cfg.Domain, max: t.cfg.MaxMessage, whole: unfragmented(ifs), multicast: !cfg.NoMulticast}
	c.wholeLocal = unfragmented(slices.DeleteFunc(slices.Clone(host), func(i iface) bool { return i.Flags&net.FlagLoopback == 0 }))
	for i := range host {
		for _, v6 := range []bool{false, true} {
			for _, a := range host[i].prefixes(v6) {
				c.own = append(c.own, a.Addr())
			}
		}
	}
	o := opener{conn: c, cfg: t.cfg, wildcard: len(t.cfg.Interfaces) == 0, log: cfg.Logger}
	defer func() {
		if err != nil {
			c.Close()
		}
	}()
	for _, v6 := range []bool{false, true} {
		var with []iface
		for _, i := range ifs {
			if len(i.prefixes(v6)) > 0 {
				with = append(with, i)
			}
		}
		if len(with) == 0 {
			continue
		}
		if err := o.unicast(v6, with, p); err != nil {
			return nil, err
		}
		if c.multicast {
			if err := o.multicast(v6, with, p); err != nil {
				return nil, err
			}
		}
	}
	if len(c.receivers) == 0 {
		return nil, errors.New("udp: the chosen interfaces have no address of the chosen family")
	}
	return c, nil
}

// An opener fills a conn.
type opener struct {
	conn     *conn
	cfg      Config
	wildcard bool
	warned   bool
	log      *slog.Logger
}

// unicast opens the metatraffic and the user sockets of one family.
func (o *opener) unicast(v6 bool, ifs []iface, p ports) error {
	c := o.conn
	if o.wildcard {
		meta, err := o.bind(v6, netip.Addr{}, p.metaUni)
		if err != nil {
			return err
		}
		if _, err := o.bind(v6, netip.Addr{}, p.userUni); err != nil {
			return err
		}
		s, err := newSender(meta, v6)
		if err != nil {
			return err
		}
		s.unicast = true
		c.senders = append(c.senders, s)
	}
	for _, i := range ifs {
		for n, prefix := range i.prefixes(v6) {
			addr := prefix.Addr()
			c.metaUni = append(c.metaUni, rtps.UDPLocator(netip.AddrPortFrom(addr, p.metaUni)))
			c.userUni = append(c.userUni, rtps.UDPLocator(netip.AddrPortFrom(addr, p.userUni)))
			var out *net.UDPConn
			var err error
			switch {
			case !o.wildcard:
				if out, err = o.bind(v6, addr, p.metaUni); err == nil {
					_, err = o.bind(v6, addr, p.userUni)
				}
			case n == 0 && c.multicast:
				// One socket for each way out, as the interface is a property of the socket.
				out, err = o.socket(v6, addr, 0)
			default:
				continue
			}
			if err != nil {
				return err
			}
			s, err := newSender(out, v6)
			if err != nil {
				return err
			}
			s.unicast, s.multicast, s.prefix = !o.wildcard, n == 0 && c.multicast, prefix.Masked()
			c.senders = append(c.senders, s)
			if s.multicast {
				if err := o.multicastOut(out, v6, i); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// multicast opens the two multicast sockets of one family.
func (o *opener) multicast(v6 bool, ifs []iface, p ports) error {
	c := o.conn
	groups := []netip.Addr{groupV4}
	if v6 {
		groups = []netip.Addr{groupV6Cyclone, groupV6Fast}
	}
	for _, port := range []uint16{p.metaMulti, p.userMulti} {
		mc, err := listenMulticast(v6, groups, port, ifs)
		if err != nil {
			return fmt.Errorf("udp: receive multicast at port %d: %w", port, err)
		}
		if err := o.receive(mc); err != nil {
			return err
		}
	}
	for _, g := range groups {
		c.spdp = append(c.spdp, rtps.UDPLocator(netip.AddrPortFrom(g, p.metaMulti)))
	}
	c.metaMulti = append(c.metaMulti, rtps.UDPLocator(netip.AddrPortFrom(groups[0], p.metaMulti)))
	c.userMulti = append(c.userMulti, rtps.UDPLocator(netip.AddrPortFrom(groups[0], p.userMulti)))
	return nil
}

// socket opens a socket and registers it to be closed.
func (o *opener) socket(v6 bool, addr netip.Addr, port uint16) (*net.UDPConn, error) {
	network := "udp4"
	if v6 {
		network = "udp6"
	}
	uc, err := net.ListenUDP(network, net.UDPAddrFromAddrPort(netip.AddrPortFrom(addr, port)))
	if err != nil {
		return nil, fmt.Errorf("udp: take port %d: %w", port, err)
	}
	o.register(uc)
	return uc, nil
}

// bind opens a socket that is read.
func (o *opener) bind(v6 bool, addr netip.Addr, port uint16) (*net.UDPConn, error) {
	uc, err := o.socket(v6, addr, port)
	if err != nil {
		return nil, err
	}
	return uc, o.addReceiver(uc)
}

// receive registers a socket made elsewhere, to be read.
func (o *opener) receive(uc *net.UDPConn) error {
	o.register(uc)
	return o.addReceiver(uc)
}

func (o *opener) addReceiver(uc *net.UDPConn) error {
	r, err := newReceiver(uc)
	if err != nil {
		return err
	}
	o.conn.receivers = append(o.conn.receivers, r)
	return nil
}

func (o *opener) register(uc *net.UDPConn) {
	o.conn.socks = append(o.conn.socks, uc)
	r, s := setBuffers(uc, o.cfg.ReceiveBuffer, o.cfg.SendBuffer)
	if (r < o.cfg.ReceiveBuffer || s < o.cfg.SendBuffer) && !o.warned {
		o.warned = true
		o.log.Warn("the kernel granted smaller UDP buffers than asked for; raise net.core.rmem_max and net.core.wmem_max",
			"receive", r, "receive_wanted", o.cfg.ReceiveBuffer, "send", s, "send_wanted", o.cfg.SendBuffer)
	}
}

// multicastOut makes multicast leave uc through i, this host's own participants
// included.
func (o *opener) multicastOut(uc *net.UDPConn, v6 bool, i iface) error {
	var err error
	if v6 {
		pc := ipv6.NewPacketConn(uc)
		err = errors.Join(pc.SetMulticastInterface(&i.Interface), pc.SetMulticastHopLimit(o.cfg.MulticastTTL), pc.SetMulticastLoopback(true))
	} else {
		pc := ipv4.NewPacketConn(uc)
		err = errors.Join(pc.SetMulticastInterface(&i.Interface), pc.SetMulticastTTL(o.cfg.MulticastTTL), pc.SetMulticastLoopback(true))
	}
	if err != nil {
		return fmt.Errorf("udp: send multicast through %s: %w", i.Name, err)
	}
	return nil
}

// join joins groups on every interface of ifs.
func join(c *net.UDPConn, v6 bool, groups []netip.Addr, ifs []iface) error {
	for i := range ifs {
		for _, g := range groups {
			addr := &net.UDPAddr{IP: g.AsSlice()}
			var err error
			if v6 {
				err = ipv6.NewPacketConn(c).JoinGroup(&ifs[i].Interface, addr)
			} else {
				err = ipv4.NewPacketConn(c).JoinGroup(&ifs[i].Interface, addr)
			}
			if err != nil {
				return fmt.Errorf("join %v on %s: %w", g, ifs[i].Name, err)
			}
		}
	}
	return nil
}

func isErrno(err error, want syscall.Errno) bool { return errors.Is(err, want) }
