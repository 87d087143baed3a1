package discovery

import (
	"fmt"
	"strings"

	"github.com/secdds/dds/rtps"
)

// maxName is the longest topic, type or entity name: some peers keep 256 octets
// with the NUL. DDSI-RTPS 2.5, 9.6.2.2.3: string<256>.
const maxName = 255

// Fits reports what of d cannot be announced because it is too long. Call it on
// what a user configures before AppendParticipant.
func (d *ParticipantData) Fits() error {
	if err := nameFits("entity name", d.EntityName); err != nil {
		return err
	}
	if err := nameFits("domain tag", d.DomainTag); err != nil {
		return err
	}
	if n := len(rtps.AppendPropertyList(nil, true, d.Properties, nil)); n > rtps.MaxParameter {
		return fmt.Errorf("properties take %d octets, more than %d", n, rtps.MaxParameter)
	}
	for _, h := range []*rtps.DataHolder{d.IdentityToken, d.PermissionsToken, d.IdentityStatusToken} {
		if h == nil {
			continue
		}
		if n := len(rtps.AppendDataHolder(nil, true, h)); n > rtps.MaxParameter {
			return fmt.Errorf("token %s takes %d octets, more than %d", h.ClassID, n, rtps.MaxParameter)
		}
	}
	return nil
}

// Fits reports what of d, its QoS excepted, cannot be announced because it is
// too long or empty. Call it on what a user configures before AppendEndpoint.
func (d *EndpointData) Fits() error {
	if d.Topic == "" || d.Type == "" {
		return fmt.Errorf("topic %q of type %q: a name is empty", d.Topic, d.Type)
	}
	for _, n := range [...]struct{ what, name string }{{"topic name", d.Topic}, {"type name", d.Type}, {"entity name", d.EntityName}} {
		if err := nameFits(n.what, n.name); err != nil {
			return err
		}
	}
	if f := d.ContentFilter; f != nil {
		size := 4 + len(f.Name) + len(f.Related) + len(f.Class) + len(f.Expression) + 4*8
		for _, p := range f.Params {
			size += len(p) + 8
		}
		if size > rtps.MaxParameter {
			return fmt.Errorf("content filter takes up to %d octets, more than %d", size, rtps.MaxParameter)
		}
	}
	var a appender
	for _, t := range d.DataTags {
		a.strings([]string{t.Name, t.Value})
	}
	if n := max(len(a.b), len(d.TypeInformation)); n > rtps.MaxParameter {
		return fmt.Errorf("data tags or type information take %d octets, more than %d", n, rtps.MaxParameter)
	}
	return nil
}

func nameFits(what, name string) error {
	if len(name) > maxName {
		return fmt.Errorf("%s has %d octets, more than %d", what, len(name), maxName)
	}
	if strings.IndexByte(name, 0) >= 0 {
		return fmt.Errorf("%s %q holds a NUL", what, name)
	}
	return nil
}
