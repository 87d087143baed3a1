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
//
// Certificates and their chains have RSA keys of 2048 to 4096 bits or EC keys
// on P-256 or P-384, signed with SHA-256 or better. Revocation lists must be
// signed by a CA that is configured; one past its next update goes on to apply,
// and is warned of.
//
// Missing is OCSP: the property ocsp_status of handshakes is ignored and none is
// sent, and so is the identity status token. What it holds, and how long it is
// to be believed, is not said precisely enough to be read safely, and no other
// vendor but one sends it. Use revocation lists.
package pkidh
