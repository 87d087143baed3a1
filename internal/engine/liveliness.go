package engine

import (
	"slices"
	"sync/atomic"
	"time"

	"github.com/secdds/dds/internal/discovery"
	"github.com/secdds/dds/qos"
	"github.com/secdds/dds/rtps"
)

// Cells note signs of life; the control loop passes them on to discovery, which
// keeps the leases. DDS 1.4, 2.2.3.11.

// A pulse is when a writer was last known to live, and what the control loop
// has made of it.
type pulse struct {
	lease time.Duration // of the writer's liveliness; zero: it cannot be lost
	at    atomic.Int64  // the last sign of life, in ns
	dead  atomic.Bool   // the lease has run out: the next sign is news
	told  int64         // of the control loop alone: the last one passed on
	woken atomic.Int64  // of a local writer: when the control loop was last woken for it
	count int32         // of the last HEARTBEAT that told; guarded by the reader's mu
}

// leaseOf returns how long a writer of that policy lives without a sign; zero
// is for ever.
func leaseOf(l qos.LivelinessPolicy) time.Duration {
	if l.Lease == qos.Infinite {
		return 0
	}
	return l.Lease
}

// beat notes a sign of life of a remote writer.
func (b *pulse) beat(p *Participant, now time.Time) {
	if b.lease == 0 {
		return
	}
	b.at.Store(now.UnixNano())
	if b.dead.Load() {
		p.wakeControl()
	}
}

// touchWriters passes signs of life on, with the time they came at, so that it
// does not matter how late.
func (p *Participant) touchWriters() {
	for k, pr := range p.pairs {
		if pr.src == nil || pr.src.pulse == nil || pr.src.pulse.lease == 0 {
			continue
		}
		if b := pr.src.pulse; b.at.Load() != b.told {
			b.told = b.at.Load()
			p.dir.AssertWriter(time.Unix(0, b.told), k.remote, &p.events)
		}
	}
	for g, e := range p.local {
		if e.writer == nil {
			continue
		}
		if b := &e.writer.pulse; b.at.Load() != b.told {
			b.told = b.at.Load()
			p.dir.AssertLocal(time.Unix(0, b.told), g, &p.events)
		}
	}
}

// livelinessChanged carries out that a writer, remote or local, is no longer
// alive or is alive again.
func (p *Participant) livelinessChanged(now time.Time, writer rtps.GUID, alive bool) {
	if e := p.local[writer]; e != nil {
		e.writer.setAlive(alive)
	}
	for k, pr := range p.pairs {
		if k.remote == writer && pr.src != nil {
			pr.reader.setAlive(now, pr.src, alive)
		}
	}
}

// A LivelinessLostStatus is LIVELINESS_LOST. DDS 1.4, 2.2.4.1.
type LivelinessLostStatus struct{ Total, TotalChange int }

// A LivelinessChangedStatus is LIVELINESS_CHANGED: how many of the matched
// writers are alive and how many are not. DDS 1.4, 2.2.4.1.
type LivelinessChangedStatus struct {
	Alive, AliveChange       int
	NotAlive, NotAliveChange int
	Last                     rtps.GUID // the writer whose liveliness changed last
}

func (s *LivelinessChangedStatus) count(alive bool, n int) {
	if alive {
		s.Alive += n
		s.AliveChange += n
	} else {
		s.NotAlive += n
		s.NotAliveChange += n
	}
}

// Liveliness returns LIVELINESS_LOST and clears its change.
func (w *Writer) Liveliness() LivelinessLostStatus {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.livelinessLost
	w.livelinessLost.TotalChange = 0
	return s
}

func (w *Writer) setAlive(alive bool) {
	w.pulse.dead.Store(!alive)
	if alive {
		return
	}
	w.mu.Lock()
	w.livelinessLost.Total++
	w.livelinessLost.TotalChange++
	w.changed.broadcast()
	w.mu.Unlock()
}

// asserted notes that the application asserted the writer. The control loop is
// woken now and then only: peers see the samples themselves.
func (w *Writer) asserted(now time.Time) {
	b := &w.pulse
	if b.lease == 0 {
		return
	}
	b.at.Store(now.UnixNano())
	if woken := b.woken.Load(); b.dead.Load() || now.UnixNano()-woken >= int64(b.lease/4) {
		if b.woken.CompareAndSwap(woken, now.UnixNano()) {
			w.p.wakeControl()
		}
	}
}

// AssertLiveliness says that the writer is alive without writing.
// DDS 1.4, 2.2.2.4.2.22.
func (w *Writer) AssertLiveliness() error {
	now := time.Now()
	w.mu.Lock()
	if w.closed {
		w.mu.Unlock()
		return ErrClosed
	}
	if w.topicLiveliness {
		w.m.AssertLiveliness(now, &w.out)
	}
	w.flush()
	w.pulse.at.Store(now.UnixNano())
	w.p.wakeControl()
	return nil
}

// AssertLiveliness asserts all writers whose liveliness is manual by
// participant. DDS 1.4, 2.2.2.2.1.19.
func (p *Participant) AssertLiveliness() error {
	if !p.call(func() {
		now := time.Now()
		p.dir.AssertParticipant(now, &p.events)
		p.settle(now)
	}) {
		return ErrClosed
	}
	return nil
}

// LivelinessChanged returns LIVELINESS_CHANGED and clears its changes.
func (r *Reader) LivelinessChanged() LivelinessChangedStatus {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.liveliness
	r.liveliness.AliveChange, r.liveliness.NotAliveChange = 0, 0
	return s
}

// setAlive carries out a change of a matched writer's liveliness: instances
// that only it writes have no writers as long as it is not alive.
func (r *Reader) setAlive(now time.Time, s *source, alive bool) {
	r.mu.Lock()
	if r.closed || r.sources[s.guid] == nil || s.pulse.dead.Load() == !alive {
		r.mu.Unlock()
		return
	}
	s.pulse.dead.Store(!alive)
	r.liveliness.count(!alive, -1)
	r.liveliness.count(alive, 1)
	r.liveliness.Last = s.guid
	if !alive {
		if r.cache.WriterGone(now, s.guid) > 0 {
			r.listener.note()
		}
		r.cache.SetStrength(s.guid, s.strength)
	}
	r.changed.broadcast()
	r.flushAside(now)
}

// updated carries out that one side of a connected pair changed what it
// announces. What the permissions speak of is judged anew.
func (p *Participant) updated(now time.Time, local, remote *discovery.EndpointData) {
	k := pairKey{local.GUID, remote.GUID}
	pr := p.pairs[k]
	if pr == nil {
		return
	}
	if p.security != nil && (!slices.Equal(pr.topic.Partitions, partitions(remote)) || !slices.Equal(pr.topic.Tags, dataTags(remote))) {
		p.disconnect(now, k)
		p.compatible(now, local, remote, p.dir.Alive(remote.GUID))
		return
	}
	pr.describe(p, remote)
	p.reconnect(now, pr)
}

// relocated carries out that a participant is reached elsewhere.
func (p *Participant) relocated(now time.Time, q *peer, d *discovery.ParticipantData) {
	q.data = d
	meta, user := p.metaOf(d, q.admitted || q.authenticated()), p.unicast(d.DefaultUnicast, d.DefaultMulticast)
	multicast := p.reachable(d.DefaultMulticast, true)
	if slices.Equal(meta, q.meta) && slices.Equal(user, q.user) && slices.Equal(multicast, q.multicast) {
		return
	}
	q.meta, q.user, q.multicast = meta, user, multicast
	for k, pr := range p.pairs {
		if k.remote.Prefix != q.prefix {
			continue
		}
		if e := p.dir.Endpoint(k.remote); e != nil {
			pr.describe(p, e)
		} else {
			pr.locs = q.meta
		}
		p.reconnect(now, pr)
	}
}

// reconnect brings what a connected pair was given up to date. What was
// received, acknowledged and keyed stays.
func (p *Participant) reconnect(now time.Time, pr *pair) {
	if pr.joined {
		pr.joined = false
		p.connect(now, pr)
	}
}

func partitions(d *discovery.EndpointData) []string {
	if d.Writer != nil {
		return d.Writer.Partition
	}
	return d.Reader.Partition
}
