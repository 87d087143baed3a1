// Package conformance holds the tests against other implementations of DDS. It
// is a shell, of tests only; package peer runs the other side.
package conformance
