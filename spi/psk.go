package spi

import "github.com/secdds/dds/rtps"

// A PreSharedKey is the plugin behind rtps_psk_protection_kind: keys that follow
// from a passphrase everyone in the domain has. DDS-Security 1.2.
//
// Beside the other plugins it protects what they must send in clear:
// announcements, authentication, key exchange. Alone, it is all the security a
// domain has, and its members are those who know the passphrase.
type PreSharedKey interface {
	// Kind is the protection when no governance document says it: SIGN or ENCRYPT.
	Kind() Protection
	// NewParticipant makes the keys of a participant. kind is SIGN or ENCRYPT.
	NewParticipant(guid rtps.GUID, kind Protection) (PSKCrypto, error)
}

// A PSKCrypto seals and opens whole RTPS messages with pre-shared keys.
type PSKCrypto interface {
	// MessageSealer seals with the passphrase in force; there are no receivers.
	MessageSealer
	// OpenMessage opens a message of any participant and appends it to dst, the
	// RTPS header and the submessages. msg begins with an RTPS header, which
	// may be followed by a header extension, and SRTPS_PREFIX with the
	// PreSharedKey flag. It does not write to msg.
	OpenMessage(dst, msg []byte) ([]byte, error)
}
