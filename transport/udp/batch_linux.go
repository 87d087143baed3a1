package udp

import (
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

// batchSize is how many datagrams one system call carries at most.
const batchSize = 64

// An mmsghdr is the element of recvmmsg(2) and sendmmsg(2). golang.org/x/net
// has them too, but allocates an address for each datagram.
type mmsghdr struct {
	unix.Msghdr
	n uint32 // octets sent or received
}

// A control is the message beside a datagram that holds the size of each of
// several in one: of UDP_SEGMENT in two octets, of UDP_GRO in four.
type control struct {
	unix.Cmsghdr
	size [8]byte
}

// A vector is the arguments of one recvmmsg or sendmmsg.
type vector struct {
	hdrs  [batchSize]mmsghdr
	iovs  [batchSize][2]unix.Iovec
	names [batchSize]unix.RawSockaddrInet6 // also holds a RawSockaddrInet4
	ctls  [batchSize]control
	count int // elements in use

	// Of the call: the results, as a callback of syscall.RawConn cannot return any.
	n   int
	err syscall.Errno
	run func(fd uintptr) bool // made once, as making it allocates
}

// put makes b and tail the element i.
func (v *vector) put(i int, b, tail []byte) {
	iov := &v.iovs[i]
	iov[0].Base, iov[1].Base = unsafe.SliceData(b), unsafe.SliceData(tail)
	iov[0].SetLen(len(b))
	iov[1].SetLen(len(tail))
	h := &v.hdrs[i]
	*h = mmsghdr{}
	h.Iov = &iov[0]
	h.SetIovlen(2)
	h.Name = (*byte)(unsafe.Pointer(&v.names[i]))
	h.Namelen = unix.SizeofSockaddrInet6
}

// release forgets the caller's buffers.
func (v *vector) release() {
	for i := range v.count {
		v.iovs[i] = [2]unix.Iovec{}
	}
	v.count = 0
}

// call runs recvmmsg or sendmmsg on the elements from first on. It reports
// false where the socket is not ready, which makes RawConn wait.
func (v *vector) call(trap, fd uintptr, first int) bool {
	for {
		n, _, e := unix.Syscall6(trap, fd, uintptr(unsafe.Pointer(&v.hdrs[first])), uintptr(v.count-first), unix.MSG_DONTWAIT, 0, 0)
		switch e {
		case unix.EINTR:
			continue
		case unix.EAGAIN:
			return false
		case 0:
			v.n, v.err = int(n), 0
		default:
			v.n, v.err = 0, e
		}
		return true
	}
}

// A receiver is one socket that is read. ReadBatch is for one goroutine.
type receiver struct {
	raw syscall.RawConn
	v   vector
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
	r.v.run = func(fd uintptr) bool { return r.v.call(unix.SYS_RECVMMSG, fd, 0) }
	return r, nil
}

// ReadBatch implements spi.PacketReceiver. A datagram larger than its buffer is
// given the size 0.
func (r *receiver) ReadBatch(bufs [][]byte, sizes, segs []int, from []rtps.Locator) (int, error) {
	v := &r.v
	v.count = min(len(bufs), len(sizes), len(segs), len(from), batchSize)
	if v.count == 0 {
		return 0, nil
	}
	defer v.release()
	for i := range v.count {
		v.put(i, bufs[i], nil)
		v.hdrs[i].Control = (*byte)(unsafe.Pointer(&v.ctls[i]))
		v.hdrs[i].SetControllen(int(unsafe.Sizeof(control{})))
	}
	for {
		if err := r.raw.Read(v.run); err != nil {
			if errors.Is(err, net.ErrClosed) {
				return 0, net.ErrClosed
			}
			return 0, err
		}
		switch v.err {
		case 0:
			for i := range v.n {
				h := &v.hdrs[i]
				sizes[i], from[i] = int(h.n), v.source(i)
				if h.Flags&unix.MSG_TRUNC != 0 {
					sizes[i] = 0
				}
				if segs[i] = v.segment(i); segs[i] <= 0 {
					segs[i] = max(sizes[i], 1)
				}
			}
			return v.n, nil
		case unix.ECONNREFUSED, unix.EHOSTUNREACH, unix.ENETUNREACH, unix.ENOBUFS, unix.ENOMEM:
			// An ICMP answer to something we sent, or no memory for this
			// datagram: it says nothing about the next one.
		default:
			return 0, os.NewSyscallError("recvmmsg", v.err)
		}
	}
}

// segment returns how large each datagram in element i is, or 0 where it is one.
func (v *vector) segment(i int) int {
	c := &v.ctls[i]
	if v.hdrs[i].Controllen < unix.SizeofCmsghdr+4 || c.Level != unix.IPPROTO_UDP || c.Type != unix.UDP_GRO {
		return 0
	}
	return int(int32(binary.NativeEndian.Uint32(c.size[:4])))
}

// source returns the address element i came from.
func (v *vector) source(i int) rtps.Locator {
	switch sa := &v.names[i]; sa.Family {
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

func setPort(p *uint16, v uint16) {
	binary.BigEndian.PutUint16((*[2]byte)(unsafe.Pointer(p))[:], v)
}

// maxVectors is how many vectors a sender keeps for later calls.
const maxVectors = 8

// A sender is one socket that is written.
type sender struct {
	// Immutable.
	raw       syscall.RawConn
	v6        bool
	unicast   bool         // sends to unicast addresses
	multicast bool         // sends to multicast addresses
	prefix    netip.Prefix // the network it is on; invalid: wildcard

	mu   sync.Mutex
	free []*sendVector // guarded by mu
}

type sendVector struct {
	vector
	next int // first element not yet sent
}

func newSender(c *net.UDPConn, v6 bool) (*sender, error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return nil, err
	}
	return &sender{raw: raw, v6: v6}, nil
}

func (s *sender) get() *sendVector {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(s.free); n > 0 {
		v := s.free[n-1]
		s.free = s.free[:n-1]
		return v
	}
	v := &sendVector{}
	v.run = func(fd uintptr) bool { return v.call(unix.SYS_SENDMMSG, fd, v.next) }
	return v
}

func (s *sender) put(v *sendVector) {
	v.release()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.free) < maxVectors {
		s.free = append(s.free, v)
	}
}

// write sends those of batch that are for s.
func (s *sender) write(c *conn, batch []spi.Datagram) error {
	var v *sendVector
	var first error
	for i := range batch {
		d := &batch[i]
		if !c.takes(s, d) {
			continue
		}
		if v == nil {
			v = s.get() // no defer in a loop: it allocates
		}
		v.put(v.count, d.Data, d.Tail)
		v.to(v.count, d.To)
		if v.count++; v.count == batchSize {
			if err := s.flush(v); first == nil {
				first = err
			}
		}
	}
	if v == nil {
		return first
	}
	if err := s.flush(v); first == nil {
		first = err
	}
	s.put(v)
	return first
}

// to sets the destination of element i.
func (v *sendVector) to(i int, l rtps.Locator) {
	if l.Kind == rtps.LocatorUDPv4 {
		sa := (*unix.RawSockaddrInet4)(unsafe.Pointer(&v.names[i]))
		*sa = unix.RawSockaddrInet4{Family: unix.AF_INET, Addr: [4]byte(l.Address[12:])}
		setPort(&sa.Port, uint16(l.Port))
		v.hdrs[i].Namelen = unix.SizeofSockaddrInet4
		return
	}
	sa := &v.names[i]
	*sa = unix.RawSockaddrInet6{Family: unix.AF_INET6, Addr: l.Address}
	setPort(&sa.Port, uint16(l.Port))
}

// flush sends what is in v. A datagram that cannot be sent is dropped.
func (s *sender) flush(v *sendVector) error {
	var first error
	for v.next = 0; v.next < v.count; {
		if err := s.raw.Write(v.run); err != nil {
			v.release()
			if errors.Is(err, net.ErrClosed) {
				return net.ErrClosed
			}
			return err
		}
		if v.err == 0 && v.n > 0 {
			v.next += v.n
			continue
		}
		if first == nil {
			first = v.err
		}
		v.next++
	}
	v.release()
	return first
}
