// Package psk protects whole RTPS messages with keys that follow from a
// passphrase everyone in the domain has: what rtps_psk_protection_kind asks for.
// DDS-Security 1.2.
//
// It is a plugin: it implements spi.PreSharedKey. Every object is safe for
// concurrent use. Sealing, and opening what a known session sealed, allocate
// nothing when dst has room.
//
// # What it gives, and what not
//
// Who does not know the passphrase can neither read nor make a message, so that
// announcements and authentication, which come before any other key, are hidden
// from strangers and strangers are not listened to. Those who do know it are not
// told apart: each can speak in the name of each, and whoever learns the
// passphrase reads what was recorded before. Nothing is remembered of what came
// already, and no message says when it was made: what was recorded of a
// participant that has gone can be played to those who come later, for as long
// as its passphrase is in force. Guessing a passphrase costs five HMACs a guess,
// so it has to be long and random: 32 octets from a generator, not a sentence.
//
// # Where the parts are
//
// A passphrase is an id and a seed (passphrase.go); those in force are a keyset,
// which is replaced whole (keyset.go, plugin.go). A key follows from a seed and
// the header of the message (derive.go); receivers remember those that proved
// good (cache.go). send.go seals and receive.go opens what wire.go takes apart.
//
// # What is certain
//
// Derivation, encrypted messages and additional authenticated data were read in
// a decoder of another vendor's messages. These were not and are our choice: the
// first three octets of the key id (Config.KeyID; any are understood), the
// layout of SIGN with additional authenticated data, and INFO_SRC as the first
// submessage (sent, not demanded).
package psk
