package governance

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// read returns a document of testdata.
func read(t testing.TB, name string) string {
	b, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	return string(b)
}

func TestSROS2Governance(t *testing.T) {
	g, err := ParseGovernance([]byte(read(t, "governance_sros2.xml")))
	require.NoError(t, err)
	d, err := g.Rule(0)
	require.NoError(t, err)
	require.False(t, d.AllowUnauthenticated)
	require.True(t, d.JoinAccessControl)
	require.Equal(t, []Protection{Encrypt, Encrypt, Sign}, []Protection{d.Discovery, d.Liveliness, d.RTPS})
	topic, err := d.Topic("rt/chatter")
	require.NoError(t, err)
	require.Equal(t, TopicRule{
		Line: 17, Expression: "*", DiscoveryProtection: true, LivelinessProtection: true,
		ReadAccessControl: true, WriteAccessControl: true, Metadata: Encrypt, Data: Encrypt,
	}, *topic)

	_, err = g.Rule(7)
	require.EqualError(t, err, "governance, <domain_rule>: expected a rule for domain 7, found rules for domains 0; add the domain to <domains> of a rule")
}

func TestFirstRuleDecides(t *testing.T) {
	g, err := ParseGovernance([]byte(read(t, "governance_rules.xml")))
	require.NoError(t, err)
	for domain, rule := range map[uint32]int{0: 0, 3: 0, 5: 0, 10: 0, 7: 1, 8: 1, 1 << 31: 1, 6: 2, 1: 2} {
		d, err := g.Rule(domain)
		require.NoError(t, err)
		require.Same(t, &g.Rules[rule], d, "domain %d", domain)
	}
	d := &g.Rules[0]
	for topic, want := range map[string]string{"secret": "secret", "rt/a": "rt/*", "x1": "x[0-9]"} {
		r, err := d.Topic(topic)
		require.NoError(t, err)
		require.Equal(t, want, r.Expression)
	}
	_, err = d.Topic("other")
	require.ErrorContains(t, err, `expected a rule for topic "other", found rules for secret, rt/*, x[0-9]`)
	require.Equal(t, SignOrigin, d.Topics[0].Metadata)
	require.Equal(t, EncryptOrigin, d.RTPS)
}

// Every way to spoil a document names the line, the element and the mend.
func TestGovernanceRefusals(t *testing.T) {
	good := read(t, "governance_sros2.xml")
	replace := func(old, new string) string {
		require.Contains(t, good, old)
		return strings.Replace(good, old, new, 1)
	}
	for _, tt := range []struct{ name, doc, want string }{
		{"empty", "", "expected one root element <dds>, found nothing"},
		{"not XML", "hello", "expected one root element <dds>, found nothing"},
		{"cut", good[:len(good)/2], "not well-formed XML"},
		{"other root", "<a/>", "expected one root element <dds>, found <a>"},
		{"permissions", "<dds><permissions/></dds>", "<permissions>: unknown element"},
		{"two documents", strings.Replace(good, "</dds>", "</dds><dds/>", 1), "expected one root element"},
		{"doctype", replace("<dds ", "<!DOCTYPE dds [<!ENTITY a \"b\">]>\n<dds "), "document type declaration"},
		{"entity", replace("ENCRYPT", "&a;"), "not well-formed XML"},
		{"blank kind", replace("<rtps_protection_kind>SIGN", "<rtps_protection_kind>"), "XML line 14, <domain_rule/rtps_protection_kind>: expected NONE, SIGN, ENCRYPT, SIGN_WITH_ORIGIN_AUTHENTICATION, ENCRYPT_WITH_ORIGIN_AUTHENTICATION, found nothing"},
		{"bad kind", replace("<rtps_protection_kind>SIGN", "<rtps_protection_kind>SIGNED"), `found "SIGNED"`},
		{"origin on data", replace("<data_protection_kind>ENCRYPT", "<data_protection_kind>ENCRYPT_WITH_ORIGIN_AUTHENTICATION"), "<domain_rule/topic_access_rules/topic_rule/data_protection_kind>: expected one of NONE, SIGN, ENCRYPT, found"},
		{"bad bool", replace("<enable_join_access_control>true", "<enable_join_access_control>yes"), `expected true or false, found "yes"`},
		{"blank bool", replace("<enable_join_access_control>true", "<enable_join_access_control> "), "expected true or false, found nothing"},
		{"missing", replace("<liveliness_protection_kind>ENCRYPT</liveliness_protection_kind>", ""), "XML line 6, <domain_rule>: expected an element <liveliness_protection_kind>, found none"},
		{"repeated", replace("<rtps_protection_kind>", "<rtps_protection_kind>NONE</rtps_protection_kind><rtps_protection_kind>"), "expected one element <rtps_protection_kind>, found 2"},
		{"unknown", replace("<rtps_protection_kind>", "<rtps_protection>NONE</rtps_protection><rtps_protection_kind>"), "<domain_rule/rtps_protection>: unknown element"},
		{"nested", replace("<rtps_protection_kind>SIGN", "<rtps_protection_kind><a/>"), "found the element <a>"},
		{"text between", replace("<topic_rule>", "ENCRYPT<topic_rule>"), `expected elements only, found the text "ENCRYPT"`},
		{"no domains", replace("<id>0</id>", ""), "expected <id> or <id_range>, found none"},
		{"blank id", replace("<id>0", "<id>"), "expected a domain id (0 to 232), found nothing"},
		{"negative id", replace("<id>0", "<id>-1"), `found "-1"`},
		{"reversed range", replace("<id>0</id>", "<id_range><min>5</min><max>2</max></id_range>"), "found min 5 above max 2"},
		{"empty range", replace("<id>0</id>", "<id_range/>"), "expected <min> or <max>, found none"},
		{"blank topics", replace("<topic_expression>*", "<topic_expression>"), "expected an expression such as *, found nothing"},
		{"long text", replace("<topic_expression>*", "<topic_expression>"+strings.Repeat("a", 5000)), "text too long"},
		{"PSK with origin authentication", replace("<topic_access_rules>", "<rtps_psk_protection_kind>SIGN_WITH_ORIGIN_AUTHENTICATION</rtps_psk_protection_kind><topic_access_rules>"), "expected one of NONE, SIGN, ENCRYPT, found"},
		{"PSK twice", replace("<topic_access_rules>", "<rtps_psk_protection_kind>SIGN</rtps_psk_protection_kind><rtps_preshared_secret_protection_kind>SIGN</rtps_preshared_secret_protection_kind><topic_access_rules>"), "found its older name beside it"},
		{"blank key revision", replace("<topic_access_rules>", "<enable_key_revision/><topic_access_rules>"), "enable_key_revision>: expected true or false, found nothing"},
		{"no algorithms", replace("<topic_access_rules>", "<allowed_security_algorithms><x> </x></allowed_security_algorithms><topic_access_rules>"), "expected names of algorithms, found none"},
		{"many algorithms", replace("<topic_access_rules>", "<allowed_security_algorithms>"+manyNames()+"</allowed_security_algorithms><topic_access_rules>"), "at most 256 algorithms"},
		{"a tag with elements", replace("<topic_access_rules>", "<tag><a/></tag><topic_access_rules>"), "found the element <a>"},
		{"unknown that must be interpreted", replace("<topic_access_rules>", `<new_thing must_interpret="true"/><topic_access_rules>`), `<domain_rule/new_thing>: unknown element: expected one of domains, allow_unauthenticated_participants,`},
		{"unknown, nothing said", replace("<topic_access_rules>", `<new_thing/><topic_access_rules>`), `found new_thing; remove it, or let it be skipped with must_interpret="false"`},
		{"deep", strings.Repeat("<dds>", 100) + strings.Repeat("</dds>", 100), "expected at most 16 levels"},
		{"many", "<dds>" + strings.Repeat("<a/>", maxElements+1) + "</dds>", "elements"},
		{"large", "<dds>" + strings.Repeat(" ", MaxXML) + "</dds>", "too large"},
		{"other encoding", strings.Replace(good, "UTF-8", "ISO-8859-1", 1), "not well-formed XML"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := ParseGovernance([]byte(tt.doc))
			require.ErrorContains(t, err, tt.want)
			var e *Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, "governance", e.Document)
		})
	}
}

// manyNames are elements of the longest texts, full of names.
func manyNames() string {
	var b strings.Builder
	for i := range 300 {
		fmt.Fprintf(&b, "<x>A%d</x>", i)
	}
	return b.String()
}

func TestGovernanceVariants(t *testing.T) {
	good := read(t, "governance_sros2.xml")
	for _, doc := range []string{
		"\xef\xbb\xbf" + good,
		strings.ReplaceAll(good, "\n", "\r\n"),
		strings.ReplaceAll(strings.ReplaceAll(good, "true", "TRUE"), "false", "0"),
		strings.ReplaceAll(good, ">ENCRYPT<", ">\n encrypt <"),
		strings.Replace(good, "<topic_access_rules>", "<rtps_psk_protection_kind>NONE</rtps_psk_protection_kind><enable_key_revision>false</enable_key_revision><tag/><tag_expression>a*</tag_expression><topic_access_rules>", 1),
		strings.Replace(good, "<topic_access_rules>", `<new_thing must_interpret="false"><x/></new_thing><topic_access_rules>`, 1),
		strings.Replace(good, "<topic_rule>", "<!-- a comment --><topic_rule>", 1),
	} {
		g, err := ParseGovernance([]byte(doc))
		require.NoError(t, err)
		d, err := g.Rule(0)
		require.NoError(t, err)
		require.Equal(t, Encrypt, d.Discovery)
		require.False(t, d.AllowUnauthenticated)
		require.Equal(t, Encrypt, d.Topics[0].Data)
	}
}

func FuzzParseGovernance(f *testing.F) {
	f.Add([]byte(read(f, "governance_sros2.xml")))
	f.Add([]byte(read(f, "governance_rules.xml")))
	f.Fuzz(func(t *testing.T, doc []byte) {
		g, err := ParseGovernance(doc)
		if err != nil {
			require.NotEmpty(t, err.Error())
			return
		}
		require.NotEmpty(t, g.Rules)
		for i := range g.Rules {
			for _, r := range g.Rules[i].Topics {
				require.NotEmpty(t, r.Expression)
				require.LessOrEqual(t, r.Data, Encrypt)
			}
			_, _ = g.Rules[i].Topic("rt/chatter")
		}
	})
}
