package seclog

import (
	"fmt"
	"log/slog"
	"strings"

	"github.com/secdds/dds/spi"
)

// severities are the specification's names. DDS-Security 1.1, table 39.
var severities = [...]string{"EMERGENCY", "ALERT", "CRITICAL", "ERROR", "WARNING", "NOTICE", "INFORMATIONAL", "DEBUG"}

// SeverityName returns the specification's name of s: "WARNING".
func SeverityName(s spi.Severity) string { return severities[min(int(s), len(severities)-1)] }

// ParseSeverity is the reverse of SeverityName. It takes the names with the
// suffix "_LEVEL", too, in which other vendors' configurations have them.
func ParseSeverity(name string) (spi.Severity, error) {
	for i, n := range severities {
		if strings.EqualFold(strings.TrimSuffix(strings.ToUpper(name), "_LEVEL"), n) {
			return spi.Severity(i), nil
		}
	}
	return 0, fmt.Errorf("severity: expected one of %s, found %q", strings.Join(severities[:], ", "), name)
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
