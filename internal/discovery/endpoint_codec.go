package discovery

import (
	"bytes"

	"github.com/secdds/dds/qos"
	"github.com/secdds/dds/rtps"
)

// AppendEndpoint appends d as a parameter list with its sentinel, without
// encapsulation header. Policies that have their default are left out, save
// those peers are known to look for.
//
// It panics when a part of d does not fit in a parameter (64 KiB); QoS that
// validates does.
func AppendEndpoint(b []byte, le bool, d *EndpointData) []byte {
	a := appender{b, le}
	a.version(d.Version, d.Vendor)
	a.guid(rtps.PIDEndpointGUID, d.GUID)
	if !d.Participant.IsZero() {
		a.guid(rtps.PIDParticipantGUID, d.Participant)
	}
	a.string(rtps.PIDTopicName, d.Topic)
	a.string(rtps.PIDTypeName, d.Type)
	if d.EntityName != "" {
		a.string(rtps.PIDEntityName, d.EntityName)
	}
	a.locators(rtps.PIDUnicastLocator, d.Unicast)
	a.locators(rtps.PIDMulticastLocator, d.Multicast)
	if d.ExpectsInlineQoS {
		a.bool(rtps.PIDExpectsInlineQoS, true)
	}
	if d.Writer != nil {
		a.writer(d.Writer)
	} else {
		a.reader(d.Reader)
	}
	a.contentFilter(d.ContentFilter)
	if len(d.TypeInformation) > 0 && d.TypeInformationLE == le {
		a.raw(rtps.PIDTypeInformation, d.TypeInformation...)
	}
	a.securityInfo(rtps.PIDEndpointSecurityInfo, d.SecurityInfo)
	if len(d.DataTags) > 0 {
		mark := a.begin(rtps.PIDDataTags)
		a.b = rtps.AppendUint32(a.b, le, uint32(len(d.DataTags)))
		for _, t := range d.DataTags {
			a.b = rtps.AppendString(a.b, le, t.Name)
			a.b = rtps.AppendString(a.b, le, t.Value)
		}
		a.end(mark)
	}
	return rtps.AppendSentinel(a.b, le)
}

// AppendEndpointPayload is AppendEndpoint, little-endian, with the
// encapsulation header.
func AppendEndpointPayload(b []byte, d *EndpointData) []byte {
	return AppendEndpoint(AppendEncapsulation(b), true, d)
}

// ParseEndpointPayload decodes the payload of a sample of a SEDP topic: of
// publications if writer, else of subscriptions.
func ParseEndpointPayload(payload []byte, writer bool) (*EndpointData, error) {
	list, le, err := OpenPayload(payload)
	if err != nil {
		return nil, err
	}
	return ParseEndpoint(list, le, writer)
}

// ParseEndpoint decodes a parameter list without encapsulation header. What is
// not in it has the specification's default. It borrows nothing from list.
func ParseEndpoint(list []byte, le, writer bool) (*EndpointData, error) {
	d := &EndpointData{TypeInformationLE: le}
	if writer {
		q := qos.NewWriter()
		d.Writer = &q
	} else {
		q := qos.NewReader()
		d.Reader = &q
	}
	r := endpointReader{d: d}
	if err := readList("endpoint", list, le, r.read); err != nil {
		return nil, err
	}
	if d.GUID.IsZero() {
		d.GUID = r.keyHash // Interop: old Fast DDS
	}
	switch {
	case d.GUID.IsZero():
		return nil, malformed("endpoint", "no GUID")
	case d.Topic == "":
		return nil, malformed("endpoint", "no topic name")
	case d.Type == "":
		return nil, malformed("endpoint", "no type name")
	}
	if d.Participant.IsZero() {
		d.Participant = rtps.GUID{Prefix: d.GUID.Prefix, Entity: rtps.EntityParticipant}
	}
	return d, nil
}

type endpointReader struct {
	d       *EndpointData
	keyHash rtps.GUID
}

func (r *endpointReader) read(p rtps.Parameter, c *rtps.Cursor) bool {
	d := r.d
	switch p.ID {
	case rtps.PIDEndpointGUID:
		d.GUID = c.GUID()
	case rtps.PIDKeyHash:
		r.keyHash = c.GUID()
	case rtps.PIDParticipantGUID:
		d.Participant = c.GUID()
	case rtps.PIDProtocolVersion:
		d.Version = rtps.ProtocolVersion{Major: c.Uint8(), Minor: c.Uint8()}
	case rtps.PIDVendorID:
		d.Vendor = rtps.VendorID{c.Uint8(), c.Uint8()}
	case rtps.PIDTopicName:
		d.Topic = c.String()
	case rtps.PIDTypeName:
		d.Type = c.String()
	case rtps.PIDEntityName:
		d.EntityName = c.String()
	case rtps.PIDUnicastLocator:
		readLocator(&d.Unicast, c)
	case rtps.PIDMulticastLocator:
		readLocator(&d.Multicast, c)
	case rtps.PIDExpectsInlineQoS:
		d.ExpectsInlineQoS = c.Bool()
	case rtps.PIDContentFilterProperty:
		d.ContentFilter = readContentFilter(c)
	case rtps.PIDTypeInformation:
		d.TypeInformation = bytes.Clone(p.Value)
	case rtps.PIDEndpointSecurityInfo:
		d.SecurityInfo = readSecurityInfo(c)
	case rtps.PIDDataTags:
		d.DataTags = readTags(c)
	default:
		if d.Writer != nil {
			return readWriterPolicy(d.Writer, p, c)
		}
		return readReaderPolicy(d.Reader, p, c)
	}
	return true
}

func (a *appender) contentFilter(f *ContentFilter) {
	if f == nil {
		return
	}
	mark := a.begin(rtps.PIDContentFilterProperty)
	for _, s := range [...]string{f.Name, f.Related, f.Class, f.Expression} {
		a.b = rtps.AppendString(a.b, a.le, s)
	}
	a.strings(f.Params)
	a.end(mark)
}

func (a *appender) strings(ss []string) {
	a.b = rtps.AppendUint32(a.b, a.le, uint32(len(ss)))
	for _, s := range ss {
		a.b = rtps.AppendString(a.b, a.le, s)
	}
}

func readContentFilter(c *rtps.Cursor) *ContentFilter {
	f := &ContentFilter{Name: c.String(), Related: c.String(), Class: c.String(), Expression: c.String()}
	f.Params = readStrings(c, maxFilterParams)
	if c.Short() || f.Name == "" && f.Expression == "" {
		return nil // an empty property says that there is no filter
	}
	return f
}

// readStrings reads a sequence of strings and keeps the first limit of them.
func readStrings(c *rtps.Cursor, limit int) []string {
	var ss []string
	for range c.Count(4) {
		s := c.String()
		if c.Short() {
			return nil
		}
		if len(ss) < limit {
			ss = append(ss, s)
		}
	}
	return ss
}

// readTags reads the data tags. More than the limit make the announcement
// malformed: permissions may deny what carries a certain tag, so that none may
// be left out.
func readTags(c *rtps.Cursor) []rtps.Property {
	n := c.Count(8)
	if n > maxTags {
		_ = c.Octets(c.Remaining() + 1)
		return nil
	}
	var tags []rtps.Property
	for range n {
		t := rtps.Property{Name: c.String(), Value: c.String()}
		if c.Short() {
			return nil
		}
		tags = append(tags, t)
	}
	return tags
}
