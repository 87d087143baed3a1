// Package admission holds the two security gates of a participant: the peer
// gate (is this participant who it says, and may it join?) and the match gate
// (may these two endpoints meet, and do they have each other's keys?).
//
// It is a pure package: it conducts, the plugins behind package spi compute.
// Slow plugin calls are not made inside a step: a step orders a [Job], which the
// caller runs wherever it likes and hands back.
package admission

import (
	"time"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

// A Gate is what all peers of one local participant share.
type Gate struct {
	Identity    spi.LocalIdentity
	Permissions spi.LocalPermissions
	Crypto      spi.ParticipantCrypto
	Bounds      Bounds // of what strangers can cause

	// Bar, if not nil, returns why somebody who has just proven who he is may
	// not join all the same.
	Bar func(spi.HandshakeResult) error

	renewals    int // how often Identity and Permissions were replaced
	statelessSN int64
	volatileSN  int64

	lobby  lobby
	work   work // for participants that are not authenticated
	rework work // for those that are and, as someone says, start anew
}

func (g *Gate) bounds() Bounds { return g.Bounds.withDefaults() }

// Self returns the local participant's GUID.
func (g *Gate) Self() rtps.GUID { return g.Identity.GUID() }

// stateless fills in the identity of a message of the stateless topic. Every
// copy sent gets a number of its own.
//
// Interop: OpenDDS drops stateless messages whose number does not grow.
func (g *Gate) stateless(m rtps.GenericMessage) rtps.GenericMessage {
	g.statelessSN++
	m.Identity = rtps.MessageIdentity{
		Source: rtps.GUID{Prefix: g.Self().Prefix, Entity: rtps.EntityStatelessWriter},
		SN:     g.statelessSN,
	}
	return m
}

func (g *Gate) volatile(m rtps.GenericMessage) rtps.GenericMessage {
	g.volatileSN++
	m.Identity = rtps.MessageIdentity{
		Source: rtps.GUID{Prefix: g.Self().Prefix, Entity: rtps.EntityVolatileWriter},
		SN:     g.volatileSN,
	}
	return m
}

// A Job is a slow plugin call. Run may be called on any goroutine, once; then
// Peer.Finish continues the peer's machine.
type Job struct {
	Peer *Peer
	Run  func()
}

// An Outbox takes what a step orders.
type Outbox struct {
	Stateless []rtps.GenericMessage // to the peer's stateless reader, best effort
	Volatile  []rtps.GenericMessage // to the peer's volatile-secure reader, reliable
	Jobs      []Job
	Events    []Event

	// Of strangers; the caller does Evicted before Turns.
	Evicted  []rtps.GUIDPrefix // peers to be forgotten: others have their turn
	Turns    []Stranger        // it is their turn: see Gate.Arrive
	Overflow int               // announcements that were dropped since too many wait
}

// Empty reports whether nothing is in o.
func (o *Outbox) Empty() bool {
	return len(o.Stateless)+len(o.Volatile)+len(o.Jobs)+len(o.Events)+len(o.Evicted)+len(o.Turns)+o.Overflow == 0
}

// An EventKind says what became of a peer or a pair.
type EventKind uint8

const (
	// PeerAuthenticated: the handshake and the permissions check succeeded and
	// the keys are derived. The caller matches the volatile-secure endpoints and
	// then calls Peer.Connected.
	PeerAuthenticated EventKind = iota + 1
	// PeerUnauthenticated: the peer has no credentials and the governance lets
	// such participants meet unprotected endpoints.
	PeerUnauthenticated
	// PeerRefused: the peer may not join; Err says why.
	PeerRefused
	// PeerReset: the peer ran a second handshake successfully (it restarted
	// under the same GUID). Everything that rests on the old keys is void; a
	// PeerAuthenticated follows.
	PeerReset
	// PeerKeys: the peer's participant crypto tokens have come.
	PeerKeys
	// PairReady: the two endpoints may exchange data.
	PairReady
	// PairRefused: they may not; Err says why.
	PairRefused
	// PeerSuspect: an unauthenticated message says that an authenticated peer
	// has lost its keys. Only if it gives no authenticated sign of life is there
	// something to that.
	PeerSuspect
	// PeerRenewed: the peer showed credentials that replace those of the
	// handshake; Result and Rights are the new ones. The caller judges the
	// pairs again.
	PeerRenewed
	// PeerNotice: something worth the security log happened; Err says what.
	PeerNotice
)

// An Event is reported in Outbox.Events.
type Event struct {
	Kind EventKind
	Peer *Peer
	Pair *Pair
	Err  error
}

func (o *Outbox) event(k EventKind, p *Peer, err error) {
	o.Events = append(o.Events, Event{Kind: k, Peer: p, Err: err})
}

// Timing of the handshake. The peers give up after 4.2 s (Fast DDS, then again
// with the next announcement) to 300 s (OpenDDS).
const (
	resendFirst  = 250 * time.Millisecond
	resendMax    = 2 * time.Second
	giveUp       = 60 * time.Second
	unanswered   = 5 * time.Second // after this long the user is told
	retryAfter   = 2 * time.Second // a failed peer that still announces itself is tried again
	startOver    = 5 * time.Second // after this long with answers that were refused, challenges are forgotten
	tokenResend  = 2 * time.Second // our tokens again while the peer's have not come
	tokenResends = 10
	answerGap    = 20 * time.Millisecond // the same answer is not given more often

	maxTokens        = 8192 // octets of the tokens for one endpoint; they take some 200
	maxPendingTokens = 4096 // early tokens kept for endpoints discovery has not reported yet, per peer
)
