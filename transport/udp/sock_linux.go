package udp

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// listenMulticast opens a socket that shares its port with the other
// participants of this host, and joins groups on ifs.
//
// The IPv4 socket is bound to the group, so that no unicast comes in by its
// port. The IPv6 one is not: Linux wants a zone for ff02::/16, hence one socket
// for each interface.
func listenMulticast(v6 bool, groups []netip.Addr, port uint16, ifs []iface) (*net.UDPConn, error) {
	domain, sa := unix.AF_INET, unix.Sockaddr(&unix.SockaddrInet4{Port: int(port), Addr: groupV4.As4()})
	if v6 {
		domain, sa = unix.AF_INET6, &unix.SockaddrInet6{Port: int(port)}
	}
	fd, err := unix.Socket(domain, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	f := os.NewFile(uintptr(fd), "udp multicast")
	defer f.Close() // FilePacketConn duplicates it
	set := func(level, opt, v int) {
		if err == nil {
			err = os.NewSyscallError("setsockopt", unix.SetsockoptInt(fd, level, opt, v))
		}
	}
	// Either would do among our own; a peer may have set only the other one.
	set(unix.SOL_SOCKET, unix.SO_REUSEADDR, 1)
	set(unix.SOL_SOCKET, unix.SO_REUSEPORT, 1)
	// Without this Linux delivers what any program of the host has joined, on
	// interfaces that were not chosen here too.
	if v6 {
		set(unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 1)
		set(unix.IPPROTO_IPV6, unix.IPV6_MULTICAST_ALL, 0)
	} else {
		set(unix.IPPROTO_IP, unix.IP_MULTICAST_ALL, 0)
	}
	if err != nil {
		return nil, err
	}
	if err := unix.Bind(fd, sa); err != nil {
		return nil, os.NewSyscallError("bind", err)
	}
	pc, err := net.FilePacketConn(f)
	if err != nil {
		return nil, err
	}
	c, ok := pc.(*net.UDPConn)
	if !ok {
		pc.Close()
		return nil, fmt.Errorf("udp: a multicast socket is a %T", pc)
	}
	if err := join(c, v6, groups, ifs); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// setBuffers asks for kernel buffers and returns what was granted. The kernel
// doubles what it is asked for, for its own bookkeeping, and reports the double.
func setBuffers(c *net.UDPConn, receive, send int) (gotReceive, gotSend int) {
	raw, err := c.SyscallConn()
	if err != nil {
		return 0, 0
	}
	set := func(fd, opt, force, v int) int {
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, opt, v)
		got, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, opt)
		if err == nil && got/2 < v { // root may exceed net.core.[rw]mem_max
			_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, force, v)
			got, err = unix.GetsockoptInt(fd, unix.SOL_SOCKET, opt)
		}
		if err != nil {
			return 0
		}
		return got / 2
	}
	_ = raw.Control(func(fd uintptr) {
		gotReceive = set(int(fd), unix.SO_RCVBUF, unix.SO_RCVBUFFORCE, receive)
		gotSend = set(int(fd), unix.SO_SNDBUF, unix.SO_SNDBUFFORCE, send)
	})
	return gotReceive, gotSend
}

func addrInUse(err error) bool { return isErrno(err, syscall.EADDRINUSE) }
