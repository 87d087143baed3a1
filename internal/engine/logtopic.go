package engine

import (
	"context"
	"time"

	"github.com/secdds/dds/qos"
	"github.com/secdds/dds/spi"
)

// openLogTopic is called once when the participant is ready. It makes the writer of the log topic, if the logging plugin wants
// it. The writer is one like any other: allowed by the permissions, protected as
// the governance says.
//
// DDS-Security 1.1, 9.6, does not give its QoS. RELIABLE and TRANSIENT_LOCAL
// match every reader; KEEP_LAST bounds what is kept for those that come late,
// and never makes the log wait for a reader.
func (p *Participant) openLogTopic() {
	a := p.audit
	if a == nil {
		return
	}
	var w *Writer
	if a.entries != nil {
		var err error
		if w, err = p.NewWriter(WriterSpec{
			Topic: spi.LogTopicName, Type: spi.LogTypeName,
			QoS: qos.NewWriter(qos.Reliable(100*time.Millisecond), qos.TransientLocal, qos.KeepLast(maxUnissued)),
		}); err != nil {
			p.event(spi.SeverityError, "logging", "log topic refused", nil, spi.LogTopicName, err)
		}
	}
	a.mu.Lock()
	a.topic, a.decided = w, true
	a.mu.Unlock()
	a.poke()
}

// issue publishes a log entry, or keeps it until there is a writer.
func (a *audit) issue(entry []byte) {
	a.issueHeld()
	a.mu.Lock()
	w, decided := a.topic, a.decided
	a.mu.Unlock()
	switch {
	case w != nil:
		a.publish(w, entry)
	case !decided && len(a.unissued) < maxUnissued:
		a.unissued = append(a.unissued, entry)
	}
}

// issueHeld publishes what was kept.
func (a *audit) issueHeld() {
	a.mu.Lock()
	w, decided := a.topic, a.decided
	a.mu.Unlock()
	if !decided {
		return
	}
	for _, entry := range a.unissued {
		if w != nil {
			a.publish(w, entry)
		}
	}
	a.unissued = nil
}

// publish writes one entry. It fails only when the participant is closed.
func (a *audit) publish(w *Writer, entry []byte) {
	_ = w.Write(context.Background(), Change{Payload: entry})
}
