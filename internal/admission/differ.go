package admission

import (
	"fmt"
	"strings"

	"github.com/secdds/dds/rtps"
)

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
func DifferParticipant(ours, theirs rtps.SecurityInfo) string {
	var d []string
	for i, name := range []string{"rtps_protection_kind", "discovery_protection_kind", "liveliness_protection_kind"} {
		of := func(s rtps.SecurityInfo) string {
			return kind(s.Attributes>>i&1 != 0, s.PluginAttributes>>i&1 != 0, s.PluginAttributes>>(i+3)&1 != 0)
		}
		if a, b := of(ours), of(theirs); a != b {
			d = append(d, fmt.Sprintf("%s: ours %s, theirs %s", name, a, b))
		}
	}
	psk := func(s rtps.SecurityInfo) string {
		return kind(s.Attributes>>4&1 != 0, s.PluginAttributes>>6&1 != 0, false)
	}
	if a, b := psk(ours), psk(theirs); a != b {
		d = append(d, fmt.Sprintf("rtps_psk_protection_kind: ours %s, theirs %s", a, b))
	}
	if a, b := ours.Attributes>>3&1 != 0, theirs.Attributes>>3&1 != 0; a != b {
		d = append(d, fmt.Sprintf("enable_key_revision: ours %t, theirs %t", a, b))
	}
	return orWords(d, ours, theirs)
}

// DifferEndpoint does the same for EndpointSecurityInfo. DDS-Security 1.1,
// tables 8.19 and 9.14.
func DifferEndpoint(ours, theirs rtps.SecurityInfo) string {
	var d []string
	flag := func(bit int, name string) {
		a, b := ours.Attributes>>bit&1 != 0, theirs.Attributes>>bit&1 != 0
		if a != b {
			d = append(d, fmt.Sprintf("%s: ours %t, theirs %t", name, a, b))
		}
	}
	kinds := func(name string, of func(rtps.SecurityInfo) string) {
		if a, b := of(ours), of(theirs); a != b {
			d = append(d, fmt.Sprintf("%s: ours %s, theirs %s", name, a, b))
		}
	}
	flag(0, "enable_read_access_control")
	flag(1, "enable_write_access_control")
	flag(2, "enable_discovery_protection")
	flag(6, "enable_liveliness_protection")
	kinds("metadata_protection_kind", func(s rtps.SecurityInfo) string {
		return kind(s.Attributes>>3&1 != 0, s.PluginAttributes&1 != 0, s.PluginAttributes>>2&1 != 0)
	})
	kinds("data_protection_kind", func(s rtps.SecurityInfo) string {
		return kind(s.Attributes>>4&1 != 0, s.PluginAttributes>>1&1 != 0, false)
	})
	return orWords(d, ours, theirs)
}

func orWords(d []string, ours, theirs rtps.SecurityInfo) string {
	if len(d) == 0 {
		return fmt.Sprintf("ours %08x/%08x, theirs %08x/%08x",
			ours.Attributes, ours.PluginAttributes, theirs.Attributes, theirs.PluginAttributes)
	}
	return strings.Join(d, "; ")
}
