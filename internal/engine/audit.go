package engine

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/secdds/dds/spi"
)

// How much the security log holds back, and for how long.
const (
	maxEvents   = 4096             // waiting for a slow plugin; more are lost, and counted
	maxStranger = 64               // of a kind, about participants not authenticated, in sumEvery; more are summed
	sumEvery    = 10 * time.Second // between sums of what is only counted
	flushFor    = 5 * time.Second  // how long Close waits for a plugin that does not return
	maxUnissued = 64               // log entries kept while there is no writer yet
)

// An audit carries security events from where they happen, which must not wait,
// to those who record them. It has one goroutine.
type audit struct {
	// Immutable.
	p       *Participant
	plugin  spi.Logging        // nil: none
	entries spi.LogDistributor // plugin, if it wants the log topic; or nil
	wake    chan struct{}      // one slot
	flushes chan chan struct{}
	done    chan struct{}
	ended   chan struct{}

	mu        sync.Mutex
	queue     []spi.SecurityEvent
	lost      uint64
	strangers map[string]spi.SecurityEvent // by What: the last one, Count is of all
	keying    int                          // sums in which keys were exchanged
	topic     *Writer                      // of the log topic
	decided   bool                         // the participant is ready, and topic is what it will be

	// Of the goroutine alone.
	unissued [][]byte
	summed   [dropCount]uint64
	unsealed uint64
}

func newAudit(p *Participant, plugin spi.Logging) *audit {
	a := &audit{
		p: p, plugin: plugin,
		wake: make(chan struct{}, 1), flushes: make(chan chan struct{}),
		done: make(chan struct{}), ended: make(chan struct{}),
		strangers: make(map[string]spi.SecurityEvent),
	}
	a.entries, _ = plugin.(spi.LogDistributor)
	go a.run()
	return a
}

// add queues an event. It does not block.
func (a *audit) add(e spi.SecurityEvent) {
	a.mu.Lock()
	if len(a.queue) < maxEvents {
		a.queue = append(a.queue, e)
	} else {
		a.lost++
	}
	a.mu.Unlock()
	a.poke()
}

func (a *audit) poke() {
	select {
	case a.wake <- struct{}{}:
	default:
	}
}

// allow reports whether an event that strangers can cause at will is one of the
// first of its kind. The others are summed.
func (a *audit) allow(e *spi.SecurityEvent) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	n := a.strangers[e.What].Count + 1
	last := *e
	last.Count = n
	a.strangers[e.What] = last
	return n <= maxStranger
}

func (a *audit) run() {
	defer close(a.ended)
	tick := time.NewTicker(sumEvery)
	defer tick.Stop()
	for {
		select {
		case <-a.wake:
			a.drain()
		case <-tick.C:
			a.sum()
			a.drain()
		case flushed := <-a.flushes:
			a.sum()
			a.drain()
			close(flushed)
		case <-a.done:
			a.sum()
			a.drain()
			return
		}
	}
}

// drain records what is queued.
func (a *audit) drain() {
	for {
		a.mu.Lock()
		events, lost := a.queue, uint64(0)
		a.queue = nil
		if a.decided {
			lost, a.lost = a.lost, 0
		}
		a.mu.Unlock()
		a.issueHeld()
		if len(events) == 0 && lost == 0 {
			return
		}
		for i := range events {
			a.record(&events[i])
		}
		if lost > 0 {
			e := spi.SecurityEvent{Severity: spi.SeverityError, Plugin: "logging", What: "events lost", Count: lost,
				Expected: "a logging plugin that returns at once", Found: "one that does not"}
			a.p.complete(nil, &e)
			a.record(&e)
		}
	}
}

func (a *audit) record(e *spi.SecurityEvent) {
	if a.plugin != nil {
		a.plugin.Log(*e)
	}
	if a.entries != nil && e.Topic != spi.LogTopicName { // or each entry would cause the next
		if b := a.entries.LogEntry(*e); b != nil {
			a.issue(b)
		}
	}
	a.print(e)
}

// print writes an event to the participant's logger.
func (a *audit) print(e *spi.SecurityEvent) {
	level := slog.LevelDebug
	switch {
	case e.Severity <= spi.SeverityError:
		level = slog.LevelError
	case e.Severity == spi.SeverityWarning:
		level = slog.LevelWarn
	case e.Severity == spi.SeverityNotice:
		level = slog.LevelInfo
	}
	if !a.p.log.Enabled(context.Background(), level) {
		return
	}
	var attrs []slog.Attr
	if !e.Remote.IsZero() {
		attrs = append(attrs, slog.String("remote", e.Remote.String()))
	}
	if e.Subject != "" {
		attrs = append(attrs, slog.String("subject", e.Subject))
	}
	if e.Topic != "" {
		attrs = append(attrs, slog.String("topic", e.Topic))
	}
	if e.Count > 0 {
		attrs = append(attrs, slog.Uint64("count", e.Count))
	}
	switch {
	case e.Err != nil:
		attrs = append(attrs, slog.String("reason", e.Err.Error()))
	case e.Rule != "":
		attrs = append(attrs, slog.String("reason", (&spi.Refusal{Document: e.Document, Rule: e.Rule, Line: e.Line, Expected: e.Expected, Found: e.Found}).Error()))
	}
	a.p.log.LogAttrs(context.Background(), level, "security: "+e.What, attrs...)
}

// flush waits until all that was reported is recorded, but not for ever.
func (a *audit) flush() {
	if a == nil {
		return
	}
	limit := time.NewTimer(flushFor)
	defer limit.Stop()
	flushed := make(chan struct{})
	select {
	case a.flushes <- flushed:
	case <-limit.C:
		return
	}
	select {
	case <-flushed:
	case <-limit.C:
	}
}

// close records the rest and ends the goroutine. It waits as flush does.
func (a *audit) close() {
	if a == nil {
		return
	}
	limit := time.NewTimer(flushFor)
	defer limit.Stop()
	close(a.done)
	select {
	case <-a.ended:
	case <-limit.C:
	}
}
