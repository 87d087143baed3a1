package seclog

import (
	"fmt"
	"log/slog"
	"strings"

	"github.com/secdds/dds/spi"
)

// ParseSeverity returns the severity of that name: "WARNING" or, as other
// vendors' configurations have it, "WARNING_LEVEL".
func ParseSeverity(name string) (spi.Severity, error) {
	var names []string
	for s := spi.SeverityEmergency; s <= spi.SeverityDebug; s++ {
		if strings.TrimSuffix(strings.ToUpper(name), "_LEVEL") == s.String() {
			return s, nil
		}
		names = append(names, s.String())
	}
	return 0, fmt.Errorf("severity: expected one of %s, found %q", strings.Join(names, ", "), name)
}

// Levels of the severities slog has no name for. The others are slog's: Error,
// Warning, Info and Debug.
const (
	LevelEmergency = slog.LevelError + 12
	LevelAlert     = slog.LevelError + 8
	LevelCritical  = slog.LevelError + 4
	LevelNotice    = slog.LevelInfo + 2
)

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
