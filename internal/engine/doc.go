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
//	control.go      the control loop; what it decides: peers.go (who is trusted),
//	                pairs.go (who meets), self.go (within this participant),
//	                doubt.go and doubt_endpoint.go (who has left), liveliness.go
//	endpoints.go    local endpoints come and go
//	builtin.go      the built-in endpoints
//	writer.go       a local writer's cell; writer_send.go: its descriptors to bytes;
//	                recycle.go: what it uses again
//	reader.go       a local reader's cell; reader_receive.go: what arrives for it;
//	                reader_key.go: the keys of its instances
//	receive.go      datagrams in: open, split, open, route, step
//	lane.go         messages out: submessages, seal, batch
//	sched.go        who wants to be woken when
//	event.go        security events: what is reported (event_kinds.go), how it gets
//	                to the plugin without holding anybody up (audit.go), what is
//	                summed (audit_sum.go), the log topic (logtopic.go)
package engine
