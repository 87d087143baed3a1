package udp

import (
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

// A receiver is one socket that is read. ReadBatch is for one goroutine.
type receiver struct {
	raw  syscall.RawConn
	read func(fd uintptr) bool // made once, as making it allocates

	call  call
	iovs  [batchSize]unix.Iovec
	names [batchSize]unix.RawSockaddrInet6 // also holds a RawSockaddrInet4
}

var _ spi.PacketReceiver = (*receiver)(nil)

func newReceiver(c *net.UDPConn) (*receiver, error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return nil, err
	}
	// Where the kernel does not know it, datagrams come one by one.
	_ = raw.Control(func(fd uintptr) { _ = unix.SetsockoptInt(int(fd), unix.IPPROTO_UDP, unix.UDP_GRO, 1) })
	r := &receiver{raw: raw}
	r.read = func(fd uintptr) bool { return r.call.run(unix.SYS_RECVMMSG, fd, 0) }
	return r, nil
}

// ReadBatch implements spi.PacketReceiver. A datagram larger than its buffer is
// given the size 0.
func (r *receiver) ReadBatch(bufs [][]byte, sizes, segs []int, from []rtps.Locator) (int, error) {
	c := &r.call
	c.count = min(len(bufs), len(sizes), len(segs), len(from), batchSize)
	if c.count == 0 {
		return 0, nil
	}
	for i := range c.count {
		r.put(i, bufs[i])
	}
	defer r.release()
	for {
		if err := r.raw.Read(r.read); err != nil {
			if errors.Is(err, net.ErrClosed) {
				return 0, net.ErrClosed
			}
			return 0, err
		}
		switch c.err {
		case 0:
			for i := range c.n {
				h := &c.hdrs[i]
				sizes[i], from[i] = int(h.n), r.source(i)
				if h.Flags&unix.MSG_TRUNC != 0 {
					sizes[i] = 0
				}
				if segs[i] = r.segment(i); segs[i] <= 0 {
					segs[i] = max(sizes[i], 1)
				}
			}
			return c.n, nil
		case unix.ECONNREFUSED, unix.EHOSTUNREACH, unix.ENETUNREACH, unix.ENOBUFS, unix.ENOMEM:
			// An ICMP answer to something we sent, or no memory for this
			// datagram: it says nothing about the next one.
		default:
			return 0, os.NewSyscallError("recvmmsg", c.err)
		}
	}
}

// put has the element i read into b.
func (r *receiver) put(i int, b []byte) {
	iov, h := &r.iovs[i], &r.call.hdrs[i]
	iov.Base = unsafe.SliceData(b)
	iov.SetLen(len(b))
	*h = mmsghdr{}
	h.Iov = iov
	h.SetIovlen(1)
	h.Name = (*byte)(unsafe.Pointer(&r.names[i]))
	h.Namelen = unix.SizeofSockaddrInet6
	h.Control = (*byte)(unsafe.Pointer(&r.call.ctls[i]))
	h.SetControllen(int(unsafe.Sizeof(control{})))
}

// release forgets the caller's buffers.
func (r *receiver) release() {
	for i := range r.call.count {
		r.iovs[i].Base = nil
	}
}

// segment returns how large each datagram in element i is, or 0 where it is one.
func (r *receiver) segment(i int) int {
	c := &r.call.ctls[i]
	if r.call.hdrs[i].Controllen < unix.SizeofCmsghdr+4 || c.Level != unix.IPPROTO_UDP || c.Type != unix.UDP_GRO {
		return 0
	}
	return int(int32(binary.NativeEndian.Uint32(c.size[:4])))
}

// source returns the address element i came from.
func (r *receiver) source(i int) rtps.Locator {
	switch sa := &r.names[i]; sa.Family {
	case unix.AF_INET:
		sa4 := (*unix.RawSockaddrInet4)(unsafe.Pointer(sa))
		return rtps.UDPLocator(netip.AddrPortFrom(netip.AddrFrom4(sa4.Addr), port(&sa4.Port)))
	case unix.AF_INET6:
		return rtps.UDPLocator(netip.AddrPortFrom(netip.AddrFrom16(sa.Addr), port(&sa.Port)))
	}
	return rtps.Locator{Kind: rtps.LocatorInvalid}
}

// port reads a port as the kernel keeps it, in network order.
func port(p *uint16) uint16 { return binary.BigEndian.Uint16((*[2]byte)(unsafe.Pointer(p))[:]) }
