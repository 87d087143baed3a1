package spi

import "github.com/secdds/dds/rtps"

// A Security is the set of plugins a participant runs under. The first three go
// together; without them, PreSharedKey alone protects a domain.
type Security struct {
	Authentication Authentication
	AccessControl  AccessControl
	Cryptography   Cryptography
	PreSharedKey   PreSharedKey // nil: no pre-shared key
	Logging        Logging      // nil: security events are not logged
	Tagging        DataTagging  // nil: endpoints carry the data tags of their QoS

	// Watch, if not nil, runs on a goroutine of its own while the participant
	// lives. It gives update every set of plugins that is to replace the one
	// before (see Participant.UpdateSecurity), or why there is none. It returns
	// when done is closed.
	Watch func(done <-chan struct{}, update func(*Security, error))
}

// A Token is any of the tokens plugins exchange: identity, permissions,
// handshake, crypto. DDS-Security 1.1, 7.2.3.
type Token = rtps.DataHolder

// Names of the messages of the stateless and volatile-secure topics.
// DDS-Security 1.1, 7.4.3.5 and 7.4.4.4.
const (
	ClassAuthRequest       = "dds.sec.auth_request"
	ClassAuth              = "dds.sec.auth"
	ClassParticipantTokens = "dds.sec.participant_crypto_tokens"
	ClassWriterTokens      = "dds.sec.datawriter_crypto_tokens"
	ClassReaderTokens      = "dds.sec.datareader_crypto_tokens"

	ClassCredentials = "secdds.sec.credentials" // ours: see CredentialProver
)

// A Protection is a protection kind of a governance document.
type Protection uint8

// The protection kinds. DDS-Security 1.1, 9.4.1.2.
const (
	ProtectNone Protection = iota
	ProtectSign
	ProtectEncrypt
	ProtectSignOrigin    // SIGN_WITH_ORIGIN_AUTHENTICATION
	ProtectEncryptOrigin // ENCRYPT_WITH_ORIGIN_AUTHENTICATION
)

// IsEncrypt reports whether p hides what it protects.
func (p Protection) IsEncrypt() bool { return p == ProtectEncrypt || p == ProtectEncryptOrigin }

// IsOrigin reports whether p adds receiver-specific MACs.
func (p Protection) IsOrigin() bool { return p == ProtectSignOrigin || p == ProtectEncryptOrigin }

// String returns the governance document's name of p.
func (p Protection) String() string {
	switch p {
	case ProtectNone:
		return "NONE"
	case ProtectSign:
		return "SIGN"
	case ProtectEncrypt:
		return "ENCRYPT"
	case ProtectSignOrigin:
		return "SIGN_WITH_ORIGIN_AUTHENTICATION"
	case ProtectEncryptOrigin:
		return "ENCRYPT_WITH_ORIGIN_AUTHENTICATION"
	}
	return "INVALID"
}

// ParticipantAttributes is ParticipantSecurityAttributes.
// DDS-Security 1.1, 8.4.2.4.
type ParticipantAttributes struct {
	AllowUnauthenticated bool
	JoinAccessControl    bool
	Discovery            Protection
	Liveliness           Protection
	RTPS                 Protection
	PSK                  Protection        // 1.2: rtps_psk_protection_kind: NONE, SIGN or ENCRYPT
	KeyRevision          bool              // 1.2: enable_key_revision
	Info                 rtps.SecurityInfo // what is announced in SPDP
}

// EndpointAttributes is EndpointSecurityAttributes. DDS-Security 1.1, 8.4.2.7.
type EndpointAttributes struct {
	ReadProtected       bool // enable_read_access_control
	WriteProtected      bool // enable_write_access_control
	DiscoveryProtected  bool // announced on the secure SEDP topics only
	LivelinessProtected bool
	Metadata            Protection        // submessage protection
	Data                Protection        // payload protection: NONE, SIGN or ENCRYPT
	Info                rtps.SecurityInfo // what is announced in SEDP
}
