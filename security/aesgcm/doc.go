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
package aesgcm
