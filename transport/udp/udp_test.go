package udp

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"runtime"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

// TestMain fails the run if a test left a goroutine or a socket behind.
func TestMain(m *testing.M) {
	os.Setenv(EnvInterface, "lo")
	goroutines, files := runtime.NumGoroutine(), openFiles()
	code := m.Run()
	for range 100000 { // a goroutine that was joined may still be on its last instruction
		if runtime.NumGoroutine() <= goroutines {
			break
		}
		runtime.Gosched()
	}
	if n := runtime.NumGoroutine(); n > goroutines {
		fmt.Fprintf(os.Stderr, "%d goroutines left, %d before\n", n, goroutines)
		code = 1
	}
	if n := openFiles(); n > files+2 { // the poller of the runtime
		fmt.Fprintf(os.Stderr, "%d files left, %d before\n", n, files)
		code = 1
	}
	os.Exit(code)
}

func openFiles() int {
	d, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0
	}
	return len(d)
}

// A packet is what a receiver got.
type packet struct {
	data string
	from rtps.Locator
}

// A node is one participant, its receivers being read.
type node struct {
	t  *testing.T
	c  *conn
	in []chan packet // for each receiver
	wg sync.WaitGroup
}

func logger() *slog.Logger { return slog.New(slog.DiscardHandler) }

func listen(t *testing.T, cfg Config, lc spi.ListenConfig) *node {
	t.Helper()
	tr, err := New(cfg)
	require.NoError(t, err)
	if lc.Logger == nil {
		lc.Logger = logger()
	}
	c, err := tr.Listen(lc)
	require.NoError(t, err)
	n := &node{t: t, c: c.(*conn)}
	n.read()
	t.Cleanup(n.close)
	return n
}

// read starts the readers.
func (n *node) read() {
	for _, r := range n.c.Receivers() {
		in := make(chan packet, 100)
		n.in = append(n.in, in)
		n.wg.Go(func() {
			bufs, sizes, segs, from := buffers(4)
			for {
				k, err := r.ReadBatch(bufs, sizes, segs, from)
				if err != nil {
					if !errors.Is(err, net.ErrClosed) {
						n.t.Errorf("read: %v", err)
					}
					return
				}
				for i := range k {
					for msg := range slices.Chunk(bufs[i][:sizes[i]], segs[i]) {
						in <- packet{string(msg), from[i]}
					}
				}
			}
		})
	}
}

func (n *node) close() {
	require.NoError(n.t, n.c.Close())
	n.wg.Wait()
}

func (n *node) send(data string, to ...rtps.Locator) {
	n.t.Helper()
	var batch []spi.Datagram
	for _, l := range to {
		batch = append(batch, spi.Datagram{To: l, Data: []byte(data)})
	}
	require.NoError(n.t, n.c.WriteBatch(batch))
}

// want takes the next packet of one receiver.
func (n *node) want(receiver int, data string) packet {
	n.t.Helper()
	select {
	case p := <-n.in[receiver]:
		require.Equal(n.t, data, p.data)
		return p
	case <-time.After(10 * time.Second):
		require.FailNow(n.t, "nothing came", "receiver %d, want %q", receiver, data)
		panic("unreachable")
	}
}

// wantNothingMore sees what came before the last packet wanted of each receiver,
// as a socket keeps the order.
func (n *node) wantNothingMore() {
	n.t.Helper()
	for i, in := range n.in {
		require.Empty(n.t, in, "receiver %d", i)
	}
}

func buffers(n int) (bufs [][]byte, sizes, segs []int, from []rtps.Locator) {
	for range n {
		bufs = append(bufs, make([]byte, 65536))
	}
	return bufs, make([]int, n), make([]int, n), make([]rtps.Locator, n)
}

// Receivers of a node on one address.
const (
	metaUni = iota
	userUni
	metaMulti
	userMulti
)

func v4(s string) rtps.Locator { return rtps.UDPLocator(netip.MustParseAddrPort(s)) }

func TestTwoParticipantsShareADomain(t *testing.T) {
	lc := spi.ListenConfig{Domain: 151, ParticipantID: -1}
	a := listen(t, Config{}, lc)
	b := listen(t, Config{Interfaces: []string{"127.0.0.1"}}, lc)
	require.Equal(t, 0, a.c.ParticipantID())
	require.Equal(t, 1, b.c.ParticipantID())

	// DDSI-RTPS 2.5, 9.6.2: 7400 + 250*151 = 45150.
	require.Equal(t, []rtps.Locator{v4("127.0.0.1:45160")}, a.c.MetatrafficUnicast())
	require.Equal(t, []rtps.Locator{v4("127.0.0.1:45161")}, a.c.DefaultUnicast())
	require.Equal(t, []rtps.Locator{v4("127.0.0.1:45162")}, b.c.MetatrafficUnicast())
	require.Equal(t, []rtps.Locator{v4("127.0.0.1:45163")}, b.c.DefaultUnicast())
	require.Equal(t, []rtps.Locator{v4("239.255.0.1:45150")}, a.c.MetatrafficMulticast())
	require.Equal(t, []rtps.Locator{v4("239.255.0.1:45151")}, a.c.DefaultMulticast())
	require.Equal(t, []rtps.Locator{v4("239.255.0.1:45150")}, a.c.SPDPMulticast())

	a.send("spdp", a.c.SPDPMulticast()...)
	a.want(metaMulti, "spdp")
	p := b.want(metaMulti, "spdp")
	require.Equal(t, a.c.MetatrafficUnicast()[0], p.from)

	b.send("data", b.c.DefaultMulticast()...)
	a.want(userMulti, "data")
	b.want(userMulti, "data")

	a.send("sedp", b.c.MetatrafficUnicast()...)
	b.want(metaUni, "sedp")
	a.send("user", b.c.DefaultUnicast()...)
	b.want(userUni, "user")

	// One batch, several destinations, larger than one system call takes.
	var batch []spi.Datagram
	for i := range 150 {
		to := a.c.DefaultUnicast()[0]
		if i%2 == 1 {
			to = a.c.MetatrafficUnicast()[0]
		}
		batch = append(batch, spi.Datagram{To: to, Data: fmt.Append(nil, i)})
	}
	require.NoError(t, b.c.WriteBatch(batch))
	for i := range 150 {
		a.want([]int{userUni, metaUni}[i%2], fmt.Sprint(i))
	}
	a.wantNothingMore()
	b.wantNothingMore()
}

// With no interface named the unicast sockets are bound to the wildcard
// address. Here the one interface is loopback all the same.
func TestWildcard(t *testing.T) {
	tr, err := New(Config{})
	require.NoError(t, err)
	host, err := hostInterfaces(IPv4)
	require.NoError(t, err)
	lo, err := findInterface(host, "lo")
	require.NoError(t, err)
	lc := spi.ListenConfig{Domain: 166, ParticipantID: -1, Logger: logger()}
	tr.cfg.Interfaces = nil
	sc, err := tr.open(lc, host, []iface{lo}, 0)
	require.NoError(t, err)
	a := &node{t: t, c: sc.(*conn)}
	a.read()
	t.Cleanup(a.close)

	b := listen(t, Config{}, lc) // sees the port taken, though it binds an address
	require.Equal(t, 1, b.c.ParticipantID())
	require.Equal(t, []rtps.Locator{v4("127.0.0.1:48910")}, a.c.MetatrafficUnicast())
	require.True(t, a.c.Reaches(v4("203.0.113.5:9")))

	a.send("spdp", a.c.SPDPMulticast()...)
	a.want(metaMulti, "spdp")
	b.want(metaMulti, "spdp")
	a.send("sedp", b.c.MetatrafficUnicast()...)
	require.Equal(t, a.c.MetatrafficUnicast()[0], b.want(metaUni, "sedp").from)
	b.send("back", a.c.DefaultUnicast()...)
	a.want(userUni, "back")
	a.wantNothingMore()
	b.wantNothingMore()
}

func TestParticipantIDTaken(t *testing.T) {
	lc := spi.ListenConfig{Domain: 152, ParticipantID: 3, Logger: logger()}
	a := listen(t, Config{}, lc)
	require.Equal(t, 3, a.c.ParticipantID())
	tr, err := New(Config{})
	require.NoError(t, err)
	_, err = tr.Listen(lc)
	require.ErrorContains(t, err, "45416")

	// A user port that is taken gives the metatraffic port back.
	uc, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 7400 + 250*152 + 11})
	require.NoError(t, err)
	defer uc.Close()
	b := listen(t, Config{}, spi.ListenConfig{Domain: 152, ParticipantID: -1})
	require.Equal(t, 1, b.c.ParticipantID())
	free, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 7400 + 250*152 + 10})
	require.NoError(t, err)
	require.NoError(t, free.Close())
}

func TestMulticastStaysOnChosenInterfaces(t *testing.T) {
	a := listen(t, Config{}, spi.ListenConfig{Domain: 153, ParticipantID: -1})
	// Unicast to the multicast port is not for the socket bound to the group.
	a.send("stray", v4("127.0.0.1:45650"))
	a.send("spdp", a.c.SPDPMulticast()...)
	a.want(metaMulti, "spdp")
	a.wantNothingMore()
}

func TestNoMulticast(t *testing.T) {
	a := listen(t, Config{}, spi.ListenConfig{Domain: 154, ParticipantID: -1, NoMulticast: true})
	require.Len(t, a.c.Receivers(), 2)
	require.Empty(t, a.c.SPDPMulticast())
	require.Empty(t, a.c.MetatrafficMulticast())
	require.Empty(t, a.c.DefaultMulticast())
	require.False(t, a.c.Reaches(v4("239.255.0.1:7400")))
	require.ErrorIs(t, a.c.WriteBatch([]spi.Datagram{{To: v4("239.255.0.1:7400")}}), errUnreachable)
}

func TestIPv6(t *testing.T) {
	lc := spi.ListenConfig{Domain: 155, ParticipantID: -1}
	a := listen(t, Config{Interfaces: []string{"::1"}, Family: IPv6}, lc)
	b := listen(t, Config{Family: Dual}, lc)
	require.Equal(t, []rtps.Locator{v4("[::1]:46160")}, a.c.MetatrafficUnicast())
	require.Equal(t, []rtps.Locator{v4("127.0.0.1:46162"), v4("[::1]:46162")}, b.c.MetatrafficUnicast())
	require.Equal(t, 1, b.c.ParticipantID())
	require.Equal(t, []rtps.Locator{v4("[ff02::ffff:239.255.0.1]:46150"), v4("[ff1e::ffff:efff:1]:46150")}, a.c.SPDPMulticast())
	require.False(t, a.c.Reaches(v4("127.0.0.1:1")))
	require.True(t, b.c.Reaches(v4("127.0.0.1:1")))
	require.True(t, b.c.Reaches(v4("[::1]:1")))

	a.send("six", b.c.MetatrafficUnicast()[1])
	require.Equal(t, a.c.MetatrafficUnicast()[0], b.want(4+metaUni, "six").from)
	b.send("back", a.c.DefaultUnicast()...)
	a.want(userUni, "back")
}

func TestReaches(t *testing.T) {
	a := listen(t, Config{}, spi.ListenConfig{Domain: 156, ParticipantID: -1})
	for _, tt := range []struct {
		l    rtps.Locator
		want bool
	}{
		{v4("127.0.0.1:7410"), true},
		{v4("127.9.9.9:7410"), true},
		{v4("239.255.0.1:7400"), true},
		{v4("203.0.113.5:7410"), false}, // only loopback is in use
		{v4("0.0.0.0:7410"), false},
		{v4("127.0.0.1:0"), false},
		{v4("[::1]:7410"), false},
		{rtps.Locator{Kind: rtps.LocatorTCPv4, Port: 7410}, false},
		{rtps.Locator{Kind: rtps.LocatorUDPv4, Port: 65536}, false},
		{rtps.Locator{}, false},
	} {
		require.Equal(t, tt.want, a.c.Reaches(tt.l), "%v", tt.l)
	}
}

func TestPeer(t *testing.T) {
	a := listen(t, Config{Family: Dual}, spi.ListenConfig{Domain: 157, ParticipantID: -1})
	got, err := a.c.Peer("127.0.0.1")
	require.NoError(t, err)
	require.Len(t, got, 10)
	require.Equal(t, v4("127.0.0.1:46660"), got[0])
	require.Equal(t, v4("127.0.0.1:46678"), got[9])
	for _, tt := range []struct{ address, want string }{
		{"127.0.0.1:9", "127.0.0.1:9"},
		{"[::1]:9", "[::1]:9"},
		{"239.255.0.1", "239.255.0.1:46650"},
		{"239.255.0.7:9", "239.255.0.7:9"},
		{"::ffff:127.0.0.1", "127.0.0.1:46660"},
		{"::1", "[::1]:46660"},
		{"[::1]", "[::1]:46660"},
	} {
		got, err := a.c.Peer(tt.address)
		require.NoError(t, err, tt.address)
		require.Equal(t, v4(tt.want), got[0], tt.address)
	}
	got, err = a.c.Peer("localhost:9")
	require.NoError(t, err)
	require.True(t, slices.Contains(got, v4("127.0.0.1:9")), "%v", got)
	for _, bad := range []string{"", ":9", "127.0.0.1:0", "127.0.0.1:70000", "127.0.0.1:x", "203.0.113.5", "0.0.0.0"} {
		_, err := a.c.Peer(bad)
		require.Error(t, err, bad)
	}
}

func TestDatagramTooLargeForItsBuffer(t *testing.T) {
	tr, err := New(Config{})
	require.NoError(t, err)
	c, err := tr.Listen(spi.ListenConfig{Domain: 158, ParticipantID: -1, Logger: logger()})
	require.NoError(t, err)
	defer c.Close()
	to := c.DefaultUnicast()[0]
	for _, data := range [][]byte{make([]byte, 100), []byte("ok")} { // not as one batch: the kernel may join them
		require.NoError(t, c.WriteBatch([]spi.Datagram{{To: to, Data: data}}))
	}
	bufs := [][]byte{make([]byte, 50), make([]byte, 50)}
	sizes, segs, from := make([]int, 2), make([]int, 2), make([]rtps.Locator, 2)
	n, err := c.Receivers()[userUni].ReadBatch(bufs, sizes, segs, from)
	require.NoError(t, err)
	require.Equal(t, 2, n)
	require.Equal(t, []int{0, 2}, sizes)
	require.Equal(t, "ok", string(bufs[1][:2]))
}

func TestSendErrors(t *testing.T) {
	a := listen(t, Config{}, spi.ListenConfig{Domain: 159, ParticipantID: -1})
	to := a.c.DefaultUnicast()[0]
	// What cannot be sent does not keep back what can.
	err := a.c.WriteBatch([]spi.Datagram{
		{To: to, Data: []byte("first")},
		{To: v4("203.0.113.5:9"), Data: []byte("x")},
		{To: to, Data: make([]byte, 70000)},
		{To: v4("255.255.255.255:9"), Data: []byte("x")},
		{To: to, Data: []byte("last")},
	})
	require.Error(t, err)
	a.want(userUni, "first")
	a.want(userUni, "last")

	// The largest message arrives whole.
	big := bytes.Repeat([]byte{7}, 65507)
	require.Equal(t, 65500, a.c.MaxMessage())
	require.Equal(t, 65507, a.c.Unfragmented(rtps.Locator{}))
	a.send(string(big), to)
	a.want(userUni, string(big))

	// Data and Tail are one message; either may be empty.
	require.NoError(t, a.c.WriteBatch([]spi.Datagram{
		{To: to, Data: []byte("head"), Tail: []byte("tail")}, {To: to, Tail: []byte("tail")},
		{To: to, Data: big[:7], Tail: big[7:]},
	}))
	a.want(userUni, "headtail")
	a.want(userUni, "tail")
	a.want(userUni, string(big))
	require.ErrorIs(t, a.c.WriteBatch([]spi.Datagram{{To: to, Data: big, Tail: big[:1]}}), errUnreachable)

	// No one listens there; the answer of the kernel ends no ReadBatch.
	a.send("x", v4("127.0.0.1:46999"))
	a.send("still here", to)
	a.want(userUni, "still here")
	a.wantNothingMore()
}

// What the kernel refuses in the midst of a batch is skipped.
func TestKernelRefusesOneOfABatch(t *testing.T) {
	a := listen(t, Config{}, spi.ListenConfig{Domain: 160, ParticipantID: -1})
	to := a.c.DefaultUnicast()[0]
	elsewhere := v4("203.0.113.5:9")
	a.c.own = append(a.c.own, elsewhere.AddrPort().Addr()) // so that only the kernel objects
	err := a.c.WriteBatch([]spi.Datagram{
		{To: to, Data: []byte("first")},
		{To: elsewhere, Data: []byte("x")},
		{To: elsewhere, Data: []byte("x")},
		{To: to, Data: []byte("last")},
		{To: elsewhere, Data: []byte("x")},
	})
	var errno syscall.Errno
	require.ErrorAs(t, err, &errno)
	a.want(userUni, "first")
	a.want(userUni, "last")
	a.wantNothingMore()
}

func TestClose(t *testing.T) {
	a := listen(t, Config{}, spi.ListenConfig{Domain: 161, ParticipantID: -1})
	a.close() // joins the readers, which fail the test on any error but net.ErrClosed
	a.close()
	bufs, sizes, segs, from := buffers(1)
	_, err := a.c.Receivers()[0].ReadBatch(bufs, sizes, segs, from)
	require.ErrorIs(t, err, net.ErrClosed)
	err = a.c.WriteBatch([]spi.Datagram{{To: v4("127.0.0.1:9"), Data: []byte("x")}})
	require.ErrorIs(t, err, net.ErrClosed)
}

func TestManyWriters(t *testing.T) {
	a := listen(t, Config{}, spi.ListenConfig{Domain: 162, ParticipantID: -1})
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := range 10 {
				err := a.c.WriteBatch([]spi.Datagram{{To: a.c.DefaultUnicast()[0], Data: fmt.Appendf(nil, "%d/%d", w, i)}})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	next := make([]int, 8)
	for range 80 {
		p := <-a.in[userUni]
		var w, i int
		_, err := fmt.Sscanf(p.data, "%d/%d", &w, &i)
		require.NoError(t, err)
		require.Equal(t, next[w], i)
		next[w]++
	}
	wg.Wait()
}

// Routes are remembered, those of locators out of reach too, but not without end.
func TestRoutes(t *testing.T) {
	a := listen(t, Config{}, spi.ListenConfig{Domain: 94, ParticipantID: -1})
	to := a.c.DefaultUnicast()[0]
	require.Same(t, a.c.route(to), a.c.route(to))
	for i := range 3 * maxRoutes {
		l := v4("203.0.113.5:9")
		l.Port = uint32(i)
		require.Empty(t, a.c.route(l).senders)
		require.LessOrEqual(t, len(*a.c.routes.Load()), maxRoutes)
	}
	a.send("still here", to)
	a.want(userUni, "still here")
}
