// Package qos holds the quality-of-service policies of DDS 1.4, 2.2.3, and of
// DDS-XTypes 1.3, 7.6.3: their values, defaults, consistency, and whether what
// a writer offers satisfies what a reader requests.
//
// It is a pure package: no clock, goroutine, lock, socket, global or log.
//
// Policies are the options of entities, typed by side: what the specification
// gives to writers is a [WriterPolicy], what it gives to readers is a
// [ReaderPolicy], and so on. A policy of the wrong side does not compile.
//
//	w := qos.NewWriter(qos.Reliable(time.Second), qos.KeepLast(10), qos.TransientLocal)
//	r := qos.NewReader(qos.Reliable(0), qos.TimeBasedFilter(time.Second))
//	failing := qos.Match(&w, &r) // nil
//
// Later policies win over earlier ones. A whole profile ([Writer], [Reader],
// [Topic], [Publisher], [Subscriber]) is a policy too, so profiles compose.
//
// The values of a publisher, a subscriber and a topic that discovery announces
// with each endpoint (presentation, partition, group and topic data) are fields
// of [Writer] and [Reader], so that one value says all that a peer must know.
package qos
