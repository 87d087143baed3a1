package spi

import (
	"time"

	"github.com/secdds/dds/rtps"
)

// Authentication is the authentication plugin. DDS-Security 1.1, 8.3.
type Authentication interface {
	// ValidateLocalIdentity checks the configured credentials and returns the
	// identity of a new participant, with its GUID adjusted to its certificate.
	// The error names the file at fault, what was expected and what was found.
	ValidateLocalIdentity(now time.Time, domain uint32, candidate rtps.GUID) (LocalIdentity, error)
}

// A LocalIdentity is the validated identity of a local participant
// (local_identity_handle).
type LocalIdentity interface {
	GUID() rtps.GUID     // adjusted participant GUID
	Token() Token        // get_identity_token: announced in SPDP
	SubjectName() string // RFC 4514 text of the certificate's subject
	NotAfter() time.Time // when the identity lapses; zero: never

	// SetPermissions gives the credential token that travels as c.perm in the
	// handshake (set_permissions_credential_and_token). Called once, before
	// the first handshake.
	SetPermissions(credential Token)

	// NewHandshake prepares the authentication of a remote participant
	// (validate_remote_identity). The handshake's role follows from the order
	// of the two GUIDs: the smaller one initiates.
	NewHandshake(remote RemoteParticipant) (Handshake, error)
}

// A RemoteParticipant is what SPDP says of a participant before it is authenticated.
type RemoteParticipant struct {
	GUID          rtps.GUID
	Vendor        rtps.VendorID
	IdentityToken Token
	Algorithms    *rtps.SecurityAlgorithms // of 1.2; nil: it announces none
}

// An AlgorithmAnnouncer is a LocalIdentity whose participants announce the
// algorithms they can do and ask for. DDS-Security 1.2.
type AlgorithmAnnouncer interface {
	// Algorithms returns what is announced in SPDP and c.pdata; nil: nothing,
	// as DDS-Security 1.1 has it.
	Algorithms() *rtps.SecurityAlgorithms
}

// A Handshake authenticates one remote participant. It is not safe for
// concurrent use. A method that returns an error has changed nothing: forged
// messages cannot spoil a handshake under way.
type Handshake interface {
	// Initiator reports whether the local side sends the first message.
	Initiator() bool

	// AuthRequest returns the token of the dds.sec.auth_request message that
	// announces our challenge; nil: none is sent.
	AuthRequest() *Token

	// HandleAuthRequest takes the peer's announced challenge
	// (future_challenge). One that comes after the handshake has begun is ignored.
	HandleAuthRequest(token Token) error

	// Begin returns the request token (begin_handshake_request). Only the
	// initiator calls it. pdata is the local ParticipantBuiltinTopicData as a
	// big-endian parameter list with its sentinel.
	Begin(now time.Time, pdata []byte) (Token, error)

	// Process takes the peer's next token (begin_handshake_reply,
	// process_handshake) and returns the one to answer with, if any. done
	// reports that Result may be called.
	Process(now time.Time, pdata []byte, token Token) (reply *Token, done bool, err error)

	// Result returns what the finished handshake established.
	Result() HandshakeResult
}

// A HandshakeResult is what a finished handshake established.
type HandshakeResult struct {
	Secret        SharedSecret
	Credential    Token     // get_authenticated_peer_credential_token: c.id, c.perm
	SubjectName   string    // RFC 4514 text of the peer's subject
	SubjectDER    []byte    // the peer's subject as it stands in its certificate
	NotAfter      time.Time // when the peer's certificate lapses
	PData         []byte    // the peer's authenticated participant data (c.pdata)
	PermissionDoc []byte    // c.perm, the peer's signed permissions document
}

// A SharedSecret is what both sides of a handshake know (get_shared_secret).
type SharedSecret struct {
	Secret     [32]byte // SHA-256 of the key agreement's result
	Challenge1 [32]byte // the initiator's
	Challenge2 [32]byte // the replier's
}
