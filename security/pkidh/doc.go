// Package pkidh is the built-in authentication plugin, DDS:Auth:PKI-DH.
// DDS-Security 1.1, 9.3.
//
// It is a plugin: it implements spi.Authentication and reads no clock: the
// time comes in as an argument.
//
// A participant has an X.509 certificate of a shared identity CA. Two of them
// authenticate each other by signing fresh challenges and ephemeral keys in
// three messages, and end up with a shared secret. What a peer sends is
// believed only when its signature has been verified, and a message that is
// refused leaves the handshake as it was.
package pkidh
