// Package memnet is a simulated network in memory: loss, delay, duplication,
// reordering and partitions, repeatable by seed.
//
// It is a plugin: each host of a Network implements spi.Transport. It blocks on
// channels and timers only, so whole stacks run on it in the virtual time of
// testing/synctest; the Network must then be made inside the bubble.
//
// Hosts have made-up IPv4 addresses in 10.0.0.0/8 and the ports and the
// multicast group of DDSI-RTPS 2.5, 9.6.2. Nothing ever reaches a real network.
//
// Each pair of hosts draws from its own source of randomness, in the order of
// the datagrams sent from the one to the other, so what happens on a link does
// not depend on what happens elsewhere.
package memnet

import (
	"fmt"
	"net/netip"
	"sync"
	"time"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

const (
	defaultMaxMessage = 65000
	maxMessage        = 65507 // what UDP over IPv4 can carry
	defaultQueueLimit = 1024
	maxInFlight       = 1 << 16 // datagrams under way; more are lost
)

// A Config configures a Network. The zero Config is a network that delivers
// everything, once, in order and at once. Probabilities are held to 0 to 1.
type Config struct {
	// Seed makes what is random repeatable.
	Seed uint64
	// Loss, Duplicate and Reorder are the probabilities that a datagram is lost,
	// comes twice, or is overtaken. Without Reorder the datagrams to one socket
	// of a host keep their order, whatever their delay.
	Loss, Duplicate, Reorder float64
	// MinDelay and MaxDelay bound how long a datagram takes. A datagram that is
	// to be overtaken, and a duplicate, takes up to MaxDelay, and at least a
	// millisecond, longer.
	MinDelay, MaxDelay time.Duration
	// MaxMessage is the largest message carried, in octets. If zero, 65000.
	MaxMessage int
	// QueueLimit is how many datagrams wait at a socket; more are lost. If
	// zero, 1024.
	QueueLimit int
}

func (c *Config) normalize() {
	for _, p := range []*float64{&c.Loss, &c.Duplicate, &c.Reorder} {
		*p = min(max(*p, 0), 1)
	}
	c.MinDelay = max(c.MinDelay, 0)
	c.MaxDelay = max(c.MaxDelay, c.MinDelay)
	if c.MaxMessage <= 0 {
		c.MaxMessage = defaultMaxMessage
	}
	c.MaxMessage = min(c.MaxMessage, maxMessage)
	if c.QueueLimit <= 0 {
		c.QueueLimit = defaultQueueLimit
	}
}

// A Packet is one datagram on its way to one socket.
type Packet struct {
	FromHost, ToHost string // the names given to Host
	From             rtps.Locator
	To               rtps.Locator // as addressed: the group, if multicast
	Data             []byte
}

// Stats are counts of datagrams since New. One sent by multicast counts as sent
// once, and in the other counts once for each socket.
type Stats struct {
	Sent, Delivered, Duplicated, Reordered uint64
	Lost                                   uint64 // by Loss
	Filtered                               uint64 // by a partition or the filter
	Overflow                               uint64 // by QueueLimit
	NoReceiver                             uint64
}

// A Network joins hosts. All methods may be called at any time, by any
// goroutine, also from a tap or filter.
type Network struct {
	// mu guards all below. It is held for map work only, never while blocked.
	mu      sync.Mutex
	cfg     Config
	hosts   map[string]*Host
	byAddr  map[netip.Addr]*Host
	sockets map[rtps.Locator][]*socket // one of a unicast, several of a multicast address
	links   map[[2]*Host]*link
	cut     map[[2]string]bool
	taps    []func(from, to rtps.Locator, data []byte)
	filter  func(*Packet) bool
	stats   Stats
	conns   int

	flight flight
	seq    uint64 // of the last one put into flight
	timer  *time.Timer
}

// New returns a network without hosts.
func New(cfg Config) *Network {
	cfg.normalize()
	return &Network{
		cfg:     cfg,
		hosts:   make(map[string]*Host),
		byAddr:  make(map[netip.Addr]*Host),
		sockets: make(map[rtps.Locator][]*socket),
		links:   make(map[[2]*Host]*link),
		cut:     make(map[[2]string]bool),
	}
}

// A Host is one computer of a Network.
type Host struct {
	net  *Network
	name string
	addr netip.Addr
	ids  map[[2]int]bool // domain and participant id taken; guarded by net.mu
}

var _ spi.Transport = (*Host)(nil)

// Host returns the host of that name, and makes it first if need be. The name
// may be an address in 10.0.0.0/8; else one is given to it.
func (n *Network) Host(name string) *Host {
	n.mu.Lock()
	defer n.mu.Unlock()
	if h := n.hosts[name]; h != nil {
		return h
	}
	h := &Host{net: n, name: name, ids: make(map[[2]int]bool)}
	if a, err := netip.ParseAddr(name); err == nil && simulated(a) {
		h.addr = a
	} else {
		a := netip.AddrFrom4([4]byte{10, 0, 0, 1})
		for n.byAddr[a] != nil {
			a = a.Next()
		}
		h.addr = a
	}
	n.hosts[name], n.byAddr[h.addr] = h, h
	return h
}

// Addr returns the address of h.
func (h *Host) Addr() netip.Addr { return h.addr }

func simulated(a netip.Addr) bool { return a.Is4() && a.As4()[0] == 10 }

// SetLoss sets the probability of loss from now on.
func (n *Network) SetLoss(p float64) { n.configure(func(c *Config) { c.Loss = p }) }

// SetDuplicate sets the probability of duplication from now on.
func (n *Network) SetDuplicate(p float64) { n.configure(func(c *Config) { c.Duplicate = p }) }

// SetReorder sets the probability of being overtaken from now on.
func (n *Network) SetReorder(p float64) { n.configure(func(c *Config) { c.Reorder = p }) }

// SetDelay sets the delay of what is sent from now on.
func (n *Network) SetDelay(shortest, longest time.Duration) {
	n.configure(func(c *Config) { c.MinDelay, c.MaxDelay = shortest, longest })
}

func (n *Network) configure(set func(*Config)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	set(&n.cfg)
	n.cfg.normalize()
}

// Partition cuts the hosts named a and b off from each other. What is under way
// still arrives.
func (n *Network) Partition(a, b string) {
	n.Cut(a, b)
	n.Cut(b, a)
}

// Cut stops what goes from one host to another, not what comes back.
func (n *Network) Cut(from, to string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.cut[[2]string{from, to}] = true
}

// Heal ends all partitions and cuts.
func (n *Network) Heal() {
	n.mu.Lock()
	defer n.mu.Unlock()
	clear(n.cut)
}

// Tap has f called with each datagram sent, before anything happens to it, on
// the goroutine that sends. The bytes are borrowed until f returns.
func (n *Network) Tap(f func(from, to rtps.Locator, data []byte)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.taps = append(n.taps[:len(n.taps):len(n.taps)], f) // a sender may be reading the old one
}

// Filter has f decide whether a datagram is delivered, once for each socket it
// goes to, before loss and delay. f may change the packet's Data, which is its
// own. A nil f ends that.
func (n *Network) Filter(f func(p *Packet) bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.filter = f
}

// Inject delivers data at once to the sockets at to, with the source from,
// whatever the partitions, the filter and the losses: what an attacker does.
// It reports whether there was a socket with room.
func (n *Network) Inject(from, to rtps.Locator, data []byte) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	ok := false
	for _, s := range n.sockets[to] {
		ok = n.deliver(s, from, append([]byte(nil), data...)) || ok
	}
	return ok
}

// Stats returns the counts so far.
func (n *Network) Stats() Stats {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.stats
}

// InFlight returns how many datagrams are under way.
func (n *Network) InFlight() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.flight)
}

// String returns the name and the address of h.
func (h *Host) String() string { return fmt.Sprintf("%s (%v)", h.name, h.addr) }
