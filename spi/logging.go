package spi

import (
	"time"

	"github.com/secdds/dds/rtps"
)

// Logging is the logging plugin. DDS-Security 1.1, 8.6.
type Logging interface {
	// Log records one security event. It must not block.
	Log(e SecurityEvent)
}

// A Severity is a level of the security log. DDS-Security 1.1, 8.6.2.1.1.
type Severity uint8

// The severities, most severe first.
const (
	SeverityEmergency Severity = iota
	SeverityAlert
	SeverityCritical
	SeverityError
	SeverityWarning
	SeverityNotice
	SeverityInfo
	SeverityDebug
)

// A SecurityEvent is one decision of the security plugins, or what led to it.
type SecurityEvent struct {
	Time     time.Time
	Severity Severity
	Plugin   string // "authentication", "access control", "cryptography"
	What     string // a short phrase: "participant refused"
	Local    rtps.GUID
	Remote   rtps.GUID
	Subject  string // of the remote participant, when it is known
	Topic    string
	Err      error // why; nil when the event is good news
}

// DataTagging is the data tagging plugin. DDS-Security 1.1, 8.7.
type DataTagging interface {
	// Tags returns the data tags a local endpoint of that topic carries.
	Tags(topic string, writer bool) []rtps.Property
}
