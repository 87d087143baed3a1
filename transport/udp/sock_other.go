//go:build !linux

package udp

import (
	"net"
	"net/netip"
	"strings"
	"syscall"
)

// listenMulticast opens a socket that shares its port with the other
// participants of this host, and joins groups on ifs. It is bound to the
// wildcard address, as net.ListenMulticastUDP does it everywhere.
func listenMulticast(v6 bool, groups []netip.Addr, port uint16, ifs []iface) (*net.UDPConn, error) {
	network := "udp4"
	if v6 {
		network = "udp6"
	}
	addr := net.UDPAddrFromAddrPort(netip.AddrPortFrom(groups[0], port))
	c, err := net.ListenMulticastUDP(network, &ifs[0].Interface, addr) // joins the first
	if err != nil {
		return nil, err
	}
	if err := join(c, v6, groups[:1], ifs[1:]); err == nil && len(groups) > 1 {
		err = join(c, v6, groups[1:], ifs)
	}
	if err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// setBuffers asks for kernel buffers; what was granted is not known here.
func setBuffers(c *net.UDPConn, receive, send int) (gotReceive, gotSend int) {
	_ = c.SetReadBuffer(receive)
	_ = c.SetWriteBuffer(send)
	return receive, send
}

// WSAEADDRINUSE is not syscall.EADDRINUSE on Windows, hence the text.
func addrInUse(err error) bool {
	return isErrno(err, syscall.EADDRINUSE) || err != nil && strings.Contains(err.Error(), "Only one usage of each socket address")
}
