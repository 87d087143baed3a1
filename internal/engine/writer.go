package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/secdds/dds/internal/discovery"
	"github.com/secdds/dds/internal/history"
	"github.com/secdds/dds/internal/reliable"
	"github.com/secdds/dds/qos"
	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

// Errors of writers and readers.
var (
	ErrClosed  = errors.New("dds: closed")
	ErrTimeout = errors.New("dds: timeout") // max_blocking_time passed: RETCODE_TIMEOUT
)

// A Writer is one local writer: a pure machine, the lock that serialises it,
// and the one goroutine at a time that sends what it asked for.
//
// No I/O, no callback, no plugin call, but for what sealing adds, and no other
// lock happens under mu.
type Writer struct {
	// Immutable.
	p         *Participant
	guid      rtps.GUID
	data      *discovery.EndpointData // nil for built-in endpoints
	keyed     bool
	reliable  bool
	blocking  time.Duration
	keepAll   bool
	crypto    spi.EndpointCrypto // nil: unprotected
	payload   spi.PayloadSealer
	submsg    spi.SubmessageSealer
	kx        bool   // the volatile-secure writer: sealed for each destination by its Kx key
	onMessage bool   // RTPS message protection applies
	requires  shield // of what its readers send it
	keyHidden bool   // is_key_protected: key hashes are always MD5
	sched     schedSlot

	pulse           pulse // of a writer that the application asserts
	topicLiveliness bool  // that is manual by topic

	// Guarded by mu.
	mu       sync.Mutex
	m        *reliable.Writer
	hist     *history.Writer
	out      reliable.Outbox
	spare    reliable.Outbox
	shelf    shelf
	burst    burst
	clock    clock
	flushing bool   // a goroutine is sending
	caughtUp signal // somebody began to send all there is, or ended
	closed   bool
	fan      *fanout
	latest   map[rtps.GUID]rtps.SequenceNumber // built-in writers: the change that stands for an entity
	gone     []rtps.SequenceNumber             // and those that say one has gone
	changed  signal
	matched  MatchedStatus
	incompat IncompatibleStatus

	livelinessLost LivelinessLostStatus
}

// A WriterSpec says which writer NewWriter makes.
type WriterSpec struct {
	Topic, Type string
	Keyed       bool
	QoS         qos.Writer
}

func newWriterCell(p *Participant, entity rtps.EntityID, q *qos.Writer, cfg reliable.WriterConfig) *Writer {
	w := &Writer{
		p: p, guid: rtps.GUID{Prefix: p.guid.Prefix, Entity: entity},
		reliable: q.Reliability.Reliable,
		blocking: q.Reliability.MaxBlocking,
		keepAll:  q.History.All && q.Reliability.Reliable,
		fan:      &fanout{pack: p.pack},
	}
	w.burst.budget = latency(q)
	cfg.Reliable = q.Reliability.Reliable
	cfg.TransientLocal = q.Durability != qos.Volatile
	cfg.FragmentSize = p.fragmentSize
	w.m = reliable.NewWriter(cfg)
	return w
}

func (w *Writer) slot() *schedSlot { return &w.sched }

// GUID returns the writer's GUID.
func (w *Writer) GUID() rtps.GUID { return w.guid }

// KeyProtected reports whether key hashes must not show short keys: data
// protection is ENCRYPT. DDS-Security 1.1, 8.4.2.7.
func (w *Writer) KeyProtected() bool { return w.keyHidden }

func due(at, now time.Time) bool { return !at.IsZero() && !now.Before(at) }

func (w *Writer) advance(now time.Time) {
	w.mu.Lock()
	if w.closed {
		w.mu.Unlock()
		return
	}
	w.m.Advance(now, &w.out)
	w.flushSoon()
}

// A Change is what the application writes.
type Change struct {
	Status  uint32 // reliable.StatusDisposed and StatusUnregistered; 0: alive
	Key     rtps.KeyHash
	Time    time.Time // zero: now
	Payload []byte    // owned by the writer from now on
}

// A KEEP_ALL writer with more than highWater octets unacknowledged is slowed
// down: a write waits up to slowDown for acknowledgements and then goes on. Its
// RESOURCE_LIMITS, which count samples, alone say what it may hold; but what is
// far ahead of its readers is in no cache any more.
const (
	highWater = 4 << 20
	slowDown  = 10 * time.Millisecond
)

// Write adds a change to the history and sends it. If the history is full it
// waits for acknowledgements, at most max_blocking_time and at most as long as
// ctx allows. DDS 1.4, 2.2.2.4.2.11.
func (w *Writer) Write(ctx context.Context, c Change) error {
	w.mu.Lock()
	if w.burst.unsent > maxUnsent {
		w.holdBack()
	}
	if w.keepAll && w.m.UnackedOctets() > highWater {
		w.letCatchUp(ctx)
	}
	for !w.keepAll && w.m.Behind() && !w.closed {
		w.catchUp() // a sample that is under way is not replaced half sent
	}
	if w.closed {
		w.mu.Unlock()
		return ErrClosed
	}
	if w.hist.CanAdd(c.Key) != history.Free {
		if err := w.waitRoom(ctx, c.Key); err != nil {
			w.mu.Unlock()
			return err
		}
	}
	now := w.clock.now()
	if c.Time.IsZero() {
		c.Time = now
	}
	w.asserted(now)
	sn := w.m.Write(now, w.shelf.lend(reliable.Change{
		Status: c.Status, Key: c.Key, HasKey: w.keyed, Time: rtps.TimeOf(c.Time),
		Payload: c.Payload, IsKey: c.Status != 0 && c.Payload != nil,
	}), &w.out)
	var evict []rtps.SequenceNumber
	if c.Status&reliable.StatusUnregistered != 0 {
		evict, _ = w.hist.Unregister(c.Key, sn)
	} else {
		evict, _ = w.hist.Add(c.Key, sn)
	}
	for _, old := range evict {
		w.m.Remove(old)
	}
	if !w.reliable || w.matched.Current == 0 { // otherwise an ACKNACK will tell
		w.acked()
	}
	w.written(now, len(c.Payload))
	return nil
}

// letCatchUp waits a while for readers that are far behind. mu is held.
func (w *Writer) letCatchUp(ctx context.Context) {
	w.askAcks()
	_ = w.changed.awaitFor(ctx, min(slowDown, w.blocking), &w.mu, func() (bool, error) {
		return w.closed || w.m.UnackedOctets() <= highWater, nil
	})
}

// waitRoom waits until a change of that instance fits. mu is held.
func (w *Writer) waitRoom(ctx context.Context, key rtps.KeyHash) error {
	if w.hist.CanAdd(key) == history.Never {
		return fmt.Errorf("write: %w: the resource limits allow no further instance or sample", ErrOutOfResources)
	}
	w.askAcks()
	limit := forever
	if w.blocking < rtps.Infinite {
		limit = w.blocking
	}
	err := w.changed.awaitFor(ctx, limit, &w.mu, func() (bool, error) {
		if w.closed {
			return false, ErrClosed
		}
		return w.hist.CanAdd(key) == history.Free, nil
	})
	if errors.Is(err, errWaited) {
		return fmt.Errorf("write: no room in the history after max_blocking_time %v, %d samples are not acknowledged: %w",
			w.blocking, w.m.Unacked(), ErrTimeout)
	}
	return err
}

// askAcks asks readers to acknowledge at once: someone waits. mu is held before
// and after, but not in between.
func (w *Writer) askAcks() {
	w.m.RequestAck(time.Now(), &w.out)
	w.flush()
	w.mu.Lock()
}

// acked tells the history what has been acknowledged by everyone. mu is held.
func (w *Writer) acked() {
	if w.hist != nil {
		for _, old := range w.hist.Acked(w.ackedUpTo()) {
			w.m.Remove(old)
		}
	}
	w.changed.broadcast()
}

// ackedUpTo returns the highest number that every matched reliable reader has
// acknowledged. mu is held.
func (w *Writer) ackedUpTo() rtps.SequenceNumber {
	if !w.reliable {
		return w.m.Ordered() // what is under way in parts is still needed
	}
	return w.m.Acked()
}

func (w *Writer) handleAckNack(now time.Time, reader rtps.GUID, a *rtps.AckNack) {
	w.mu.Lock()
	if w.closed {
		w.mu.Unlock()
		return
	}
	w.m.HandleAckNack(now, reader, a, &w.out)
	w.acked()
	w.flushSoon()
}

func (w *Writer) handleNackFrag(now time.Time, reader rtps.GUID, n *rtps.NackFrag) {
	w.mu.Lock()
	if w.closed {
		w.mu.Unlock()
		return
	}
	w.m.HandleNackFrag(now, reader, n, &w.out)
	w.flushSoon()
}

// match adds a remote reader. It is called from the control loop.
func (w *Writer) match(now time.Time, d *dest, info reliable.ReaderInfo) {
	w.mu.Lock()
	if w.closed {
		w.mu.Unlock()
		return
	}
	w.fan = w.fan.with(w, d)
	w.fitFragments()
	w.m.Match(now, info, &w.out)
	w.matched.add(d.guid)
	w.changed.broadcast()
	w.flush()
}

func (w *Writer) unmatch(now time.Time, reader rtps.GUID) {
	w.mu.Lock()
	if _, ok := w.fan.dests[reader]; !ok || w.closed {
		w.mu.Unlock()
		return
	}
	w.fan = w.fan.without(w, reader)
	w.fitFragments()
	w.m.Unmatch(now, reader, &w.out)
	w.matched.remove(reader)
	w.acked()
	w.changed.broadcast()
	w.flush()
}

// fitFragments makes fragments of what the ways to all readers carry in one
// piece, and one reader in any case. mu is held.
func (w *Writer) fitFragments() {
	pack := w.fan.pack
	for _, d := range w.fan.dests { // repairs go to one alone, not by multicast
		pack = min(pack, d.target.pack)
	}
	reserve := max(reserveOf(pack, w.p.secured()), w.adds(1, 1))
	for i := range w.fan.all {
		reserve = max(reserve, w.fan.all[i].adds(w))
	}
	w.m.SetFragmentSize(fragmentSize(pack, reserve))
}

// WaitMatched waits until at least n readers are matched.
func (w *Writer) WaitMatched(ctx context.Context, n int) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.changed.await(ctx, &w.mu, func() (bool, error) {
		if w.closed {
			return false, ErrClosed
		}
		return w.matched.Current >= n, nil
	})
}

// WaitAcks waits until every matched reliable reader has acknowledged all that
// was written before the call. DDS 1.4, 2.2.2.4.2.15.
func (w *Writer) WaitAcks(ctx context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	last := w.m.Last()
	if !w.closed && !w.m.AckedAll(last) {
		w.askAcks()
	}
	return w.changed.await(ctx, &w.mu, func() (bool, error) {
		if w.closed {
			return false, ErrClosed
		}
		return w.m.AckedAll(last), nil
	})
}

// Matched returns PUBLICATION_MATCHED_STATUS and clears its changes.
func (w *Writer) Matched() MatchedStatus {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.matched.take()
}

// Incompatible returns OFFERED_INCOMPATIBLE_QOS_STATUS and clears its changes.
func (w *Writer) Incompatible() IncompatibleStatus {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.incompat.take()
}

func (w *Writer) addIncompatible(policies []qos.ID) {
	w.mu.Lock()
	w.incompat.add(policies)
	w.changed.broadcast()
	w.mu.Unlock()
}

// maxGone is how many acknowledged farewells of entities are kept.
const maxGone = 256

// publish puts the change that stands for an entity into a built-in writer's
// history, in place of the one before: keep last 1 of each instance. That an
// entity has gone is kept for a while, for who did not see us for a time.
func (w *Writer) publish(entity rtps.GUID, c *reliable.Change) {
	w.mu.Lock()
	if w.closed {
		w.mu.Unlock()
		return
	}
	for len(w.gone) > maxGone && w.m.AckedAll(w.gone[0]) {
		w.m.Remove(w.gone[0])
		w.gone = w.gone[1:]
	}
	sn := w.m.Write(time.Now(), c, &w.out)
	if !entity.IsZero() {
		if w.latest == nil {
			w.latest = make(map[rtps.GUID]rtps.SequenceNumber)
		}
		if old, ok := w.latest[entity]; ok {
			w.m.Remove(old)
		}
		w.latest[entity] = sn
		if c.Status != 0 {
			delete(w.latest, entity)
			w.gone = append(w.gone, sn)
		}
	}
	w.flush()
}

// lastOctets is how much a writer that ends sends of what waits for
// acknowledgements.
const lastOctets = 1 << 20

// stop makes the cell refuse everything from now on. What was written is sent
// before, but for what is far ahead of what the readers acknowledged.
func (w *Writer) stop() {
	w.mu.Lock()
	if w.closed {
		w.mu.Unlock()
		return
	}
	if w.burst.kick != nil {
		close(w.burst.kick)
	}
	w.closed = true
	if w.hist != nil {
		w.m.Widen(time.Now(), lastOctets, &w.out)
	}
	w.drain()
	w.changed.broadcast()
	w.mu.Unlock()
	w.p.sched.forget(w)
}
