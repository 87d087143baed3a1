// Package seclog holds logging plugins: they write security events to a
// slog.Handler, to a file, and on the log topic of the domain, all or some of
// them. DDS-Security 1.1, 8.6 and 9.6 (DDS:Logging:DDS_LogTopic).
//
//	file, err := seclog.OpenFile("/var/log/dds-security.jsonl")
//	cfg.Logging = seclog.Combine(
//		seclog.New(slog.Default()),
//		seclog.AtLeast(spi.SeverityNotice, file),
//		seclog.AtLeast(spi.SeverityWarning, seclog.Distribute(seclog.Options{})),
//	)
//
// Package telemetry has one for OpenTelemetry.
//
// # What an event says
//
// Every decision is one event: who decided (plugin), what was decided, about
// whom (local, remote, subject), for which topic, and why: document, rule and
// line, what was expected and what was found there, how to mend it. [Fields] has
// the names, which do not change. What was received from others stands in
// subject, topic, found and error: it is cut to a bounded length, and control
// characters in it are replaced. No key, password or sample is ever part of an
// event.
//
// What strangers can cause at will is bounded: of events about participants
// that are not authenticated, the first 64 of a kind in ten seconds are written,
// the others are summed in one that has a count. Messages dropped because they
// were not protected as they must be, or did not open, are one event for every
// reason in ten seconds.
//
// # The log topic
//
// With [Distribute], events are published on the topic DDS:Security:LogTopicV2.
// The governance must have a rule for it, and the permissions must allow the
// participant to publish it; those who are to read it must be allowed to
// subscribe. A rule that lets only them read it, and all publish it, is
//
//	<topic_rule>
//	  <topic_expression>DDS:Security:LogTopicV2</topic_expression>
//	  <enable_discovery_protection>true</enable_discovery_protection>
//	  <enable_liveliness_protection>false</enable_liveliness_protection>
//	  <enable_read_access_control>true</enable_read_access_control>
//	  <enable_write_access_control>false</enable_write_access_control>
//	  <metadata_protection_kind>SIGN</metadata_protection_kind>
//	  <data_protection_kind>ENCRYPT</data_protection_kind>
//	</topic_rule>
//
// in a form that all vendors read. Where the writer is refused, the participant
// works all the same, and the other plugins get an event that says why.
//
// To read it, subscribe with [Entry] as the type:
//
//	topic, err := dds.NewTopic[seclog.Entry](p, spi.LogTopicName)
//	r, err := dds.NewReader(p.Subscriber(), topic, qos.Reliable(0), qos.TransientLocal, qos.KeepAll)
//
// It is a plugin: its types implement spi.Logging.
package seclog
