package main

import (
	"syscall"
	"time"
)

// nap sleeps for d, less than a second. The runtime's timers wake an idle
// process a millisecond late; a steady 10,000 samples/s need better.
func nap(d time.Duration) {
	ts := syscall.NsecToTimespec(int64(d))
	_ = syscall.Nanosleep(&ts, nil) // a signal ends it early: the caller looks at the clock
}
