package main

import (
	"context"
	"time"
)

// slice is how long a wait for data lasts at a time.
const slice = 100 * time.Millisecond

// A waiter waits for data, a slice of time at most. Its context serves all waits
// within a slice: one per wait would cost allocations per sample.
type waiter struct {
	ctx    context.Context
	slice  context.Context
	cancel context.CancelFunc
}

func newWaiter(ctx context.Context) *waiter { return &waiter{ctx: ctx, cancel: func() {}} }

func (w *waiter) close() { w.cancel() }

// data waits until wait finds data. It returns false when there was none for a
// while, up to a slice, and the context's error when that has ended.
func (w *waiter) data(wait func(context.Context) error) (bool, error) {
	if w.slice == nil || w.slice.Err() != nil {
		w.cancel()
		w.slice, w.cancel = context.WithTimeout(w.ctx, slice)
	}
	err := wait(w.slice)
	switch {
	case err == nil:
		return true, nil
	case w.ctx.Err() != nil:
		return false, w.ctx.Err()
	case w.slice.Err() != nil:
		return false, nil
	}
	return false, err
}
