// Package rtps is the wire format of DDSI-RTPS 2.5: identifiers, messages,
// submessages, parameter lists and the generic messages of DDS-Security.
//
// It is a pure package: no clock, goroutine, lock, socket, global or log.
// Everything is appended in little-endian order (parameter lists and DataHolder
// also in big-endian, where DDS-Security hashes them) and parsed in either.
// What a Parse function returns borrows the datagram it was given wherever its
// documentation says so; nothing is ever allocated for a length that the
// datagram does not hold.
package rtps
