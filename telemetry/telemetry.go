// Package telemetry hands security events to OpenTelemetry as log records, with
// which every collector and backend that takes OTLP can work.
//
//	provider := sdklog.NewLoggerProvider(sdklog.WithProcessor(sdklog.NewBatchProcessor(exporter)))
//	cfg.Logging = telemetry.New(provider)
//
// It needs the API of OpenTelemetry only (go.opentelemetry.io/otel/log); which
// SDK and exporter are used is the application's choice. See package seclog for
// what an event says, for filters and for several plugins at once.
//
// # A record
//
//	Timestamp       when the decision was made
//	EventName       dds.security. and the kind of event: dds.security.participant_refused
//	Severity        by the table of OpenTelemetry's data model for syslog (below)
//	SeverityText    the standard's name: WARNING
//	Body            the kind of event, and why
//	attributes      dds.security. and the name of a seclog.Field but severity:
//	                plugin, domain, local, remote, subject, topic, document, rule,
//	                line, expected, found, remedy, count, error
//
// These names do not change.
//
//	EMERGENCY FATAL, ALERT ERROR3, CRITICAL ERROR2, ERROR ERROR,
//	WARNING WARN, NOTICE INFO2, INFORMATIONAL INFO, DEBUG DEBUG
//
// It is a plugin: it implements spi.Logging.
package telemetry

import (
	"context"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/log"

	"github.com/secdds/dds/security/seclog"
	"github.com/secdds/dds/spi"
)

// Scope is the name of the instrumentation scope of all records.
const Scope = "github.com/secdds/dds/telemetry"

// Prefix is what the names of events and attributes begin with.
const Prefix = "dds.security."

// A Logger emits security events as log records.
type Logger struct{ to log.Logger }

var _ spi.Logging = (*Logger)(nil)

// New returns a Logger that emits to a logger of provider, which must not be
// nil. Shutting down the provider, which sends what it has batched, is for the
// caller, after the participants are closed.
func New(provider log.LoggerProvider) *Logger { return &Logger{provider.Logger(Scope)} }

// Log implements spi.Logging.
func (l *Logger) Log(e spi.SecurityEvent) {
	ctx := context.Background()
	severity, name := Severity(e.Severity), Prefix+strings.ReplaceAll(e.What, " ", "_")
	if !l.to.Enabled(ctx, log.EnabledParameters{Severity: severity, EventName: name}) {
		return
	}
	var r log.Record
	r.SetTimestamp(e.Time)
	r.SetEventName(name)
	r.SetSeverity(severity)
	r.SetSeverityText(e.Severity.String())
	body := e.What
	for _, f := range seclog.Fields(&e) {
		switch f.Name {
		case "severity":
			continue
		case "error":
			body += ": " + f.Value.(string)
		}
		r.AddAttributes(attributeOf(f))
	}
	r.SetBody(attribute.StringValue(body))
	l.to.Emit(ctx, r)
}

func attributeOf(f seclog.Field) attribute.KeyValue {
	switch v := f.Value.(type) {
	case int:
		return attribute.Int(Prefix+f.Name, v)
	case uint64:
		return attribute.Int64(Prefix+f.Name, int64(min(v, 1<<63-1)))
	case string:
		return attribute.String(Prefix+f.Name, v)
	}
	panic("BUG: telemetry: a field of another type")
}

// Severity returns OpenTelemetry's severity of s: the mapping of syslog in its
// log data model, appendix B.
func Severity(s spi.Severity) log.Severity {
	switch s {
	case spi.SeverityEmergency:
		return log.SeverityFatal1
	case spi.SeverityAlert:
		return log.SeverityError3
	case spi.SeverityCritical:
		return log.SeverityError2
	case spi.SeverityError:
		return log.SeverityError1
	case spi.SeverityWarning:
		return log.SeverityWarn1
	case spi.SeverityNotice:
		return log.SeverityInfo2
	case spi.SeverityInfo:
		return log.SeverityInfo1
	}
	return log.SeverityDebug1
}
