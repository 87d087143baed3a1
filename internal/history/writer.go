package history

import (
	"slices"

	"github.com/secdds/dds/rtps"
)

// A WriterConfig is the part of a writer's QoS that its history obeys. The zero
// WriterConfig is KEEP_ALL without limits, samples kept when acknowledged.
type WriterConfig struct {
	// Depth is the depth of KEEP_LAST; 0 or less: KEEP_ALL. DDS 1.4, 2.2.3.18.
	Depth int
	// Limits; 0 or less: none. DDS 1.4, 2.2.3.19.
	MaxSamples, MaxInstances, MaxSamplesPerInstance int
	// Volatile durability: what all readers have acknowledged is of no more use.
	Volatile bool
}

// Room says whether a writer may write. DDS 1.4, 2.2.2.4.2.11.
type Room uint8

// Values of Room.
const (
	// Free: Add succeeds.
	Free Room = iota
	// Wait: an acknowledgement may make room; write blocks for up to
	// max_blocking_time, then it is RETCODE_TIMEOUT.
	Wait
	// Never: no acknowledgement will make room: RETCODE_OUT_OF_RESOURCES.
	Never
)

// A change is one sample of a Writer, in two lists as a record of a Cache is.
type change struct {
	sn           rtps.SequenceNumber
	inst         *writerInstance
	prev, next   *change
	iprev, inext *change
}

type writerInstance struct {
	key        rtps.KeyHash
	head, tail *change
	count      int
	gone       rtps.SequenceNumber // of the unregistration; 0: registered
	next       *writerInstance     // in Writer.freeInstances
}

// A leaving is an unregistration, good as long as its instance has gone == sn.
type leaving struct {
	key rtps.KeyHash
	sn  rtps.SequenceNumber
}

// A Writer is the book of a writer's history: which sequence numbers are held,
// and which go. It holds no payloads.
//
// The sequence numbers that Add, Acked and Remove return are valid until the
// next call; the caller drops these samples (its reliable side says GAP).
type Writer struct {
	cfg        WriterConfig
	instances  map[rtps.KeyHash]*writerInstance
	last       *writerInstance // the one that was looked up last
	head, tail *change
	count      int // samples
	acked      rtps.SequenceNumber
	leaving    []leaving // unregistrations in order; some are out of date
	nleaving   int       // instances with gone set
	evicted    []rtps.SequenceNumber

	freeChanges   *change
	freeInstances *writerInstance
	nfree, nfreeI int
}

// NewWriter returns an empty history.
func NewWriter(cfg WriterConfig) *Writer {
	return &Writer{cfg: cfg, instances: make(map[rtps.KeyHash]*writerInstance)}
}

// Len returns the number of samples held.
func (w *Writer) Len() int { return w.count }

// Instances returns the number of instances held.
func (w *Writer) Instances() int { return len(w.instances) }

// Has reports whether sn is held. It costs as much as there are samples before sn.
func (w *Writer) Has(sn rtps.SequenceNumber) bool { return w.find(sn) != nil }

// First returns the lowest sequence number held; 0: none.
func (w *Writer) First() rtps.SequenceNumber {
	if w.head == nil {
		return 0
	}
	return w.head.sn
}

// CanAdd reports whether a sample of key can be added.
//
// DDS 1.4, 2.2.3.18: KEEP_LAST never waits for its own instance: it overwrites
// the oldest sample even if that is not acknowledged. KEEP_ALL overwrites only
// what is acknowledged. The limits of 2.2.3.19 hold for both.
func (w *Writer) CanAdd(key rtps.KeyHash) Room {
	_, room := w.victim(w.instance(key))
	return room
}

// victim returns the sample that must go for another one of i (nil: a new
// instance); nil if none must.
func (w *Writer) victim(i *writerInstance) (*change, Room) {
	if i == nil && w.cfg.MaxInstances > 0 && len(w.instances) >= w.cfg.MaxInstances {
		if w.nleaving > 0 {
			return nil, Wait
		}
		return nil, Never
	}
	keepLast := w.cfg.Depth > 0
	if i != nil && keepLast && i.count >= w.cfg.Depth {
		return i.head, Free
	}
	// From here on only what is acknowledged makes room, and with KEEP_LAST
	// nothing does: the last samples of an instance are what it promises.
	if limit := w.cfg.MaxSamplesPerInstance; i != nil && limit > 0 && i.count >= limit {
		return w.ifAcked(i.head, keepLast)
	}
	if limit := w.cfg.MaxSamples; limit > 0 && w.count >= limit {
		return w.ifAcked(w.head, keepLast)
	}
	return nil, Free
}

func (w *Writer) ifAcked(c *change, keepLast bool) (*change, Room) {
	switch {
	case c.sn > w.acked:
		if keepLast && !w.cfg.Volatile && w.nleaving == 0 {
			return nil, Never // an acknowledgement frees nothing
		}
		return nil, Wait
	case keepLast:
		return nil, Never
	}
	return c, Free
}

// Add enters the sample sn of key, which must be above all before it. It
// returns what goes for it. It is not entered unless CanAdd says Free.
func (w *Writer) Add(key rtps.KeyHash, sn rtps.SequenceNumber) (evict []rtps.SequenceNumber, ok bool) {
	if w.tail != nil && sn <= w.tail.sn {
		panic("BUG: sequence numbers must rise")
	}
	w.evicted = w.evicted[:0]
	i := w.instance(key)
	victim, room := w.victim(i)
	if room != Free {
		return nil, false
	}
	if i == nil {
		i = w.newInstance(key)
	}
	w.setGone(i, 0) // written again: registered again
	w.append(i, sn)
	if victim != nil {
		w.evict(victim) // after append, lest its instance be forgotten
	}
	return w.evicted, true
}

// Unregister enters the sample sn that unregisters key, as Add does. When it is
// acknowledged, all of the instance goes: DDS 1.4, 2.2.2.4.2.7.
func (w *Writer) Unregister(key rtps.KeyHash, sn rtps.SequenceNumber) (evict []rtps.SequenceNumber, ok bool) {
	evict, ok = w.Add(key, sn)
	if !ok {
		return nil, false
	}
	w.setGone(w.tail.inst, sn)
	if len(w.leaving) >= 2*w.nleaving+16 { // mostly out of date
		w.leaving = slices.DeleteFunc(w.leaving, func(l leaving) bool { return !w.good(l) })
	}
	w.leaving = append(w.leaving, leaving{key, sn})
	return evict, true
}

func (w *Writer) good(l leaving) bool {
	i := w.instances[l.key]
	return i != nil && i.gone == l.sn
}

func (w *Writer) setGone(i *writerInstance, sn rtps.SequenceNumber) {
	if i.gone != 0 {
		w.nleaving--
	}
	if i.gone = sn; sn != 0 {
		w.nleaving++
	}
}

// Acked says that every reader has all samples up to sn. It returns what goes:
// of a volatile writer all of them, else those of unregistered instances. The
// engine of a best-effort writer calls it when it has sent.
func (w *Writer) Acked(sn rtps.SequenceNumber) (evict []rtps.SequenceNumber) {
	w.evicted = w.evicted[:0]
	w.acked = max(w.acked, sn)
	n := 0
	for _, l := range w.leaving {
		if l.sn > w.acked {
			break
		}
		n++
		if w.good(l) {
			for i := w.instances[l.key]; i.head != nil; {
				w.evict(i.head)
			}
		}
	}
	if n > 0 {
		w.leaving = w.leaving[:copy(w.leaving, w.leaving[n:])]
	}
	if w.cfg.Volatile {
		for w.head != nil && w.head.sn <= w.acked {
			w.evict(w.head)
		}
	}
	return w.evicted
}

// Remove takes sn out, as its lifespan is over, and reports whether it was
// held. It costs as much as there are samples before sn: lifespans end in the
// order of writing, so there are none unless the application dates them otherwise.
func (w *Writer) Remove(sn rtps.SequenceNumber) bool {
	c := w.find(sn)
	if c != nil {
		w.evicted = w.evicted[:0]
		w.evict(c)
	}
	return c != nil
}
