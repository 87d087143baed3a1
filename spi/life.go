package spi

import (
	"time"

	"github.com/secdds/dds/rtps"
)

// The interfaces of this file are for plugins that can do more than begin: whose
// credentials and keys may change while a participant works. The middleware asks
// by a type assertion.

// An IdentityRenewer is an Authentication whose credentials may replace those a
// participant began with.
type IdentityRenewer interface {
	// RenewLocalIdentity is ValidateLocalIdentity for a participant that has its
	// GUID already. The certificate must be one that GUID could come from: of
	// the same subject. DDS-Security 1.1, 9.3.3.
	RenewLocalIdentity(now time.Time, domain uint32, guid rtps.GUID) (LocalIdentity, error)
}

// A CredentialProver is a LocalIdentity that can tell authenticated peers of
// credentials that replaced those of the handshake, and hear the same of them.
// The token travels in a message of class [ClassCredentials], sealed with the
// key exchange key of the two. It is ours alone: other vendors have no way to
// replace credentials without a new participant.
type CredentialProver interface {
	// ProveCredentials returns a token that holds the identity's certificate
	// and permissions, signed for that session with that peer alone.
	ProveCredentials(session HandshakeResult, remote rtps.GUID) (Token, error)
	// AcceptCredentials checks such a token of a peer and returns what takes
	// the place of the handshake's result: the secret is the same, the subject
	// must be.
	AcceptCredentials(now time.Time, session HandshakeResult, remote rtps.GUID, t Token) (HandshakeResult, error)
}

// A PeerChecker is a LocalIdentity that can judge an authenticated peer again.
type PeerChecker interface {
	// CheckPeer returns why the peer's certificate is no longer good: its CA is
	// not trusted any more, it was revoked, it has lapsed.
	CheckPeer(now time.Time, session HandshakeResult) error
}

// A Reviser is a ParticipantCrypto whose keys can be replaced while it works,
// so that who has the old ones can no longer read. DDS-Security 1.2:
// revise_local_entity_keys, activate_key_revision.
type Reviser interface {
	// Revise makes new keys for the participant and for all endpoints made of
	// it. From here on PeerCrypto.Tokens and PairCrypto.Tokens return the new
	// ones. What is sealed is sealed with the old ones until activate is
	// called, which gives those who may read time to receive the new ones.
	Revise() (activate func(), err error)
}

// A KeyRetirer is a PeerCrypto or a PairCrypto that can forget the keys that the
// remote side has replaced.
type KeyRetirer interface {
	// RetireKeys forgets all of the remote side's keys but those of the last
	// SetTokens. What is sealed with others can no longer be opened.
	RetireKeys()
}
