package spi

import "github.com/secdds/dds/rtps"

// Cryptography is the cryptographic plugin. DDS-Security 1.1, 8.5.
type Cryptography interface {
	// NewParticipant makes the keys of a local participant
	// (register_local_participant).
	NewParticipant(attrs ParticipantAttributes) (ParticipantCrypto, error)
}

// A ParticipantCrypto holds the keys of a local participant.
type ParticipantCrypto interface {
	// Message seals whole RTPS messages; nil when rtps protection is NONE.
	Message() MessageSealer

	// NewEndpoint makes the keys of a local writer or reader
	// (register_local_datawriter, register_local_datareader). It returns nil
	// when attrs ask for no protection.
	NewEndpoint(entity rtps.EntityID, attrs EndpointAttributes) (EndpointCrypto, error)

	// NewPeer makes the keys shared with an authenticated participant
	// (register_matched_remote_participant).
	NewPeer(remote rtps.GUID, secret SharedSecret) (PeerCrypto, error)
}

// A PeerCrypto holds the keys of one authenticated remote participant: those it
// sent us and those only the two of us share.
type PeerCrypto interface {
	// Tokens returns the crypto tokens of the local participant for this peer
	// (create_local_participant_crypto_tokens).
	Tokens() ([]Token, error)
	// SetTokens takes the peer's (set_remote_participant_crypto_tokens). The
	// same tokens again change nothing; new ones are added to the old.
	SetTokens(tokens []Token) error
	// HasTokens reports whether SetTokens has succeeded.
	HasTokens() bool

	// Kx seals submessages of the volatile-secure endpoints for this peer.
	Kx() SubmessageSealer
	// Receiver is this peer as a destination of the participant's sealed
	// messages; nil without origin authentication.
	Receiver() Receiver

	// OpenMessage opens a whole RTPS message of this peer, protected with
	// SRTPS_PREFIX, and appends it to dst: the RTPS header and the
	// submessages, INFO_SRC first (decode_rtps_message). It does not write to msg.
	OpenMessage(dst, msg []byte) ([]byte, error)

	// OpenSubmessage opens one protected submessage (preprocess_secure_submsg,
	// decode_datawriter_submessage, decode_datareader_submessage). sealed
	// holds SEC_PREFIX, the body and SEC_POSTFIX, headers included. The
	// submessage, header included, is appended to dst; from tells whose key
	// sealed it: the remote entity, or EntityUnknown for the Kx key.
	OpenSubmessage(dst, sealed []byte) (submessage []byte, from rtps.EntityID, err error)

	// Close forgets the keys (unregister_participant).
	Close()
}

// An EndpointCrypto holds the keys of a local writer or reader.
type EndpointCrypto interface {
	// Payload seals serialized payloads; nil when data protection is NONE, and
	// of readers.
	Payload() PayloadSealer
	// Submessage seals submessages; nil when metadata protection is NONE.
	Submessage() SubmessageSealer
	// Match makes the keys of a pair of this endpoint and a remote one
	// (register_matched_remote_datareader, register_matched_remote_datawriter).
	// peer comes from the same plugin.
	Match(peer PeerCrypto, remote rtps.EntityID) (PairCrypto, error)
	// Close forgets the keys (unregister_datawriter, unregister_datareader).
	Close()
}

// A PairCrypto holds the keys of a local and a remote endpoint.
type PairCrypto interface {
	// Tokens returns the local endpoint's crypto tokens for the remote one
	// (create_local_datawriter_crypto_tokens, …datareader…). None: nothing is sent.
	Tokens() ([]Token, error)
	// SetTokens takes the remote endpoint's (set_remote_datareader_crypto_tokens,
	// …datawriter…). The same tokens again change nothing; new keys are added.
	SetTokens(tokens []Token) error
	// Ready reports whether everything the remote endpoint sends can be opened.
	Ready() bool
	// Payload opens the remote writer's payloads; nil when they are not protected.
	Payload() PayloadOpener
	// Receiver is the remote endpoint as a destination of sealed submessages;
	// nil without origin authentication.
	Receiver() Receiver
	// Close forgets the keys of the pair.
	Close()
}

// A Receiver is one destination of something sealed with origin
// authentication: the object that holds its receiver-specific key. Only the
// plugin that made it can look inside.
type Receiver interface{ ReceiverKeyID() [4]byte }

// A MessageSealer seals whole RTPS messages.
type MessageSealer interface {
	// SealMessage appends to dst the protected form of msg, an RTPS message
	// with its header (encode_rtps_message). msg and dst do not overlap.
	SealMessage(dst, msg []byte, to []Receiver) ([]byte, error)
	// Overhead is the largest number of octets SealMessage adds for that many receivers.
	Overhead(receivers int) int
}

// A SubmessageSealer seals single submessages.
type SubmessageSealer interface {
	// SealSubmessage appends to dst SEC_PREFIX, the protected form of sub and
	// SEC_POSTFIX (encode_datawriter_submessage, encode_datareader_submessage).
	// sub is a submessage with its header and real length. sub and dst do not overlap.
	SealSubmessage(dst, sub []byte, to []Receiver) ([]byte, error)
	// Overhead is the largest number of octets SealSubmessage adds.
	Overhead(receivers int) int
}

// A PayloadSealer seals serialized payloads.
type PayloadSealer interface {
	// SealPayload appends to dst the protected form of plain, a
	// SerializedPayload with its encapsulation header (encode_serialized_payload).
	SealPayload(dst, plain []byte) ([]byte, error)
	// Overhead is the largest number of octets SealPayload adds.
	Overhead() int
}

// A PayloadOpener opens the payloads of one remote writer.
type PayloadOpener interface {
	// OpenPayload appends the plain payload to dst (decode_serialized_payload).
	// It does not write to sealed.
	OpenPayload(dst, sealed []byte) ([]byte, error)
}

// The interfaces from here on are for what implements those above and can do
// without a second buffer. A caller asks by a type assertion, once, when it gets
// the object.
//
// Where a method seals in place, buf[start:] is what is to be sealed. The sealed
// form begins at buf[start-Room()], and what was there is overwritten. The result
// is buf up to the end of the sealed form. It moves to other memory unless
// cap(buf) is at least len(buf) + Overhead - Room(). After an error nothing from
// buf[start-Room()] on may be sent.

// An InPlaceMessageSealer is a MessageSealer that seals where the message lies.
type InPlaceMessageSealer interface {
	// Room is how many octets in front of the message are overwritten. It never changes.
	Room() int
	// SealMessageInPlace is MessageSealer.SealMessage of buf[start:].
	SealMessageInPlace(buf []byte, start int, to []Receiver) ([]byte, error)
}

// An InPlaceSubmessageSealer is a SubmessageSealer that seals where the
// submessage lies.
type InPlaceSubmessageSealer interface {
	// Room is how many octets in front of the submessage are overwritten. It never changes.
	Room() int
	// SealSubmessageInPlace is SubmessageSealer.SealSubmessage of buf[start:].
	SealSubmessageInPlace(buf []byte, start int, to []Receiver) ([]byte, error)
}

// An InPlacePayloadSealer is a PayloadSealer that seals where the payload lies.
type InPlacePayloadSealer interface {
	// Room is how many octets in front of the payload are overwritten. It never changes.
	Room() int
	// SealPayloadInPlace is PayloadSealer.SealPayload of buf[start:].
	SealPayloadInPlace(buf []byte, start int) ([]byte, error)
}

// An InPlaceOpener is a PeerCrypto that opens where the sealed form lies. Both
// methods use up what they are given, also when they fail: it cannot be opened
// again. Only one goroutine may have it. After an error nothing in it is
// plaintext that came encrypted.
type InPlaceOpener interface {
	// OpenMessageInPlace is PeerCrypto.OpenMessage without the RTPS header: it
	// returns the submessages, INFO_SRC first. They lie in msg.
	OpenMessageInPlace(msg []byte) (submessages []byte, err error)
	// OpenSubmessageInPlace is PeerCrypto.OpenSubmessage. The submessage lies
	// in sealed, or, when more than one key may be the right one, in memory of
	// its own.
	OpenSubmessageInPlace(sealed []byte) (submessage []byte, from rtps.EntityID, err error)
}

// An InPlacePayloadOpener is a PayloadOpener that opens where the sealed form
// lies. What is said of InPlaceOpener holds here: of several readers that a
// payload is for, only the last can open it so.
type InPlacePayloadOpener interface {
	// OpenPayloadInPlace is PayloadOpener.OpenPayload. The payload lies in sealed.
	OpenPayloadInPlace(sealed []byte) ([]byte, error)
}
