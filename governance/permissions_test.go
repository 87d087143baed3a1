package governance

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var noon = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

func name(t testing.TB, text string) Name {
	n, err := ParseName(text)
	require.NoError(t, err)
	return n
}

func permissions(t testing.TB) *Permissions {
	p, err := ParsePermissions([]byte(read(t, "permissions.xml")))
	require.NoError(t, err)
	return p
}

func TestCheck(t *testing.T) {
	p := permissions(t)
	const byDefault = "no rule applies and the default is DENY"
	for _, tt := range []struct {
		grant      int
		domain     uint32
		action     Action
		topic      string
		partitions string // comma separated; "-": none
		tags       []Tag
		allowed    bool
		why        string
	}{
		{0, 0, Publish, "rt/chatter", "-", nil, true, "allow_rule at line 20"},
		{0, 9, Publish, "rt/chatter", "-", nil, true, "allow_rule at line 20"},
		{0, 10, Publish, "rt/chatter", "-", nil, false, byDefault},
		{0, 0, Publish, "ros_discovery_info", "-", nil, true, "allow_rule"},
		{0, 0, Publish, "other", "-", nil, false, byDefault},
		{0, 0, Subscribe, "other", "-", nil, true, "allow_rule"},
		{0, 0, Relay, "relayed", "-", nil, true, "allow_rule"},
		{0, 0, Relay, "rt/chatter", "-", nil, false, byDefault},
		// The first applicable rule decides: a later allow_rule does not help.
		{0, 0, Publish, "rt/secret_but_late", "-", nil, false, "deny_rule at line 10 (rule 1 of the grant)"},
		{0, 1, Publish, "rt/secret_but_late", "-", nil, true, "allow_rule"},
		// All partitions must be allowed, one denied suffices; none is "".
		{0, 0, Publish, "rt/a", "", nil, true, "allow_rule"},
		{0, 0, Publish, "rt/a", "A1,A2", nil, true, "allow_rule"},
		{0, 0, Publish, "rt/a", "A1,", nil, true, "allow_rule"},
		{0, 0, Publish, "rt/a", "A1,B1", nil, false, byDefault},
		{0, 0, Publish, "rt/a", "A1,X1", nil, false, "deny_rule"},
		{0, 1, Publish, "rt/a", "A1,X1", nil, true, "allow_rule"},
		{0, 0, Publish, "rt/a", "*", nil, false, "deny_rule"}, // it overlaps X*
		{0, 1, Publish, "rt/a", "*", nil, false, byDefault},
		{0, 1, Publish, "rt/a", "A?", nil, true, "allow_rule"},
		{0, 0, Publish, "ros_discovery_info", "A1", nil, false, byDefault},
		{0, 0, Subscribe, "other", "A1", nil, false, byDefault},
		// A deny_rule without partitions is for all of them.
		{0, 0, Publish, "rt/secret1", "A1", nil, false, "deny_rule"},
		// Tags.
		{0, 0, Publish, "tagged", "-", nil, false, byDefault}, // the rule is for those that carry a tag
		{0, 0, Publish, "tagged", "-", []Tag{{"level", "low"}}, true, "allow_rule"},
		{0, 0, Publish, "tagged", "-", []Tag{{"level", "high"}}, false, byDefault},
		{0, 0, Publish, "tagged", "-", []Tag{{"level", "low"}, {"level", "high"}}, false, byDefault},
		{0, 0, Publish, "tagged", "-", []Tag{{"level", "low"}, {"level", "low"}}, true, "allow_rule"},
		{0, 0, Publish, "tagged", "-", []Tag{{"Level", "low"}}, false, byDefault},
		{0, 0, Publish, "rt/a", "-", []Tag{{"level", "low"}}, false, byDefault},
		{1, 0, Subscribe, "tagged", "-", nil, true, "no rule applies and the default is ALLOW"},
		{1, 0, Subscribe, "tagged", "-", []Tag{{"level", "high"}}, false, "deny_rule"},
		{1, 0, Subscribe, "tagged", "-", []Tag{{"level", "low"}, {"level", "high"}}, false, "deny_rule"}, // one is enough
		{1, 0, Subscribe, "tagged", "-", []Tag{{"level", "low"}}, true, "default is ALLOW"},
		{1, 99, Publish, "anything", "A,B", nil, true, "default is ALLOW"},
		// Too long to be looked at.
		{0, 0, Subscribe, strings.Repeat("a", MaxExpression+1), "-", nil, false, byDefault},
	} {
		var partitions []string
		if tt.partitions != "-" {
			partitions = strings.Split(tt.partitions, ",")
		}
		d := p.Grants[tt.grant].Check(tt.domain, tt.action, tt.topic, partitions, tt.tags)
		question := Describe(tt.action, tt.topic, partitions)
		require.Equal(t, tt.allowed, d.Allowed, question+": "+d.Why)
		require.Contains(t, d.Why, tt.why, question)
	}
}

func TestCheckTopicAndJoin(t *testing.T) {
	p := permissions(t)
	g := &p.Grants[0]
	require.True(t, g.CheckTopic(0, "anything").Allowed, "it may be subscribed")
	require.True(t, g.CheckTopic(0, "rt/secret1").Allowed)
	require.False(t, g.CheckTopic(10, "rt/a").Allowed)
	require.True(t, g.CheckJoin(9).Allowed)
	require.Equal(t, Decision{
		Rule: -1, Line: 4, Name: `grant "/talker" for CN=/talker`, Why: "no allow_rule names domain 10",
		Expected: "an allow_rule for domain 10", Found: "allow rules for domains 0–9, 0",
		Remedy: "add the domain to <domains> of an allow_rule",
	}, g.CheckJoin(10))
	require.True(t, p.Grants[1].CheckJoin(10).Allowed)
}

func TestGrant(t *testing.T) {
	p := permissions(t)
	g, err := p.Grant(noon, name(t, "CN=/talker"))
	require.NoError(t, err)
	require.Equal(t, "/talker", g.Name)
	for _, text := range []string{"CN=open,O=Example,C=US", "C=US,O=Example,CN=open"} {
		g, err = p.Grant(noon, name(t, text))
		require.NoError(t, err)
		require.Equal(t, "open", g.Name)
	}

	_, err = p.Grant(noon, name(t, "CN=eve"))
	require.EqualError(t, err, "permissions, <grant>: expected a grant for subject CN=eve, found grants for: CN=/talker; CN=open,O=Example,C=US; add a grant with <subject_name>CN=eve</subject_name>")
	_, err = p.Grant(noon, name(t, "O=Example,CN=open,C=US"))
	require.ErrorContains(t, err, "same attributes in another order")
	_, err = p.Grant(noon, nil)
	require.Error(t, err, "the empty subject has no grant")
}

func TestValidity(t *testing.T) {
	p := permissions(t)
	g := &p.Grants[0]
	day := func(y int) time.Time { return time.Date(y, 1, 1, 0, 0, 0, 0, time.UTC) }
	require.NoError(t, g.Valid(day(2026)))
	require.NoError(t, g.Valid(day(2027)))
	require.ErrorContains(t, g.Valid(day(2026).Add(-1)), "the grant is not valid yet: expected a time from not_before 2026-01-01T00:00:00Z, found the time 2025-12-31T23:59:59Z")
	require.ErrorContains(t, g.Valid(day(2027).Add(1)), "has lapsed: expected a time up to not_after 2027-01-01T00:00:00Z")
	require.Equal(t, day(2026), p.Grants[1].NotBefore, "a zone counts")
	require.Equal(t, day(2027).Add(999*time.Millisecond), p.Grants[1].NotAfter)
}

// Of two grants for one subject the valid one is taken.
func TestTwoGrants(t *testing.T) {
	doc := strings.Replace(read(t, "permissions.xml"), "/C=US/O=Example/CN=open", "CN=/talker", 1)
	doc = strings.Replace(doc, "2027-01-01T00:00:00<", "2026-02-01T00:00:00<", 1)
	p, err := ParsePermissions([]byte(doc))
	require.NoError(t, err)
	for now, want := range map[time.Time]string{
		noon: "open", time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC): "/talker", time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC): "/talker",
	} {
		g, err := p.Grant(now, name(t, "CN=/talker"))
		require.NoError(t, err)
		require.Equal(t, want, g.Name)
	}
}

func TestPermissionsRefusals(t *testing.T) {
	good := read(t, "permissions.xml")
	replace := func(old, new string) string {
		require.Contains(t, good, old)
		return strings.Replace(good, old, new, 1)
	}
	for _, tt := range []struct{ name, doc, want string }{
		{"governance", read(t, "governance_sros2.xml"), "<domain_access_rules>: unknown element"},
		{"no grants", "<dds><permissions/></dds>", "expected an element <grant>, found none"},
		{"blank subject", replace(">CN=/talker<", "><"), "XML line 5, <grant/subject_name>: expected a subject name such as CN=/talker, found nothing"},
		{"bad subject", replace(">CN=/talker<", ">talker<"), `expected attribute=value, found "talker"`},
		{"unknown attribute", replace(">CN=/talker<", ">XN=talker<"), `unknown attribute "XN"`},
		{"no validity", replace("<not_before>2026-01-01T00:00:00</not_before>", ""), "<grant/validity>: expected an element <not_before>, found none"},
		{"blank time", replace("2026-01-01T00:00:00", ""), "XML line 7, <grant/validity/not_before>: expected a time such as 2026-01-31T23:59:59 (UTC) or 2026-01-31T23:59:59.5+01:00, found nothing"},
		{"bad time", replace("2026-01-01T00:00:00", "2026-02-30T00:00:00"), `found "2026-02-30T00:00:00"`},
		{"date only", replace("2026-01-01T00:00:00", "2026-01-01"), `found "2026-01-01"`},
		{"absurd time", replace("2026-01-01T00:00:00", "99999-01-01T00:00:00"), "expected a time"},
		{"reversed", replace("2027-01-01T00:00:00", "2025-01-01T00:00:00"), "expected not_after later than not_before"},
		{"no default", replace("<default>DENY</default>", ""), "expected an element <default>, found none"},
		{"blank default", replace("<default>DENY", "<default>"), "expected ALLOW or DENY, found nothing"},
		{"bad default", replace("<default>DENY", "<default>MAYBE"), `expected ALLOW or DENY, found "MAYBE"`},
		{"rule without domains", replace("<domains><id>0</id></domains>", ""), "<grant/deny_rule>: expected an element <domains>, found none"},
		{"blank domains", replace("<domains><id>0</id></domains>", "<domains/>"), "expected <id> or <id_range>"},
		{"blank topic", replace("<topic>rt/secret*", "<topic>"), "<grant/deny_rule/publish/topics/topic>: expected an expression such as *, found nothing"},
		{"no topic", replace("<topic>rt/secret*</topic>", ""), "expected an element <topic>, found none"},
		{"no topics", replace("<topics><topic>rt/secret*</topic></topics>", ""), "expected an element <topics>, found none"},
		{"no partition", replace("<partition>X*</partition>", ""), "expected an element <partition>, found none"},
		{"tag without name", replace("<name>level</name>", ""), "expected an element <name>, found none"},
		{"unknown rule", replace("<default>", "<permit_rule/><default>"), "<grant/permit_rule>: unknown element"},
		{"unknown action", replace("<relay>", "<write/><relay>"), "unknown element"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := ParsePermissions([]byte(tt.doc))
			require.ErrorContains(t, err, tt.want)
		})
	}
}

func FuzzParsePermissions(f *testing.F) {
	f.Add([]byte(read(f, "permissions.xml")))
	f.Fuzz(func(t *testing.T, doc []byte) {
		p, err := ParsePermissions(doc)
		if err != nil {
			require.NotEmpty(t, err.Error())
			return
		}
		for i := range p.Grants {
			g := &p.Grants[i]
			require.False(t, g.NotAfter.Before(g.NotBefore))
			d := g.Check(0, Publish, "rt/chatter", []string{"A*"}, []Tag{{"a", "b"}})
			require.NotEmpty(t, d.Why)
			got, err := p.Grant(g.NotBefore, g.Subject)
			require.NoError(t, err)
			require.True(t, got.Subject.Matches(g.Subject))
		}
	})
}
