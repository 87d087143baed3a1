package engine

import "github.com/secdds/dds/internal/reliable"

// A shelf holds what a writer may use again. Guarded by the writer's mu.
//
// What is sent is read without mu, so a change is of no more use to anyone only
// when the machine has dropped it and nothing is being sent or ordered: only at
// the end of a flush are both certain.
type shelf struct {
	lent     []*reliable.Change // given to the machine, the oldest first
	changes  []*reliable.Change
	payloads [][]byte
}

// Limits on what a writer keeps: half a megabyte.
const (
	maxLent    = 128
	maxPayload = 4096
)

// lend returns a change to be written that holds c.
func (s *shelf) lend(c reliable.Change) *reliable.Change {
	var ch *reliable.Change
	if last := len(s.changes) - 1; last >= 0 {
		ch, s.changes = s.changes[last], s.changes[:last]
	} else {
		ch = new(reliable.Change)
	}
	*ch = c
	if cap(c.Payload) > maxPayload {
		return ch
	}
	if len(s.lent) == maxLent { // some are held for long: the garbage collector may have them
		n := copy(s.lent, s.lent[maxLent/2:])
		clear(s.lent[n:])
		s.lent = s.lent[:n]
	}
	s.lent = append(s.lent, ch)
	return ch
}

// harvest takes back what the machine has dropped. It is called at the end of
// a flush, with nothing ordered.
func (s *shelf) harvest(m *reliable.Writer) {
	n := 0
	for n < len(s.lent) && m.Get(s.lent[n].SN) == nil {
		c := s.lent[n]
		s.give(c.Payload)
		c.Payload = nil
		if len(s.changes) < maxLent {
			s.changes = append(s.changes, c)
		}
		n++
	}
	if n > 0 {
		rest := copy(s.lent, s.lent[n:])
		clear(s.lent[rest:])
		s.lent = s.lent[:rest]
	}
}

func (s *shelf) give(b []byte) {
	if cap(b) > 0 && cap(b) <= maxPayload && len(s.payloads) < maxLent {
		s.payloads = append(s.payloads, b[:0])
	}
}

// Buffer returns an empty buffer for the payload of the next Change.
func (w *Writer) Buffer() []byte {
	w.mu.Lock()
	defer w.mu.Unlock()
	last := len(w.shelf.payloads) - 1
	if last < 0 {
		return nil
	}
	b := w.shelf.payloads[last]
	w.shelf.payloads[last] = nil
	w.shelf.payloads = w.shelf.payloads[:last]
	return b
}
