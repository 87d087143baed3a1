package udp

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"time"

	"github.com/secdds/dds/rtps"
)

const (
	resolveTimeout = 5 * time.Second
	maxPeerAddrs   = 16 // addresses used of one host name
)

// Peer returns the locators of an initial peer: "host", "host:port", or a
// literal address (an IPv6 one with a port in brackets). Without a port, a
// unicast address stands for the metatraffic ports of the participants 0 to 9
// of the domain, and a multicast address for the domain's metatraffic multicast
// port. A host name is looked up, which takes up to 5 seconds. Addresses that
// this transport does not reach are left out; it is an error if none is left.
func (c *conn) Peer(address string) ([]rtps.Locator, error) {
	host, port, err := splitPeer(address)
	if err != nil {
		return nil, err
	}
	addrs := []netip.Addr{}
	if a, err := netip.ParseAddr(host); err == nil {
		addrs = append(addrs, a.Unmap())
	} else {
		ctx, cancel := context.WithTimeout(context.Background(), resolveTimeout)
		defer cancel()
		found, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		if err != nil {
			return nil, fmt.Errorf("udp: look up peer %q: %w", address, err)
		}
		for _, a := range found[:min(len(found), maxPeerAddrs)] {
			addrs = append(addrs, a.Unmap())
		}
	}
	var out []rtps.Locator
	for _, a := range addrs {
		for _, p := range c.peerPorts(a, port) {
			if l := rtps.UDPLocator(netip.AddrPortFrom(a, p)); c.Reaches(l) {
				out = append(out, l)
			}
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("udp: peer %q has no address that the interfaces in use reach", address)
	}
	return out, nil
}

// peerPorts returns the ports to try at a. DDSI-RTPS 2.5, 9.6.2.4.
func (c *conn) peerPorts(a netip.Addr, given uint16) []uint16 {
	if given != 0 {
		return []uint16{given}
	}
	var out []uint16
	for id := range firstPeers {
		p, err := portsOf(c.domain, id)
		if err != nil {
			break // domain 232 has ports for some of them only
		}
		if a.IsMulticast() {
			return []uint16{p.metaMulti}
		}
		out = append(out, p.metaUni)
	}
	return out
}

// splitPeer splits address; port 0 means that there is none.
func splitPeer(address string) (host string, port uint16, err error) {
	if _, err := netip.ParseAddr(address); err == nil {
		return address, 0, nil
	}
	if n := len(address); n > 2 && address[0] == '[' && address[n-1] == ']' {
		return address[1 : n-1], 0, nil
	}
	h, p, err := net.SplitHostPort(address)
	if err != nil {
		h, p = address, ""
	} else {
		n, err := strconv.ParseUint(p, 10, 16)
		if err != nil || n == 0 {
			return "", 0, fmt.Errorf("udp: peer %q: bad port", address)
		}
		port = uint16(n)
	}
	if h == "" {
		return "", 0, fmt.Errorf("udp: peer %q: no host", address)
	}
	return h, port, nil
}
