package engine

import (
	"context"
	"slices"
	"sync"
)

// A signal tells goroutines that something guarded by a mutex changed. It costs
// nothing while nobody waits, and waiting again and again allocates nothing.
type signal struct {
	waiting []chan struct{} // of one slot, empty
	free    []chan struct{}
}

// maxFreeWaits is how many channels a signal keeps for later.
const maxFreeWaits = 4

// broadcast wakes everyone. The mutex is held.
func (s *signal) broadcast() {
	for i, ch := range s.waiting {
		ch <- struct{}{}
		s.waiting[i] = nil
	}
	s.waiting = s.waiting[:0]
}

// await calls done under mu, now and after every broadcast, until it reports
// true or ctx ends. It succeeds without waiting if done is true at once, even
// when ctx is done. mu is held before and after.
func (s *signal) await(ctx context.Context, mu *sync.Mutex, done func() (bool, error)) error {
	for {
		if ok, err := done(); ok || err != nil {
			return err
		}
		ch := s.join()
		mu.Unlock()
		select {
		case <-ch:
			mu.Lock()
			s.leave(ch)
		case <-ctx.Done():
			mu.Lock()
			if i := slices.Index(s.waiting, ch); i >= 0 {
				s.waiting = slices.Delete(s.waiting, i, i+1)
			} else {
				<-ch // told meanwhile
			}
			s.leave(ch)
			if ok, err := done(); ok || err != nil {
				return err
			}
			return ctx.Err()
		}
	}
}

// join returns the channel that the next broadcast sends to.
func (s *signal) join() chan struct{} {
	var ch chan struct{}
	if n := len(s.free); n > 0 {
		ch, s.free = s.free[n-1], s.free[:n-1]
	} else {
		ch = make(chan struct{}, 1)
	}
	s.waiting = append(s.waiting, ch)
	return ch
}

func (s *signal) leave(ch chan struct{}) {
	if len(s.free) < maxFreeWaits {
		s.free = append(s.free, ch)
	}
}
