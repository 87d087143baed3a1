// Package aesgcm is the built-in cryptographic plugin, DDS:Crypto:AES-GCM-GMAC.
// DDS-Security 1.1, 9.5.
//
// It is a plugin: it implements spi.Cryptography. Every object is safe for
// concurrent use. Sealing and opening take no lock and, once a session is
// known and dst has room, allocate nothing. Room is what Overhead says for
// sealing, and as much as the sealed form takes for opening.
//
// Everything can be sealed and opened where it lies, too: then no octet is
// copied but the 16 of the tag, which the cipher has right behind the ciphertext
// and the wire behind the postfix's header.
//
// # Where the parts are
//
// A masterKey is what a crypto token carries (keymat.go). Session keys are
// derived from it (session.go). A sendKey has those to seal with (sendkey.go), a
// recvKey those to open with (recvkey.go). A sender is what our own keys are for,
// one after the other (sender.go, revise.go). On top of these are the three
// levels at which DDS-Security protects: payload.go, submessage.go and message.go.
//
// # When keys are replaced
//
// [spi.Reviser] makes new keys, whoever knows the old ones does not learn them.
// What follows for whom we talk to, by their source:
//
//   - We keep the last 8 keys of a peer for a purpose and find the right one by
//     transformation kind and key id.
//   - Cyclone DDS (0.10.2 to 11) takes new tokens of a participant at any time, and
//     forgets the old key at that moment: what comes sealed with the old one after
//     the tokens, up to activation, is dropped; what is reliable is asked for again.
//     A receiver-specific key id that it has seen keeps the salt it came with, so
//     every revision has new ids (crypto_factory_set_participant_crypto_tokens).
//     New tokens of an endpoint that is matched it puts by for when it matches
//     again, though its plugin could take them: it goes on with the old keys
//     (q_omg_security_set_remote_writer_crypto_tokens, …reader…). With metadata or
//     data protection it is deaf to new keys until the endpoints are matched anew.
//   - Fast DDS since its fix of CVE-2025-67108 (2.6.12, 3.2.5, 3.6.2) takes new
//     tokens on all three levels, keeps the last 8 of a participant and all of an
//     endpoint, and finds them by kind and id.
//   - Fast DDS before that (2.9.1) adds new tokens to its list, and uses them for
//     payloads alone (find_key). Messages are opened with the first key of a
//     participant whatever their key id (decode_rtps_message), submessages only
//     when they have the first key's id (preprocess_secure_submsg). With RTPS or
//     metadata protection it is deaf to new keys: it needs a new handshake.
//   - OpenDDS and RustDDS: not looked at.
//
// TestKeysRenewed… in conformance shows what of this goes on without a gap. What
// is deaf to new keys takes them in a new session: told on the secure participant
// topic that we are gone, and then announced to, both meet us again within 0.1 s.
// What is transient-local comes again then, and best-effort readers miss what was
// written in between.
//
// A leaver keeps the old keys, and without origin authentication could go on
// sealing in the name of others with them for those who still hold them: so those
// are forgotten ([spi.KeyRetirer]) once the new ones have been in use for a while.
package aesgcm
