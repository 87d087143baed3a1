// Package smime takes signed governance and permissions documents apart and
// verifies them. It is pure: no clock, goroutine, lock, socket or log.
//
// A signed document is S/MIME as `openssl smime -sign -text` writes it:
// multipart/signed with a detached PKCS#7 signature. DDS-Security 1.1, 9.4.1.1.
// Also taken: a part without the text/plain header (no -text), LF or CRLF line
// ends, quoted and unquoted boundaries, application/pkcs7-signature and
// application/x-pkcs7-signature, and opaque documents (application/pkcs7-mime);
// certificates inside or not; SHA-256, SHA-384 and SHA-512. Not taken: what
// -binary signs, whose line ends do not survive; PEM and DER without MIME.
package smime

// Bounds of what is looked at. A document may come from a peer.
const (
	// MaxDocument is the largest document, in octets.
	MaxDocument = 16 << 20

	maxDepth   = 24      // nesting of the ASN.1 in a signature; real ones have 10
	maxObjects = 1 << 16 // of the ASN.1 in a signature
)
