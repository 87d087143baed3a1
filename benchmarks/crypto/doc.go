// Package crypto measures what protection costs: sealing and opening at the
// three levels of DDS-Security, beside the bare cipher on as many octets. It is
// a tool, and its code is in its tests:
//
//	go test -bench . ./benchmarks/crypto
//
// `make bench-crypto` runs BenchmarkTable, a choice of these, and writes
// benchmarks/CRYPTO.md.
//
// The bare cipher and the plugin take turns in one run. ns/op is the plugin's,
// bare-ns/op the cipher's, x-bare the ratio: medians of turns. x-bare is the one
// to compare, for it hardly depends on the machine or on what else runs there.
//
// # What is compared
//
// "Bare" is what the protection asks of the cipher: one call on the octets that
// are really covered. In a message these are 4 more than it has: INFO_SRC, of 24
// octets, is sealed, and the RTPS header, of 20, is not. With origin
// authentication there is one call more for each receiver, on the 16 octets of
// the common MAC. The difference between the two is ours: headers, key look-up,
// session, IV, and copies.
//
// BenchmarkSeal and BenchmarkOpen go from one buffer to another. Copies are left
// in them where the cipher wants in one piece what the wire has in two: INFO_SRC
// and the submessages in SealMessage; ciphertext and tag in OpenSubmessage and
// OpenMessage; and signed octets have to get to the other buffer somehow.
// BenchmarkSealInPlace and BenchmarkOpenInPlace have none. BenchmarkChainSeal and
// BenchmarkChainOpen take a sample through all three levels at once: "apart" with
// a buffer for each, "in place" in the datagram; for everything encrypted or
// signed, for what sros2 asks for by default (data and metadata encrypted, then
// messages signed: three passes), and with origin authentication. BenchmarkReceivers
// seals for 1, 4 and 16 receivers.
//
// The goals are at most 1.1 from 1 KiB on and 1.3 at 64 octets, for ENCRYPT. In
// place they are met everywhere, and payloads meet them from buffer to buffer
// too. Where a copy is left, it is 1.15: messages sealed, of 1 and of 64 KiB, and
// messages and submessages opened, of 64 KiB. A MAC alone takes 40 ns for 64
// octets, beside which our 10 to 20 ns weigh more: SIGN in place is at 1.2 to 1.45
// there, 1.15 at 1 KiB and 1.02 at 16 KiB. All three levels of sros2 in place are
// at 1.2 with 64 octets, 1.08 with 1 KiB and 1.01 from 16 KiB on: its three passes
// cost what the cipher takes for them, and the third, a MAC alone, half of each
// of the others. Go computes it with PCLMULQDQ, eight blocks at a time. A receiver
// is one MAC over 16 octets, 30 to 35 ns for who seals; who opens checks his own alone.
//
// The spi of the plugins is the only way in; nothing internal is used.
package crypto
