package reliable

import (
	"slices"

	"github.com/secdds/dds/rtps"
)

// ahead is the samples of one writer that came before one that is missing, in
// the order of their numbers. They come almost in that order and leave from the
// front.
type ahead []Sample

// find returns where sn is or belongs.
func (h ahead) find(sn rtps.SequenceNumber) (at int, held bool) {
	if len(h) == 0 || sn > h[len(h)-1].SN {
		return len(h), false
	}
	// Mostly none is missing between the first and sn.
	if i := sn - h[0].SN; i >= 0 && i < rtps.SequenceNumber(len(h)) && h[i].SN == sn {
		return int(i), true
	}
	return slices.BinarySearchFunc(h, sn, func(s Sample, sn rtps.SequenceNumber) int { return int(s.SN - sn) })
}

func (h ahead) has(sn rtps.SequenceNumber) bool {
	_, held := h.find(sn)
	return held
}

// putHeld holds s, which is not held yet. The room at the front is used again.
func (w *remoteWriter) putHeld(s *Sample) {
	if len(w.held) == cap(w.held) && cap(w.held) < cap(w.heldMem) {
		n := copy(w.heldMem[:cap(w.heldMem)], w.held)
		clear(w.heldMem[n:cap(w.heldMem)])
		w.held = w.heldMem[:n]
	}
	at, _ := w.held.find(s.SN)
	grows := len(w.held) == cap(w.held)
	w.held = slices.Insert(w.held, at, *s)
	if grows {
		w.heldMem = w.held
	}
}

// takeHeld returns the first of what is held, and no longer holds it.
func (w *remoteWriter) takeHeld() Sample {
	s := w.held[0]
	w.held[0] = Sample{}
	if w.held = w.held[1:]; len(w.held) == 0 {
		w.held = w.heldMem[:0]
	}
	return s
}
