package udp

import (
	"encoding/binary"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/secdds/dds/rtps"
)

const (
	batchSize = 64  // messages that one system call carries at most
	maxPieces = 256 // pieces of memory that these are gathered from, at most
)

// An mmsghdr is the element of recvmmsg(2) and sendmmsg(2). golang.org/x/net
// has them too, but allocates an address for each datagram.
type mmsghdr struct {
	unix.Msghdr
	n uint32 // octets sent or received
}

// A control is what stands beside a message that is several datagrams: the size
// of each, for UDP_SEGMENT in two octets, by UDP_GRO in four.
type control struct {
	unix.Cmsghdr
	size [8]byte
}

// A call is one recvmmsg or sendmmsg: its arguments and its results, as a
// callback of syscall.RawConn cannot return any.
type call struct {
	hdrs  [batchSize]mmsghdr
	ctls  [batchSize]control
	count int // elements in use

	n   int
	err syscall.Errno
}

// run makes the call for the elements from first on. It reports false where the
// socket is not ready, which makes RawConn wait.
func (c *call) run(trap, fd uintptr, first int) bool {
	for {
		n, _, e := unix.Syscall6(trap, fd, uintptr(unsafe.Pointer(&c.hdrs[first])), uintptr(c.count-first), unix.MSG_DONTWAIT, 0, 0)
		switch e {
		case unix.EINTR:
			continue
		case unix.EAGAIN:
			return false
		case 0:
			c.n, c.err = int(n), 0
		default:
			c.n, c.err = 0, e
		}
		return true
	}
}

// A name is an address as the kernel wants it.
type name struct {
	unix.RawSockaddrInet6 // also holds a RawSockaddrInet4
	size                  uint32
}

// nameOf returns the name of l, which may be of no use if l is not UDP.
func nameOf(l rtps.Locator) name {
	var n name
	if l.Kind == rtps.LocatorUDPv4 {
		sa := (*unix.RawSockaddrInet4)(unsafe.Pointer(&n))
		*sa = unix.RawSockaddrInet4{Family: unix.AF_INET, Addr: [4]byte(l.Address[12:])}
		n.size = unix.SizeofSockaddrInet4
	} else {
		n.RawSockaddrInet6 = unix.RawSockaddrInet6{Family: unix.AF_INET6, Addr: l.Address}
		n.size = unix.SizeofSockaddrInet6
	}
	// The port is at the same place in both.
	binary.BigEndian.PutUint16((*[2]byte)(unsafe.Pointer(&n.Port))[:], uint16(l.Port))
	return n
}
