package udp

import (
	"bytes"
	"encoding/binary"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

func setTrains(c *conn, on bool) {
	for _, s := range c.senders {
		s.trains.Store(on)
	}
}

func trains(c *conn) bool {
	return slices.ContainsFunc(c.senders, func(s *sender) bool { return s.trains.Load() })
}

func open(t *testing.T, domain uint32, interfaces ...string) *conn {
	t.Helper()
	c, err := must(New(Config{Interfaces: interfaces})).Listen(spi.ListenConfig{Domain: domain, ParticipantID: -1, Logger: logger()})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	return c.(*conn)
}

// message is the i-th of a test; its first octets tell which it is.
func message(i, size int) []byte {
	b := bytes.Repeat([]byte{byte(i)}, size)
	binary.BigEndian.PutUint32(b, uint32(i))
	return b
}

// exchange sends datagrams of those sizes in one batch, each in two pieces, and
// wants all of them to come out at r as they were. It reports in how many
// buffers they came.
func exchange(t *testing.T, c *conn, to rtps.Locator, r spi.PacketReceiver, sizes []int) int {
	t.Helper()
	var batch []spi.Datagram
	want := map[int][]byte{}
	for i, size := range sizes {
		b := message(i, size)
		cut := i * 7 % (size + 1)
		batch = append(batch, spi.Datagram{To: to, Data: b[:cut], Tail: b[cut:]})
		want[i] = b
	}
	err := make(chan error)
	go func() { err <- c.WriteBatch(batch) }()
	bufs, lens, segs, from := buffers(8)
	filled := 0
	for len(want) > 0 {
		n, err := r.ReadBatch(bufs, lens, segs, from)
		require.NoError(t, err)
		filled += n
		for k := range n {
			require.Equal(t, c.MetatrafficUnicast()[0].Address, from[k].Address)
			for msg := range slices.Chunk(bufs[k][:lens[k]], segs[k]) {
				i := int(binary.BigEndian.Uint32(msg))
				require.Contains(t, want, i, "none comes twice")
				require.True(t, bytes.Equal(want[i], msg), "message %d of %d octets", i, len(want[i]))
				delete(want, i)
			}
		}
	}
	require.NoError(t, <-err)
	return filled
}

// sizesOf lists size n times, then the further ones.
func sizesOf(n, size int, more ...int) []int {
	return append(slices.Repeat([]int{size}, n), more...)
}

var exchanges = map[string][]int{
	"one":               {1400},
	"shorter last":      sizesOf(20, 1400, 77),
	"longer last":       sizesOf(20, 700, 701),
	"more than a train": sizesOf(300, 200, 50, 60, 60, 60),
	"all different":     {100, 101, 102, 103, 102, 101, 102, 101},
	"pieces run out":    sizesOf(64, 64, sizesOf(64, 65, sizesOf(64, 66)...)...),
	"above the MTU":     sizesOf(3, 1473, sizesOf(3, 1472, sizesOf(3, 20_000)...)...),
	"largest":           {65507, 65507, 32754, 32754, 32753, 32753, 32753},
}

// guard ends what waits at c for something that does not come.
func guard(t *testing.T, c *conn) {
	timer := time.AfterFunc(20*time.Second, func() { c.Close() })
	t.Cleanup(func() { timer.Stop() })
}

func TestTrains(t *testing.T) {
	a, b := open(t, 91), open(t, 91)
	guard(t, b)
	can := trains(a) // what the kernel said
	for _, on := range []bool{can, false} {
		setTrains(a, on)
		for name, sizes := range exchanges {
			exchange(t, a, b.DefaultUnicast()[0], b.receivers[userUni], sizes)
			require.Equal(t, on, trains(a), name)
		}
		in := exchange(t, a, b.DefaultUnicast()[0], b.receivers[userUni], sizesOf(300, 200))
		require.Equal(t, on, in < 300)
		exchange(t, a, b.DefaultMulticast()[0], b.receivers[userMulti], sizesOf(100, 500))
	}
}

// The kernel refuses trains of a socket without checksums: they are given up,
// and what was refused is sent all the same.
func TestTrainsRefused(t *testing.T) {
	for name, sizes := range exchanges {
		t.Run(name, func(t *testing.T) {
			a, b := open(t, 92), open(t, 92)
			guard(t, b)
			raw, err := a.socks[metaUni].SyscallConn()
			require.NoError(t, err)
			require.NoError(t, raw.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_NO_CHECK, 1) }))
			require.NoError(t, err)
			can := trains(a)
			to := b.DefaultUnicast()[0]
			exchange(t, a, to, b.receivers[userUni], sizes)
			require.Equal(t, can && name == "one", trains(a))
			exchange(t, a, to, b.receivers[userUni], sizes)
		})
	}
}

// Over Ethernet a train is cut up by the kernel, or not at all up to the
// receiver. Where the test may not make an Ethernet of its own it is loopback
// with the same limit.
func TestTrainsOverEthernet(t *testing.T) {
	a, b, real := ethernet(t)
	guard(t, b)
	require.Equal(t, 1472, a.Unfragmented(rtps.Locator{}))
	require.Equal(t, 1472, a.Unfragmented(b.DefaultUnicast()[0]))
	if real { // what goes to this host itself does not go through the Ethernet
		require.Equal(t, 65507, a.Unfragmented(a.DefaultUnicast()[0]))
	}
	can := trains(a)
	for _, on := range []bool{can, false} {
		setTrains(a, on)
		for _, sizes := range exchanges {
			exchange(t, a, b.DefaultUnicast()[0], b.receivers[userUni], sizes)
		}
		require.Equal(t, on, trains(a))
	}
	// A path that carries less than the interface says.
	setTrains(a, can)
	a.whole = 20_000
	for _, sizes := range exchanges {
		exchange(t, a, b.DefaultUnicast()[0], b.receivers[userUni], sizes)
	}
	require.Equal(t, can && !real, trains(a))
}

// ethernet returns two conns in network namespaces of their own, joined by a
// pair of interfaces with the MTU 1500, if the test may make them.
func ethernet(t *testing.T) (a, b *conn, real bool) {
	done := make(chan bool)
	go func() {
		defer close(done)
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
		near, ok := namespace()
		if !ok {
			return
		}
		defer near.Close()
		far, ok := namespace()
		if !ok {
			return
		}
		defer far.Close()
		if !ip(near, "link add v1 mtu 1500 type veth peer name v0 mtu 1500 netns /proc/self/fd/3") {
			return
		}
		up := func(name, addr string) *conn {
			if !ip(near, "addr add "+addr+"/24 dev "+name) || !ip(near, "link set "+name+" up") {
				return nil
			}
			c, err := must(New(Config{Interfaces: []string{name}})).Listen(spi.ListenConfig{Domain: 93, ParticipantID: -1, Logger: logger()})
			if err != nil {
				t.Error(err)
				return nil
			}
			t.Cleanup(func() { c.Close() })
			return c.(*conn)
		}
		b = up("v1", "192.0.2.2")
		if unix.Setns(int(near.Fd()), unix.CLONE_NEWNET) == nil {
			a = up("v0", "192.0.2.1")
		}
	}()
	<-done
	if a == nil || b == nil {
		t.Log("no network namespaces: loopback is used")
		a, b = open(t, 93), open(t, 93)
		a.whole = 1472
		return a, b, false
	}
	return a, b, true
}

// namespace puts the thread into a new network namespace.
func namespace() (*os.File, bool) {
	if unix.Unshare(unix.CLONE_NEWNET) != nil {
		return nil, false
	}
	f, err := os.Open("/proc/thread-self/ns/net")
	return f, err == nil
}

// ip runs the command ip in the namespace of the thread, with f as its file 3.
func ip(f *os.File, args string) bool {
	cmd := exec.Command("ip", strings.Fields(args)...)
	cmd.ExtraFiles = []*os.File{f}
	return cmd.Run() == nil
}
