package engine

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/internal/admission"
	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

// A slowPlugin records events, each when it is let.
type slowPlugin struct {
	let    chan struct{} // closed: all
	mu     sync.Mutex
	events []spi.SecurityEvent
}

func (s *slowPlugin) Log(e spi.SecurityEvent) {
	<-s.let
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events = append(s.events, e)
}

func (s *slowPlugin) take() []spi.SecurityEvent {
	synctest.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	es := s.events
	s.events = nil
	return es
}

// inAudit runs a test with the security log of a participant that is ready.
func inAudit(t *testing.T, f func(t *testing.T, p *Participant, s *slowPlugin)) {
	synctest.Test(t, func(t *testing.T) {
		s := &slowPlugin{let: make(chan struct{})}
		p := &Participant{guid: rtps.GUID{Prefix: rtps.GUIDPrefix{1}}, log: slog.New(slog.NewTextHandler(io.Discard, nil))}
		p.audit = newAudit(p, s)
		p.openLogTopic()
		f(t, p, s)
	})
}

func TestASlowPluginDelaysNobodyAndLossIsTold(t *testing.T) {
	inAudit(t, func(t *testing.T, p *Participant, s *slowPlugin) {
		p.event(spi.SeverityInfo, "authentication", "first", nil, "", nil)
		synctest.Wait() // the plugin has it, and does not return
		for i := range maxEvents + 7 {
			p.event(spi.SeverityInfo, "authentication", "x", nil, fmt.Sprint(i), nil)
		}
		close(s.let)
		es := s.take()
		require.Len(t, es, 1+maxEvents+1)
		for i, e := range es[1 : 1+maxEvents] {
			require.Equal(t, fmt.Sprint(i), e.Topic, "they keep their order")
		}
		last := es[len(es)-1]
		require.Equal(t, "events lost", last.What)
		require.Equal(t, uint64(7), last.Count)
		require.Equal(t, spi.SeverityError, last.Severity)
		p.audit.close()
		require.Empty(t, s.take(), "it is told once")
	})
}

func TestCloseFlushesAndDoesNotWaitForEver(t *testing.T) {
	inAudit(t, func(t *testing.T, p *Participant, s *slowPlugin) {
		close(s.let)
		p.event(spi.SeverityInfo, "authentication", "x", nil, "", nil)
		p.stats.dropped[dropUnprotected].Add(3)
		p.audit.flush()
		require.Len(t, s.take(), 2)
		p.event(spi.SeverityInfo, "authentication", "y", nil, "", nil)
		p.stats.sealFailed.Add(2)
		p.audit.close()
		require.Len(t, s.take(), 2)
	})
	inAudit(t, func(t *testing.T, p *Participant, s *slowPlugin) {
		p.event(spi.SeverityInfo, "authentication", "x", nil, "", nil)
		start := time.Now()
		p.audit.flush()
		require.Equal(t, flushFor, time.Since(start))
		p.audit.close()
		require.Equal(t, 2*flushFor, time.Since(start))
		close(s.let) // or the test would not end
	})
}

// Anyone can invent participants: what the log says of them is bounded.
func TestEventsAboutStrangersAreSummed(t *testing.T) {
	inAudit(t, func(t *testing.T, p *Participant, s *slowPlugin) {
		close(s.let)
		g := &admission.Gate{}
		for i := range 1000 {
			q := &peer{guid: rtps.GUID{Prefix: rtps.GUIDPrefix{byte(i >> 8), byte(i), 9}}, gate: g.NewPeer(admission.Remote{}, nil)}
			p.event(spi.SeverityWarning, "authentication", "participant refused", q, "", errors.New("no"))
			if i < 10 {
				p.event(spi.SeverityInfo, "authentication", "handshake begun", q, "", nil)
			}
		}
		require.Len(t, s.take(), maxStranger+10)
		time.Sleep(sumEvery)
		es := s.take()
		require.Len(t, es, 1)
		require.Equal(t, "participant refused", es[0].What)
		require.Equal(t, uint64(1000-maxStranger), es[0].Count)
		require.Equal(t, byte(999&0xff), es[0].Remote.Prefix[1], "the last one stands for them")
		p.event(spi.SeverityWarning, "authentication", "participant refused", &peer{}, "", nil)
		require.Len(t, s.take(), 1, "a new interval")
		p.audit.close()
		require.Empty(t, s.take())
	})
}

func TestDropsAreSummed(t *testing.T) {
	inAudit(t, func(t *testing.T, p *Participant, s *slowPlugin) {
		close(s.let)
		time.Sleep(sumEvery)
		require.Empty(t, s.take(), "nothing was dropped")
		p.stats.dropped[dropUnprotected].Add(123)
		p.stats.dropped[dropDuplicate].Add(5) // no matter of security
		time.Sleep(sumEvery)
		es := s.take()
		require.Len(t, es, 1)
		require.Equal(t, "messages dropped", es[0].What)
		require.Equal(t, "unprotected", es[0].Rule)
		require.Equal(t, uint64(123), es[0].Count)
		require.Equal(t, spi.SeverityWarning, es[0].Severity)
		p.stats.dropped[dropBadMessage].Add(1)
		p.audit.exchanging()
		time.Sleep(sumEvery)
		es = s.take()
		require.Len(t, es, 1)
		require.Equal(t, spi.SeverityInfo, es[0].Severity)
		time.Sleep(2 * sumEvery)
		p.stats.dropped[dropBadMessage].Add(1)
		time.Sleep(sumEvery)
		require.Equal(t, spi.SeverityWarning, s.take()[0].Severity)
		p.audit.close()
	})
}

// The fields of a refusal, however deep in an error, become the event's.
func TestFieldsOfARefusal(t *testing.T) {
	inAudit(t, func(t *testing.T, p *Participant, s *slowPlugin) {
		close(s.let)
		r := &spi.Refusal{Document: "d", Rule: "r", Line: 3, Expected: "e", Found: "f", Remedy: "m"}
		p.event(spi.SeverityError, "access control", "x", nil, "t", fmt.Errorf("a: %w", fmt.Errorf("b: %w", r)))
		e := s.take()[0]
		require.Equal(t, []any{"d", "r", 3, "e", "f", "m"}, []any{e.Document, e.Rule, e.Line, e.Expected, e.Found, e.Remedy})
		require.Equal(t, p.guid, e.Local)
		p.audit.close()
	})
}
