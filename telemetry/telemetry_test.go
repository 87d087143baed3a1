package telemetry

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/log"
	"go.opentelemetry.io/otel/log/embedded"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

// A recorder keeps what is severe enough.
type recorder struct {
	scope   string
	least   log.Severity
	records []log.Record
}

// A provider has one logger, which gives everything to the recorder.
type provider struct {
	embedded.LoggerProvider
	r *recorder
}

func (p provider) Logger(scope string, _ ...log.LoggerOption) log.Logger {
	p.r.scope = scope
	return logger{r: p.r}
}

type logger struct {
	embedded.Logger
	r *recorder
}

func (l logger) Emit(_ context.Context, rec log.Record) { l.r.records = append(l.r.records, rec) }

func (l logger) Enabled(_ context.Context, p log.EnabledParameters) bool {
	return p.Severity >= l.r.least
}

func TestRecord(t *testing.T) {
	r := &recorder{least: log.SeverityInfo1}
	l := New(provider{r: r})
	require.Equal(t, Scope, r.scope)
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	l.Log(spi.SecurityEvent{
		Time: at, Severity: spi.SeverityWarning, Plugin: "access control", What: "endpoint refused", Domain: 7,
		Local: rtps.GUID{Prefix: rtps.GUIDPrefix{2}}, Subject: "CN=eve", Topic: "x", Rule: "allow_rule 2", Line: 17, Count: 3,
		Err: errors.New("no grant"),
	})
	l.Log(spi.SecurityEvent{Severity: spi.SeverityDebug, What: "x"})
	require.Len(t, r.records, 1, "the logger does not want the second")
	rec := r.records[0]
	require.Equal(t, at, rec.Timestamp())
	require.Equal(t, "dds.security.endpoint_refused", rec.EventName())
	require.Equal(t, log.SeverityWarn1, rec.Severity())
	require.Equal(t, "WARNING", rec.SeverityText())
	require.Equal(t, "endpoint refused: no grant", rec.Body().AsString())
	var attrs []attribute.KeyValue
	rec.WalkAttributes(func(kv attribute.KeyValue) bool { attrs = append(attrs, kv); return true })
	require.Equal(t, []attribute.KeyValue{
		attribute.String("dds.security.plugin", "access control"),
		attribute.Int("dds.security.domain", 7),
		attribute.String("dds.security.local", "02000000.00000000.00000000:00000000"),
		attribute.String("dds.security.subject", "CN=eve"),
		attribute.String("dds.security.topic", "x"),
		attribute.String("dds.security.rule", "allow_rule 2"),
		attribute.Int("dds.security.line", 17),
		attribute.Int64("dds.security.count", 3),
		attribute.String("dds.security.error", "no grant"),
	}, attrs)
}

func TestSeverities(t *testing.T) {
	last := log.Severity(100)
	for s := spi.SeverityEmergency; s <= spi.SeverityDebug; s++ {
		require.Less(t, Severity(s), last)
		last = Severity(s)
	}
}
