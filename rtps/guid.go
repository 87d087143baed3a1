package rtps

import (
	"bytes"
	"fmt"
)

// A GUIDPrefix identifies a participant. DDSI-RTPS 2.5, 9.3.1.
type GUIDPrefix [12]byte

// String returns p as three groups of hex digits.
func (p GUIDPrefix) String() string { return fmt.Sprintf("%x.%x.%x", p[0:4], p[4:8], p[8:12]) }

// An EntityID identifies an entity within its participant. Its last byte is
// the entity's kind. DDSI-RTPS 2.5, 9.3.1.2.
type EntityID [4]byte

// String returns e as hex digits.
func (e EntityID) String() string { return fmt.Sprintf("%x", e[:]) }

// Kinds of entities: the last byte of a user-defined EntityID. DDSI-RTPS 2.5, 9.3.1.2.
const (
	KindWriterWithKey byte = 0x02
	KindWriterNoKey   byte = 0x03
	KindReaderNoKey   byte = 0x04
	KindReaderWithKey byte = 0x07
	KindBuiltin       byte = 0xc0 // or-ed to a kind: the entity is a built-in one
)

// IsBuiltin reports whether e is one of the predefined entities.
func (e EntityID) IsBuiltin() bool { return e[3]&0xc0 == KindBuiltin }

// IsWriter reports whether e is the id of a writer.
func (e EntityID) IsWriter() bool { k := e[3] & 0x3f; return k == 0x02 || k == 0x03 }

// IsReader reports whether e is the id of a reader.
func (e EntityID) IsReader() bool { k := e[3] & 0x3f; return k == 0x04 || k == 0x07 }

// A GUID identifies an entity worldwide.
type GUID struct {
	Prefix GUIDPrefix
	Entity EntityID
}

// String returns g as prefix, colon, entity id in hex digits.
func (g GUID) String() string { return g.Prefix.String() + ":" + g.Entity.String() }

// IsZero reports whether g is GUID_UNKNOWN.
func (g GUID) IsZero() bool { return g == GUID{} }

// Compare orders GUIDs by their octets, as the roles of the DDS-Security
// handshake do.
func (g GUID) Compare(h GUID) int {
	if c := bytes.Compare(g.Prefix[:], h.Prefix[:]); c != 0 {
		return c
	}
	return bytes.Compare(g.Entity[:], h.Entity[:])
}

// Predefined entity ids. DDSI-RTPS 2.5, 9.3.1.3; DDS-Security 1.1, 7.4.7.
var (
	EntityUnknown     = EntityID{}
	EntityParticipant = EntityID{0, 0, 1, 0xc1}

	EntitySPDPWriter = EntityID{0, 1, 0, 0xc2}
	EntitySPDPReader = EntityID{0, 1, 0, 0xc7}

	EntitySEDPPubWriter = EntityID{0, 0, 3, 0xc2}
	EntitySEDPPubReader = EntityID{0, 0, 3, 0xc7}
	EntitySEDPSubWriter = EntityID{0, 0, 4, 0xc2}
	EntitySEDPSubReader = EntityID{0, 0, 4, 0xc7}

	EntityMessageWriter = EntityID{0, 2, 0, 0xc2} // participant liveliness
	EntityMessageReader = EntityID{0, 2, 0, 0xc7}

	EntityStatelessWriter = EntityID{0, 2, 1, 0xc3}
	EntityStatelessReader = EntityID{0, 2, 1, 0xc4}
	EntityVolatileWriter  = EntityID{0xff, 2, 2, 0xc3}
	EntityVolatileReader  = EntityID{0xff, 2, 2, 0xc4}

	EntitySecureSEDPPubWriter = EntityID{0xff, 0, 3, 0xc2}
	EntitySecureSEDPPubReader = EntityID{0xff, 0, 3, 0xc7}
	EntitySecureSEDPSubWriter = EntityID{0xff, 0, 4, 0xc2}
	EntitySecureSEDPSubReader = EntityID{0xff, 0, 4, 0xc7}
	EntitySecureMessageWriter = EntityID{0xff, 2, 0, 0xc2}
	EntitySecureMessageReader = EntityID{0xff, 2, 0, 0xc7}
	EntitySecureSPDPWriter    = EntityID{0xff, 1, 1, 0xc2}
	EntitySecureSPDPReader    = EntityID{0xff, 1, 1, 0xc7}
)

// A VendorID names the maker of an RTPS implementation. DDSI-RTPS 2.5, 8.3.3.1.3.
type VendorID [2]byte

// Vendors whose wire behaviour needs to be known. VendorSecdds has not
// been assigned by the OMG.
var (
	VendorUnknown  = VendorID{0, 0}
	VendorRTI      = VendorID{1, 0x01}
	VendorOpenDDS  = VendorID{1, 0x03}
	VendorFast     = VendorID{1, 0x0f}
	VendorCyclone  = VendorID{1, 0x10}
	VendorRustDDS  = VendorID{1, 0x12}
	VendorSecdds   = VendorID{1, 0xd5}
	ProtocolVer2_1 = ProtocolVersion{2, 1}
	ProtocolVer2_5 = ProtocolVersion{2, 5}
)

// A ProtocolVersion is the version of RTPS a message is written in.
type ProtocolVersion struct{ Major, Minor uint8 }

// A KeyHash is the 16-octet hash of an instance's key. DDSI-RTPS 2.5, 9.6.4.8.
type KeyHash [16]byte
