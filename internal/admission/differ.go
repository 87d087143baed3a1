package admission

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

// A Difference is a field of the governance that two participants, or two
// endpoints, do not have the same.
type Difference struct{ Field, Ours, Theirs string }

// Differences is an error that says of each field what both sides have. It
// unwraps to a [spi.Refusal] with the same in fields.
type Differences []Difference

// Error lists the fields: "rtps_protection_kind: ours ENCRYPT, theirs SIGN".
func (ds Differences) Error() string {
	var b []string
	for _, d := range ds {
		b = append(b, fmt.Sprintf("%s: ours %s, theirs %s", d.Field, d.Ours, d.Theirs))
	}
	return strings.Join(b, "; ")
}

// Unwrap returns a *spi.Refusal.
func (ds Differences) Unwrap() error {
	var fields, ours, theirs []string
	for _, d := range ds {
		fields, ours, theirs = append(fields, d.Field), append(ours, d.Ours), append(theirs, d.Theirs)
	}
	join := func(s []string) string { return strings.Join(s, ", ") }
	return &spi.Refusal{
		Document: "governance", Rule: join(fields), Expected: join(ours), Found: join(theirs),
		Remedy: "give both sides the same governance",
	}
}

func (ds *Differences) add(field, ours, theirs string) {
	if ours != theirs {
		*ds = append(*ds, Difference{field, ours, theirs})
	}
}

// kind names a protection kind from its announced bits.
func kind(protected, encrypted, origin bool) string {
	s := "NONE"
	switch {
	case protected && encrypted:
		s = "ENCRYPT"
	case protected:
		s = "SIGN"
	}
	if protected && origin {
		s += "_WITH_ORIGIN_AUTHENTICATION"
	}
	return s
}

// DifferParticipant tells field by field where two ParticipantSecurityInfo
// differ. DDS-Security 1.1, tables 9.10 and 9.11; 1.2 for the last two.
func DifferParticipant(ours, theirs rtps.SecurityInfo) Differences {
	var ds Differences
	for i, name := range []string{"rtps_protection_kind", "discovery_protection_kind", "liveliness_protection_kind"} {
		of := func(s rtps.SecurityInfo) string {
			return kind(s.Attributes>>i&1 != 0, s.PluginAttributes>>i&1 != 0, s.PluginAttributes>>(i+3)&1 != 0)
		}
		ds.add(name, of(ours), of(theirs))
	}
	psk := func(s rtps.SecurityInfo) string {
		return kind(s.Attributes>>4&1 != 0, s.PluginAttributes>>6&1 != 0, false)
	}
	ds.add("rtps_psk_protection_kind", psk(ours), psk(theirs))
	revises := func(s rtps.SecurityInfo) string { return strconv.FormatBool(s.Attributes>>3&1 != 0) }
	ds.add("enable_key_revision", revises(ours), revises(theirs))
	return ds.orMasks(ours, theirs)
}

// DifferEndpoint does the same for EndpointSecurityInfo. DDS-Security 1.1,
// tables 8.19 and 9.14.
func DifferEndpoint(ours, theirs rtps.SecurityInfo) Differences {
	var ds Differences
	both := func(name string, of func(rtps.SecurityInfo) string) { ds.add(name, of(ours), of(theirs)) }
	flag := func(bit int, name string) {
		both(name, func(s rtps.SecurityInfo) string { return strconv.FormatBool(s.Attributes>>bit&1 != 0) })
	}
	flag(0, "enable_read_access_control")
	flag(1, "enable_write_access_control")
	flag(2, "enable_discovery_protection")
	flag(6, "enable_liveliness_protection")
	both("metadata_protection_kind", func(s rtps.SecurityInfo) string {
		return kind(s.Attributes>>3&1 != 0, s.PluginAttributes&1 != 0, s.PluginAttributes>>2&1 != 0)
	})
	both("data_protection_kind", func(s rtps.SecurityInfo) string {
		return kind(s.Attributes>>4&1 != 0, s.PluginAttributes>>1&1 != 0, false)
	})
	return ds.orMasks(ours, theirs)
}

// orMasks is for bits that have no name here.
func (ds Differences) orMasks(ours, theirs rtps.SecurityInfo) Differences {
	if len(ds) == 0 {
		of := func(s rtps.SecurityInfo) string { return fmt.Sprintf("%08x/%08x", s.Attributes, s.PluginAttributes) }
		ds.add("security attributes", of(ours), of(theirs))
	}
	return ds
}
