package discovery

import (
	"fmt"

	"github.com/secdds/dds/rtps"
)

// ErrMalformed is matched by every error of this package's parsers but the one
// for a parameter that must be understood, rtps.ErrMustUnderstand.
var ErrMalformed = rtps.ErrMalformed

// Counts of what a list may hold; what is over is not kept, for it is only of
// use in numbers a host or an application has.
const (
	maxLocators        = 64
	maxPartitions      = 512
	maxRepresentations = 32
	maxFilterParams    = 128
	maxTags            = 256
)

// Representation identifiers. DDSI-RTPS 2.5, 10.2.1.2.
const (
	encapCDRBE   = 0x0000
	encapCDRLE   = 0x0001
	encapPLCDRBE = 0x0002
	encapPLCDRLE = 0x0003
)

const encapLen = 4 // representation identifier and options

// AppendEncapsulation appends the header of a little-endian parameter list.
func AppendEncapsulation(b []byte) []byte { return append(b, 0, encapPLCDRLE, 0, 0) }

// OpenPayload takes the encapsulation header off the payload of a built-in
// topic that holds a parameter list.
func OpenPayload(payload []byte) (list []byte, le bool, err error) {
	if len(payload) < encapLen {
		return nil, false, malformed("payload", "no encapsulation header")
	}
	switch uint16(payload[0])<<8 | uint16(payload[1]) {
	case encapPLCDRBE:
		return payload[encapLen:], false, nil
	case encapPLCDRLE:
		return payload[encapLen:], true, nil
	}
	return nil, false, malformed("payload", "not a parameter list")
}

func malformed(what, why string) error { return &rtps.MalformedError{What: what, Why: why} }

// readList calls read with each parameter of list. read returns false for a
// parameter it does not know.
func readList(what string, list []byte, le bool, read func(p rtps.Parameter, c *rtps.Cursor) (known bool)) error {
	for {
		p, next, ok, err := rtps.NextParameter(list, le)
		if err != nil {
			return fmt.Errorf("read %s: %w", what, err)
		}
		if !ok {
			return nil
		}
		c := rtps.NewCursor(p.Value, le)
		known := read(p, &c)
		// DDSI-RTPS 2.5, 9.4.2.11.2: who does not understand such a parameter
		// ignores the sample.
		if !known && p.ID.MustUnderstand() {
			return fmt.Errorf("read %s: parameter %#04x: %w", what, uint16(p.ID), rtps.ErrMustUnderstand)
		}
		if c.Short() {
			return fmt.Errorf("read %s: %w", what,
				malformed("parameter", fmt.Sprintf("%#04x is truncated or out of range", uint16(p.ID))))
		}
		list = next
	}
}

// AppendParticipantKey appends the payload, header included, that names a
// participant which goes: the key of a dispose on the SPDP topic.
func AppendParticipantKey(b []byte, g rtps.GUID) []byte {
	return appendKey(b, rtps.PIDParticipantGUID, g)
}

// AppendEndpointKey appends the payload, header included, that names an
// endpoint which goes: the key of a dispose on a SEDP topic.
func AppendEndpointKey(b []byte, g rtps.GUID) []byte { return appendKey(b, rtps.PIDEndpointGUID, g) }

func appendKey(b []byte, id rtps.ParameterID, g rtps.GUID) []byte {
	b, mark := rtps.BeginParameter(AppendEncapsulation(b), true, id)
	b = rtps.EndParameter(rtps.AppendGUID(b, g), true, mark)
	return rtps.AppendSentinel(b, true)
}

// ParseParticipantKey decodes the payload of a dispose on the SPDP topic.
func ParseParticipantKey(payload []byte) (rtps.GUID, error) {
	return parseKey(payload, rtps.PIDParticipantGUID)
}

// ParseEndpointKey decodes the payload of a dispose on a SEDP topic.
func ParseEndpointKey(payload []byte) (rtps.GUID, error) {
	return parseKey(payload, rtps.PIDEndpointGUID)
}

func parseKey(payload []byte, id rtps.ParameterID) (rtps.GUID, error) {
	list, le, err := OpenPayload(payload)
	if err != nil {
		return rtps.GUID{}, err
	}
	var g rtps.GUID
	err = readList("key", list, le, func(p rtps.Parameter, c *rtps.Cursor) bool {
		switch p.ID {
		case id:
			g = c.GUID()
		case rtps.PIDKeyHash:
			// Interop: Fast DDS names the endpoint by the hash, which is the
			// GUID itself.
			if h := c.GUID(); g.IsZero() {
				g = h
			}
		case rtps.PIDDomainTag:
		default:
			return false
		}
		return true
	})
	if err == nil && g.IsZero() {
		err = malformed("key", "no GUID")
	}
	return g, err
}

// KeyGUID returns the GUID that is the key of a sample of a built-in topic by
// the key hash of the sample, which is the key itself. Interop: Fast DDS sends
// a dispose without payload.
func KeyGUID(h rtps.KeyHash) rtps.GUID {
	return rtps.GUID{Prefix: rtps.GUIDPrefix(h[:12]), Entity: rtps.EntityID(h[12:])}
}
