// Package crypto measures what protection costs: sealing and opening at the
// three levels of DDS-Security, each beside the bare cipher on as many octets,
// in the same run. Its code is in its tests:
//
//	go test -bench . ./benchmarks/crypto
//
// The difference between "bare" and "plugin" is ours: headers, key look-up,
// session, and the one copy that sealing and opening submessages and messages
// need. The spi of the plugins is the only way in; nothing internal is used.
package crypto
