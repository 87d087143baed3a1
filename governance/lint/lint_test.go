package lint

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/governance"
)

var now = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

const goodGovernance = `<?xml version="1.0" encoding="UTF-8"?>
<dds>
<domain_access_rules>
<domain_rule>
<domains><id_range><min>0</min><max>230</max></id_range></domains>
<allow_unauthenticated_participants>false</allow_unauthenticated_participants>
<enable_join_access_control>true</enable_join_access_control>
<discovery_protection_kind>ENCRYPT</discovery_protection_kind>
<liveliness_protection_kind>ENCRYPT</liveliness_protection_kind>
<rtps_protection_kind>SIGN</rtps_protection_kind>
<topic_access_rules>
<topic_rule>
<topic_expression>*</topic_expression>
<enable_discovery_protection>true</enable_discovery_protection>
<enable_liveliness_protection>true</enable_liveliness_protection>
<enable_read_access_control>true</enable_read_access_control>
<enable_write_access_control>true</enable_write_access_control>
<metadata_protection_kind>ENCRYPT</metadata_protection_kind>
<data_protection_kind>ENCRYPT</data_protection_kind>
</topic_rule>
</topic_access_rules>
</domain_rule>
</domain_access_rules>
</dds>
`

const goodPermissions = `<?xml version="1.0" encoding="UTF-8"?>
<dds>
<permissions>
<grant name="talker">
<subject_name>CN=/talker,O=Example</subject_name>
<validity>
<not_before>2026-01-01T00:00:00</not_before>
<not_after>2036-01-01T00:00:00</not_after>
</validity>
<deny_rule>
<domains><id>0</id></domains>
<publish><topics><topic>secret*</topic></topics></publish>
</deny_rule>
<allow_rule>
<domains><id_range><min>0</min><max>9</max></id_range></domains>
<publish><topics><topic>*</topic></topics></publish>
<subscribe><topics><topic>a*</topic><topic>b</topic></topics></subscribe>
</allow_rule>
<default>DENY</default>
</grant>
</permissions>
</dds>
`

// listed requires that what is found is in the list of rules.
func listed(t *testing.T, list []Finding) []Finding {
	t.Helper()
	for _, f := range list {
		require.True(t, slices.ContainsFunc(Rules(), func(r Rule) bool { return r.Name == f.Rule }), "%s is not in the list", f.Rule)
	}
	return list
}

func TestGoodDocumentsHaveNoFindings(t *testing.T) {
	require.Empty(t, Document(now, "g", []byte(goodGovernance)))
	require.Empty(t, Document(now, "p", []byte(goodPermissions)))
	crlf := strings.ReplaceAll(goodGovernance, "\n", "\r\n")
	require.Empty(t, Document(now, "g", []byte("\xef\xbb\xbf"+crlf)))
	indented := strings.ReplaceAll(goodPermissions, "\n", "\n\t ")
	require.Empty(t, Document(now, "p", []byte(indented)))
}

// A change is one that a document suffers, and what is found then.
type change struct {
	old, new string
	severity Severity
	line     int
	rule     string
	peers    string // comma separated
	problem  string // part of it
}

func topicRule(expression, metadata, data string) string {
	return fmt.Sprintf("<topic_rule><topic_expression>%s</topic_expression><enable_discovery_protection>true</enable_discovery_protection><enable_liveliness_protection>true</enable_liveliness_protection><enable_read_access_control>true</enable_read_access_control><enable_write_access_control>true</enable_write_access_control><metadata_protection_kind>%s</metadata_protection_kind><data_protection_kind>%s</data_protection_kind></topic_rule>", expression, metadata, data)
}

func (c change) check(t *testing.T, good string) {
	t.Helper()
	require.Equal(t, 1, strings.Count(good, c.old), "%q must stand in the document once", c.old)
	list := listed(t, Document(now, "file.xml", []byte(strings.Replace(good, c.old, c.new, 1))))
	i := slices.IndexFunc(list, func(f Finding) bool { return f.Rule == c.rule && (c.line < 0 || f.Line == c.line) })
	require.GreaterOrEqual(t, i, 0, "expected %s at line %d, found %v", c.rule, c.line, list)
	f := list[i]
	require.Equal(t, c.severity, f.Severity, f)
	require.Equal(t, c.peers, strings.Join(f.Peers, ","), f)
	require.Contains(t, f.Problem, c.problem)
	require.Equal(t, "file.xml", f.File)
}

const firstTopic = "<topic_access_rules>\n"

var governanceChanges = []change{
	{"</dds>", "<dds>", Error, -1, "xml", "", "not well-formed"},
	{"<dds>\n", "<dds><!-- x -->\n<extra/>\n", Error, 3, "unknown-element", "", "expected one of domain_access_rules"},
	{"</domain_access_rules>\n", "</domain_access_rules>\n<!-- done -->\n", Warning, 24, "comment", Fast, "refuses the document"},
	{"<dds>\n", "<!DOCTYPE dds [<!ENTITY a \"b\">]>\n<dds>\n", Error, 2, "doctype", "", "document type"},
	{"<domain_rule>\n", "<domain_rule>x\n", Error, 4, "text", "", `the text "x"`},
	{"<dds>\n", "<dds version=\"1\">\n", Warning, 2, "attribute", Cyclone, `"version"`},
	{"<rtps_protection_kind>SIGN</rtps_protection_kind>\n", "", Error, 4, "missing-element", "", "<rtps_protection_kind>"},
	{"<rtps_protection_kind>SIGN</rtps_protection_kind>\n", "<rtps_protection_kind>SIGN</rtps_protection_kind>\n<rtps_protection_kind>SIGN</rtps_protection_kind>\n", Error, 11, "repeated-element", "", "rtps_protection_kind"},
	{"<rtps_protection_kind>SIGN</rtps_protection_kind>\n", "<RTPS_protection_kind>SIGN</RTPS_protection_kind>\n", Error, 10, "unknown-element", "", "case-sensitive"},
	{"<rtps_protection_kind>SIGN</rtps_protection_kind>\n", "<rtps_protection_kind>SIGN</rtps_protection_kind>\n<enable_key_revision>false</enable_key_revision>\n", Warning, 11, "edition-1.2", Fast + "," + Cyclone + "," + OpenDDS, "DDS-Security 1.2"},
	{"<rtps_protection_kind>SIGN</rtps_protection_kind>\n", "<rtps_protection_kind>SIGN</rtps_protection_kind>\n<x must_interpret=\"false\"/>\n", Warning, 11, "unknown-element", Fast + "," + Cyclone, "may be skipped"},
	{"<rtps_protection_kind>SIGN</rtps_protection_kind>\n", "<rtps_protection_kind></rtps_protection_kind>\n", Error, 10, "blank", "", "CVE-2026-45094"},
	{"<rtps_protection_kind>SIGN</rtps_protection_kind>\n", "<rtps_protection_kind>sign</rtps_protection_kind>\n", Error, 10, "value-case", Fast + "," + Cyclone, "sign"},
	{"<rtps_protection_kind>SIGN</rtps_protection_kind>\n", "<rtps_protection_kind>SIGNED</rtps_protection_kind>\n", Error, 10, "value", "", `found "SIGNED"`},
	{"<rtps_protection_kind>SIGN</rtps_protection_kind>\n", "<rtps_protection_kind> SIGN </rtps_protection_kind>\n", Warning, 10, "spacing", Fast, "space around"},
	{"<rtps_protection_kind>SIGN</rtps_protection_kind>\n", "<rtps_protection_kind><SIGN/></rtps_protection_kind>\n", Error, 10, "unknown-element", "", "expected a text"},
	{"<rtps_protection_kind>SIGN</rtps_protection_kind>\n", "<rtps_protection_kind>SIGN_WITH_ORIGIN_AUTHENTICATION</rtps_protection_kind>\n", Warning, 10, "opendds-origin", OpenDDS, "receiver-specific"},
	{"<metadata_protection_kind>ENCRYPT<", "<metadata_protection_kind>ENCRYPT_WITH_ORIGIN_AUTHENTICATION<", Warning, 18, "opendds-origin", OpenDDS, "receiver-specific"},
	{"<data_protection_kind>ENCRYPT<", "<data_protection_kind>SIGN<", Warning, 19, "opendds-data-sign", OpenDDS, "DDSSEC12-59"},
	{"<data_protection_kind>ENCRYPT<", "<data_protection_kind>SIGN_WITH_ORIGIN_AUTHENTICATION<", Error, 19, "value", "", "NONE, SIGN, ENCRYPT"},
	{"<liveliness_protection_kind>ENCRYPT</liveliness_protection_kind>\n<rtps_protection_kind>SIGN</rtps_protection_kind>", "<rtps_protection_kind>SIGN</rtps_protection_kind>\n<liveliness_protection_kind>ENCRYPT</liveliness_protection_kind>", Error, 10, "order", Fast, "stands behind <rtps_protection_kind>"},
	{"<enable_join_access_control>true<", "<enable_join_access_control>TRUE<", Warning, 7, "boolean-case", Fast, "TRUE"},
	{"<enable_join_access_control>true<", "<enable_join_access_control>yes<", Error, 7, "value", "", "true or false"},
	{"<enable_join_access_control>true<", "<enable_join_access_control>0<", Warning, 7, "weak-join", "", "every certificate"},
	{"<max>230</max>", "<max>231</max>", Warning, 5, "domain-id", Cyclone, "above 230"},
	{"<max>230</max>", "<max>400</max>", Warning, 5, "domain-id", Cyclone, "no UDP ports"},
	{"<max>230</max>", "<max>-1</max>", Error, 5, "value", "", "a domain id"},
	{"<max>230</max>", "", Warning, 5, "open-range", Cyclone, "without <max>"},
	{"<min>0</min>", "", Warning, 5, "open-range", Cyclone, "without <min>"},
	{"<min>0</min><max>230</max>", "", Error, 5, "missing-element", "", "<min> and <max>"},
	{"<min>0</min><max>230</max>", "<max>230</max><min>0</min>", Warning, 5, "order", "", "read it all the same"},
	{"<min>0</min><max>230</max>", "<min>9</min><max>3</max>", Error, 5, "value", "", "min 9 is above max 3"},
	{"<id_range><min>0</min><max>230</max></id_range>", "", Error, 5, "missing-element", "", "<id> or <id_range>"},
	{"<id_range><min>0</min><max>230</max></id_range>", "<id>4</id><id_range><min>3</min><max>9</max></id_range><id>5</id>", Info, 4, "overlapping-domains", "", "domain 5 is named twice"},
	{"<topic_expression>*<", "<topic_expression>a[<", Warning, 13, "expression", "", "not closed"},
	{"<topic_expression>*<", `<topic_expression>a\*<`, Warning, 13, "expression", "", "backslash"},
	{"<topic_expression>*<", "<topic_expression>rt/*<", Warning, 11, "no-catch-all", "", "cannot be created"},
	{firstTopic, firstTopic + topicRule("*", "ENCRYPT", "ENCRYPT") + "\n", Warning, 13, "unreachable-topic-rule", "", "never applies"},
	{firstTopic, firstTopic + topicRule("rt/*", "ENCRYPT", "ENCRYPT") + topicRule("rt/a", "ENCRYPT", "ENCRYPT") + "\n", Warning, 12, "unreachable-topic-rule", "", `"rt/a"`},
	{firstTopic, firstTopic + topicRule("a", "NONE", "NONE") + "\n", Warning, 12, "weak-sign-only", "", "nothing is encrypted"},
	{"<discovery_protection_kind>ENCRYPT<", "<discovery_protection_kind>SIGN<", Warning, 8, "weak-discovery", "", "CVE-2019-19625"},
	{"<discovery_protection_kind>ENCRYPT<", "<discovery_protection_kind>NONE<", Warning, 14, "flag-without-protection", "", "nothing is protected"},
	{"<enable_discovery_protection>true<", "<enable_discovery_protection>false<", Warning, 14, "weak-clear-discovery", "", "announced in clear"},
	{"<enable_liveliness_protection>true<", "<enable_liveliness_protection>false<", Warning, 15, "weak-clear-discovery", "", "announced in clear"},
	{"<enable_read_access_control>true<", "<enable_read_access_control>false<", Info, 16, "weak-no-access-control", "", "every participant"},
	{"<allow_unauthenticated_participants>false<", "<allow_unauthenticated_participants>true<", Warning, 6, "weak-unauthenticated", "", "takes part"},
	{"<allow_unauthenticated_participants>false<", "<allow_unauthenticated_participants>true<", Warning, 10, "conflict", "", "nothing is exchanged"},
	{"<topic_access_rules>", "<topic_access_rules kind=\"x\">", Warning, 11, "attribute", Cyclone, "kind"},
}

func TestGovernanceFindings(t *testing.T) {
	for _, c := range governanceChanges {
		t.Run(c.rule, func(t *testing.T) { c.check(t, goodGovernance) })
	}
}

func TestWeakTopics(t *testing.T) {
	bare := strings.Replace(goodGovernance, "<rtps_protection_kind>SIGN", "<rtps_protection_kind>NONE", 1)
	for _, c := range []change{
		{"<metadata_protection_kind>ENCRYPT<", "<metadata_protection_kind>NONE<", Warning, 12, "weak-open-headers", "", "data protection alone"},
		{"<metadata_protection_kind>ENCRYPT</metadata_protection_kind>\n<data_protection_kind>ENCRYPT<", "<metadata_protection_kind>NONE</metadata_protection_kind>\n<data_protection_kind>NONE<", Warning, 12, "weak-open-topic", "", "access control without any protection"},
		{"<metadata_protection_kind>ENCRYPT</metadata_protection_kind>\n<data_protection_kind>ENCRYPT<", "<metadata_protection_kind>SIGN</metadata_protection_kind>\n<data_protection_kind>NONE<", Warning, 12, "weak-sign-only", "", "signed, but"},
	} {
		c.check(t, bare)
	}
	require.Empty(t, Document(now, "g", []byte(bare)), "without RTPS protection, metadata and data do")
}

func TestDomainRulesBehindOthers(t *testing.T) {
	i, j := strings.Index(goodGovernance, "<domain_rule>"), strings.Index(goodGovernance, "</domain_access_rules>")
	rule := goodGovernance[i:j]
	of := func(domains string) string {
		return regexp.MustCompile(`<domains>.*</domains>`).ReplaceAllString(rule, "<domains>"+domains+"</domains>")
	}
	doc := func(rules ...string) []byte {
		return []byte(goodGovernance[:i] + strings.Join(rules, "") + goodGovernance[j:])
	}
	list := listed(t, Document(now, "g", doc(of("<id_range><min>0</min><max>3</max></id_range>"), of("<id_range><min>4</min><max>9</max></id_range>"), of("<id_range><min>2</min><max>7</max></id_range>"))))
	require.Len(t, list, 1)
	require.Equal(t, "unreachable-domain-rule", list[0].Rule)
	require.Equal(t, 42, list[0].Line)
	list = Document(now, "g", doc(of("<id>0</id>"), of("<id_range><min>0</min><max>3</max></id_range>")))
	require.Len(t, list, 1)
	require.Equal(t, "overlapping-domains", list[0].Rule)
	require.Empty(t, Document(now, "g", doc(of("<id>0</id>"), of("<id>1</id>"))))
}

var permissionsChanges = []change{
	{`<grant name="talker">`, "<grant>", Error, 4, "missing-attribute", Fast, "name="},
	{"<subject_name>CN=/talker,O=Example</subject_name>\n", "", Error, 4, "missing-element", "", "<subject_name>"},
	{"CN=/talker,O=Example", "talker", Error, 5, "value", "", "subject name"},
	{"CN=/talker,O=Example", "/O=Example/CN=a", Warning, 5, "subject", Fast, "slashes"},
	{"CN=/talker,O=Example", "CN=a+O=b", Warning, 5, "subject", "", "several values"},
	{"CN=/talker,O=Example", "CN=a,emailAddress=x@y", Warning, 5, "subject", "", "emailAddress"},
	{"CN=/talker,O=Example", `CN=a\,b`, Warning, 5, "subject", "", "characters"},
	{"CN=/talker,O=Example", "CN=ä", Warning, 5, "subject", "", "not ASCII"},
	{"CN=/talker,O=Example", strings.Repeat("OU=a,", 20) + "CN=a", Warning, 5, "subject", Cyclone, "first 20"},
	{"2026-01-01T00:00:00", "2026-01-01T00:00:00Z", Warning, 7, "time", Fast, "ignores the zone"},
	{"2026-01-01T00:00:00", "2026-01-01T00:00:00.5", Info, 7, "time", Fast, "fractions"},
	{"2026-01-01T00:00:00", "2026-13-01T00:00:00", Error, 7, "value", "", "a time such as"},
	{"2026-01-01T00:00:00", "2026-07-01T00:00:00", Warning, 4, "not-yet-valid", "", "valid from"},
	{"2036-01-01T00:00:00", "2026-05-01T00:00:00", Warning, 4, "lapsed", "", "has lapsed"},
	{"2036-01-01T00:00:00", "2026-01-02T00:00:00", Warning, 4, "local-time", Fast, "two days"},
	{"2036-01-01T00:00:00", "2025-01-01T00:00:00", Error, 6, "refused", "", "later than not_before"},
	{"<default>DENY</default>", "<default>ALLOW</default>", Warning, 19, "default-allow", Fast, "does not heed"},
	{"<default>DENY</default>", "<default>deny</default>", Error, 19, "value-case", Fast, "deny"},
	{"<default>DENY</default>", "<default>MAYBE</default>", Error, 19, "value", "", "ALLOW or DENY"},
	{"<default>DENY</default>\n", "", Error, 4, "missing-element", "", "<default>"},
	{"<topic>secret*</topic></topics>", "<topic>secret*</topic></topics><partitions><partition>A</partition></partitions>", Warning, 12, "partitions", RustDDS, "ignores them"},
	{"<topic>secret*</topic></topics>", "<topic>secret*</topic></topics><partitions><partition>A</partition></partitions>", Warning, 12, "partitions-deny", Fast + "," + Cyclone, "every partition"},
	{"<topic>secret*</topic></topics>", "<topic>secret*</topic></topics><data_tags><tag><name>a</name><value>b</value></tag></data_tags>", Warning, 12, "data-tags", "Cyclone DDS,Fast DDS,OpenDDS,RustDDS", "do not heed"},
	{"<publish><topics><topic>secret*</topic></topics></publish>", "<relay><topics><topic>a</topic></topics></relay>", Info, 12, "relay", "Cyclone DDS,Fast DDS,OpenDDS,RustDDS", "relay"},
	{"<publish><topics><topic>secret*</topic></topics></publish>", "<subscribe><topics><topic>a</topic></topics></subscribe><publish><topics><topic>a</topic></topics></publish>", Warning, 12, "order", "", "read it all the same"},
	{"<publish><topics><topic>secret*</topic></topics></publish>", "", Warning, 10, "empty-rule", "", "denies nothing"},
	{"<publish><topics><topic>*</topic></topics></publish>\n<subscribe><topics><topic>a*</topic><topic>b</topic></topics></subscribe>", "", Info, 14, "empty-rule", "", "allows to join"},
	{"secret*", "*", Warning, 16, "unreachable-topic", "", "never applies"},
}

func TestPermissionsFindings(t *testing.T) {
	for _, c := range permissionsChanges {
		t.Run(c.rule, func(t *testing.T) {
			good := goodPermissions
			if c.rule == "unreachable-topic" { // in all domains of the allow_rule
				good = strings.Replace(good, "<domains><id>0</id></domains>", "<domains><id_range><min>0</min><max>20</max></id_range></domains>", 1)
			}
			c.check(t, good)
		})
	}
}

// rule is an allow_rule or deny_rule on one line.
func rule(kind, domains, criteria string) string {
	return fmt.Sprintf("<%s><domains>%s</domains>%s</%s>\n", kind, domains, criteria, kind)
}

func publish(topic, rest string) string {
	return "<publish><topics><topic>" + topic + "</topic></topics>" + rest + "</publish>"
}

func TestRulesBehindOthers(t *testing.T) {
	const any, zero = "<id_range><min>0</min><max>230</max></id_range>", "<id>0</id>"
	const inA, everywhere = "<partitions><partition>A</partition></partitions>", "<partitions><partition>*</partition></partitions>"
	const tag = "<data_tags><tag><name>n</name><value>v</value></tag></data_tags>"
	i, j := strings.Index(goodPermissions, "<deny_rule>"), strings.Index(goodPermissions, "<default>")
	for _, tt := range []struct {
		name  string
		rules []string
		dead  bool // the last of them
	}{
		{"behind all", []string{rule("allow_rule", any, publish("*", "")), rule("deny_rule", any, publish("x", ""))}, false}, // a deny_rule is for every partition
		{"behind all partitions", []string{rule("allow_rule", any, publish("*", everywhere)), rule("allow_rule", any, publish("x", ""))}, true},
		{"tags pass an allow_rule without", []string{rule("allow_rule", any, publish("*", everywhere)), rule("deny_rule", any, publish("x", ""))}, false},
		{"allowed behind denied", []string{rule("deny_rule", any, publish("rt/*", "")), rule("allow_rule", zero, publish("rt/a", inA))}, true},
		{"one domain is left", []string{rule("deny_rule", zero, publish("*", "")), rule("allow_rule", any, publish("*", ""))}, false},
		{"two rules take all domains", []string{rule("deny_rule", "<id_range><min>0</min><max>99</max></id_range>", publish("*", "")), rule("deny_rule", "<id_range><min>100</min><max>230</max></id_range>", publish("*", "")), rule("allow_rule", any, publish("*", ""))}, true},
		{"two rules take all topics", []string{rule("deny_rule", any, publish("a", "")), rule("deny_rule", any, publish("b", "")), rule("allow_rule", any, publish("[ab]", ""))}, true},
		{"denied in a partition only", []string{rule("deny_rule", any, publish("*", inA)), rule("allow_rule", any, publish("*", inA))}, false},
		{"allowed in the same partition", []string{rule("allow_rule", any, publish("*", inA)), rule("allow_rule", any, publish("x", inA))}, true},
		{"allowed in another partition", []string{rule("allow_rule", any, publish("*", "")), rule("allow_rule", any, publish("x", inA))}, false},
		{"denied with a tag only", []string{rule("deny_rule", any, publish("*", tag)), rule("allow_rule", any, publish("*", tag))}, false},
		{"allowed with the same tag", []string{rule("allow_rule", any, publish("*", tag)), rule("allow_rule", any, publish("x", tag))}, true},
		{"another action", []string{rule("deny_rule", any, publish("*", "")), rule("allow_rule", any, "<subscribe><topics><topic>*</topic></topics></subscribe>")}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			doc := goodPermissions[:i] + strings.Join(tt.rules, "") + goodPermissions[j:]
			var lines []int
			for _, f := range listed(t, Document(now, "p", []byte(doc))) {
				if f.Rule == "unreachable-rule" {
					lines = append(lines, f.Line)
				}
			}
			if tt.dead {
				require.Equal(t, []int{9 + len(tt.rules)}, lines)
			} else {
				require.Empty(t, lines)
			}
		})
	}
}

func TestGrants(t *testing.T) {
	i, j := strings.Index(goodPermissions, "<grant"), strings.Index(goodPermissions, "</permissions>")
	grant := goodPermissions[i:j]
	list := listed(t, Document(now, "p", []byte(goodPermissions[:j]+grant+goodPermissions[j:])))
	require.Len(t, list, 1)
	require.Equal(t, "duplicate-subject", list[0].Rule)
	require.Contains(t, list[0].Problem, "line 4")
	none := regexp.MustCompile(`(?s)<deny_rule>.*</allow_rule>\n`).ReplaceAllString(goodPermissions, "")
	list = listed(t, Document(now, "p", []byte(none)))
	require.Len(t, list, 1)
	require.Equal(t, "grants-nothing", list[0].Rule)
}

func TestAllPartitionsAreNoLimit(t *testing.T) {
	const topic = "<subscribe><topics><topic>a*</topic><topic>b</topic></topics>"
	doc := strings.Replace(goodPermissions, topic, topic+"<partitions><partition>*</partition></partitions>", 1)
	require.Empty(t, Document(now, "p", []byte(doc)))
}

func TestTogether(t *testing.T) {
	g, err := governance.ParseGovernance([]byte(strings.Replace(goodGovernance, "<max>230</max>", "<max>4</max>", 1)))
	require.NoError(t, err)
	p, err := governance.ParsePermissions([]byte(goodPermissions))
	require.NoError(t, err)
	require.Empty(t, Together(g, Member{"p", 1, p}))

	g.Rules[0].Domains = []governance.Range{{Min: 5, Max: 5}}
	list := listed(t, Together(g, Member{"p", 11, p}))
	require.Len(t, list, 1, "the allow_rule has domain 5, too")
	require.Equal(t, Finding{Warning, "p", 20, "domain-not-governed", list[0].Problem, list[0].Mend, nil}, list[0])

	g.Rules[0].Topics[0].Expression = "[!b]*"
	list = listed(t, Together(g, Member{"p", 1, p}))
	require.Equal(t, []string{"domain-not-governed", "topic-not-governed"}, []string{list[0].Rule, list[1].Rule})
	require.Contains(t, list[1].Problem, `<allow_rule/subscribe> "b"`)
}

func TestUnused(t *testing.T) {
	g, err := governance.ParseGovernance([]byte(strings.Replace(goodGovernance, firstTopic, firstTopic+topicRule("c*", "ENCRYPT", "ENCRYPT")+"\n", 1)))
	require.NoError(t, err)
	p, err := governance.ParsePermissions([]byte(goodPermissions))
	require.NoError(t, err)
	list := listed(t, Unused(g, "g", 1, []Member{{"p", 1, p}}))
	require.Len(t, list, 1)
	require.Equal(t, "no-grant-for-topic", list[0].Rule)
	require.Contains(t, list[0].Problem, "subscribe")
	p.Grants[0].DefaultAllow = true
	require.Empty(t, Unused(g, "g", 1, []Member{{"p", 1, p}}))
}

func TestNoDocuments(t *testing.T) {
	for _, doc := range []string{"", "x", "<a/>", "<dds/>", "<dds></dds><dds/>", strings.Repeat("<dds>", 100)} {
		list := listed(t, Document(now, "f", []byte(doc)))
		errors, _ := Count(list)
		require.NotZero(t, errors, "%q", doc)
	}
	list := Document(now, "f", append([]byte("<dds>"), make([]byte, governance.MaxXML)...))
	require.Equal(t, "xml", list[0].Rule)
}

func TestString(t *testing.T) {
	f := Finding{Warning, "a.xml", 3, "order", "wrong", "mend it", []string{Fast, Cyclone}}
	require.Equal(t, "a.xml:3: warning: wrong; mend it [order: Fast DDS, Cyclone DDS]", f.String())
	require.Equal(t, "a.xml: info: wrong [x]", Finding{File: "a.xml", Problem: "wrong", Rule: "x"}.String())
	var s Severity
	require.NoError(t, s.UnmarshalText([]byte("error")))
	require.Equal(t, Error, s)
	require.Error(t, s.UnmarshalText([]byte("fatal")))
}

// The documents of package governance's tests, which are good.
func TestDocumentsOfGovernance(t *testing.T) {
	for _, name := range []string{"governance_rules.xml", "governance_sros2.xml", "permissions.xml"} {
		doc, err := os.ReadFile(filepath.Join("..", "testdata", name))
		require.NoError(t, err)
		errors, _ := Count(Document(now, name, doc))
		require.Zero(t, errors, "%v", Document(now, name, doc))
	}
}
