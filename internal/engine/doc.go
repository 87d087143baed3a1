// Package engine runs the pure packages: it owns the goroutines, locks, sockets
// and timers of a participant. It is a shell.
//
// There is one control loop per participant (who exists, who matches, who is
// trusted: rare events) and one small locked cell per endpoint (samples: hot).
// A cell runs to completion on whichever goroutine brought the work: the
// application's on a write, the socket's on receive, the scheduler's when time
// is up. No lock is held across I/O, a callback or a plugin call, and never two
// at once.
//
// # Files
//
//	participant.go  what there is, start and stop
//	control.go      the control loop; peers.go, pairs.go: what it decides
//	builtin.go      the built-in endpoints
//	writer.go       a local writer's cell; writer_send.go: its descriptors to bytes
//	reader.go       a local reader's cell
//	receive.go      datagrams in: open, split, open, route, step
//	lane.go         messages out: submessages, seal, batch
//	sched.go        who wants to be woken when
package engine
