package reliable

import (
	"slices"
	"time"

	"github.com/secdds/dds/rtps"
)

// A partial is a sample of which some fragments are here.
type partial struct {
	sn    rtps.SequenceNumber
	ahead int                 // ReaderConfig.Reach
	size  int                 // octets of the sample
	frag  int                 // octets of a fragment
	total rtps.FragmentNumber // of fragments
	isKey bool
	qos   []byte

	buf   []byte              // the sample as far as it was allocated
	have  []uint64            // one bit for each fragment that buf has room for
	got   int                 // octets here
	low   rtps.FragmentNumber // every fragment below is here
	known rtps.FragmentNumber // fragments up to it were sent, as the writer says
	at    time.Time           // of the latest fragment
}

// Bounds of reassembly.
const (
	maxParts           = 64  // of a reliable writer
	maxPartsBestEffort = 4   // of a best-effort writer
	partCost           = 256 // of a partial besides its octets
)

// HandleFrag takes fragments of a sample. When they complete it, it returns
// the sample with Writer, SN, Payload, Owned, IsKey and InlineQoS set; the
// caller opens the payload, fills in the rest from InlineQoS and calls Accept.
func (r *Reader) HandleFrag(now time.Time, writer rtps.GUID, f *rtps.DataFrag, out *ReaderOutbox) (s Sample, complete bool) {
	r.now = now
	w := r.wanted(writer, f.SN)
	if w == nil {
		return Sample{}, false
	}
	if !r.consistent(f) {
		r.stats.BadFragment++
		return Sample{}, false
	}
	p := w.part(f.SN)
	if p == nil {
		if f.First == 1 && int(f.Count)*int(f.FragmentSize) >= int(f.SampleSize) { // all in one
			return Sample{Writer: writer, SN: f.SN, Payload: f.Payload[:f.SampleSize], IsKey: f.IsKey, InlineQoS: f.InlineQoS}, true
		}
		p = r.newPart(now, w, f)
		if p == nil {
			r.stats.Window++
			return Sample{}, false
		}
	}
	if p.size != int(f.SampleSize) || p.frag != int(f.FragmentSize) {
		r.stats.BadFragment++ // DDSI-RTPS 2.5, 8.3.8.3: fragmentSize is the same for all
		return Sample{}, false
	}
	if !r.fill(w, p, f) {
		if p.got == 0 {
			w.dropPart(p.sn)
		}
		return Sample{}, false
	}
	p.at = now
	w.retry = retryMin
	if p.got < p.size {
		return Sample{}, false
	}
	s = Sample{Writer: writer, SN: p.sn, Payload: p.buf, Owned: true, IsKey: p.isKey, InlineQoS: p.qos}
	w.dropPart(p.sn)
	p.buf, p.qos = nil, nil
	return s, true
}

// consistent reports whether the fields of f agree: DDSI-RTPS 2.5, 8.3.8.3.3.
func (r *Reader) consistent(f *rtps.DataFrag) bool {
	if f.FragmentSize == 0 || f.SampleSize == 0 || uint64(f.SampleSize) > uint64(r.cfg.MaxSampleSize) || f.First < 1 || f.Count < 1 {
		return false
	}
	total := (uint64(f.SampleSize) + uint64(f.FragmentSize) - 1) / uint64(f.FragmentSize)
	end := uint64(f.First) - 1 + uint64(f.Count)
	lo := (uint64(f.First) - 1) * uint64(f.FragmentSize)
	return end <= total && uint64(len(f.Payload)) >= min(end*uint64(f.FragmentSize), uint64(f.SampleSize))-lo
}

// newPart begins the reassembly that f belongs to; nil if there is no room.
func (r *Reader) newPart(now time.Time, w *remoteWriter, f *rtps.DataFrag) *partial {
	if w.Reliable {
		// The samples needed first go first.
		if n := len(w.parts); n >= maxParts {
			if w.parts[n-1].sn < f.SN {
				return nil
			}
			w.removePart(n - 1)
		}
	} else if len(w.parts) >= maxPartsBestEffort {
		if f.SN < w.parts[0].sn {
			return nil
		}
		w.removePart(0)
	}
	p := w.sparePart
	if w.sparePart = nil; p == nil {
		p = new(partial)
	}
	*p = partial{
		have: p.have[:0],
		sn:   f.SN, ahead: r.cfg.Reach, size: int(f.SampleSize), frag: int(f.FragmentSize), isKey: f.IsKey, low: 1, at: now,
	}
	p.total = rtps.FragmentNumber((p.size + p.frag - 1) / p.frag)
	i := 0
	for i < len(w.parts) && w.parts[i].sn < p.sn {
		i++
	}
	w.parts = slices.Insert(w.parts, i, p)
	w.partBytes += p.cost()
	w.partAt = earliest(w.partAt, now.Add(r.cfg.ReassemblyTimeout))
	return p
}

func (p *partial) cost() int { return cap(p.buf) + 8*len(p.have) + len(p.qos) + partCost }

// fill copies the fragments of f that are not here yet and reports whether
// there were any.
func (r *Reader) fill(w *remoteWriter, p *partial, f *rtps.DataFrag) bool {
	last := f.First + rtps.FragmentNumber(f.Count) - 1
	if last > p.reach() || !r.makeRoom(w, p, min(int(last)*p.frag, p.size)) {
		r.stats.Window++
		return false
	}
	if p.qos == nil && len(f.InlineQoS) > 0 {
		w.partBytes += len(f.InlineQoS)
		p.qos = slices.Clone(f.InlineQoS)
	}
	before := p.got
	start := (int(f.First) - 1) * p.frag
	for n := f.First; n <= last; n++ {
		if p.has(n) {
			continue
		}
		lo := (int(n) - 1) * p.frag
		hi := min(lo+p.frag, p.size)
		copy(p.buf[lo:hi], f.Payload[lo-start:hi-start])
		p.have[(n-1)/64] |= 1 << ((n - 1) % 64)
		p.got += hi - lo
	}
	for p.low <= p.total && p.has(p.low) {
		p.low++
	}
	if p.got == before {
		r.stats.Duplicate++
		return false
	}
	return true
}

// has reports whether fragment n is here.
func (p *partial) has(n rtps.FragmentNumber) bool {
	i := (n - 1) / 64
	return int(i) < len(p.have) && p.have[i]&(1<<((n-1)%64)) != 0
}

// lacks reports whether a fragment up to n is missing.
func (p *partial) lacks(n rtps.FragmentNumber) bool { return p.low <= min(n, p.reach()) }

// reach returns the highest fragment that is accepted now. Memory grows with
// what has come: a lone fragment at the end of a long sample makes none.
func (p *partial) reach() rtps.FragmentNumber {
	if b := 4*p.got + p.ahead; b < p.size {
		return rtps.FragmentNumber(max(b/p.frag, 1))
	}
	return p.total
}

// makeRoom makes the buffers of p hold n octets, giving up other reassemblies
// if it must: later ones if w is reliable, earlier ones if not.
func (r *Reader) makeRoom(w *remoteWriter, p *partial, n int) bool {
	if n <= len(p.buf) {
		return true
	}
	grown := min(max(n, 2*len(p.buf)), p.size)
	if p.size <= p.ahead {
		grown = p.size // it could reach that far at once
	}
	var spare []byte
	if r.cfg.Spare != nil && len(p.buf) == 0 {
		if spare = r.cfg.Spare(p.size); spare != nil {
			grown = p.size
		}
	}
	words := (grown + 64*p.frag - 1) / (64 * p.frag)
	more := grown - len(p.buf) + 8*(words-len(p.have))
	// The bit map of tiny fragments is as long as the sample / 8: not counted
	// against a bound that just fits the sample.
	for w.partBytes+more > r.cfg.MaxPartial+r.cfg.MaxPartial/8+maxParts*partCost {
		i := 0
		if w.Reliable {
			i = len(w.parts) - 1
		}
		if w.parts[i] == p {
			return false
		}
		w.removePart(i)
	}
	w.partBytes -= p.cost()
	buf := spare[:min(cap(spare), grown)]
	if spare == nil {
		buf = make([]byte, grown)
		copy(buf, p.buf)
	}
	if words <= cap(p.have) {
		n := len(p.have)
		p.have = p.have[:words]
		clear(p.have[n:])
	} else {
		have := make([]uint64, words)
		copy(have, p.have)
		p.have = have
	}
	p.buf = buf
	w.partBytes += p.cost()
	return true
}

// Reject says that the payload of a completed sample did not open. It stays missing.
func (r *Reader) Reject(writer rtps.GUID, sn rtps.SequenceNumber) {
	r.stats.Rejected++
	if w := r.byGUID[writer]; w != nil {
		w.dropPart(sn)
	}
}

// part returns the unfinished reassembly of sn, or nil.
func (w *remoteWriter) part(sn rtps.SequenceNumber) *partial {
	for _, p := range w.parts {
		if p.sn == sn {
			return p
		}
	}
	return nil
}

func (w *remoteWriter) removePart(i int) {
	w.partBytes -= w.parts[i].cost()
	w.sparePart = w.parts[i]
	w.parts = slices.Delete(w.parts, i, i+1)
	if len(w.parts) == 0 {
		w.partAt = time.Time{}
	}
}

func (w *remoteWriter) dropPart(sn rtps.SequenceNumber) {
	for i, p := range w.parts {
		if p.sn == sn {
			w.removePart(i)
			return
		}
	}
}

func (w *remoteWriter) dropPartsBelow(sn rtps.SequenceNumber) {
	for len(w.parts) > 0 && w.parts[0].sn < sn {
		w.removePart(0)
	}
}

// expireParts gives up reassemblies of which nothing came for too long. A
// reliable writer is asked for the whole sample again.
func (r *Reader) expireParts(now time.Time, w *remoteWriter) {
	w.partAt = time.Time{}
	for i := len(w.parts) - 1; i >= 0; i-- {
		at := w.parts[i].at.Add(r.cfg.ReassemblyTimeout)
		if due(at, now) {
			w.removePart(i)
			r.stats.Timeout++
		}
	}
	for _, p := range w.parts {
		w.partAt = earliest(w.partAt, p.at.Add(r.cfg.ReassemblyTimeout))
	}
}
