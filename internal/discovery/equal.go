package discovery

import (
	"bytes"
	"slices"

	"github.com/secdds/dds/rtps"
)

// equal reports whether two announcements of a participant say the same.
func (d *ParticipantData) equal(o *ParticipantData) bool {
	return d.GUID == o.GUID && d.Version == o.Version && d.Vendor == o.Vendor &&
		same(d.DomainID, o.DomainID) && d.DomainTag == o.DomainTag && d.Lease == o.Lease &&
		d.BuiltinEndpoints == o.BuiltinEndpoints && d.BuiltinQoS == o.BuiltinQoS &&
		slices.Equal(d.MetatrafficUnicast, o.MetatrafficUnicast) &&
		slices.Equal(d.MetatrafficMulticast, o.MetatrafficMulticast) &&
		slices.Equal(d.DefaultUnicast, o.DefaultUnicast) &&
		slices.Equal(d.DefaultMulticast, o.DefaultMulticast) &&
		d.ExpectsInlineQoS == o.ExpectsInlineQoS && d.ManualLivelinessCount == o.ManualLivelinessCount &&
		bytes.Equal(d.UserData, o.UserData) && d.EntityName == o.EntityName &&
		slices.Equal(d.Properties, o.Properties) &&
		sameHolder(d.IdentityToken, o.IdentityToken) && sameHolder(d.PermissionsToken, o.PermissionsToken) &&
		sameHolder(d.IdentityStatusToken, o.IdentityStatusToken) && same(d.SecurityInfo, o.SecurityInfo) && same(d.Algorithms, o.Algorithms)
}

// sameSubject reports whether two announcements of an endpoint agree in all
// that decides whom it may communicate with by the judgement of others: a
// change of these makes it another endpoint, to be judged anew.
//
// Permissions are given for partitions, so where security is at play their
// change is such a change. DDS-Security 1.1, 9.4.1.3.
func sameSubject(d, o *EndpointData) bool {
	return (d.Writer == nil) == (o.Writer == nil) && d.Topic == o.Topic && d.Type == o.Type &&
		same(d.SecurityInfo, o.SecurityInfo) && slices.Equal(d.DataTags, o.DataTags) && d.Secure == o.Secure &&
		(!d.Secure && d.SecurityInfo == nil || slices.Equal(d.partition(), o.partition()))
}

// equal reports whether two announcements of an endpoint say the same.
func (d *EndpointData) equal(o *EndpointData) bool {
	if !sameSubject(d, o) ||
		d.GUID != o.GUID || d.Participant != o.Participant || d.EntityName != o.EntityName ||
		!slices.Equal(d.Unicast, o.Unicast) || !slices.Equal(d.Multicast, o.Multicast) ||
		d.ExpectsInlineQoS != o.ExpectsInlineQoS || d.Version != o.Version || d.Vendor != o.Vendor ||
		!d.ContentFilter.equal(o.ContentFilter) ||
		!bytes.Equal(d.TypeInformation, o.TypeInformation) || d.TypeInformationLE != o.TypeInformationLE {
		return false
	}
	if d.Writer != nil {
		return d.Writer.Equal(o.Writer)
	}
	return d.Reader.Equal(o.Reader)
}

func (f *ContentFilter) equal(o *ContentFilter) bool {
	if f == nil || o == nil {
		return f == o
	}
	return f.Name == o.Name && f.Related == o.Related && f.Class == o.Class &&
		f.Expression == o.Expression && slices.Equal(f.Params, o.Params)
}

func same[T comparable](a, b *T) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}

func sameHolder(a, b *rtps.DataHolder) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.ClassID == b.ClassID && slices.Equal(a.Properties, b.Properties) &&
		slices.EqualFunc(a.BinaryProperties, b.BinaryProperties, func(x, y rtps.BinaryProperty) bool {
			return x.Name == y.Name && bytes.Equal(x.Value, y.Value)
		})
}
