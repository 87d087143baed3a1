package reliable

import (
	"sort"

	"github.com/secdds/dds/rtps"
)

// A history holds changes in the order of their numbers. It is a slice with
// holes rather than a ring: one old change of a rarely written instance must
// not cost memory for every number since.
type history struct {
	e    []entry // ordered; c is nil where a change was removed
	head int     // the first entry whose c is not nil, or len(e)
	live int     // entries whose c is not nil
}

type entry struct {
	sn rtps.SequenceNumber
	c  *Change
}

// add appends c, whose number is higher than any before.
func (h *history) add(c *Change) {
	if len(h.e) == cap(h.e) && len(h.e)-h.live > h.live {
		h.compact()
	}
	h.e = append(h.e, entry{c.SN, c})
	h.live++
}

// tidy compacts when most entries are holes, so that a walk over the history
// costs what is in it.
func (h *history) tidy() {
	if len(h.e)-h.head-h.live > h.live+64 {
		h.compact()
	}
}

// compact closes the holes. It pays for itself: at least half were holes.
func (h *history) compact() {
	n := 0
	for _, e := range h.e[h.head:] {
		if e.c != nil {
			h.e[n] = e
			n++
		}
	}
	clear(h.e[n:])
	h.e, h.head = h.e[:n], 0
}

// index returns the first entry numbered sn or higher, at or after the head.
func (h *history) index(sn rtps.SequenceNumber) int {
	e := h.e[h.head:]
	if len(e) == 0 || sn <= e[0].sn {
		return h.head
	}
	// Between two compactions numbers are consecutive: guess before searching.
	if i := sn - e[0].sn; i < rtps.SequenceNumber(len(e)) && e[i].sn == sn {
		return h.head + int(i)
	}
	return h.head + sort.Search(len(e), func(i int) bool { return e[i].sn >= sn })
}

// get returns the change numbered sn, or nil.
func (h *history) get(sn rtps.SequenceNumber) *Change {
	if i := h.index(sn); i < len(h.e) && h.e[i].sn == sn {
		return h.e[i].c
	}
	return nil
}

// next returns the lowest number held that is sn or higher.
func (h *history) next(sn rtps.SequenceNumber) (rtps.SequenceNumber, bool) {
	for i := h.index(sn); i < len(h.e); i++ {
		if h.e[i].c != nil {
			return h.e[i].sn, true
		}
	}
	return 0, false
}

// removeAt drops the change of entry i, if it is still there.
func (h *history) removeAt(i int) {
	if h.e[i].c == nil {
		return
	}
	h.e[i].c = nil
	h.live--
	for h.head < len(h.e) && h.e[h.head].c == nil {
		h.head++
	}
	if h.head == len(h.e) {
		h.e, h.head = h.e[:0], 0
	}
}
