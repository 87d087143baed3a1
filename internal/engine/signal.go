package engine

import (
	"context"
	"sync"
)

// A signal tells goroutines that something guarded by a mutex changed. It costs
// nothing while nobody waits.
type signal struct{ ch chan struct{} }

// broadcast wakes everyone. The mutex is held.
func (s *signal) broadcast() {
	if s.ch != nil {
		close(s.ch)
		s.ch = nil
	}
}

// await calls done under mu, now and after every broadcast, until it reports
// true or ctx ends. It succeeds without waiting if done is true at once, even
// when ctx is done. mu is held before and after.
func (s *signal) await(ctx context.Context, mu *sync.Mutex, done func() (bool, error)) error {
	for {
		if ok, err := done(); ok || err != nil {
			return err
		}
		if s.ch == nil {
			s.ch = make(chan struct{})
		}
		ch := s.ch
		mu.Unlock()
		select {
		case <-ch:
			mu.Lock()
		case <-ctx.Done():
			mu.Lock()
			if ok, err := done(); ok || err != nil {
				return err
			}
			return ctx.Err()
		}
	}
}
