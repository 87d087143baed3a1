package permissions_test

import (
	"bytes"
	"crypto/x509/pkix"
	"encoding/asn1"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/security/keystore"
	"github.com/secdds/dds/security/permissions"
	"github.com/secdds/dds/spi"
)

// identity is a spi.LocalIdentity of which only the subject counts.
type identity struct {
	spi.LocalIdentity
	subject string
}

func (id identity) SubjectName() string { return id.subject }

// A world is an authority, a governance, and what its members may do.
type world struct {
	*testing.T
	now        time.Time
	ca         *keystore.Authority
	governance keystore.Governance
}

func newWorld(t *testing.T, g keystore.Governance) *world {
	now := time.Now().Truncate(time.Second)
	ca, err := keystore.NewAuthority("ca", now, keystore.P256)
	require.NoError(t, err)
	return &world{T: t, now: now, ca: ca, governance: g}
}

func (w *world) grant(subject string, rules ...keystore.Rule) keystore.Grant {
	return keystore.Grant{Subject: subject, NotBefore: w.now.Add(-time.Hour), NotAfter: w.now.Add(time.Hour), Rules: rules}
}

func (w *world) sign(doc []byte) []byte {
	signed, err := w.ca.Sign(doc)
	require.NoError(w, err)
	return signed
}

func (w *world) plugin(grants ...keystore.Grant) (*permissions.Plugin, error) {
	return permissions.New(permissions.Config{
		PermissionsCA: w.ca.CertPEM(), Governance: w.sign(w.governance.XML()), Permissions: w.sign(keystore.PermissionsXML(grants...)),
	})
}

func (w *world) local(grants ...keystore.Grant) spi.LocalPermissions {
	p, err := w.plugin(grants...)
	require.NoError(w, err)
	l, err := p.ValidateLocalPermissions(w.now, identity{subject: grants[0].Subject}, 0)
	require.NoError(w, err)
	return l
}

// peer is a finished handshake with a participant of that common name.
func peer(t testing.TB, name string, doc []byte) spi.HandshakeResult {
	der, err := asn1.Marshal(pkix.Name{CommonName: name}.ToRDNSequence())
	require.NoError(t, err)
	return spi.HandshakeResult{SubjectName: "CN=" + name, SubjectDER: der, PermissionDoc: doc}
}

var token = spi.Token{ClassID: "DDS:Access:Permissions:1.0"}

const valid = rtps.SecurityInfoValid

// The words of DDS-Security 1.1, 9.4.2.3.
func TestParticipantAttributes(t *testing.T) {
	for _, tt := range []struct {
		discovery, liveliness, rtps spi.Protection
		info                        rtps.SecurityInfo
	}{
		{spi.ProtectNone, spi.ProtectNone, spi.ProtectNone, rtps.SecurityInfo{Attributes: valid, PluginAttributes: valid}},
		{spi.ProtectEncrypt, spi.ProtectEncrypt, spi.ProtectSign, rtps.SecurityInfo{Attributes: valid | 7, PluginAttributes: valid | 6}},
		{spi.ProtectNone, spi.ProtectNone, spi.ProtectEncryptOrigin, rtps.SecurityInfo{Attributes: valid | 1, PluginAttributes: valid | 1 | 8}},
		{spi.ProtectSignOrigin, spi.ProtectNone, spi.ProtectNone, rtps.SecurityInfo{Attributes: valid | 2, PluginAttributes: valid | 16}},
		{spi.ProtectNone, spi.ProtectEncryptOrigin, spi.ProtectNone, rtps.SecurityInfo{Attributes: valid | 4, PluginAttributes: valid | 4 | 32}},
		{spi.ProtectSign, spi.ProtectEncrypt, spi.ProtectEncrypt, rtps.SecurityInfo{Attributes: valid | 7, PluginAttributes: valid | 5}},
	} {
		w := newWorld(t, keystore.Governance{Discovery: tt.discovery, Liveliness: tt.liveliness, RTPS: tt.rtps, AllowUnauthenticated: true})
		a := w.local(w.grant("CN=a", keystore.AllowAll())).ParticipantAttributes()
		require.Equal(t, spi.ParticipantAttributes{
			AllowUnauthenticated: true, Discovery: tt.discovery, Liveliness: tt.liveliness, RTPS: tt.rtps, Info: tt.info,
		}, a)
	}
}

// The words of DDS-Security 1.1, 7.4.1.8 and 9.4.2.4.
func TestEndpointAttributes(t *testing.T) {
	for _, tt := range []struct {
		rule keystore.TopicRule
		info rtps.SecurityInfo
	}{
		{keystore.TopicRule{}, rtps.SecurityInfo{Attributes: valid, PluginAttributes: valid}},
		{keystore.Protected("*", spi.ProtectEncrypt, spi.ProtectEncrypt), rtps.SecurityInfo{Attributes: valid | 0x7f, PluginAttributes: valid | 3}},
		{keystore.TopicRule{ReadAccessControl: true}, rtps.SecurityInfo{Attributes: valid | 1, PluginAttributes: valid}},
		{keystore.TopicRule{WriteAccessControl: true}, rtps.SecurityInfo{Attributes: valid | 2, PluginAttributes: valid}},
		{keystore.TopicRule{DiscoveryProtection: true}, rtps.SecurityInfo{Attributes: valid | 4, PluginAttributes: valid}},
		{keystore.TopicRule{Metadata: spi.ProtectSign}, rtps.SecurityInfo{Attributes: valid | 8, PluginAttributes: valid}},
		{keystore.TopicRule{Metadata: spi.ProtectSignOrigin}, rtps.SecurityInfo{Attributes: valid | 8, PluginAttributes: valid | 4}},
		{keystore.TopicRule{Metadata: spi.ProtectEncryptOrigin}, rtps.SecurityInfo{Attributes: valid | 8, PluginAttributes: valid | 5}},
		{keystore.TopicRule{Data: spi.ProtectSign}, rtps.SecurityInfo{Attributes: valid | 0x10, PluginAttributes: valid}},
		{keystore.TopicRule{Data: spi.ProtectEncrypt}, rtps.SecurityInfo{Attributes: valid | 0x30, PluginAttributes: valid | 2}},
		{keystore.TopicRule{LivelinessProtection: true}, rtps.SecurityInfo{Attributes: valid | 0x40, PluginAttributes: valid}},
	} {
		r := tt.rule
		r.Expression = "T*"
		w := newWorld(t, keystore.Governance{Topics: []keystore.TopicRule{r}})
		l := w.local(w.grant("CN=a", keystore.AllowAll()))
		a, err := l.EndpointAttributes("Topic")
		require.NoError(t, err)
		require.Equal(t, spi.EndpointAttributes{
			ReadProtected: r.ReadAccessControl, WriteProtected: r.WriteAccessControl,
			DiscoveryProtected: r.DiscoveryProtection, LivelinessProtected: r.LivelinessProtection,
			Metadata: r.Metadata, Data: r.Data, Info: tt.info,
		}, a)
		_, err = l.EndpointAttributes("Other")
		require.ErrorContains(t, err, `expected a rule for topic "Other"`)
		require.ErrorContains(t, l.CheckCreateTopic(w.now, "Other"), "expected a rule for topic")
	}
}

func TestBuiltinAttributes(t *testing.T) {
	w := newWorld(t, keystore.Governance{Discovery: spi.ProtectSign, Liveliness: spi.ProtectEncryptOrigin, RTPS: spi.ProtectEncrypt})
	l := w.local(w.grant("CN=a", keystore.AllowAll()))
	for _, tt := range []struct {
		want     spi.Protection
		info     rtps.SecurityInfo
		entities []rtps.EntityID
	}{
		{spi.ProtectSign, rtps.SecurityInfo{Attributes: valid | 8, PluginAttributes: valid}, []rtps.EntityID{
			rtps.EntitySecureSEDPPubWriter, rtps.EntitySecureSEDPPubReader, rtps.EntitySecureSEDPSubWriter,
			rtps.EntitySecureSEDPSubReader, rtps.EntitySecureSPDPWriter, rtps.EntitySecureSPDPReader}},
		{spi.ProtectEncryptOrigin, rtps.SecurityInfo{Attributes: valid | 8, PluginAttributes: valid | 5}, []rtps.EntityID{
			rtps.EntitySecureMessageWriter, rtps.EntitySecureMessageReader}},
		{spi.ProtectEncrypt, rtps.SecurityInfo{Attributes: valid | 8, PluginAttributes: valid | 1}, []rtps.EntityID{
			rtps.EntityVolatileWriter, rtps.EntityVolatileReader}},
		{spi.ProtectNone, rtps.SecurityInfo{Attributes: valid, PluginAttributes: valid}, []rtps.EntityID{
			rtps.EntityStatelessWriter, rtps.EntityStatelessReader, rtps.EntitySPDPWriter, rtps.EntitySEDPPubReader, rtps.EntityMessageWriter}},
	} {
		for _, e := range tt.entities {
			require.Equal(t, spi.EndpointAttributes{Metadata: tt.want, Info: tt.info}, l.BuiltinAttributes(e), "%v", e)
		}
	}
}

func TestTokens(t *testing.T) {
	w := newWorld(t, keystore.SROS2Governance())
	doc := w.sign(keystore.PermissionsXML(w.grant("CN=a", keystore.AllowAll())))
	p, err := permissions.New(permissions.Config{PermissionsCA: w.ca.CertPEM(), Governance: w.sign(w.governance.XML()), Permissions: doc})
	require.NoError(t, err)
	l, err := p.ValidateLocalPermissions(w.now, identity{subject: "CN=a"}, 0)
	require.NoError(t, err)
	require.Equal(t, token, l.Token())
	require.Equal(t, spi.Token{
		ClassID:          "DDS:Access:PermissionsCredential",
		BinaryProperties: []rtps.BinaryProperty{{Name: "dds.perm.cert", Value: doc}},
	}, l.CredentialToken())
	require.Equal(t, w.now.Add(time.Hour).UTC(), l.NotAfter())
}

// Access control is asked only where the governance says so.
func TestChecks(t *testing.T) {
	w := newWorld(t, keystore.Governance{Topics: []keystore.TopicRule{
		{Expression: "both", ReadAccessControl: true, WriteAccessControl: true},
		{Expression: "read", ReadAccessControl: true},
		{Expression: "write", WriteAccessControl: true},
		{Expression: "free"},
		{Expression: "ok*", ReadAccessControl: true, WriteAccessControl: true, DiscoveryProtection: true},
	}})
	allow := keystore.Rule{
		Publish:   []keystore.Criteria{{Topics: []string{"ok_w"}}, {Topics: []string{"ok_p"}, Partitions: []string{"A"}}, {Topics: []string{"ok_t"}, Tags: [][2]string{{"k", "v"}}}},
		Subscribe: keystore.Topics("ok_r"),
	}
	grant := w.grant("CN=a", allow)
	l := w.local(grant)
	r, err := l.ValidateRemote(w.now, token, peer(t, "a", w.sign(keystore.PermissionsXML(grant))))
	require.NoError(t, err)
	require.Equal(t, w.now.Add(time.Hour).UTC(), r.NotAfter())

	for _, tt := range []struct {
		topic                spi.Topic
		topicOK, write, read bool
	}{
		{spi.Topic{Name: "both"}, false, false, false},
		{spi.Topic{Name: "read"}, true, true, false},
		{spi.Topic{Name: "write"}, true, false, true},
		{spi.Topic{Name: "free"}, true, true, true},
		{spi.Topic{Name: "ok_w"}, true, true, false},
		{spi.Topic{Name: "ok_r"}, true, false, true},
		{spi.Topic{Name: "ok_p"}, true, false, false},
		{spi.Topic{Name: "ok_p", Partitions: []string{"A"}}, true, true, false},
		{spi.Topic{Name: "ok_p", Partitions: []string{"A", "B"}}, true, false, false},
		{spi.Topic{Name: "ok_t", Tags: []rtps.Property{{Name: "k", Value: "v"}}}, true, true, false},
		{spi.Topic{Name: "ok_t", Tags: []rtps.Property{{Name: "k", Value: "w"}}}, true, false, false},
		{spi.Topic{Name: "ok_t"}, true, false, false},
		{spi.Topic{Name: "unknown"}, false, false, false},
	} {
		for _, c := range []struct {
			what string
			want bool
			err  error
		}{
			{"topic", tt.topicOK, l.CheckCreateTopic(w.now, tt.topic.Name)},
			{"writer", tt.write, l.CheckCreateWriter(w.now, tt.topic)},
			{"reader", tt.read, l.CheckCreateReader(w.now, tt.topic)},
			{"remote topic", tt.topicOK, r.CheckTopic(w.now, tt.topic.Name)},
			{"remote writer", tt.write, r.CheckWriter(w.now, tt.topic)},
			{"remote reader", tt.read, r.CheckReader(w.now, tt.topic)},
		} {
			require.Equal(t, c.want, c.err == nil, "%s %+v: %v", c.what, tt.topic, c.err)
		}
	}

	err = l.CheckCreateWriter(w.now, spi.Topic{Name: "both", Partitions: []string{"x"}})
	require.EqualError(t, err, `permissions:47: grant for CN=a, default: expected a topic among "ok_w", "ok_p", "ok_t", found "both": `+
		`CN=a may not publish topic "both" in partitions "x" in domain 0: no rule applies and the default is DENY; add an <allow_rule> with <publish> for it`)
	var denied *permissions.DeniedError
	require.ErrorAs(t, err, &denied)
	require.Equal(t, "CN=a", denied.Subject)

	// A grant that lapses while the participant lives allows nothing more.
	later := w.now.Add(2 * time.Hour)
	require.ErrorContains(t, l.CheckCreateWriter(later, spi.Topic{Name: "ok_w"}), "has lapsed")
	require.ErrorContains(t, r.CheckReader(later, spi.Topic{Name: "free"}), "has lapsed")
}

func TestLocalRefusals(t *testing.T) {
	g := keystore.SROS2Governance(keystore.Domains{Min: 0, Max: 5})
	for _, tt := range []struct {
		name, subject string
		domain        uint32
		after         time.Duration
		want          string
	}{
		{"other subject", "CN=b", 0, 0, "expected a grant for subject CN=b, found grants for: CN=a"},
		{"no subject", "", 0, 0, "subject of the identity certificate"},
		{"other domain", "CN=a", 6, 0, "expected a rule for domain 6, found rules for domains 0–5"},
		{"not allowed to join", "CN=a", 5, 0, "CN=a may not take part in domain 5: no allow_rule names domain 5"},
		{"lapsed", "CN=a", 0, 2 * time.Hour, "has lapsed"},
		{"too early", "CN=a", 0, -2 * time.Hour, "is not valid yet"},
		{"lapsed authority", "CN=a", 0, 20 * 365 * 24 * time.Hour, "renew the certificate and sign the documents again"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, g)
			rule := keystore.AllowAll()
			rule.Domains = []keystore.Domains{{Min: 0, Max: 4}}
			p, err := w.plugin(w.grant("CN=a", rule))
			require.NoError(t, err)
			_, err = p.ValidateLocalPermissions(w.now.Add(tt.after), identity{subject: tt.subject}, tt.domain)
			require.ErrorContains(t, err, tt.want)
		})
	}
}

func TestNewRefusals(t *testing.T) {
	w := newWorld(t, keystore.SROS2Governance())
	other := newWorld(t, w.governance)
	good := permissions.Config{
		PermissionsCA: w.ca.CertPEM(), Governance: w.sign(w.governance.XML()),
		Permissions:       w.sign(keystore.PermissionsXML(w.grant("CN=a", keystore.AllowAll()))),
		PermissionsCAFile: "ca.pem", GovernanceFile: "governance.p7s", PermissionsFile: "permissions.p7s",
	}
	_, err := permissions.New(good)
	require.NoError(t, err)
	for name, tt := range map[string]struct {
		spoil func(*permissions.Config)
		want  string
	}{
		"no CA":              {func(c *permissions.Config) { c.PermissionsCA = nil }, "ca.pem: expected a certificate as PEM"},
		"two CAs":            {func(c *permissions.Config) { c.PermissionsCA = append(c.PermissionsCA, other.ca.CertPEM()...) }, "ca.pem: expected one certificate, found several"},
		"other CA":           {func(c *permissions.Config) { c.PermissionsCA = other.ca.CertPEM() }, "governance.p7s: the signed document cannot be used: signer is not the permissions CA"},
		"governance missing": {func(c *permissions.Config) { c.Governance = nil }, "governance.p7s: the signed document cannot be used: not an S/MIME document"},
		"swapped":            {func(c *permissions.Config) { c.Governance = c.Permissions }, "governance.p7s:3: <permissions>: expected one of domain_access_rules, found permissions: unknown element"},
		"unsigned":           {func(c *permissions.Config) { c.Permissions = keystore.PermissionsXML(w.grant("CN=a")) }, "permissions.p7s: the signed document"},
	} {
		t.Run(name, func(t *testing.T) {
			c := good
			c.PermissionsCA = bytes.Clone(good.PermissionsCA)
			tt.spoil(&c)
			_, err := permissions.New(c)
			require.ErrorContains(t, err, tt.want)
		})
	}
}

func TestRemoteRefusals(t *testing.T) {
	w := newWorld(t, keystore.SROS2Governance())
	other := newWorld(t, w.governance)
	l := w.local(w.grant("CN=a", keystore.AllowAll()))
	doc := func(grants ...keystore.Grant) []byte { return w.sign(keystore.PermissionsXML(grants...)) }
	good := doc(w.grant("CN=b", keystore.AllowAll()))
	lapsed := w.grant("CN=b", keystore.AllowAll())
	lapsed.NotAfter = w.now.Add(-time.Minute)
	elsewhere := keystore.AllowAll()
	elsewhere.Domains = []keystore.Domains{{Min: 7, Max: 9}}

	for _, tt := range []struct {
		name  string
		token spi.Token
		peer  spi.HandshakeResult
		want  string // empty: accepted
	}{
		{"good", token, peer(t, "b", good), ""},
		{"with the NUL of a C string", token, peer(t, "b", append(bytes.Clone(good), 0)), ""},
		{"edition 1.1", spi.Token{ClassID: "DDS:Access:Permissions:1.1"}, peer(t, "b", good), ""},
		{"edition 1.2", spi.Token{ClassID: "DDS:Access:Permissions:1.2"}, peer(t, "b", good), ""},
		{"properties we do not look at", spi.Token{ClassID: token.ClassID, Properties: []rtps.Property{{Name: "dds.perm_ca.sn", Value: "CN=x"}}}, peer(t, "b", good), ""},
		{"in the credential", token, spi.HandshakeResult{SubjectDER: peer(t, "b", nil).SubjectDER, Credential: spi.Token{BinaryProperties: []rtps.BinaryProperty{{Name: "c.perm", Value: good}}}}, ""},
		{"no token", spi.Token{}, peer(t, "b", good), "expected class DDS:Access:Permissions:1.0"},
		{"other plugin", spi.Token{ClassID: "DDS:Access:Other:1.0"}, peer(t, "b", good), "another access control plugin"},
		{"major 2", spi.Token{ClassID: "DDS:Access:Permissions:2.0"}, peer(t, "b", good), "expected class"},
		{"no document", token, peer(t, "b", nil), "permissions (c.perm) of CN=b: expected a signed document, found nothing"},
		{"only NULs", token, peer(t, "b", make([]byte, 3)), "found nothing"},
		{"unsigned", token, peer(t, "b", keystore.PermissionsXML(w.grant("CN=b"))), "not an S/MIME document"},
		{"other authority", token, peer(t, "b", other.sign(keystore.PermissionsXML(w.grant("CN=b", keystore.AllowAll())))), "signer is not the permissions CA"},
		{"somebody else's document", token, peer(t, "eve", good), "expected a grant for subject CN=eve"},
		{"no subject", token, spi.HandshakeResult{PermissionDoc: good}, "subject of the certificate"},
		{"lapsed", token, peer(t, "b", doc(lapsed)), "has lapsed"},
		{"not in this domain", token, peer(t, "b", doc(w.grant("CN=b", elsewhere))), "no allow_rule names domain 0"},
		{"a governance document", token, peer(t, "b", w.sign(w.governance.XML())), "unknown element"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, err := l.ValidateRemote(w.now, tt.token, tt.peer)
			if tt.want == "" {
				require.NoError(t, err)
				require.NoError(t, r.CheckWriter(w.now, spi.Topic{Name: "x"}))
				return
			}
			require.ErrorContains(t, err, tt.want)
			require.Nil(t, r)
		})
	}
}

// Without join access control a subject may join where no rule names the domain.
func TestJoinIsFreeWithoutAccessControl(t *testing.T) {
	w := newWorld(t, keystore.OpenGovernance())
	elsewhere := keystore.AllowAll()
	elsewhere.Domains = []keystore.Domains{{Min: 7, Max: 9}}
	l := w.local(w.grant("CN=a", elsewhere))
	require.NoError(t, l.CheckCreateWriter(w.now, spi.Topic{Name: "x"}))
	_, err := l.ValidateRemote(w.now, token, peer(t, "b", w.sign(keystore.PermissionsXML(w.grant("CN=b", elsewhere)))))
	require.NoError(t, err)
}
