package memnet

import (
	"container/heap"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

// A link is one direction between two hosts.
type link struct {
	rand *rand.Rand
	last map[*socket]time.Time // when the last one that keeps the order arrives
}

// link returns that of two hosts. Its randomness follows from the seed and the
// two addresses alone.
func (n *Network) link(from, to *Host) *link {
	k := [2]*Host{from, to}
	if l := n.links[k]; l != nil {
		return l
	}
	h := fnv.New64a()
	for _, a := range []*Host{from, to} {
		b := a.addr.As4()
		h.Write(b[:])
	}
	l := &link{rand: rand.New(rand.NewPCG(n.cfg.Seed, h.Sum64())), last: make(map[*socket]time.Time)}
	n.links[k] = l
	return l
}

// send carries one datagram of c.
func (n *Network) send(c *conn, d spi.Datagram) {
	n.mu.Lock()
	n.stats.Sent++
	to := n.sockets[d.To]
	// Copied, as Close changes it while the filter runs without the lock.
	targets := append([]*socket(nil), to...)
	taps, filter := n.taps, n.filter
	if len(targets) == 0 {
		n.stats.NoReceiver++
	}
	n.mu.Unlock()

	if len(d.Tail) > 0 {
		d.Data = slices.Concat(d.Data, d.Tail)
	}
	from := c.metaUni[0]
	for _, tap := range taps {
		tap(from, d.To, d.Data)
	}
	for _, s := range targets {
		p := Packet{FromHost: c.host.name, ToHost: s.conn.host.name, From: from, To: d.To, Data: append([]byte(nil), d.Data...)}
		deliver := filter == nil || filter(&p)
		n.carry(c, s, p, deliver)
	}
}

// carry decides the fate of a datagram to one socket.
func (n *Network) carry(c *conn, s *socket, p Packet, deliver bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if s.gone {
		n.stats.NoReceiver++ // it was closed while the filter ran
		return
	}
	if s.conn == c { // a computer does not lose what it sends to itself
		if deliver {
			n.deliver(s, p.From, p.Data)
		} else {
			n.stats.Filtered++
		}
		return
	}
	l := n.link(c.host, s.conn.host)
	// All four are drawn for each datagram, so that changing one probability
	// leaves what the others do as it was.
	lost, dup, over := l.rand.Float64() < n.cfg.Loss, l.rand.Float64() < n.cfg.Duplicate, l.rand.Float64() < n.cfg.Reorder
	delay := n.cfg.MinDelay + time.Duration(l.rand.Float64()*float64(n.cfg.MaxDelay-n.cfg.MinDelay))
	extra := time.Duration(l.rand.Float64() * float64(max(n.cfg.MaxDelay, time.Millisecond)))
	switch {
	case !deliver || n.cut[[2]string{p.FromHost, p.ToHost}]:
		n.stats.Filtered++
		return
	case lost:
		n.stats.Lost++
		return
	}
	now := time.Now()
	at := now.Add(delay)
	if dup {
		n.stats.Duplicated++
		n.schedule(now, at.Add(extra), s, p.From, append([]byte(nil), p.Data...))
	}
	if over {
		n.stats.Reordered++
		at = at.Add(max(extra, 1))
	} else {
		if last := l.last[s]; at.Before(last) {
			at = last
		}
		l.last[s] = at
	}
	n.schedule(now, at, s, p.From, p.Data)
}

// schedule delivers now or later. Called with mu held.
func (n *Network) schedule(now, at time.Time, s *socket, from rtps.Locator, data []byte) {
	// Not past what is due before it but whose timer has not run yet.
	if !at.After(now) && (len(n.flight) == 0 || n.flight[0].at.After(now)) {
		n.deliver(s, from, data)
		return
	}
	if len(n.flight) >= maxInFlight {
		n.stats.Overflow++
		return
	}
	n.seq++
	heap.Push(&n.flight, arrival{at: at, seq: n.seq, to: s, from: from, data: data})
	n.arm(now)
}

// arm sets the timer to the next arrival. Called with mu held.
func (n *Network) arm(now time.Time) {
	if len(n.flight) == 0 {
		return
	}
	wait := n.flight[0].at.Sub(now)
	if n.timer == nil {
		n.timer = time.AfterFunc(wait, n.arrive)
	} else {
		n.timer.Reset(wait)
	}
}

// arrive delivers what is due, in the order of arrival and then of sending. It
// is the function of the one timer: with a timer for each datagram, those due
// at the same instant would come in any order.
func (n *Network) arrive() {
	n.mu.Lock()
	defer n.mu.Unlock()
	now := time.Now()
	for len(n.flight) > 0 && !n.flight[0].at.After(now) {
		a := heap.Pop(&n.flight).(arrival)
		n.deliver(a.to, a.from, a.data)
	}
	n.arm(now)
}

// deliver puts a datagram into the queue of s, which owns data from then on.
// Called with mu held.
func (n *Network) deliver(s *socket, from rtps.Locator, data []byte) bool {
	switch {
	case s.gone:
		n.stats.NoReceiver++
		return false
	case len(s.queue) >= n.cfg.QueueLimit:
		n.stats.Overflow++
		return false
	}
	s.queue = append(s.queue, queued{from, data})
	n.stats.Delivered++
	select {
	case s.ready <- struct{}{}:
	default: // it has been told already
	}
	return true
}

// An arrival is a datagram under way.
type arrival struct {
	at   time.Time
	seq  uint64
	to   *socket
	from rtps.Locator
	data []byte
}

// A flight is a heap of arrivals, the next one first.
type flight []arrival

func (f flight) Len() int { return len(f) }
func (f flight) Less(i, j int) bool {
	if !f[i].at.Equal(f[j].at) {
		return f[i].at.Before(f[j].at)
	}
	return f[i].seq < f[j].seq
}
func (f flight) Swap(i, j int) { f[i], f[j] = f[j], f[i] }
func (f *flight) Push(x any)   { *f = append(*f, x.(arrival)) }
func (f *flight) Pop() any {
	old := *f
	a := old[len(old)-1]
	old[len(old)-1] = arrival{}
	*f = old[:len(old)-1]
	return a
}
