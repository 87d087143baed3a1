package main

import (
	"syscall"
	"time"
)

const timerSlack = 29 // PR_SET_TIMERSLACK of linux/prctl.h

// nap sleeps for d, less than a second. The runtime's timers wake an idle
// process a millisecond late, and the kernel's a thread 50 us unless told
// otherwise; a steady 10,000 samples/s need better.
func nap(d time.Duration) {
	// Each time: the thread may be another than before.
	_, _, _ = syscall.RawSyscall(syscall.SYS_PRCTL, timerSlack, 1, 0)
	ts := syscall.NsecToTimespec(int64(d))
	_ = syscall.Nanosleep(&ts, nil) // a signal ends it early: the caller looks at the clock
}
