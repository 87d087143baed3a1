// Package reliable is the protocol of RTPS writers and readers: stateless and
// stateful, best effort and reliable, with fragments, heartbeats,
// acknowledgements and gaps. DDSI-RTPS 2.5, 8.4.
//
// It is a pure package: no clock, goroutine, lock, socket, global or log. Every
// machine is told the time, is called by one goroutine at a time, and appends
// what it wants done to an outbox the caller empties. Next reports when Advance
// is due; the zero time means never. A time already past means at once.
//
// # Order of things
//
// A writer orders new changes once, for every matched reader (To is zero);
// repairs go to the one reader that asked. Within an outbox the order is that
// of the wire: DATA before the HEARTBEAT that announces it.
//
// # Memory
//
// A writer holds the changes it was given until they are acknowledged by every
// matched reliable reader (volatile) or removed (transient local). A reader
// holds, for each writer, at most Window samples and WindowBytes octets that
// came ahead of a missing one, and at most MaxPartial octets of fragments. No
// length or number read from the wire causes work or memory in proportion to
// its value.
package reliable
