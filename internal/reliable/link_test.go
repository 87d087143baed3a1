package reliable

import (
	"container/heap"
	"encoding/binary"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/rtps"
)

var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

var writerGUID = rtps.GUID{Prefix: rtps.GUIDPrefix{0xaa}, Entity: rtps.EntityID{0, 0, 1, 2}}

func readerGUID(i int) rtps.GUID {
	return rtps.GUID{Prefix: rtps.GUIDPrefix{byte(i + 1)}, Entity: rtps.EntityID{0, 0, 1, 7}}
}

// A world joins one writer to some readers over a link in virtual time. What
// the link does to a datagram is up to fate: the delays of its copies.
type world struct {
	t       *testing.T
	now     time.Time
	w       *Writer
	out     Outbox
	readers []*station
	queue   flights
	seq     int
	fate    func() []time.Duration
	maxMem  int // the most octets that readers held ahead or in fragments
	sends   int
}

// A station is a reader and what it delivered.
type station struct {
	r       *Reader
	guid    rtps.GUID
	out     ReaderOutbox
	got     []Sample
	lost    int64
	matched bool
	keep    bool // payloads
}

type flight struct {
	at  time.Time
	seq int
	run func()
}

type flights []flight

func (f flights) Len() int           { return len(f) }
func (f flights) Swap(i, j int)      { f[i], f[j] = f[j], f[i] }
func (f *flights) Push(x any)        { *f = append(*f, x.(flight)) }
func (f flights) Less(i, j int) bool { return f[i].before(f[j]) }
func (f *flights) Pop() any {
	x := (*f)[len(*f)-1]
	*f = (*f)[:len(*f)-1]
	return x
}
func (a flight) before(b flight) bool {
	return a.at.Before(b.at) || a.at.Equal(b.at) && a.seq < b.seq
}

func perfect() []time.Duration { return []time.Duration{100 * time.Microsecond} }

// bad loses, doubles and reorders.
func bad(seed uint64, loss, dup float64, jitter time.Duration) func() []time.Duration {
	rnd := rand.New(rand.NewPCG(seed, 1))
	delay := func() time.Duration { return 100*time.Microsecond + time.Duration(rnd.Int64N(int64(jitter))) }
	return func() []time.Duration {
		switch x := rnd.Float64(); {
		case x < loss:
			return nil
		case x < loss+dup:
			return []time.Duration{delay(), delay()}
		}
		return []time.Duration{delay()}
	}
}

func newWorld(t *testing.T, cfg WriterConfig, fate func() []time.Duration) *world {
	return &world{t: t, now: epoch, w: NewWriter(cfg), fate: fate}
}

func (d *world) join(cfg ReaderConfig, history bool) *station {
	s := &station{r: NewReader(cfg), guid: readerGUID(len(d.readers)), matched: true}
	d.readers = append(d.readers, s)
	s.r.Match(d.now, WriterInfo{GUID: writerGUID, Reliable: d.w.cfg.Reliable, TransientLocal: d.w.cfg.TransientLocal}, &s.out)
	d.w.Match(d.now, ReaderInfo{GUID: s.guid, Reliable: cfg.Reliable, WantsHistory: history}, &d.out)
	d.flush()
	return s
}

func (d *world) fly(run func()) {
	for _, delay := range d.fate() {
		d.seq++
		heap.Push(&d.queue, flight{d.now.Add(delay), d.seq, run})
	}
}

// flush puts on the link what the machines ordered.
func (d *world) flush() {
	for i := range d.out.Sends {
		m := d.out.Sends[i]
		for _, s := range d.readers {
			if !s.matched || !m.To.IsZero() && m.To != s.guid {
				continue
			}
			if m.Kind != SendFrag {
				d.sends++
				d.fly(func() { s.receive(d.now, &m) })
				continue
			}
			for k := rtps.FragmentNumber(0); k < rtps.FragmentNumber(m.FragCount); k++ {
				one := m
				one.FragFirst, one.FragCount = m.FragFirst+k, 1
				d.sends++
				d.fly(func() { s.receive(d.now, &one) })
			}
		}
	}
	d.out.Reset()
	for _, s := range d.readers {
		for _, a := range s.out.Acks {
			d.fly(func() { d.w.HandleAckNack(d.now, s.guid, &a.AckNack, &d.out) })
		}
		for _, n := range s.out.NackFrags {
			d.fly(func() { d.w.HandleNackFrag(d.now, s.guid, &n.NackFrag, &d.out) })
		}
		for _, x := range s.out.Deliver {
			if !s.keep {
				x.Payload = x.Payload[:min(len(x.Payload), 8)]
			}
			s.got = append(s.got, x)
		}
		s.lost += s.out.Lost
		s.out.Reset()
		for _, w := range s.r.writers {
			d.maxMem = max(d.maxMem, w.heldBytes+w.partBytes)
		}
	}
}

func (s *station) receive(now time.Time, m *Send) {
	if !s.matched {
		return
	}
	switch m.Kind {
	case SendData:
		c := m.Change
		if s.r.Wants(writerGUID, c.SN) {
			s.r.Accept(now, Sample{Writer: writerGUID, SN: c.SN, Status: c.Status, Payload: c.Payload}, &s.out)
		}
	case SendFrag:
		x, ok := s.r.HandleFrag(now, writerGUID, &rtps.DataFrag{
			SN: m.Change.SN, First: m.FragFirst, Count: m.FragCount, FragmentSize: m.FragSize,
			SampleSize: uint32(len(m.Change.Payload)), Payload: m.Fragment(),
		}, &s.out)
		if ok {
			s.r.Accept(now, x, &s.out)
		}
	case SendHeartbeat:
		s.r.HandleHeartbeat(now, writerGUID, &m.Heartbeat, &s.out)
	case SendGap:
		s.r.HandleGap(now, writerGUID, &m.Gap, &s.out)
	case SendHeartbeatFrag:
		s.r.HandleHeartbeatFrag(now, writerGUID, &m.HeartbeatFrag, &s.out)
	}
}

// step does the next thing there is to do by end and reports whether there was one.
func (d *world) step(end time.Time) bool {
	at := d.w.Next()
	for _, s := range d.readers {
		at = earliest(at, s.r.Next())
	}
	if len(d.queue) > 0 {
		at = earliest(at, d.queue[0].at)
	}
	if at.IsZero() || at.After(end) {
		return false
	}
	if at.After(d.now) {
		d.now = at
	}
	if len(d.queue) > 0 && !d.queue[0].at.After(d.now) {
		heap.Pop(&d.queue).(flight).run()
	} else {
		if due(d.w.Next(), d.now) {
			d.w.Advance(d.now, &d.out)
		}
		for _, s := range d.readers {
			if due(s.r.Next(), d.now) {
				s.r.Advance(d.now, &s.out)
			}
		}
	}
	d.flush()
	return true
}

// run goes on until nothing is left to do and fails if that takes longer than limit.
func (d *world) run(limit time.Duration) {
	d.t.Helper()
	end, steps := d.now.Add(limit), 0
	for d.step(end) {
		if steps++; steps > 20_000_000 {
			d.t.Fatal("no end of work at", d.now.Sub(epoch))
		}
	}
	require.True(d.t, d.idle(), "not idle after %v: writer due %v, queue %d", limit, d.w.Next(), len(d.queue))
}

func (d *world) idle() bool {
	for _, s := range d.readers {
		if !s.r.Next().IsZero() {
			return false
		}
	}
	return len(d.queue) == 0 && d.w.Next().IsZero()
}

// pass lets time pass.
func (d *world) pass(t time.Duration) {
	end := d.now.Add(t)
	for d.step(end) {
	}
	d.now = end
}

func (d *world) write(c *Change) rtps.SequenceNumber {
	sn := d.w.Write(d.now, c, &d.out)
	d.flush()
	return sn
}

func numbered(n int) []byte { return binary.LittleEndian.AppendUint64(nil, uint64(n)) }

// wantAll demands samples lo..hi, each once, in order.
func (s *station) wantAll(t *testing.T, lo, hi int) {
	t.Helper()
	require.Len(t, s.got, hi-lo+1)
	for i, x := range s.got {
		require.Equal(t, rtps.SequenceNumber(lo+i), x.SN)
		require.Equal(t, numbered(lo+i), x.Payload[:8])
	}
}
