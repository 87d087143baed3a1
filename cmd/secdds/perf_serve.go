package main

import (
	"context"
	"sync"
	"time"

	"github.com/secdds/dds"
)

// A program takes what comes, and looks now and then whether it has ended.
type program interface {
	// take takes at most limit samples (0: all) and reports whether check has
	// something to do.
	take(r *dds.Reader[Perf], limit int) bool
	// check is called after such a take, and after about a slice of time. It
	// reports whether the program has ended.
	check(now time.Time) (bool, error)
}

// maxTake is how many samples are taken before the clock is looked at.
const maxTake = 256

// serve runs a program until it has ended or the context has: from the reader's
// listener, which takes on the goroutine that received, or with wait set on
// this one, which waits for data. The calls of a program do not overlap, and
// none is made after serve has returned.
func serve(ctx context.Context, r *dds.Reader[Perf], wait bool, p program) error {
	if wait {
		return await(ctx, r, p)
	}
	var mu sync.Mutex
	ended := false
	due := make(chan struct{}, 1)
	r.OnData(func(r *dds.Reader[Perf]) {
		mu.Lock()
		defer mu.Unlock()
		if !ended && p.take(r, 0) {
			select {
			case due <- struct{}{}:
			default:
			}
		}
	})
	defer func() {
		r.OnData(nil)
		mu.Lock()
		ended = true // for a call that has begun
		mu.Unlock()
	}()
	tick := time.NewTicker(slice)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-due:
		case <-tick.C:
		}
		mu.Lock()
		over, err := p.check(time.Now())
		mu.Unlock()
		if over || err != nil {
			return err
		}
	}
}

func await(ctx context.Context, r *dds.Reader[Perf], p program) error {
	w := newWaiter(ctx)
	defer w.close()
	checked := time.Now()
	for {
		some, err := w.data(r.WaitForData)
		if err != nil {
			return err
		}
		due := some && p.take(r, maxTake)
		if now := time.Now(); due || now.Sub(checked) > slice {
			over, err := p.check(now)
			if over || err != nil {
				return err
			}
			checked = now
		}
	}
}
