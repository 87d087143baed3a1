package engine

import (
	"time"

	"github.com/secdds/dds/internal/history"
	"github.com/secdds/dds/internal/reliable"
	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

// Recycle gives back the payloads of entries that were taken and decoded.
func (r *Reader) Recycle(entries []history.Entry) {
	r.mu.Lock()
	r.recycle(entries)
	r.mu.Unlock()
}

// recycle is Recycle. mu is held.
func (r *Reader) recycle(entries []history.Entry) {
	for i := range entries {
		e := &entries[i]
		if f, ok := e.Lease.(*frame); ok {
			f.release()
			r.leases--
		} else {
			r.pool.put(e.Payload)
		}
		e.Payload, e.Lease = nil, nil
	}
}

// handleRun takes DATA of a matched writer. The order is wants, open, accept: a
// forged sample can never advance the reader.
//
// Long samples stay in f, which the datagram lies in, unless f is nil.
func (r *Reader) handleRun(now time.Time, src *source, run []arrival, f *frame) {
	r.mu.Lock()
	if r.closed {
		r.mu.Unlock()
		return
	}
	wanted, leases := 0, 0
	if f != nil && r.borrows {
		leases = maxLeases - r.leases
	}
	for i := range run {
		a := &run[i]
		if a.wanted = r.m.Wants(src.guid, a.data.SN); a.wanted {
			wanted++
			if len(a.data.Payload) >= leastLease && leases > 0 {
				leases--
				continue
			}
			a.buf = r.pool.get(len(a.data.Payload))
		}
	}
	r.mu.Unlock()
	if n := len(run) - wanted; n > 0 {
		r.p.stats.dropped[dropDuplicate].Add(uint64(n))
	}

	var known rtps.KeyHash
	alive, learned := false, false
	for i := range run {
		a := &run[i]
		if !a.wanted {
			continue
		}
		a.sample = reliable.Sample{Writer: src.guid, SN: a.data.SN, Time: a.ts, IsKey: a.data.IsKey, Owned: a.buf != nil}
		if a.buf == nil {
			a.sample.Lease = f
		}
		a.verdict = r.open1(src.opener, &a.sample, a.data.InlineQoS, a.le, a.buf, a.data.Payload)
		if a.verdict == forged {
			continue
		}
		alive = true
		if s := &a.sample; a.verdict == usable && s.Payload != nil && s.HasKey && (!learned || s.Key != known) {
			r.learnKey(s.Key, s.Payload, s.IsKey)
			known, learned = s.Key, true
		}
	}
	if !alive {
		return
	}
	src.pulse.beat(r.p, now)
	r.mu.Lock()
	for i := range run {
		if a := &run[i]; a.wanted && a.verdict != forged {
			r.conclude(now, &a.sample, a.verdict)
		}
	}
	r.flush(now)
}

// A verdict says what is to become of a sample.
type verdict uint8

const (
	usable   verdict = iota
	unusable         // genuine, but of no use here: passed over, so that it holds up nothing
	forged           // it did not open: nothing changes
)

// conclude carries out a verdict. mu is held.
func (r *Reader) conclude(now time.Time, s *reliable.Sample, v verdict) {
	switch {
	case r.closed:
	case v == usable:
		r.m.AcceptFrom(now, s, &r.out)
	case v == unusable:
		// DDSI-RTPS 2.5, 8.3.8.4: as if the writer had said that it is irrelevant.
		r.m.HandleGap(now, s.Writer, &rtps.Gap{Start: s.SN, List: rtps.SequenceNumberSet{Base: s.SN + 1}}, &r.out)
	}
}

// open1 fills in s from its payload and inline QoS: opened, copied unless buf
// is nil, with its key. It runs without mu. Only after the payload has opened does it look at
// the rest, for only then is the sample known to be genuine.
func (r *Reader) open1(opener spi.PayloadOpener, s *reliable.Sample, inline []byte, le bool, buf, payload []byte) verdict {
	switch {
	case payload == nil:
	case opener != nil:
		var err error
		if inPlace, ok := opener.(spi.InPlacePayloadOpener); ok && buf == nil {
			s.Payload, err = inPlace.OpenPayloadInPlace(payload)
		} else {
			s.Payload, err = opener.OpenPayload(buf, payload)
			s.Owned, s.Lease = true, nil
		}
		if err != nil {
			r.p.drop(dropBadPayload)
			return forged
		}
	case buf == nil:
		s.Payload = payload
	default:
		s.Payload = append(buf, payload...)
	}
	if inline == nil && s.Payload != nil { // a plain sample
		return r.identify(s)
	}
	q, err := parseInlineQoS(inline, le)
	if err != nil {
		r.p.drop(dropInlineQoS)
		return unusable
	}
	s.Status = q.StatusInfo & (reliable.StatusDisposed | reliable.StatusUnregistered)
	if r.keyOf == nil {
		if r.builtin {
			s.Key, s.HasKey = q.KeyHash, q.HasKeyHash
		}
		return usable
	}
	switch {
	case s.Payload != nil:
		return r.identify(s)
	case q.HasKeyHash:
		s.Key, s.HasKey = q.KeyHash, true
		s.Payload, s.IsKey = r.recallKey(q.KeyHash, buf), true
	default:
		r.p.drop(dropBadKey)
		return unusable
	}
	return usable
}

// identify finds the key of a sample in its payload: a key hash that came with
// it proves nothing.
func (r *Reader) identify(s *reliable.Sample) verdict {
	if r.keyOf == nil {
		return usable
	}
	k, err := r.keyOf(s.Payload, s.IsKey, r.keyHidden)
	if err != nil {
		r.p.drop(dropBadKey)
		return unusable
	}
	s.Key, s.HasKey = k, true
	return usable
}

// handleFrag takes fragments of a sample. Their payload is opened for itself,
// before it is taken; or, from the vendors that seal the sample as a whole, when
// it is complete. Which of the two never depends on what is received.
func (r *Reader) handleFrag(now time.Time, src *source, sub rtps.Submessage, f rtps.DataFrag, ts rtps.Time, scratch *[]byte) {
	r.mu.Lock()
	if r.closed || !r.m.Wants(src.guid, f.SN) {
		r.mu.Unlock()
		r.p.drop(dropDuplicate)
		return
	}
	if src.opener != nil && !src.sealsWhole {
		r.mu.Unlock()
		if !r.openFrag(src, sub, &f, scratch) {
			return
		}
		r.mu.Lock()
		if r.closed {
			r.mu.Unlock()
			return
		}
	}
	s, whole := r.m.HandleFrag(now, src.guid, &f, &r.out)
	if !whole {
		r.flush(now)
		return
	}
	r.mu.Unlock()

	s.Time = ts
	payload, inline := s.Payload, s.InlineQoS
	s.InlineQoS = nil
	var buf []byte // nil: payload is the sample's own
	var opener spi.PayloadOpener
	switch {
	case src.sealsWhole && src.opener != nil:
		opener, buf = src.opener, make([]byte, 0, len(payload))
	case !s.Owned:
		buf = make([]byte, 0, len(payload))
	}
	v := r.open1(opener, &s, inline, sub.LittleEndian(), buf, payload)
	if v == usable && s.Payload != nil && s.HasKey {
		r.learnKey(s.Key, s.Payload, s.IsKey)
	}
	s.Owned = true
	r.mu.Lock()
	if v != usable && !r.closed {
		r.m.Reject(src.guid, s.SN)
	}
	r.conclude(now, &s, v)
	r.flush(now)
}

// openFrag opens the payload of one DATA_FRAG into scratch. It runs without mu.
func (r *Reader) openFrag(src *source, sub rtps.Submessage, f *rtps.DataFrag, scratch *[]byte) bool {
	sealed, err := rtps.ParseSealedDataFrag(sub)
	if err != nil {
		r.p.drop(dropMalformed)
		return false
	}
	plain, err := src.opener.OpenPayload((*scratch)[:0], sealed.Payload)
	*scratch = plain[:0]
	if n := f.Len(); err != nil || len(plain) < n || len(plain) > n+3 { // SIGN pads to 4
		r.p.drop(dropBadPayload)
		return false
	}
	f.Payload = plain[:f.Len()]
	return true
}

func (r *Reader) handleHeartbeat(now time.Time, src *source, h *rtps.Heartbeat) {
	r.mu.Lock()
	if !r.closed {
		if h.Liveliness && h.Count-src.pulse.count > 0 { // no replay
			src.pulse.count = h.Count
			src.pulse.beat(r.p, now)
		}
		r.m.HandleHeartbeat(now, src.guid, h, &r.out)
	}
	r.flush(now)
}

func (r *Reader) handleHeartbeatFrag(now time.Time, src *source, h *rtps.HeartbeatFrag) {
	r.mu.Lock()
	if !r.closed {
		r.m.HandleHeartbeatFrag(now, src.guid, h, &r.out)
	}
	r.flush(now)
}

func (r *Reader) handleGap(now time.Time, src *source, g *rtps.Gap) {
	r.mu.Lock()
	if !r.closed {
		r.m.HandleGap(now, src.guid, g, &r.out)
	}
	r.flush(now)
}
