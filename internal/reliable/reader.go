package reliable

import (
	"math"
	"time"

	"github.com/secdds/dds/internal/seqset"
	"github.com/secdds/dds/rtps"
)

// A ReaderConfig configures a [Reader]. The zero ReaderConfig is a best-effort
// reader with the defaults below.
type ReaderConfig struct {
	Reliable bool

	AckDelay   time.Duration // answers to heartbeats are collected this long; zero: answered at once
	NackRepeat time.Duration // the same samples are not asked for again sooner; zero: 3 ms

	Window      int // samples held ahead of a missing one, per writer, and how far ahead they may be; zero: 2048
	WindowBytes int // octets of payload they may hold, per writer; zero: 64 MiB

	MaxSampleSize     int                // octets; longer samples are not reassembled; zero: 64 MiB
	MaxPartial        int                // octets of unfinished reassemblies, per writer; at least MaxSampleSize
	Reach             int                // how many octets ahead of 4 times what is here a fragment may lie; zero: 1 MiB
	Spare             func(n int) []byte // memory for n octets that is of no other use, or nil; may be nil
	ReassemblyTimeout time.Duration      // an unfinished reassembly is dropped after this long without a fragment; zero: 10 s
}

func (c ReaderConfig) withDefaults() ReaderConfig {
	set := func(n *int, v int) {
		if *n <= 0 {
			*n = v
		}
	}
	set(&c.Window, 2048)
	set(&c.WindowBytes, 64<<20)
	set(&c.MaxSampleSize, 64<<20)
	set(&c.Reach, 1<<20)
	c.MaxPartial = max(c.MaxPartial, c.MaxSampleSize)
	if c.NackRepeat <= 0 {
		c.NackRepeat = 3 * time.Millisecond
	}
	if c.ReassemblyTimeout <= 0 {
		c.ReassemblyTimeout = 10 * time.Second
	}
	return c
}

// A WriterInfo describes a matched writer to a [Reader].
type WriterInfo struct {
	GUID           rtps.GUID
	Reliable       bool
	TransientLocal bool
}

// ReaderStats counts what a [Reader] dropped, by reason.
type ReaderStats struct {
	Unmatched   uint64 // from a writer that is not matched
	Duplicate   uint64 // samples and fragments that were here already
	Window      uint64 // too far ahead, or no memory to hold them
	BadFragment uint64 // fragments inconsistent in themselves or with earlier ones
	Timeout     uint64 // reassemblies given up
	Rejected    uint64 // reassemblies whose payload did not open
	Stale       uint64 // heartbeats with an old count or a bad range
}

// maxSN is the highest number accepted, so that arithmetic on numbers and
// windows cannot wrap.
const maxSN = rtps.SequenceNumber(math.MaxInt64 - 1<<32)

// Times of what a reader does unasked.
const (
	askMin   = 20 * time.Millisecond // until the first heartbeat is asked for again; doubles
	askMax   = 2 * time.Second
	retryMin = 50 * time.Millisecond // until missing samples are asked for again without a heartbeat; doubles
	retryMax = 2 * time.Second
)

// A Reader is the stateful reader of DDSI-RTPS 2.5, 8.4.12, as a pure state
// machine. Methods that take the time must be given times that never go back.
//
// The order for a DATA is Wants, open the payload, Accept; for a DATA_FRAG it
// is Wants, HandleFrag and, when that completes a sample, open, Accept (or
// Reject). A writer's state advances only in Accept, after the payload was
// found genuine.
type Reader struct {
	cfg     ReaderConfig
	now     time.Time // of the latest call
	writers []*remoteWriter
	byGUID  map[rtps.GUID]*remoteWriter
	recent  *remoteWriter // the one asked for last, or nil
	room    int           // how many more samples can be delivered; negative: unlimited
	resume  bool          // room has returned
	counts  int32         // no ACKNACK or NACK_FRAG to a writer forgotten had a higher count
	stats   ReaderStats
}

// A remoteWriter is a WriterProxy: DDSI-RTPS 2.5, 8.4.10.4.
type remoteWriter struct {
	WriterInfo
	next rtps.SequenceNumber // everything below was delivered or skipped
	last rtps.SequenceNumber // the highest number announced by heartbeat

	held       ahead // at or above next
	heldMem    ahead // what held lies in
	heldBytes  int
	full       bool                            // a sample did not fit; only the next one is asked for
	irrelevant seqset.Set[rtps.SequenceNumber] // at or above next, none of them held

	parts     []*partial // unfinished reassemblies, ordered
	sparePart *partial   // one that is of no more use
	partBytes int
	partAt    time.Time // when to look for reassemblies to give up

	heard               bool // a heartbeat came
	fragHeard           bool
	hbCount, fragCount  int32
	ackCount, nackCount int32

	askAt  time.Time // when to ask for a first heartbeat again
	asks   int
	ackAt  time.Time // when to answer or to ask again
	owes   bool      // a heartbeat that was not final awaits its answer
	retry  time.Duration
	nackAt time.Time           // samples were last asked for
	nacked rtps.SequenceNumber // next at that time
}

// NewReader returns a reader without writers, with unlimited room.
func NewReader(cfg ReaderConfig) *Reader {
	return &Reader{cfg: cfg.withDefaults(), byGUID: make(map[rtps.GUID]*remoteWriter), room: -1}
}

// Match adds a writer. If both sides are reliable it asks for a heartbeat at
// once, and again until one came. For a writer that is matched already it
// updates the description and keeps the state.
func (r *Reader) Match(now time.Time, info WriterInfo, out *ReaderOutbox) {
	r.now = now
	info.Reliable = info.Reliable && r.cfg.Reliable
	if w := r.byGUID[info.GUID]; w != nil {
		if w.Reliable == info.Reliable {
			w.WriterInfo = info
			return
		}
		r.Unmatch(now, info.GUID)
	}
	w := &remoteWriter{WriterInfo: info, next: 1, retry: retryMin, ackCount: r.counts, nackCount: r.counts}
	r.writers = append(r.writers, w)
	r.byGUID[info.GUID] = w
	if info.Reliable {
		w.ask(now, out)
	}
}

// Unmatch forgets a writer and what is held from it.
func (r *Reader) Unmatch(now time.Time, writer rtps.GUID) {
	r.now = now
	delete(r.byGUID, writer)
	r.recent = nil
	for i, w := range r.writers {
		if w.GUID == writer {
			// The writer may still know us, and the counts it has seen.
			r.counts = max(r.counts, w.ackCount, w.nackCount)
			r.writers = append(r.writers[:i], r.writers[i+1:]...)
			return
		}
	}
}

// writer returns the matched writer of that name, or nil.
func (r *Reader) writer(g rtps.GUID) *remoteWriter {
	if w := r.recent; w != nil && w.GUID == g {
		return w
	}
	w := r.byGUID[g]
	r.recent = w
	return w
}

// Wants reports whether the sample would be taken: its writer is matched, it
// is no duplicate, and it lies inside the window. It changes nothing.
func (r *Reader) Wants(writer rtps.GUID, sn rtps.SequenceNumber) bool {
	w := r.writer(writer)
	return w != nil && r.judge(w, sn) == nil
}

// judge returns nil if sn is wanted, or the counter of the reason why not.
func (r *Reader) judge(w *remoteWriter, sn rtps.SequenceNumber) *uint64 {
	switch {
	case sn < w.next:
		return &r.stats.Duplicate
	case sn > maxSN:
		return &r.stats.Window
	case !w.Reliable:
		return nil
	case sn-w.next >= rtps.SequenceNumber(r.cfg.Window):
		return &r.stats.Window
	case sn == w.next && len(w.held) == 0:
		return nil
	}
	if w.held.has(sn) || w.irrelevant.Has(sn) {
		return &r.stats.Duplicate
	}
	return nil
}

// wanted returns the writer if it is matched and its sample sn is wanted, and
// counts the sample if not.
func (r *Reader) wanted(writer rtps.GUID, sn rtps.SequenceNumber) *remoteWriter {
	w := r.writer(writer)
	if w == nil {
		r.stats.Unmatched++
		return nil
	}
	if why := r.judge(w, sn); why != nil {
		*why++
		return nil
	}
	return w
}

// Accept takes a whole sample whose origin was checked. What can be delivered
// in order is appended to out.Deliver.
func (r *Reader) Accept(now time.Time, s Sample, out *ReaderOutbox) { r.AcceptFrom(now, &s, out) }

// AcceptFrom is Accept of a sample that the caller does not change meanwhile.
func (r *Reader) AcceptFrom(now time.Time, s *Sample, out *ReaderOutbox) {
	r.now = now
	w := r.wanted(s.Writer, s.SN)
	if w == nil {
		return
	}
	w.dropPart(s.SN)
	switch {
	case !w.Reliable:
		r.acceptBestEffort(w, s, out)
	case s.SN == w.next && r.room != 0:
		r.deliver(w, s, out)
		if len(w.held) > 0 || !w.irrelevant.Empty() || len(w.parts) > 0 {
			r.drain(w, out)
		}
	default:
		r.hold(w, *s)
	}
}

// acceptBestEffort delivers s and gives up what is older: DDSI-RTPS 2.5, 8.4.12.1.
func (r *Reader) acceptBestEffort(w *remoteWriter, s *Sample, out *ReaderOutbox) {
	if w.heard {
		out.Lost += int64(s.SN - w.next)
	}
	w.heard = true
	if r.room == 0 {
		out.Lost++
		w.next = s.SN + 1
	} else {
		w.next = s.SN
		r.deliver(w, s, out)
	}
	w.dropPartsBelow(w.next)
}

// deliver passes on s, which is the next sample of w.
func (r *Reader) deliver(w *remoteWriter, s *Sample, out *ReaderOutbox) {
	out.Deliver = append(out.Deliver, *s)
	w.next = s.SN + 1
	if r.room > 0 {
		r.room--
	}
}

// holdCost is what a held sample counts besides its octets.
const holdCost = 160

func (s *Sample) cost() int { return len(s.Payload) + len(s.InlineQoS) + holdCost }

// hold keeps s until what is missing before it has come.
func (r *Reader) hold(w *remoteWriter, s Sample) {
	if w.heldBytes+s.cost() > r.cfg.WindowBytes && len(w.held) > 0 {
		w.full = true
		r.stats.Window++
		return
	}
	if !s.Owned && s.Payload != nil {
		s.Payload, s.Owned, s.Lease = append([]byte{}, s.Payload...), true, nil
	}
	w.putHeld(&s)
	w.heldBytes += s.cost()
}

// drain delivers what is held and passes over what is irrelevant, from next on.
func (r *Reader) drain(w *remoteWriter, out *ReaderOutbox) {
	for {
		if len(w.held) > 0 && w.held[0].SN == w.next {
			if r.room == 0 {
				break
			}
			s := w.takeHeld()
			w.heldBytes -= s.cost()
			w.full = false
			r.deliver(w, &s, out)
			continue
		}
		gap, ok := w.irrelevant.Find(w.next)
		if !ok {
			break
		}
		w.next = gap.Hi + 1
	}
	w.irrelevant.Remove(0, w.next-1)
	w.dropPartsBelow(w.next)
}

// skip marks lo..hi, but for what is held, as never to come, and returns how
// many of them were still awaited.
func (w *remoteWriter) skip(lo, hi rtps.SequenceNumber) int64 {
	lo, hi = max(lo, w.next), min(hi, maxSN)
	if hi < lo {
		return 0
	}
	n := int64(hi-lo) + 1 - int64(w.irrelevant.Count(lo, hi))
	w.irrelevant.Add(lo, hi)
	for at, _ := w.held.find(lo); at < len(w.held) && w.held[at].SN <= hi; at++ {
		w.irrelevant.Remove(w.held[at].SN, w.held[at].SN)
		n--
	}
	for i := len(w.parts) - 1; i >= 0; i-- {
		if sn := w.parts[i].sn; lo <= sn && sn <= hi {
			w.removePart(i)
		}
	}
	return n
}

// SetRoom says how many more samples the cache takes; negative: unlimited.
// Every sample delivered uses up one. Without room, reliable samples are held
// inside the window and not acknowledged; when room returns, Next is due at
// once and Advance delivers them. Best-effort samples are lost without room.
func (r *Reader) SetRoom(n int) {
	if r.room == 0 && n != 0 {
		r.resume = true
	}
	r.room = max(n, -1)
}

// Next reports when Advance is due; the zero time means never, a past time at once.
func (r *Reader) Next() time.Time {
	if r.resume {
		return r.now
	}
	var at time.Time
	for _, w := range r.writers {
		at = earliest(at, earliest(w.askAt, earliest(w.ackAt, w.partAt)))
	}
	return at
}

// Advance does what has come due by now.
func (r *Reader) Advance(now time.Time, out *ReaderOutbox) {
	r.now = now
	for _, w := range r.writers {
		if r.resume && w.Reliable {
			r.drain(w, out)
			if r.missing(w) {
				w.ackAt = now
			}
		}
		if due(w.askAt, now) {
			w.ask(now, out)
		}
		if due(w.ackAt, now) {
			if w.owes || r.missing(w) || r.lacksFragments(w) {
				r.acknowledge(now, w, out)
			} else {
				w.ackAt = time.Time{}
			}
		}
		if due(w.partAt, now) {
			r.expireParts(now, w)
		}
	}
	r.resume = false
}

// Stats returns the counters.
func (r *Reader) Stats() ReaderStats { return r.stats }
