// Package seclog is a logging plugin: it writes security events to a
// slog.Logger, one attribute per field, so that they can be searched and shipped
// like every other log. DDS-Security 1.1, 8.6.
//
// It is a plugin: it implements spi.Logging.
package seclog

import (
	"context"
	"log/slog"
	"time"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

// Levels of the severities slog has no name for. The others are slog's: Error,
// Warning, Info and Debug.
const (
	LevelEmergency = slog.LevelError + 12
	LevelAlert     = slog.LevelError + 8
	LevelCritical  = slog.LevelError + 4
	LevelNotice    = slog.LevelInfo + 2
)

// A Logger writes security events to a slog.Logger. It is as quick as the
// logger's handler, which must not block.
type Logger struct{ handler slog.Handler }

var _ spi.Logging = (*Logger)(nil)

// New returns a Logger that writes to log. If nil, slog.Default().
func New(log *slog.Logger) *Logger {
	if log == nil {
		log = slog.Default()
	}
	return &Logger{handler: log.Handler()}
}

// Log implements spi.Logging.
func (l *Logger) Log(e spi.SecurityEvent) {
	level := Level(e.Severity)
	if !l.handler.Enabled(context.Background(), level) {
		return
	}
	when := e.Time
	if when.IsZero() {
		when = time.Now()
	}
	r := slog.NewRecord(when, level, e.What, 0)
	r.AddAttrs(slog.String("severity", severityName(e.Severity)), slog.String("plugin", e.Plugin))
	for _, g := range []struct {
		key  string
		guid rtps.GUID
	}{{"local", e.Local}, {"remote", e.Remote}} {
		if !g.guid.IsZero() {
			r.AddAttrs(slog.String(g.key, g.guid.String()))
		}
	}
	if e.Subject != "" {
		r.AddAttrs(slog.String("subject", e.Subject))
	}
	if e.Topic != "" {
		r.AddAttrs(slog.String("topic", e.Topic))
	}
	if e.Err != nil {
		r.AddAttrs(slog.String("error", e.Err.Error()))
	}
	_ = l.handler.Handle(context.Background(), r) // there is nowhere else to complain
}

// Level returns the slog level of a severity.
func Level(s spi.Severity) slog.Level {
	switch s {
	case spi.SeverityEmergency:
		return LevelEmergency
	case spi.SeverityAlert:
		return LevelAlert
	case spi.SeverityCritical:
		return LevelCritical
	case spi.SeverityError:
		return slog.LevelError
	case spi.SeverityWarning:
		return slog.LevelWarn
	case spi.SeverityNotice:
		return LevelNotice
	case spi.SeverityInfo:
		return slog.LevelInfo
	}
	return slog.LevelDebug
}

// severityName returns the specification's name of s. DDS-Security 1.1, table 39.
func severityName(s spi.Severity) string {
	names := [...]string{"EMERGENCY", "ALERT", "CRITICAL", "ERROR", "WARNING", "NOTICE", "INFORMATIONAL", "DEBUG"}
	return names[min(int(s), len(names)-1)]
}
