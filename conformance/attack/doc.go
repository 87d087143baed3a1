// Package attack holds attacks on secured participants, as tests: what somebody
// on the network can send, and what an authenticated participant that turned
// hostile can. They run whole participants on a simulated network in virtual
// time.
//
// It is a tool: it has no code but tests.
package attack
