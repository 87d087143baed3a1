package spi

import (
	"time"

	"github.com/secdds/dds/rtps"
)

// Logging is the logging plugin. DDS-Security 1.1, 8.6.
type Logging interface {
	// Log records one security event. A participant calls it on a goroutine of
	// its own, in the order of the events; plugins that several participants
	// share are called by several at once. While it does not return, events
	// queue up, and what the queue does not hold is counted and lost.
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

// String returns the specification's name of s, such as "WARNING"; DEBUG for
// what is out of range. DDS-Security 1.1, 8.6.2.1.1.
func (s Severity) String() string {
	names := [...]string{"EMERGENCY", "ALERT", "CRITICAL", "ERROR", "WARNING", "NOTICE", "INFORMATIONAL", "DEBUG"}
	return names[min(int(s), len(names)-1)]
}

// A SecurityEvent is one decision of the security plugins, or what led to it.
// Every field but Time, Severity, Plugin, What and Local may be empty.
type SecurityEvent struct {
	Time     time.Time
	Severity Severity
	Plugin   string // "authentication", "access control", "cryptography", "logging"
	What     string // a short phrase, the same for all events of a kind: "participant refused"
	Domain   uint32
	Local    rtps.GUID // the participant, or its endpoint
	Remote   rtps.GUID // likewise
	Subject  string    // of the remote participant; of the local one where there is no remote one
	Topic    string

	// What was checked against what, as in Refusal.
	Document string
	Rule     string
	Line     int
	Expected string
	Found    string
	Remedy   string

	Count uint64 // how many of a kind this stands for; 0: one
	Err   error  // why; nil when the event is good news
}

// Names of the topic that security events are published on, and of its type.
// DDS-Security 1.1, 9.6.
//
// Interop: the module of the type's name is RTI Connext's, the only other
// implementation known to publish it.
const (
	LogTopicName = "DDS:Security:LogTopicV2"
	LogTypeName  = "DDSSecurity::BuiltinLoggingTypeV2"
)

// A LogDistributor is a Logging whose events are published, too. The
// participant makes the writer of LogTopicName like any other: access control
// must allow it, and the governance's rule for the topic says how it is
// protected. If it is refused, that is an event, and nothing is published.
type LogDistributor interface {
	Logging
	// LogEntry returns the serialized form of an event, which begins with its
	// encapsulation header (XCDR1); nil: this event is not published. It is not
	// asked about events that concern the log topic itself.
	LogEntry(e SecurityEvent) []byte
}

// A Basis is a LocalPermissions or RemotePermissions that can say what the
// rights rest on, for the security log.
type Basis interface {
	// Basis returns the document, the rule or grant in it, and its line from 1;
	// 0: not known.
	Basis() (document, rule string, line int)
}

// DataTagging is the data tagging plugin. DDS-Security 1.1, 8.7.
type DataTagging interface {
	// Tags returns the data tags a local endpoint of that topic carries; qos
	// holds those of its DATA_TAG policy. Names must be unique.
	Tags(topic string, writer bool, qos []rtps.Property) []rtps.Property
}
