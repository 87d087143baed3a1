package engine

import (
	"context"
	"maps"
	"sync"
	"time"

	"github.com/secdds/dds/internal/discovery"
	"github.com/secdds/dds/internal/history"
	"github.com/secdds/dds/internal/reliable"
	"github.com/secdds/dds/qos"
	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

// A KeyFunc computes the key hash of a payload; isKey says that it holds the
// key members only, protected that the hash must not show the key. It is called
// without any lock, by several goroutines.
type KeyFunc func(payload []byte, isKey, protected bool) (rtps.KeyHash, error)

// A ReaderSpec says which reader NewReader makes.
type ReaderSpec struct {
	Topic, Type string
	Keyed       bool
	KeyOf       KeyFunc // nil when not Keyed
	// KeyPayload returns the key of a payload as a payload of its own; isKey
	// says that it is one already. It is called once for each new instance.
	KeyPayload func(payload []byte, isKey bool) ([]byte, error)
	QoS        qos.Reader
}

// A Reader is one local reader: a pure machine, its cache, and the lock that
// serialises both.
//
// No I/O, no callback, no plugin call and no other lock happens under mu.
type Reader struct {
	// Immutable.
	p         *Participant
	guid      rtps.GUID
	data      *discovery.EndpointData // nil for built-in endpoints
	keyOf     KeyFunc
	keyAlone  func(payload []byte, isKey bool) ([]byte, error)
	crypto    spi.EndpointCrypto
	submsg    spi.SubmessageSealer
	kx        bool
	onMessage bool
	requires  shield // of what its writers send it
	sealed    bool   // payloads of its writers are
	builtin   bool
	borrows   bool // long samples may stay in their frames: only taking them ends that
	keyHidden bool // is_key_protected: key hashes are always MD5
	sched     schedSlot
	listener  listener

	// Guarded by mu.
	mu       sync.Mutex
	m        *reliable.Reader
	cache    *history.Cache    // user readers
	inbox    []reliable.Sample // built-in readers: taken by the control loop
	out      reliable.ReaderOutbox
	spare    reliable.ReaderOutbox
	flushing bool
	closed   bool
	sources  map[rtps.GUID]*source   // copied on write: a flush reads the snapshot
	pool     pool                    // of payloads
	resuming bool                    // there is room again, and the machine is yet to make use of it
	leases   int                     // samples in the cache, or taken from it, that lie in frames
	keys     map[rtps.KeyHash][]byte // of known instances, for disposes that come without
	changed  signal
	matched  MatchedStatus
	incompat IncompatibleStatus
	lost     int64
	rejected int64

	liveliness LivelinessChangedStatus
}

// A source is one matched remote writer.
type source struct {
	guid     rtps.GUID
	peer     *peer
	target   target
	opener   spi.PayloadOpener
	subs     []spi.Receiver
	kx       spi.SubmessageSealer
	strength int32
	pulse    *pulse

	// sealsWhole: a protected payload is sealed before it is fragmented.
	//
	// Interop: OpenDDS does so; Cyclone DDS and Fast DDS seal each DATA_FRAG.
	sealsWhole bool

	requires shield // besides what the reader requires of everyone
}

// inboxRoom is how many samples a built-in reader holds for the control loop;
// beyond it, reliability is the back-pressure.
const inboxRoom = 512

func newReaderCell(p *Participant, entity rtps.EntityID, cfg reliable.ReaderConfig) *Reader {
	r := &Reader{p: p, guid: rtps.GUID{Prefix: p.guid.Prefix, Entity: entity}}
	cfg.Spare = r.pool.spare
	r.m = reliable.NewReader(cfg)
	return r
}

func (r *Reader) slot() *schedSlot { return &r.sched }

// GUID returns the reader's GUID.
func (r *Reader) GUID() rtps.GUID { return r.guid }

// KeyProtected reports whether key hashes do not show short keys: data
// protection is ENCRYPT. DDS-Security 1.1, 8.4.2.7.
func (r *Reader) KeyProtected() bool { return r.keyHidden }

// flushOut delivers to the cache and sends what the machine ordered. mu is held
// at entry and free at return. It is called by flush and flushAside.
func (r *Reader) flushOut(now time.Time) {
	r.deliver(now)
	if r.flushing {
		r.mu.Unlock()
		return
	}
	if !r.out.Empty() {
		r.flushing = true
		l := r.p.lane()
		for !r.out.Empty() {
			r.out, r.spare = r.spare, r.out
			sources := r.sources
			r.mu.Unlock()
			r.send(l, &r.spare, sources)
			l.flush()
			r.mu.Lock()
			r.spare.Reset()
			r.deliver(now)
		}
		l.release()
		r.flushing = false
	}
	next := r.m.Next()
	r.mu.Unlock()
	r.p.sched.wake(r, next)
}

// deliver moves what is in order into the cache. mu is held.
func (r *Reader) deliver(now time.Time) {
	if r.out.Lost > 0 {
		r.lost += r.out.Lost
		r.out.Lost = 0
	}
	if len(r.out.Deliver) == 0 {
		return
	}
	news := false
	for i := range r.out.Deliver {
		s := &r.out.Deliver[i]
		if r.builtin {
			r.inbox = append(r.inbox, *s)
			continue
		}
		v := r.cache.Add(now, history.Sample{
			Writer: s.Writer, SN: s.SN, Change: change(s.Status), Key: s.Key,
			SourceTime: sourceTime(s.Time, now), Payload: s.Payload, Lease: s.Lease,
		})
		if v.Rejected() {
			r.rejected++
		}
		news = news || v == history.Stored
		f, leased := s.Lease.(*frame)
		switch {
		case v == history.Stored && leased:
			f.hold()
			r.leases++
		case v != history.Stored && !leased:
			r.pool.put(s.Payload)
		}
	}
	clear(r.out.Deliver)
	r.out.Deliver = r.out.Deliver[:0]
	if r.builtin {
		r.m.SetRoom(max(0, inboxRoom-len(r.inbox)))
		r.p.wakeControl()
		return
	}
	r.m.SetRoom(r.cache.Room())
	r.changed.broadcast()
	if news {
		r.listener.note()
	}
}

// sourceTime is when a sample was written; when it was received, if its writer
// does not say. DDS 1.4, 2.2.2.5.5 wants a time.
func sourceTime(t rtps.Time, received time.Time) time.Time {
	if t == rtps.TimeInvalid {
		return received
	}
	return t.Time()
}

// change translates StatusInfo. DDSI-RTPS 2.5, 9.6.4.9.
func change(status uint32) history.Change {
	switch status & (reliable.StatusDisposed | reliable.StatusUnregistered) {
	case reliable.StatusDisposed:
		return history.Dispose
	case reliable.StatusUnregistered:
		return history.Unregister
	case reliable.StatusDisposed | reliable.StatusUnregistered:
		return history.DisposeUnregister
	}
	return history.Write
}

// send turns ACKNACK and NACK_FRAG descriptors into messages.
func (r *Reader) send(l *lane, out *reliable.ReaderOutbox, sources map[rtps.GUID]*source) {
	for i := range out.Acks {
		if s := sources[out.Acks[i].To]; s != nil && r.aim(l, s) {
			a := out.Acks[i].AckNack
			a.Reader, a.Writer = r.guid.Entity, s.guid.Entity
			put(l, a, r.sealer(s), s.subs)
		}
	}
	for i := range out.NackFrags {
		if s := sources[out.NackFrags[i].To]; s != nil && r.aim(l, s) {
			n := out.NackFrags[i].NackFrag
			n.Reader, n.Writer = r.guid.Entity, s.guid.Entity
			put(l, n, r.sealer(s), s.subs)
		}
	}
}

// sealer returns what seals submessages to a writer.
func (r *Reader) sealer(s *source) spi.SubmessageSealer {
	if r.kx {
		return s.kx
	}
	return r.submsg
}

// aim aims the lane at a writer. It reports false when nothing may be sent.
func (r *Reader) aim(l *lane, s *source) bool {
	sealer, extra := r.sealer(s), 0
	switch {
	case sealer != nil:
		extra = sealer.Overhead(len(s.subs))
	case r.kx:
		r.p.stats.sealFailed.Add(1)
		return false
	}
	l.aim(&s.target, r.onMessage)
	l.room(controlLen + bitmapLen + extra)
	return true
}

func (r *Reader) advance(now time.Time) {
	r.mu.Lock()
	if r.closed {
		r.mu.Unlock()
		return
	}
	r.m.Advance(now, &r.out)
	r.flush(now)
}

// match adds a remote writer. It is called from the control loop.
func (r *Reader) match(now time.Time, s *source, info reliable.WriterInfo) {
	r.mu.Lock()
	if r.closed {
		r.mu.Unlock()
		return
	}
	sources := maps.Clone(r.sources)
	if sources == nil {
		sources = make(map[rtps.GUID]*source)
	}
	if _, known := r.sources[s.guid]; !known {
		r.liveliness.count(!s.pulse.dead.Load(), 1)
		r.liveliness.Last = s.guid
	}
	sources[s.guid] = s
	r.sources = sources
	if r.cache != nil {
		r.cache.SetStrength(s.guid, s.strength)
	}
	r.m.Match(now, info, &r.out)
	r.matched.add(s.guid)
	r.changed.broadcast()
	r.flushAside(now)
}

func (r *Reader) unmatch(now time.Time, writer rtps.GUID) {
	r.mu.Lock()
	if _, ok := r.sources[writer]; !ok || r.closed {
		r.mu.Unlock()
		return
	}
	sources := maps.Clone(r.sources)
	r.liveliness.count(!sources[writer].pulse.dead.Load(), -1)
	r.liveliness.Last = writer
	delete(sources, writer)
	r.sources = sources
	r.m.Unmatch(now, writer)
	if r.cache != nil && r.cache.WriterGone(now, writer) > 0 {
		r.listener.note()
	}
	r.matched.remove(writer)
	r.changed.broadcast()
	r.flushAside(now)
}

// Take appends entries that q chooses to dst and removes them from the cache.
// At most limit entries; limit <= 0 is no limit.
func (r *Reader) Take(dst []history.Entry, limit int, q history.Query) []history.Entry {
	r.mu.Lock()
	dst = r.cache.Take(dst, limit, q)
	if r.closed {
		r.mu.Unlock()
		return dst
	}
	r.m.SetRoom(r.cache.Room())
	if now := time.Now(); due(r.m.Next(), now) {
		r.m.Advance(now, &r.out)
		r.flushAside(now)
		return dst
	}
	r.mu.Unlock()
	return dst
}

// Read is Take without removing: the payloads are shared with the cache.
func (r *Reader) Read(dst []history.Entry, limit int, q history.Query) []history.Entry {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.cache.Read(dst, limit, q)
}

// WaitData waits until the cache holds something that q chooses.
func (r *Reader) WaitData(ctx context.Context, q history.Query) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.changed.await(ctx, &r.mu, func() (bool, error) {
		if r.closed {
			return false, ErrClosed
		}
		return r.cache.Has(q), nil
	})
}

// WaitMatched waits until at least n writers are matched.
func (r *Reader) WaitMatched(ctx context.Context, n int) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.changed.await(ctx, &r.mu, func() (bool, error) {
		if r.closed {
			return false, ErrClosed
		}
		return r.matched.Current >= n, nil
	})
}

// Matched returns SUBSCRIPTION_MATCHED_STATUS and clears its changes.
func (r *Reader) Matched() MatchedStatus {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.matched.take()
}

// Incompatible returns REQUESTED_INCOMPATIBLE_QOS_STATUS and clears its changes.
func (r *Reader) Incompatible() IncompatibleStatus {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.incompat.take()
}

// Lost returns how many samples were lost: SAMPLE_LOST_STATUS, total count.
func (r *Reader) Lost() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.lost
}

// Rejected returns how many samples a resource limit kept out:
// SAMPLE_REJECTED_STATUS, total count.
func (r *Reader) Rejected() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.rejected
}

func (r *Reader) addIncompatible(policies []qos.ID) {
	r.mu.Lock()
	r.incompat.add(policies)
	r.changed.broadcast()
	r.mu.Unlock()
}

// takeInbox returns what a built-in reader received.
func (r *Reader) takeInbox() []reliable.Sample {
	r.mu.Lock()
	in := r.inbox
	r.inbox = nil
	if len(in) > 0 && !r.closed {
		r.m.SetRoom(inboxRoom)
		now := time.Now()
		if due(r.m.Next(), now) {
			r.m.Advance(now, &r.out)
		}
		r.flush(now)
		return in
	}
	r.mu.Unlock()
	return in
}

func (r *Reader) stop() {
	r.mu.Lock()
	r.closed = true
	r.listener.f.Store(nil)
	r.changed.broadcast()
	r.mu.Unlock()
	r.p.sched.forget(r)
}
