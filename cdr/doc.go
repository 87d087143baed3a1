// Package cdr reads and writes the primitives of the OMG's Common Data
// Representation as DDS uses it: XCDR version 1 and version 2, in either byte
// order.
//
// It is a pure package: no clock, goroutine, lock, socket, global or log. It
// knows wire primitives only; how a type is made of them is its caller's
// business.
//
// A [Writer] appends and cannot fail. A [Reader] is a sticky cursor: read all
// fields, then ask [Reader.Err] once. No length read from the wire is believed
// beyond the octets that are there.
package cdr
