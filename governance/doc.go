// Package governance reads the documents of DDS-Security's built-in access
// control: governance (what is protected, and how) and permissions (who may do
// what). It verifies their signatures and evaluates them.
//
// It is pure: no clock, goroutine, lock, socket or log. It says what the
// documents say; package security/permissions acts on it.
//
// Reading is strict and fails closed: an element that is missing, repeated,
// blank or unknown refuses the whole document, and so does one that asks for
// protection this implementation cannot give. An [Error] names the document,
// the line, the element, what was expected and what was found.
//
// DDS-Security 1.1, 9.4.1.
package governance

// Bounds of the XML that is looked at. A permissions document comes from a peer.
const (
	// MaxXML is the largest document, in octets.
	MaxXML = 4 << 20
	// MaxExpression is the longest expression, topic, partition or subject name, in octets.
	MaxExpression = 1024

	maxDepth    = 16
	maxElements = 1 << 17
)

// A Protection is a protection kind. DDS-Security 1.1, 9.4.1.2.3.
type Protection uint8

// The protection kinds, in the order of spi.Protection.
const (
	None Protection = iota
	Sign
	Encrypt
	SignOrigin    // SIGN_WITH_ORIGIN_AUTHENTICATION
	EncryptOrigin // ENCRYPT_WITH_ORIGIN_AUTHENTICATION
)

var protectionNames = [...]string{"NONE", "SIGN", "ENCRYPT", "SIGN_WITH_ORIGIN_AUTHENTICATION", "ENCRYPT_WITH_ORIGIN_AUTHENTICATION"}

// String returns the documents' name of p.
func (p Protection) String() string {
	if int(p) < len(protectionNames) {
		return protectionNames[p]
	}
	return "INVALID"
}
