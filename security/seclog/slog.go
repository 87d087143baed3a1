package seclog

import (
	"context"
	"log/slog"
	"time"

	"github.com/secdds/dds/spi"
)

// A Logger writes security events to a slog.Handler, one attribute per field.
type Logger struct{ handler slog.Handler }

var _ spi.Logging = (*Logger)(nil)

// New returns a Logger that writes to log. If nil, slog.Default(). For a bare
// handler: New(slog.New(handler)).
func New(log *slog.Logger) *Logger {
	if log == nil {
		log = slog.Default()
	}
	return &Logger{handler: log.Handler()}
}

// Log implements spi.Logging. The message is the event's What; what was checked
// against what is in the group "check".
func (l *Logger) Log(e spi.SecurityEvent) {
	level := Level(e.Severity)
	if !l.handler.Enabled(context.Background(), level) {
		return
	}
	r := slog.NewRecord(when(&e), level, clean(e.What), 0)
	var check []slog.Attr
	for _, f := range Fields(&e) {
		a := slog.Any(f.Name, f.Value)
		switch f.Name {
		case "document", "rule", "line", "expected", "found", "remedy":
			check = append(check, a)
			continue
		}
		if len(check) > 0 {
			r.AddAttrs(slog.GroupAttrs("check", check...))
			check = nil
		}
		r.AddAttrs(a)
	}
	if len(check) > 0 {
		r.AddAttrs(slog.GroupAttrs("check", check...))
	}
	_ = l.handler.Handle(context.Background(), r) // there is nowhere else to complain
}

// when is the event's time; now for one without.
func when(e *spi.SecurityEvent) time.Time {
	if e.Time.IsZero() {
		return time.Now()
	}
	return e.Time
}
