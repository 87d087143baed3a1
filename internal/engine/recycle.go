package engine

import "github.com/secdds/dds/internal/reliable"

// A shelf holds what a writer may use again. Guarded by the writer's mu.
//
// What is sent is read without mu, so a change is of no more use to anyone only
// when the machine has dropped it, it is not ordered, and nothing is being sent:
// that is so in between two rounds of a flush.
type shelf struct {
	lent     []*reliable.Change // given to the machine, the oldest first, from head on
	head     int
	out      int // octets of their payloads
	changes  []*reliable.Change
	payloads [][]byte
	octets   int // of payloads
}

// Limits on what a writer keeps.
const (
	maxLent  = 8192
	maxShelf = 16 << 20 // octets of payloads, but one buffer whatever its size
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
	for n := len(s.lent) - s.head; n == maxLent || s.out > maxShelf && n > 8; n-- {
		s.next() // it is held for long, and all after it wait: the garbage collector may have it
	}
	if len(s.lent) == cap(s.lent) && s.head > len(s.lent)/2 {
		n := copy(s.lent, s.lent[s.head:])
		clear(s.lent[n:])
		s.lent, s.head = s.lent[:n], 0
	}
	s.lent = append(s.lent, ch)
	s.out += cap(c.Payload)
	return ch
}

// next takes the oldest change that is lent off the list.
func (s *shelf) next() *reliable.Change {
	c := s.lent[s.head]
	s.lent[s.head] = nil
	s.head++
	s.out -= cap(c.Payload)
	return c
}

// harvest takes back what the machine has dropped, but for what is ordered. It
// is called with nothing being sent.
func (s *shelf) harvest(m *reliable.Writer, ordered *reliable.Outbox) {
	end := ordered.First()
	for s.head < len(s.lent) && s.lent[s.head].SN < end && m.Get(s.lent[s.head].SN) == nil {
		c := s.next()
		s.give(c.Payload)
		c.Payload = nil
		if len(s.changes) < maxLent {
			s.changes = append(s.changes, c)
		}
	}
	if s.head == len(s.lent) {
		s.lent, s.head = s.lent[:0], 0
	}
}

func (s *shelf) give(b []byte) {
	if cap(b) > 0 && len(s.payloads) < maxLent && (len(s.payloads) == 0 || s.octets+cap(b) <= maxShelf) {
		s.payloads = append(s.payloads, b[:0])
		s.octets += cap(b)
	}
}

// Buffer returns an empty buffer for the payload of the next Change.
func (w *Writer) Buffer() []byte {
	w.mu.Lock()
	b := w.shelf.buffer()
	w.mu.Unlock()
	return b
}

func (s *shelf) buffer() []byte {
	last := len(s.payloads) - 1
	if last < 0 {
		return nil
	}
	b := s.payloads[last]
	s.payloads[last] = nil
	s.payloads = s.payloads[:last]
	s.octets -= cap(b)
	return b
}
