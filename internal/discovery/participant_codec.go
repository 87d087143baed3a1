package discovery

import (
	"bytes"
	"time"

	"github.com/secdds/dds/rtps"
)

// AppendParticipant appends d as a parameter list with its sentinel, without
// encapsulation header. Big-endian it is c.pdata of DDS-Security 1.1, 9.3.2.5.
//
// It panics when a part of d does not fit in a parameter (64 KiB): that is for
// whoever configures d to see to.
func AppendParticipant(b []byte, le bool, d *ParticipantData) []byte {
	a := appender{b, le}
	a.version(d.Version, d.Vendor)
	a.guid(rtps.PIDParticipantGUID, d.GUID)
	if d.DomainID != nil {
		a.uint32(rtps.PIDDomainID, *d.DomainID)
	}
	if d.DomainTag != "" { // the default is not sent: it must be understood
		a.string(rtps.PIDDomainTag, d.DomainTag)
	}
	a.uint32(rtps.PIDBuiltinEndpointSet, d.BuiltinEndpoints)
	if d.BuiltinQoS != 0 {
		a.uint32(rtps.PIDBuiltinEndpointQoS, d.BuiltinQoS)
	}
	a.duration(rtps.PIDParticipantLeaseDuration, d.Lease)
	a.locators(rtps.PIDMetatrafficUnicastLocator, d.MetatrafficUnicast)
	a.locators(rtps.PIDMetatrafficMulticastLocator, d.MetatrafficMulticast)
	a.locators(rtps.PIDDefaultUnicastLocator, d.DefaultUnicast)
	a.locators(rtps.PIDDefaultMulticastLocator, d.DefaultMulticast)
	if d.ExpectsInlineQoS {
		a.bool(rtps.PIDExpectsInlineQoS, true)
	}
	if d.ManualLivelinessCount != 0 {
		a.uint32(rtps.PIDManualLivelinessCount, uint32(d.ManualLivelinessCount))
	}
	a.octets(rtps.PIDUserData, d.UserData)
	if d.EntityName != "" {
		a.string(rtps.PIDEntityName, d.EntityName)
	}
	if len(d.Properties) > 0 {
		mark := a.begin(rtps.PIDPropertyList)
		a.b = rtps.AppendPropertyList(a.b, le, d.Properties, nil)
		a.end(mark)
	}
	a.holder(rtps.PIDIdentityToken, d.IdentityToken)
	a.holder(rtps.PIDPermissionsToken, d.PermissionsToken)
	a.holder(rtps.PIDIdentityStatusToken, d.IdentityStatusToken)
	a.securityInfo(rtps.PIDParticipantSecurityInfo, d.SecurityInfo)
	if d.Algorithms != nil {
		a.b = d.Algorithms.AppendParameters(a.b, le)
	}
	return rtps.AppendSentinel(a.b, le)
}

// AppendParticipantPayload is AppendParticipant, little-endian, with the
// encapsulation header.
func AppendParticipantPayload(b []byte, d *ParticipantData) []byte {
	return AppendParticipant(AppendEncapsulation(b), true, d)
}

// ParseParticipantPayload decodes the payload of a sample of the SPDP topic.
func ParseParticipantPayload(payload []byte) (*ParticipantData, error) {
	list, le, err := OpenPayload(payload)
	if err != nil {
		return nil, err
	}
	return ParseParticipant(list, le)
}

// ParseParticipant decodes a parameter list without encapsulation header. What
// is not in it has the specification's default. It borrows nothing from list.
func ParseParticipant(list []byte, le bool) (*ParticipantData, error) {
	d := &ParticipantData{Lease: DefaultLease}
	r := participantReader{d: d, le: le}
	if err := readList("participant", list, le, r.read); err != nil {
		return nil, err
	}
	switch {
	case r.err != nil:
		return nil, r.err
	case d.GUID.Entity != rtps.EntityParticipant || d.GUID.Prefix == (rtps.GUIDPrefix{}):
		return nil, malformed("participant", "no GUID")
	case d.Lease <= 0:
		return nil, malformed("participant", "lease is not more than zero")
	}
	if !r.endpointSet {
		d.BuiltinEndpoints = r.oldEndpoints
	}
	return d, nil
}

type participantReader struct {
	d            *ParticipantData
	le           bool
	endpointSet  bool
	oldEndpoints uint32
	err          error
}

func (r *participantReader) read(p rtps.Parameter, c *rtps.Cursor) bool {
	d := r.d
	switch p.ID {
	case rtps.PIDProtocolVersion:
		d.Version = rtps.ProtocolVersion{Major: c.Uint8(), Minor: c.Uint8()}
	case rtps.PIDVendorID:
		d.Vendor = rtps.VendorID{c.Uint8(), c.Uint8()}
	case rtps.PIDParticipantGUID:
		d.GUID = c.GUID()
	case rtps.PIDDomainID:
		id := c.Uint32()
		d.DomainID = &id
	case rtps.PIDDomainTag:
		d.DomainTag = c.String()
	case rtps.PIDBuiltinEndpointSet:
		d.BuiltinEndpoints, r.endpointSet = c.Uint32(), true
	case rtps.PIDParticipantBuiltinEndpoints:
		r.oldEndpoints = c.Uint32() // Interop: the id of RTPS 2.1
	case rtps.PIDBuiltinEndpointQoS:
		d.BuiltinQoS = c.Uint32()
	case rtps.PIDParticipantLeaseDuration:
		d.Lease = readDuration(c)
	case rtps.PIDMetatrafficUnicastLocator:
		readLocator(&d.MetatrafficUnicast, c)
	case rtps.PIDMetatrafficMulticastLocator:
		readLocator(&d.MetatrafficMulticast, c)
	case rtps.PIDDefaultUnicastLocator:
		readLocator(&d.DefaultUnicast, c)
	case rtps.PIDDefaultMulticastLocator:
		readLocator(&d.DefaultMulticast, c)
	case rtps.PIDExpectsInlineQoS:
		d.ExpectsInlineQoS = c.Bool()
	case rtps.PIDManualLivelinessCount:
		d.ManualLivelinessCount = c.Int32()
	case rtps.PIDUserData:
		d.UserData = bytes.Clone(c.OctetSeq())
	case rtps.PIDEntityName:
		d.EntityName = c.String()
	case rtps.PIDPropertyList:
		props, _, err := rtps.ParsePropertyList(p.Value, r.le)
		r.keep(err)
		d.Properties = props
	case rtps.PIDIdentityToken:
		d.IdentityToken = r.holder(p)
	case rtps.PIDPermissionsToken:
		d.PermissionsToken = r.holder(p)
	case rtps.PIDIdentityStatusToken:
		// Interop: wireshark knows this id as an algorithm mask of other vendors,
		// so what is not a token is not malformed.
		if h, err := rtps.ParseDataHolder(p.Value, r.le); err == nil {
			d.IdentityStatusToken = &h
		}
	case rtps.PIDParticipantSecurityInfo:
		d.SecurityInfo = readSecurityInfo(c)
	case rtps.PIDParticipantSignatureAlgorithms, rtps.PIDParticipantKeyEstablishmentAlgorithms, rtps.PIDParticipantCipherAlgorithms:
		algorithms := rtps.DefaultSecurityAlgorithms()
		if d.Algorithms != nil {
			algorithms = *d.Algorithms
		}
		if algorithms.ReadParameter(p, r.le) {
			d.Algorithms = &algorithms
		}
	default:
		return false
	}
	return true
}

func (r *participantReader) holder(p rtps.Parameter) *rtps.DataHolder {
	h, err := rtps.ParseDataHolder(p.Value, r.le)
	r.keep(err)
	return &h
}

func (r *participantReader) keep(err error) {
	if r.err == nil {
		r.err = err
	}
}

func readDuration(c *rtps.Cursor) time.Duration { return c.Duration().Duration() }

func readLocator(to *[]rtps.Locator, c *rtps.Cursor) {
	l := c.Locator()
	if !c.Short() && l.Kind != rtps.LocatorInvalid && len(*to) < maxLocators {
		*to = append(*to, l)
	}
}

// DDS-Security 1.2 appends to the two words of 1.1: what follows is ignored.
func readSecurityInfo(c *rtps.Cursor) *rtps.SecurityInfo {
	return &rtps.SecurityInfo{Attributes: c.Uint32(), PluginAttributes: c.Uint32()}
}
