package engine

import (
	"container/heap"
	"sync"
	"time"
)

// A waker is a cell that wants to be called when its time has come.
type waker interface {
	advance(now time.Time)
	slot() *schedSlot
}

// A schedSlot is a cell's place in the scheduler.
type schedSlot struct {
	at    time.Time // zero: not in the heap
	index int
	w     waker
}

// A scheduler calls cells at the times they asked for, from one goroutine.
type scheduler struct {
	mu    sync.Mutex
	heap  schedHeap
	kick  chan struct{} // one slot
	done  chan struct{}
	ended chan struct{}
}

func newScheduler() *scheduler {
	s := &scheduler{kick: make(chan struct{}, 1), done: make(chan struct{}), ended: make(chan struct{})}
	go s.run()
	return s
}

// wake asks for a call of w.advance at that time, or sooner if a sooner one is
// asked for already. The zero time asks for nothing. A cell that is called too
// early finds nothing to do and asks again.
func (s *scheduler) wake(w waker, at time.Time) {
	if at.IsZero() {
		return
	}
	slot := w.slot()
	s.mu.Lock()
	switch {
	case slot.at.IsZero():
		slot.at, slot.w = at, w
		heap.Push(&s.heap, slot)
	case at.Before(slot.at):
		slot.at = at
		heap.Fix(&s.heap, slot.index)
	default:
		s.mu.Unlock()
		return
	}
	first := s.heap[0] == slot
	s.mu.Unlock()
	if first {
		select {
		case s.kick <- struct{}{}:
		default:
		}
	}
}

// forget takes w out.
func (s *scheduler) forget(w waker) {
	slot := w.slot()
	s.mu.Lock()
	if !slot.at.IsZero() {
		heap.Remove(&s.heap, slot.index)
		slot.at = time.Time{}
	}
	s.mu.Unlock()
}

func (s *scheduler) run() {
	defer close(s.ended)
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	var due []waker
	for {
		now := time.Now()
		due = due[:0]
		wait := time.Hour
		s.mu.Lock()
		for len(s.heap) > 0 {
			if d := s.heap[0].at.Sub(now); d > 0 {
				wait = d
				break
			}
			slot := heap.Pop(&s.heap).(*schedSlot)
			slot.at = time.Time{}
			due = append(due, slot.w)
		}
		s.mu.Unlock()
		for _, w := range due {
			w.advance(now)
		}
		if len(due) > 0 {
			clear(due)
			continue
		}
		timer.Reset(wait)
		select {
		case <-timer.C:
		case <-s.kick:
		case <-s.done:
			return
		}
	}
}

func (s *scheduler) close() {
	close(s.done)
	<-s.ended
}

type schedHeap []*schedSlot

func (h schedHeap) Len() int           { return len(h) }
func (h schedHeap) Less(i, j int) bool { return h[i].at.Before(h[j].at) }
func (h schedHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}
func (h *schedHeap) Push(x any) {
	s := x.(*schedSlot)
	s.index = len(*h)
	*h = append(*h, s)
}
func (h *schedHeap) Pop() any {
	old := *h
	s := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	return s
}
