package permissions_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/governance"
	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/security/keystore"
	"github.com/secdds/dds/security/permissions"
	"github.com/secdds/dds/spi"
)

// refusalOf returns the refusal in an error, without its cause.
func refusalOf(t *testing.T, err error) spi.Refusal {
	var r *spi.Refusal
	require.ErrorAs(t, err, &r)
	c := *r
	c.Err = nil
	return c
}

// The document of TestRefusalFields, with the lines the refusals name.
const ruled = `<dds><permissions>
<grant name="arm">
 <subject_name>CN=a</subject_name>
 <validity><not_before>2000-01-01T00:00:00</not_before><not_after>2100-01-01T00:00:00Z</not_after></validity>
 <deny_rule>
  <domains><id>0</id></domains>
  <publish>
   <topics><topic>stop</topic></topics>
  </publish>
  <publish><topics><topic>move</topic></topics><partitions><partition>test*</partition></partitions></publish>
  <subscribe><topics><topic>*</topic></topics><data_tags><tag><name>class</name><value>secret</value></tag></data_tags></subscribe>
 </deny_rule>
 <allow_rule>
  <domains><id>0</id><id_range><min>5</min><max>7</max></id_range></domains>
  <publish>
   <topics><topic>move</topic></topics>
   <partitions><partition>left</partition></partitions>
  </publish>
  <subscribe><topics><topic>state</topic></topics><data_tags><tag><name>class</name><value>open</value></tag></data_tags></subscribe>
  <relay><topics><topic>sealed</topic></topics></relay>
 </allow_rule>
 <default>DENY</default>
</grant>
</permissions></dds>
`

// Every refusal names document, grant, rule, line, what is expected, what was
// found, and what would mend it.
func TestRefusalFields(t *testing.T) {
	w := newWorld(t, keystore.SROS2Governance(keystore.Domains{Min: 0, Max: 9}))
	p, err := permissions.New(permissions.Config{
		PermissionsCA: w.ca.CertPEM(), Governance: w.sign(w.governance.XML()), Permissions: w.sign([]byte(ruled)),
		PermissionsFile: "arm.p7s",
	})
	require.NoError(t, err)
	l, err := p.ValidateLocalPermissions(w.now, identity{subject: "CN=a"}, 0)
	require.NoError(t, err)
	l5, err := p.ValidateLocalPermissions(w.now, identity{subject: "CN=a"}, 5)
	require.NoError(t, err)
	_, join := p.ValidateLocalPermissions(w.now, identity{subject: "CN=a"}, 3)

	const arm = `grant "arm" for CN=a`
	tag := func(v string) []rtps.Property { return []rtps.Property{{Name: "class", Value: v}} }
	for _, tt := range []struct {
		name string
		err  error
		want spi.Refusal
	}{
		{"denied topic", l.CheckCreateWriter(w.now, spi.Topic{Name: "stop"}), spi.Refusal{
			Rule: arm + ", rule 1 (deny_rule), publish", Line: 7, Expected: `anything but topics "stop"`, Found: `topic "stop"`,
			Remedy: "add an <allow_rule> above line 5, or remove the deny_rule",
		}},
		{"denied partition", l.CheckCreateWriter(w.now, spi.Topic{Name: "move", Partitions: []string{"left", "test1"}}), spi.Refusal{
			Rule: arm + ", rule 1 (deny_rule), publish", Line: 10, Expected: `anything but topics "move" in partitions "test*"`,
			Found: `topic "move" in partitions "left", "test1"`, Remedy: "add an <allow_rule> above line 5, or remove the deny_rule",
		}},
		{"denied tag", l.CheckCreateReader(w.now, spi.Topic{Name: "state", Tags: tag("secret")}), spi.Refusal{
			Rule: arm + ", rule 1 (deny_rule), subscribe", Line: 11, Expected: `anything but topics "*" with data tags "class=secret"`,
			Found: `topic "state" with data tags "class=secret"`, Remedy: "add an <allow_rule> above line 5, or remove the deny_rule",
		}},
		{"other topic", l.CheckCreateWriter(w.now, spi.Topic{Name: "other"}), spi.Refusal{
			Rule: arm + ", default", Line: 22, Expected: `a topic among "move"`, Found: `"other"`, Remedy: "add an <allow_rule> with <publish> for it",
		}},
		{"other partition", l.CheckCreateWriter(w.now, spi.Topic{Name: "move"}), spi.Refusal{
			Rule: arm + ", rule 2 (allow_rule), publish", Line: 15, Expected: `partitions "left"`, Found: `partitions ""`,
			Remedy: "add an <allow_rule> with <publish> for it",
		}},
		{"no tag", l.CheckCreateReader(w.now, spi.Topic{Name: "state"}), spi.Refusal{
			Rule: arm + ", rule 2 (allow_rule), subscribe", Line: 19, Expected: `one or more of data tags "class=open" and no other`,
			Found: "no data tags", Remedy: "add an <allow_rule> with <subscribe> for it",
		}},
		{"other tag", l5.CheckCreateReader(w.now, spi.Topic{Name: "state", Tags: tag("secret")}), spi.Refusal{
			Rule: arm + ", rule 2 (allow_rule), subscribe", Line: 19, Expected: `one or more of data tags "class=open" and no other`,
			Found: `data tags "class=secret"`, Remedy: "add an <allow_rule> with <subscribe> for it",
		}},
		{"other domain", join, spi.Refusal{
			Rule: arm, Line: 2, Expected: "an allow_rule for domain 3", Found: "allow rules for domains 0, 5–7",
			Remedy: "add the domain to <domains> of an allow_rule",
		}},
		{"lapsed", l.CheckCreateWriter(time.Date(2101, 1, 1, 0, 0, 0, 0, time.UTC), spi.Topic{Name: "move"}), spi.Refusal{
			Rule: arm + ", validity", Line: 2, Expected: "a time up to not_after 2100-01-01T00:00:00Z", Found: "the time 2101-01-01T00:00:00Z",
			Remedy: "check the clock, or sign a document with a later not_after",
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.want.Document = "arm.p7s"
			require.Equal(t, tt.want, refusalOf(t, tt.err))
		})
	}
	require.NoError(t, l.CheckCreateReader(w.now, spi.Topic{Name: "state", Tags: tag("open")}))
	require.NoError(t, l.CheckCreateWriter(w.now, spi.Topic{Name: "move", Partitions: []string{"left"}}))

	// A grant to relay is no grant to subscribe, and the refusal tells of it.
	err = l.CheckCreateReader(w.now, spi.Topic{Name: "sealed"})
	require.ErrorIs(t, err, spi.ErrRelayOnly)
	require.ErrorContains(t, err, "it may relay it")
	require.NotErrorIs(t, l.CheckCreateReader(w.now, spi.Topic{Name: "other"}), spi.ErrRelayOnly)
}

// What is wrong with a document itself is told in the same fields.
func TestDocumentRefusalFields(t *testing.T) {
	w := newWorld(t, keystore.SROS2Governance())
	_, err := permissions.New(permissions.Config{
		PermissionsCA: w.ca.CertPEM(), GovernanceFile: "g.p7s",
		Governance: w.sign([]byte(strings.Replace(string(w.governance.XML()), ">SIGN<", ">SIGNED<", 1))), Permissions: w.sign([]byte(ruled)),
	})
	require.Equal(t, spi.Refusal{
		Document: "g.p7s", Rule: "<domain_rule/rtps_protection_kind>", Line: 15, Found: `"SIGNED"`,
		Expected: "one of NONE, SIGN, ENCRYPT, SIGN_WITH_ORIGIN_AUTHENTICATION, ENCRYPT_WITH_ORIGIN_AUTHENTICATION",
	}, refusalOf(t, err))
	var e *governance.Error
	require.ErrorAs(t, err, &e)

	p, err := w.plugin(w.grant("CN=a", keystore.AllowAll()))
	require.NoError(t, err)
	_, err = p.ValidateLocalPermissions(w.ca.Cert.NotAfter.Add(time.Second), identity{subject: "CN=a"}, 0)
	require.Contains(t, refusalOf(t, err).Rule, "validity")
	require.Equal(t, "permissions CA", refusalOf(t, err).Document)

	// A peer's document counts no more than the CA that signed it.
	l := w.local(w.grant("CN=a", keystore.AllowAll()))
	good := w.sign(keystore.PermissionsXML(w.grant("CN=b", keystore.AllowAll())))
	_, err = l.ValidateRemote(w.ca.Cert.NotAfter.Add(time.Second), token, peer(t, "b", good))
	require.Equal(t, "permissions CA", refusalOf(t, err).Document)
}

// Data tags that peers could not see are refused where peers would judge by them.
func TestTagsNeedProtectedDiscovery(t *testing.T) {
	w := newWorld(t, keystore.Governance{Topics: []keystore.TopicRule{
		{Expression: "free"}, {Expression: "guarded", ReadAccessControl: true, WriteAccessControl: true},
	}})
	rule := keystore.AllowAll()
	tagged := []keystore.Criteria{{Topics: []string{"*"}, Tags: [][2]string{{"k", "v"}}}}
	rule.Publish, rule.Subscribe = append(rule.Publish, tagged...), append(rule.Subscribe, tagged...)
	l := w.local(w.grant("CN=a", rule))
	tags := []rtps.Property{{Name: "k", Value: "v"}}
	require.NoError(t, l.CheckCreateWriter(w.now, spi.Topic{Name: "free", Tags: tags}))
	require.NoError(t, l.CheckCreateWriter(w.now, spi.Topic{Name: "guarded"}))
	for _, err := range []error{
		l.CheckCreateWriter(w.now, spi.Topic{Name: "guarded", Tags: tags}), l.CheckCreateReader(w.now, spi.Topic{Name: "guarded", Tags: tags}),
	} {
		require.Equal(t, `topic_rule "guarded", enable_discovery_protection`, refusalOf(t, err).Rule)
		require.Equal(t, "false", refusalOf(t, err).Found)
	}
}

// The bits of DDS-Security 1.2 are announced only where the governance asks.
func TestEdition2Attributes(t *testing.T) {
	for _, tt := range []struct {
		elements string
		psk      spi.Protection
		revision bool
		info     rtps.SecurityInfo
		refused  string
	}{
		{"", 0, false, rtps.SecurityInfo{Attributes: valid, PluginAttributes: valid}, ""},
		{"<rtps_psk_protection_kind>NONE</rtps_psk_protection_kind><enable_key_revision>false</enable_key_revision>", 0, false, rtps.SecurityInfo{Attributes: valid, PluginAttributes: valid}, ""},
		{"<enable_key_revision>TRUE</enable_key_revision>", 0, true, rtps.SecurityInfo{Attributes: valid | 8, PluginAttributes: valid}, ""},
		{"<rtps_psk_protection_kind>SIGN</rtps_psk_protection_kind>", spi.ProtectSign, false, rtps.SecurityInfo{Attributes: valid | 16, PluginAttributes: valid}, ""},
		{"<rtps_preshared_secret_protection_kind>ENCRYPT</rtps_preshared_secret_protection_kind>", spi.ProtectEncrypt, false, rtps.SecurityInfo{Attributes: valid | 16, PluginAttributes: valid | 64}, ""},
		{"<allowed_security_algorithms><a>RSASSA-PSS-MGF1SHA256+2048+SHA256,RSASSA-PKCS1-V1_5+2048+SHA256 ECDSA+P256+SHA256,ECDSA+P384+SHA384</a><b>DHE+MODP-2048-256,ECDHE-CEUM+P256,ECDHE-CEUM+P384</b><c>AES128+GCM,AES256+GCM</c></allowed_security_algorithms>", 0, false, rtps.SecurityInfo{Attributes: valid, PluginAttributes: valid}, ""},
		{"<allowed_security_algorithms><c>AES256+GCM</c></allowed_security_algorithms>", 0, false, rtps.SecurityInfo{}, "AES128+GCM are not allowed: this implementation cannot be held to fewer algorithms"},
		{"<tag>blue</tag>", 0, false, rtps.SecurityInfo{}, `expected a rule for domain 0, found rules for domains 0–230 with tags "blue"`},
	} {
		w := newWorld(t, keystore.OpenGovernance())
		doc := bytes.Replace(w.governance.XML(), []byte("<topic_access_rules>"), []byte(tt.elements+"<topic_access_rules>"), 1)
		p, err := permissions.New(permissions.Config{
			PermissionsCA: w.ca.CertPEM(), Governance: w.sign(doc), Permissions: w.sign(keystore.PermissionsXML(w.grant("CN=a", keystore.AllowAll()))),
		})
		require.NoError(t, err)
		l, err := p.ValidateLocalPermissions(w.now, identity{subject: "CN=a"}, 0)
		if tt.refused != "" {
			require.ErrorContains(t, err, tt.refused)
			continue
		}
		require.NoError(t, err)
		a := l.ParticipantAttributes()
		require.Equal(t, tt.psk, a.PSK, tt.elements)
		require.Equal(t, tt.revision, a.KeyRevision, tt.elements)
		require.Equal(t, tt.info, a.Info, tt.elements)
	}
}
