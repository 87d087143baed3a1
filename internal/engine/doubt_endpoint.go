package engine

import (
	"maps"
	"sync/atomic"
	"time"

	"github.com/secdds/dds/rtps"
)

// An endpointDoubt is what is under way to find out whether a remote endpoint
// is gone.
type endpointDoubt struct {
	since, asked time.Time
	proof        atomic.Int64 // when it last sealed something, in ns
}

// doubtEndpoint is called when it was said in clear that an endpoint is gone
// that was announced under protection. As with participants (see doubt) that is
// not believed: the endpoint is asked for an answer that DDSI-RTPS 2.5, 8.3.8.1
// and 8.3.8.6, make mandatory and that only its participant can seal.
//
// Interop: Cyclone DDS 0.10 ends single endpoints that way. Fast DDS does not,
// and its writers do not always answer: so it is not asked.
func (p *Participant) doubtEndpoint(now time.Time, g rtps.GUID) {
	q := p.peer(g.Prefix)
	if q == nil || q.data.Vendor == rtps.VendorFast || p.endpointDoubt(g) != nil || !p.probe(now, g) {
		return
	}
	d := &endpointDoubt{since: now, asked: now}
	p.setDoubts(func(m map[rtps.GUID]*endpointDoubt) { m[g] = d })
}

func (p *Participant) endpointDoubt(g rtps.GUID) *endpointDoubt {
	if m := p.doubts.Load(); m != nil {
		return (*m)[g]
	}
	return nil
}

func (p *Participant) setDoubts(change func(map[rtps.GUID]*endpointDoubt)) {
	m := make(map[rtps.GUID]*endpointDoubt)
	if old := p.doubts.Load(); old != nil {
		m = maps.Clone(*old)
	}
	if change(m); len(m) == 0 {
		p.doubts.Store(nil)
		return
	}
	p.doubts.Store(&m)
}

// probe asks a remote endpoint for an answer, for every local one that it can
// prove itself to. It reports whether there is one: what is best-effort or not
// protected proves nothing by its silence, and stays.
func (p *Participant) probe(now time.Time, g rtps.GUID) bool {
	asked := false
	for _, local := range p.dir.Matched(nil, g) {
		pr := p.pairs[pairKey{local, g}]
		switch {
		case pr == nil || !pr.joined || !pr.reliable:
		case pr.writer != nil && pr.writer.requires != 0:
			pr.writer.probe(now, g)
			asked = true
		case pr.reader != nil && pr.reader.requires != 0 && pr.reader.data.Reader.Reliability.Reliable:
			pr.reader.probe(now, g)
			asked = true
		}
	}
	return asked
}

// prove is called with every submessage of an endpoint that came as protected
// as its counterpart demands.
func (p *Participant) prove(sc *scope, entity rtps.EntityID) {
	if m := p.doubts.Load(); m != nil && sc.shield != 0 {
		if d := (*m)[rtps.GUID{Prefix: sc.source, Entity: entity}]; d != nil {
			d.proof.Store(sc.now.UnixNano())
		}
	}
}

// resolveEndpointDoubts asks again those that have not answered, and forgets
// them in the end.
func (p *Participant) resolveEndpointDoubts(now time.Time) {
	m := p.doubts.Load()
	if m == nil {
		return
	}
	for g, d := range *m {
		over := func() { p.setDoubts(func(m map[rtps.GUID]*endpointDoubt) { delete(m, g) }) }
		switch {
		case p.dir.Endpoint(g) == nil || d.proof.Load() >= d.since.Add(doubtAfter).UnixNano():
			over()
		case now.Sub(d.since) >= doubtFor:
			over()
			p.dir.HandleEndpointGone(now, g.Prefix, g, true, &p.events)
		case now.Sub(d.asked) >= doubtAfter:
			d.asked = now
			if !p.probe(now, g) {
				over() // nobody is left that it could prove itself to
			}
		}
	}
}

// nextEndpointDoubt returns when resolveEndpointDoubts is due; zero: never.
func (p *Participant) nextEndpointDoubt() (next time.Time) {
	if m := p.doubts.Load(); m != nil {
		for _, d := range *m {
			at := d.asked.Add(doubtAfter)
			if end := d.since.Add(doubtFor); end.Before(at) {
				at = end
			}
			if next.IsZero() || at.Before(next) {
				next = at
			}
		}
	}
	return next
}

func (w *Writer) probe(now time.Time, reader rtps.GUID) {
	w.mu.Lock()
	if w.closed {
		w.mu.Unlock()
		return
	}
	w.m.Probe(now, reader, &w.out)
	w.flush()
}

func (r *Reader) probe(now time.Time, writer rtps.GUID) {
	r.mu.Lock()
	if r.closed {
		r.mu.Unlock()
		return
	}
	r.m.Probe(now, writer, &r.out)
	r.flushAside(now)
}
