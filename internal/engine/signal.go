package engine

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// A signal tells goroutines that something guarded by a mutex changed. It costs
// nothing while nobody waits, and waiting again and again allocates nothing.
type signal struct {
	waiting []chan struct{} // of one slot, empty
	free    []chan struct{}
	timers  []*time.Timer // stopped
}

// maxFreeWaits is how many channels and timers a signal keeps for later.
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
	return s.awaitFor(ctx, forever, mu, done)
}

const forever time.Duration = -1

// awaitFor is await for a limited time; when that is over it returns errWaited.
func (s *signal) awaitFor(ctx context.Context, limit time.Duration, mu *sync.Mutex, done func() (bool, error)) error {
	ok, err := done()
	if ok || err != nil {
		return err
	}
	var over <-chan time.Time
	if limit >= 0 {
		t := s.timer(limit)
		defer s.stop(t)
		over = t.C
	}
	for {
		ch := s.join()
		var end error
		mu.Unlock()
		select {
		case <-ch:
			mu.Lock()
		case <-ctx.Done():
			mu.Lock()
			end = s.quit(ch, ctx.Err())
		case <-over:
			mu.Lock()
			end = s.quit(ch, errWaited)
		}
		s.leave(ch)
		if ok, err := done(); ok || err != nil {
			return err
		}
		if end != nil {
			return end
		}
	}
}

var errWaited = errors.New("engine: waited long enough")

// quit takes ch off the list, and what it was told out of it. It returns err.
func (s *signal) quit(ch chan struct{}, err error) error {
	if i := slices.Index(s.waiting, ch); i >= 0 {
		s.waiting = slices.Delete(s.waiting, i, i+1)
	} else {
		<-ch
	}
	return err
}

// timer returns a running timer.
func (s *signal) timer(d time.Duration) *time.Timer {
	if n := len(s.timers); n > 0 {
		t := s.timers[n-1]
		s.timers = s.timers[:n-1]
		t.Reset(d)
		return t
	}
	return time.NewTimer(d)
}

func (s *signal) stop(t *time.Timer) {
	t.Stop()
	if len(s.timers) < maxFreeWaits {
		s.timers = append(s.timers, t)
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
