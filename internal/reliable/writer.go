package reliable

import (
	"time"

	"github.com/secdds/dds/internal/seqset"
	"github.com/secdds/dds/rtps"
)

// A WriterConfig configures a [Writer]. The zero WriterConfig is a volatile
// best-effort writer with the defaults below.
type WriterConfig struct {
	Reliable       bool // answer ACKNACK and NACK_FRAG, announce by HEARTBEAT
	TransientLocal bool // keep changes after they are acknowledged, until Remove

	HeartbeatPeriod time.Duration // longest time between heartbeats while unacknowledged; zero: 500 ms
	HeartbeatMin    time.Duration // the first of them; it doubles up to HeartbeatPeriod; zero: 10 ms
	AckPeriod       time.Duration // a write asks for acknowledgement when none was asked for this long; zero: 1 ms
	AckEvery        int           // … or for this many changes; zero: 32

	NackDelay       time.Duration // requests are collected this long before they are answered; zero: answered at once
	NackSuppression time.Duration // what was repaired is not repaired again for this long; zero: 3 ms; negative: always repaired

	FragmentSize int // octets; larger payloads leave as DATA_FRAG of this size, at most 65,000; zero: 65,000
	Budget       int // octets of payload a call orders at most, give or take one DATA; zero: 256 KiB

	// Window is how many octets may be ordered and not acknowledged, at first;
	// it grows up to MaxWindow while nothing gets lost and shrinks when
	// something does. Zero: no limit.
	Window, MaxWindow int

	FirstSN rtps.SequenceNumber // of the first change; zero: 1
}

// maxFragmentSize leaves room for headers and protection in a UDP datagram.
const maxFragmentSize = 65000

func (c WriterConfig) withDefaults() WriterConfig {
	set := func(d *time.Duration, v time.Duration) {
		if *d <= 0 {
			*d = v
		}
	}
	set(&c.HeartbeatPeriod, 500*time.Millisecond)
	set(&c.HeartbeatMin, 10*time.Millisecond)
	set(&c.AckPeriod, time.Millisecond)
	if c.NackSuppression == 0 {
		c.NackSuppression = 3 * time.Millisecond
	}
	if c.AckEvery <= 0 {
		c.AckEvery = 32
	}
	if c.FragmentSize <= 0 || c.FragmentSize > maxFragmentSize {
		c.FragmentSize = maxFragmentSize
	}
	if c.Budget <= 0 {
		c.Budget = 256 << 10
	}
	c.HeartbeatMin = min(c.HeartbeatMin, c.HeartbeatPeriod)
	c.MaxWindow = max(c.MaxWindow, c.Window)
	c.FirstSN = max(c.FirstSN, 1)
	return c
}

// A ReaderInfo describes a matched reader to a [Writer].
type ReaderInfo struct {
	GUID         rtps.GUID
	Reliable     bool
	WantsHistory bool // transient local or better: gets the changes held when it matched
}

// A Writer is the stateful writer of DDSI-RTPS 2.5, 8.4.9, as a pure state
// machine. Methods that take the time must be given times that never go back.
type Writer struct {
	cfg  WriterConfig
	hist history
	now  time.Time // of the latest call

	last      rtps.SequenceNumber // the newest change written
	common    rtps.SequenceNumber // the newest change written for every reader
	pushed    rtps.SequenceNumber // every change up to it was ordered once
	fragAt    rtps.FragmentNumber // the next fragment of change pushed+1; 1: none is out yet
	trimmed   rtps.SequenceNumber // changes for everyone up to it were acknowledged and dropped
	addressed int                 // changes held that are for one reader
	filtered  bool                // there was such a change

	readers  []*remoteReader // in the order they matched
	byGUID   map[rtps.GUID]*remoteReader
	reliable int // of readers
	turn     int // the reader whose repairs come first

	hbCount     int32
	hbFragCount int32
	hbAt        time.Time     // the next heartbeat; zero: nobody lags
	hbEvery     time.Duration // until the one after it
	askedAt     time.Time     // the last heartbeat that asked everyone for an answer
	asked       int           // changes ordered since

	repairAt time.Time // the earliest repairAt of readers
	more     bool      // the budget ended a call: there is more to order now

	pace    pace
	waiting int // octets of changes that were never ordered
}

// A remoteReader is a ReaderProxy: DDSI-RTPS 2.5, 8.4.7.4.
type remoteReader struct {
	ReaderInfo
	start rtps.SequenceNumber // the first change that can be relevant
	acked rtps.SequenceNumber // everything up to it is acknowledged
	to    rtps.SequenceNumber // the newest change addressed to this reader

	heard               bool // an ACKNACK came
	ackSeen, nackSeen   bool
	ackCount, nackCount int32
	hbAnswered          time.Time                       // the last heartbeat sent because it asked for one
	gaps                seqset.Set[rtps.SequenceNumber] // irrelevant; not told yet
	want                seqset.Set[rtps.SequenceNumber] // to be repaired
	frags               []fragSet                       // fragments to be repaired, ordered
	repairAt            time.Time                       // when to repair them; zero: nothing to repair
	done                seqset.Set[rtps.SequenceNumber] // repaired in the current suppression window
	doneFrags           []fragSet
	doneUntil           time.Time // the end of that window

	live     rtps.SequenceNumber // the first change sent to it as it was written
	liveAt   int64               // octets ordered before that: history is not paced
	ackedAt  int64               // octets that had been ordered up to the end of acked
	progress time.Time           // when acked rose last, or something was ordered after all was acknowledged
	slow     bool                // the pace does not wait for it: it is silent, or takes the history
}

// A fragSet is some fragments of one change.
type fragSet struct {
	sn  rtps.SequenceNumber
	set seqset.Set[rtps.FragmentNumber]
}

// Bounds of what one reader can make the writer remember. What exceeds them is
// forgotten; the reader asks again.
const (
	maxRanges   = 1024 // of a set
	maxFragSets = 32
)

// NewWriter returns a writer without history or readers.
func NewWriter(cfg WriterConfig) *Writer {
	cfg = cfg.withDefaults()
	n := cfg.FirstSN - 1
	return &Writer{
		cfg: cfg, last: n, common: n, pushed: n, trimmed: n, fragAt: 1,
		hbEvery: cfg.HeartbeatMin, byGUID: make(map[rtps.GUID]*remoteReader), pace: newPace(&cfg),
	}
}

// Match adds a reader and announces the history to it at once. For a reader
// that is matched already it updates the description and keeps the state.
func (w *Writer) Match(now time.Time, r ReaderInfo, out *Outbox) {
	w.now = now
	r.Reliable = r.Reliable && w.cfg.Reliable
	p := w.byGUID[r.GUID]
	if p != nil && p.Reliable != r.Reliable {
		w.drop(p)
		p = nil
	}
	if p == nil {
		p = w.newReader(r)
	}
	p.ReaderInfo = r
	switch {
	case p.Reliable:
		if p.start > 1 && !p.heard {
			out.Sends = append(out.Sends, Send{Kind: SendGap, To: p.GUID, Gap: rtps.Gap{
				Start: 1, List: rtps.SequenceNumberSet{Base: p.start},
			}})
		}
		w.heartbeat(now, p, false, out)
		w.hbEvery = w.cfg.HeartbeatMin
		w.hbSoon(now.Add(w.hbEvery))
	case r.WantsHistory && w.cfg.TransientLocal && p.start <= w.pushed && !p.heard:
		// It cannot ask, so it is sent what there is, once.
		p.heard = true
		p.want.Add(p.start, w.pushed)
		w.scheduleRepair(now, p, out)
	}
}

func (w *Writer) newReader(r ReaderInfo) *remoteReader {
	p := &remoteReader{ReaderInfo: r, start: w.pushed + 1}
	if r.WantsHistory && w.cfg.TransientLocal {
		p.start = w.cfg.FirstSN
		for i := w.hist.head; i < len(w.hist.e) && w.addressed > 0; i++ {
			if e := w.hist.e[i]; e.c != nil && e.c.To == r.GUID {
				p.to = e.sn
			}
		}
	}
	p.acked, p.live = p.start-1, w.pushed+1
	if w.fragAt > 1 { // it was not there when that began
		p.live++
	}
	p.liveAt, p.ackedAt, p.progress = w.pace.ordered, w.pace.ordered, w.now
	p.slow = p.start < p.live
	w.readers = append(w.readers, p)
	w.byGUID[r.GUID] = p
	if r.Reliable {
		w.reliable++
	}
	return p
}

// Unmatch forgets a reader. Changes that only it had not acknowledged are dropped.
func (w *Writer) Unmatch(now time.Time, reader rtps.GUID, out *Outbox) {
	w.now = now
	if p := w.byGUID[reader]; p != nil {
		w.drop(p)
	}
}

func (w *Writer) drop(p *remoteReader) {
	delete(w.byGUID, p.GUID)
	for i := range w.readers {
		if w.readers[i] == p {
			w.readers = append(w.readers[:i], w.readers[i+1:]...)
			break
		}
	}
	if p.Reliable {
		w.reliable--
	}
	if !w.cfg.TransientLocal && w.addressed > 0 {
		for i := w.hist.head; i < len(w.hist.e); i++ {
			if e := w.hist.e[i]; e.c != nil && e.c.To == p.GUID && e.sn <= w.pushed {
				w.forget(i)
			}
		}
	}
	w.trim()
	w.settle()
	if !w.pace.full.IsZero() {
		w.more = true // it may have been the one that was waited for
	}
}

// Write numbers c and orders it sent. The writer keeps c, payload and all;
// neither may change any more.
func (w *Writer) Write(now time.Time, c *Change, out *Outbox) rtps.SequenceNumber {
	w.now = now
	w.last++
	c.SN = w.last
	if c.To.IsZero() {
		w.common = c.SN
	} else {
		w.addressed++
		w.filtered = true
		if p := w.byGUID[c.To]; p != nil {
			p.to = c.SN
		}
	}
	c.at, c.frag = notOrdered, w.cfg.FragmentSize
	w.waiting += len(c.Payload)
	w.hist.add(c)
	budget := w.cfg.Budget
	w.push(now, &budget, out)
	return c.SN
}

// SetFragmentSize changes WriterConfig.FragmentSize for the changes to come.
//
// DDSI-RTPS 2.5, 8.3.8.3: the fragments of one change have one size for all.
func (w *Writer) SetFragmentSize(n int) {
	w.cfg.FragmentSize = n
	w.cfg = w.cfg.withDefaults()
}

// Remove drops a change that the history gave up. Readers that still lack it
// are told by GAP when they ask.
func (w *Writer) Remove(sn rtps.SequenceNumber) {
	if i := w.hist.index(sn); i < len(w.hist.e) && w.hist.e[i].sn == sn {
		w.forget(i)
		w.hist.tidy()
	}
}

// forget drops the change of entry i. Entries do not move, but all of them go
// with the last change.
func (w *Writer) forget(i int) {
	if c := w.hist.e[i].c; c != nil {
		if !c.To.IsZero() {
			w.addressed--
		}
		if c.at == notOrdered {
			w.waiting -= len(c.Payload)
		}
	}
	w.hist.removeAt(i)
}

// trim drops what every matched reliable reader has acknowledged.
func (w *Writer) trim() {
	if w.cfg.TransientLocal {
		return
	}
	m := w.pushed
	for _, p := range w.readers {
		if p.Reliable {
			m = min(m, p.acked)
		}
	}
	for i := w.hist.index(w.trimmed + 1); i < len(w.hist.e) && w.hist.e[i].sn <= m; i++ {
		if c := w.hist.e[i].c; c != nil && c.To.IsZero() {
			w.forget(i)
		}
	}
	w.trimmed = max(w.trimmed, m)
}

// relevant reports whether c is meant for p.
func (p *remoteReader) relevant(c *Change) bool {
	return c.SN >= p.start && (c.To.IsZero() || c.To == p.GUID)
}

// lags reports whether p has to be told by heartbeats what there is: it has
// not acknowledged something that was sent, or was never heard from.
func (w *Writer) lags(p *remoteReader) bool {
	return p.Reliable && (!p.heard || p.acked < min(max(w.common, p.to), w.pushed))
}

// settle stops the heartbeats when nobody lags.
func (w *Writer) settle() {
	for _, p := range w.readers {
		if w.lags(p) {
			return
		}
	}
	w.hbAt = time.Time{}
}

// hbSoon makes sure that a heartbeat is due at t at the latest.
func (w *Writer) hbSoon(t time.Time) { w.hbAt = earliest(w.hbAt, t) }

// earliest returns the earlier of two times, where zero is never.
func earliest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// due reports whether t, where zero is never, has come.
func due(t, now time.Time) bool { return !t.IsZero() && !t.After(now) }

// Next reports when Advance is due; the zero time means never, a past time at once.
func (w *Writer) Next() time.Time {
	if w.more {
		return w.now
	}
	return earliest(w.stallAt(), earliest(w.hbAt, w.repairAt))
}

// Advance does what has come due by now.
func (w *Writer) Advance(now time.Time, out *Outbox) {
	w.now = now
	w.findSlow(now)
	budget := w.cfg.Budget
	w.repair(now, &budget, out)
	w.push(now, &budget, out)
	if due(w.hbAt, now) {
		w.heartbeatLaggards(now, out)
	}
}
