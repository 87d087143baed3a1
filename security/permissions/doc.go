// Package permissions is the built-in access control plugin,
// DDS:Access:Permissions: it acts on a signed governance and a signed
// permissions document. DDS-Security 1.1, 9.4.
//
// It is a plugin: it implements spi.AccessControl. Everything it hands out is
// immutable and safe for concurrent use.
//
// The governance document is never exchanged: each side goes by its own. The
// permissions document of a peer comes with the handshake and must be signed
// by the same permissions CA.
package permissions
