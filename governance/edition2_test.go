package governance

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// with puts elements into the domain rule of sros2's governance.
func with(t *testing.T, elements string) *Governance {
	doc := strings.Replace(read(t, "governance_sros2.xml"), "<domains>", elements+"<domains>", 1)
	g, err := ParseGovernance([]byte(doc))
	require.NoError(t, err)
	return g
}

// The elements of DDS-Security 1.2, in front of those of 1.1: the order does not matter.
func TestEdition2Elements(t *testing.T) {
	d, err := with(t, "").Rule(0)
	require.NoError(t, err)
	require.Zero(t, d.PSK)
	require.False(t, d.KeyRevision)
	require.Nil(t, d.Algorithms)
	require.Empty(t, d.Algorithms.Missing("AES256+GCM"), "no element: all are allowed")

	d, err = with(t, `<rtps_psk_protection_kind>encrypt</rtps_psk_protection_kind><enable_key_revision must_interpret="false">true</enable_key_revision>`+
		"<allowed_security_algorithms><symmetric>AES128+GCM, AES256+GCM</symmetric><x><y>ECDSA+P256+SHA256</y><y>AES128+GCM</y></x></allowed_security_algorithms>").Rule(0)
	require.NoError(t, err)
	require.Equal(t, Encrypt, d.PSK)
	require.True(t, d.KeyRevision)
	require.Equal(t, []string{"AES128+GCM", "AES256+GCM", "ECDSA+P256+SHA256"}, d.Algorithms.Names)
	require.Equal(t, []string{"ECDSA+P384+SHA384"}, d.Algorithms.Missing("AES128+GCM", "ECDSA+P384+SHA384"))

	d, err = with(t, "<rtps_preshared_secret_protection_kind>SIGN</rtps_preshared_secret_protection_kind>").Rule(0)
	require.NoError(t, err)
	require.Equal(t, Sign, d.PSK)
}

// A rule is chosen by domain and tag; one without a tag is for the default tag.
func TestDomainTags(t *testing.T) {
	for _, tt := range []struct {
		elements string
		matches  string // tags, comma separated
		other    string
	}{
		{"", "", "blue"},
		{"<tag></tag>", "", "blue"},
		{"<tag>blue</tag>", "blue", ",Blue,blue2"},
		{"<tag>b*</tag>", "b*", ",blue"},
		{"<tag_expression>b[lo]*</tag_expression>", "blue,bottom", ",bx,Blue"},
		{"<tag_expression>*</tag_expression>", ",blue", "-"},
		{"<tag>a</tag><tag>b</tag><tag_expression>c?</tag_expression>", "a,b,cc", ",c"},
	} {
		g := with(t, tt.elements)
		for _, tag := range strings.Split(tt.matches, ",") {
			_, err := g.RuleTagged(0, tag)
			require.NoError(t, err, "%s %q", tt.elements, tag)
		}
		for _, tag := range strings.Split(tt.other, ",") {
			if tag == "-" { // none
				continue
			}
			_, err := g.RuleTagged(0, tag)
			require.Error(t, err, "%s %q", tt.elements, tag)
		}
	}
	// A rule without tags further up does not take what is made for a tag.
	doc := strings.Replace(read(t, "governance_rules.xml"), "<domains><id_range><min>7</min></id_range></domains>", "<tag>blue</tag><domains><id>0</id></domains>", 1)
	g, err := ParseGovernance([]byte(doc))
	require.NoError(t, err)
	d, err := g.RuleTagged(0, "blue")
	require.NoError(t, err)
	require.Same(t, &g.Rules[1], d)
	_, err = g.RuleTagged(9, "blue")
	require.ErrorContains(t, err, `expected a rule for domain 9 with tag "blue", found rules for domains 0, 3–5, 10; 0 with tags "blue"; 0–100`)
}
