package spi

import (
	"errors"
	"time"

	"github.com/secdds/dds/rtps"
)

// AccessControl is the access control plugin. DDS-Security 1.1, 8.4.
type AccessControl interface {
	// ValidateLocalPermissions checks the configured documents for a
	// participant of that identity in that domain (validate_local_permissions,
	// check_create_participant). The error names the document at fault, the
	// element or rule, what was expected and what was found.
	ValidateLocalPermissions(now time.Time, id LocalIdentity, domain uint32) (LocalPermissions, error)
}

// ErrRelayOnly is what the error of CheckReader matches when the reader may
// relay the topic though it may not subscribe it: the relay_only of
// check_remote_datareader.
var ErrRelayOnly = errors.New("it may relay only")

// A Topic is what access control is asked about: an endpoint's topic.
type Topic struct {
	Name       string
	Type       string
	Partitions []string        // empty: the default partition ""
	Tags       []rtps.Property // of the DATA_TAG policy; a remote endpoint's if they came by protected discovery
}

// LocalPermissions is what a local participant may do (permissions_handle).
type LocalPermissions interface {
	Token() Token           // get_permissions_token: announced in SPDP
	CredentialToken() Token // get_permissions_credential_token: becomes c.perm
	NotAfter() time.Time    // when the grant lapses; zero: never

	// ParticipantAttributes is get_participant_sec_attributes.
	ParticipantAttributes() ParticipantAttributes

	// EndpointAttributes is get_datawriter_sec_attributes and
	// get_datareader_sec_attributes. A topic no rule speaks of is an error.
	EndpointAttributes(topic string) (EndpointAttributes, error)

	// BuiltinAttributes is the same for the secure built-in endpoints.
	BuiltinAttributes(entity rtps.EntityID) EndpointAttributes

	// What the checks refuse, and what of a document is wrong, is told as a *Refusal.
	CheckCreateTopic(now time.Time, topic string) error
	CheckCreateWriter(now time.Time, t Topic) error // check_create_datawriter
	CheckCreateReader(now time.Time, t Topic) error // check_create_datareader

	// ValidateRemote checks the permissions document an authenticated peer
	// sent (validate_remote_permissions, check_remote_participant).
	ValidateRemote(now time.Time, token Token, peer HandshakeResult) (RemotePermissions, error)
}

// RemotePermissions is what an authenticated remote participant may do.
type RemotePermissions interface {
	NotAfter() time.Time                         // when the peer's grant lapses; zero: never
	CheckWriter(now time.Time, t Topic) error    // check_remote_datawriter
	CheckReader(now time.Time, t Topic) error    // check_remote_datareader
	CheckTopic(now time.Time, name string) error // check_remote_topic
}
