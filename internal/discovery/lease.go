package discovery

import (
	"container/heap"
	"time"

	"github.com/secdds/dds/qos"
)

// A lease is a time by which a participant or a writer must be heard of.
type lease struct {
	at     time.Time
	nth    int // in the heap, from 1 on; 0: not in it
	peer   *peer
	writer *endpoint // when peer is nil
}

// A leaseHeap holds the running leases, the first to run out in front.
type leaseHeap []*lease

func (h leaseHeap) first() *lease {
	if len(h) == 0 {
		return nil
	}
	return h[0]
}

// renew lets l run out after d from now on, or never if d is infinite.
func (h *leaseHeap) renew(now time.Time, l *lease, d time.Duration) {
	if d == qos.Infinite {
		h.stop(l)
		return
	}
	l.at = now.Add(d)
	if l.nth == 0 {
		heap.Push(h, l)
		return
	}
	heap.Fix(h, l.nth-1)
}

func (h *leaseHeap) stop(l *lease) {
	if l.nth > 0 {
		heap.Remove(h, l.nth-1)
	}
}

// Len, Less, Swap, Push and Pop are for container/heap.
func (h leaseHeap) Len() int           { return len(h) }
func (h leaseHeap) Less(i, j int) bool { return h[i].at.Before(h[j].at) }
func (h leaseHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].nth, h[j].nth = i+1, j+1
}

func (h *leaseHeap) Push(x any) {
	l := x.(*lease)
	*h = append(*h, l)
	l.nth = len(*h)
}

func (h *leaseHeap) Pop() any {
	last := len(*h) - 1
	l := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	l.nth = 0
	return l
}
