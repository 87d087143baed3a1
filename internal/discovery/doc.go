// Package discovery finds participants and their endpoints and says which of
// them match: SPDP and SEDP of DDSI-RTPS 2.5, 8.5, the matching of DDS 1.4,
// 2.2.3, the leases of participants, and the liveliness of writers.
//
// It is a pure package: no clock, goroutine, lock, socket, global or log.
//
// It has two halves. The data half encodes and decodes what travels on the
// built-in topics ([ParticipantData], [EndpointData], [MessageData]). The
// machine half, [Directory], keeps what was learnt and reports what follows
// from it as [Events].
//
// A Directory reports and does not judge: nothing of a new peer is believed
// until its owner, having asked the peer gate, calls [Directory.Admit]; and a
// [Compatible] pair is a proposal that the match gate may still refuse. So this
// package knows nothing of security but to carry its announcements, and to keep
// what came by a protected way from being changed by an unprotected one.
package discovery
