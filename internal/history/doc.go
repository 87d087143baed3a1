// Package history keeps samples: the cache of a reader, by instance and with
// the states of DDS 1.4, 2.2.2.5.1, and the book of a writer, which says what
// its history QoS throws away or must wait for.
//
// It is a pure package: the caller serialises the calls and passes the time.
package history
