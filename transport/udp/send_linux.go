package udp

import (
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/secdds/dds/spi"
)

const (
	maxVectors  = 8  // vectors that a sender keeps for later calls
	maxSegments = 64 // datagrams of one message; UDP_MAX_SEGMENTS of older kernels
)

// A sender is one socket that is written.
type sender struct {
	// Immutable.
	raw       syscall.RawConn
	v6        bool
	unicast   bool         // sends to unicast addresses
	multicast bool         // sends to multicast addresses
	prefix    netip.Prefix // the network it is on; invalid: wildcard

	// trains is set while trains of datagrams go as one message by UDP_SEGMENT.
	// It is cleared for good when the kernel or the way out refuses one.
	trains atomic.Bool

	mu   sync.Mutex
	free []*sendVector // guarded by mu
}

func newSender(c *net.UDPConn, v6 bool) (*sender, error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return nil, err
	}
	s := &sender{raw: raw, v6: v6}
	_ = raw.Control(func(fd uintptr) {
		// An older kernel overlooks the control message, and would send a train
		// as one datagram.
		_, err := unix.GetsockoptInt(int(fd), unix.IPPROTO_UDP, unix.UDP_SEGMENT)
		s.trains.Store(err == nil)
	})
	return s, nil
}

// A sendVector is the arguments of one sendmmsg. Each of its messages is a train
// of datagrams, which may be a single one.
type sendVector struct {
	call
	iovs   [maxPieces]unix.Iovec
	pieces int // iovs in use
	trains [batchSize]train
	next   int // first element not yet sent

	// Made once, as making them allocates.
	try   func(fd uintptr)
	write func(fd uintptr) bool
	ready bool // what write returned
}

// A train is datagrams of one size to one address. The last may be shorter.
type train struct {
	batch []spi.Datagram
	to    *name
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
	v.write = func(fd uintptr) bool {
		v.ready = v.run(unix.SYS_SENDMMSG, fd, v.next)
		return v.ready
	}
	v.try = func(fd uintptr) { v.write(fd) }
	return v
}

func (s *sender) put(v *sendVector) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.free) < maxVectors {
		s.free = append(s.free, v)
	}
}

// write sends those of batch that are for s.
func (s *sender) write(c *conn, batch []spi.Datagram) error {
	v := s.get()
	defer s.put(v)
	var first error
	to := router{c: c}
	for len(batch) > 0 {
		r := to.find(&batch[0].To)
		if !s.takes(&batch[0], r) {
			batch = batch[1:]
			continue
		}
		n := 1
		if s.trains.Load() {
			n = trainLen(batch, c.whole)
		}
		if v.count == batchSize || v.pieces+2*n > maxPieces {
			if err := s.flush(v); first == nil {
				first = err
			}
		}
		v.add(train{batch[:n], &r.name})
		batch = batch[n:]
	}
	if err := s.flush(v); first == nil {
		first = err
	}
	return first
}

// trainLen returns how many datagrams at the start of batch can go as one message:
// all to the same address, none above whole, and of the same size but for the
// last, which may be shorter.
func trainLen(batch []spi.Datagram, whole int) int {
	size := batch[0].Len()
	if size == 0 || size > whole {
		return 1
	}
	total, n := size, 1
	for n < min(len(batch), maxSegments) {
		next := batch[n].Len()
		if total += next; next == 0 || next > size || total > maxMessage || batch[n].To != batch[0].To {
			break
		}
		n++
		if next < size {
			break
		}
	}
	return n
}

// add makes t the next message.
func (v *sendVector) add(t train) {
	h := &v.hdrs[v.count]
	*h = mmsghdr{}
	h.Name = (*byte)(unsafe.Pointer(t.to))
	h.Namelen = t.to.size
	h.Iov = &v.iovs[v.pieces]
	start := v.pieces
	for i := range t.batch {
		v.piece(t.batch[i].Data)
		if tail := t.batch[i].Tail; len(tail) > 0 {
			v.piece(tail)
		}
	}
	h.SetIovlen(v.pieces - start)
	if len(t.batch) > 1 {
		c := &v.ctls[v.count]
		c.Level, c.Type = unix.IPPROTO_UDP, unix.UDP_SEGMENT
		c.SetLen(unix.SizeofCmsghdr + 2)
		binary.NativeEndian.PutUint16(c.size[:], uint16(t.batch[0].Len()))
		h.Control = (*byte)(unsafe.Pointer(c))
		h.SetControllen(int(unsafe.Sizeof(*c)))
	}
	v.trains[v.count] = t
	v.count++
}

func (v *sendVector) piece(b []byte) {
	iov := &v.iovs[v.pieces]
	iov.Base = unsafe.SliceData(b)
	iov.SetLen(len(b))
	v.pieces++
}

// release forgets the caller's buffers.
func (v *sendVector) release() {
	clear(v.iovs[:v.pieces])
	clear(v.trains[:v.count])
	v.count, v.pieces = 0, 0
}

// flush sends what is in v. A datagram that cannot be sent is dropped.
func (s *sender) flush(v *sendVector) error {
	defer v.release()
	var first error
	for v.next = 0; v.next < v.count; {
		if err := s.call(v); err != nil {
			return err
		}
		if v.err == 0 && v.n > 0 {
			v.next += v.n
			continue
		}
		err := error(v.err)
		if t := v.trains[v.next]; len(t.batch) > 1 && refusesTrains(v.err) {
			s.trains.Store(false)
			err = s.single(t)
		}
		if first == nil {
			first = err
		}
		v.next++
	}
	return first
}

// refusesTrains reports whether e says that trains cannot go this way: the
// kernel, the route (a smaller path MTU, an IPsec transform) or the driver (no
// checksums) does not do it.
func refusesTrains(e syscall.Errno) bool {
	switch e {
	case unix.EINVAL, unix.EIO, unix.EMSGSIZE, unix.ENOPROTOOPT, unix.EOPNOTSUPP:
		return true
	}
	return false
}

// single sends the datagrams of t one by one.
func (s *sender) single(t train) error {
	v := s.get()
	defer s.put(v)
	for i := range t.batch {
		v.add(train{t.batch[i : i+1], t.to})
	}
	return s.flush(v)
}

// call makes the call. Only where the socket's buffer is full it takes the lock
// that writers of a socket share in the runtime, as waiting needs it.
func (s *sender) call(v *sendVector) error {
	err := s.raw.Control(v.try)
	if err == nil && !v.ready {
		err = s.raw.Write(v.write)
	}
	if errors.Is(err, net.ErrClosed) {
		return net.ErrClosed
	}
	return err
}
