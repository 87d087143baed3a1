package governance_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/governance"
	"github.com/secdds/dds/security/keystore"
)

// What the keystore writes is what the documents say.
func TestKeystoreDocuments(t *testing.T) {
	now := time.Now()
	ca, err := keystore.NewAuthority("ca", now, keystore.P256)
	require.NoError(t, err)
	foreign, err := keystore.NewAuthority("ca", now, keystore.P256)
	require.NoError(t, err)

	doc := keystore.GovernanceXML(keystore.SROS2Governance(keystore.Domains{Min: 0, Max: 5}), keystore.OpenGovernance())
	signed, err := ca.Sign(doc)
	require.NoError(t, err)
	g, err := governance.LoadGovernance(signed, ca.Cert, "governance.p7s")
	require.NoError(t, err)
	d, err := g.Rule(3)
	require.NoError(t, err)
	require.Equal(t, governance.Sign, d.RTPS)
	d, err = g.Rule(6)
	require.NoError(t, err)
	require.True(t, d.AllowUnauthenticated)

	_, err = governance.LoadGovernance(signed, foreign.Cert, "governance.p7s")
	require.ErrorContains(t, err, "governance.p7s: the signed document cannot be used: signer is not the permissions CA")
	_, err = governance.LoadGovernance(doc, ca.Cert, "governance.xml")
	require.ErrorContains(t, err, "governance.xml: the signed document cannot be used: not an S/MIME document")

	signed, err = ca.Sign(keystore.PermissionsXML(keystore.Grant{
		Subject: "CN=/talker", NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour),
		Rules: []keystore.Rule{
			{Deny: true, Publish: []keystore.Criteria{{Topics: []string{"secret"}, Tags: [][2]string{{"a", "b"}}}}},
			keystore.AllowAll(),
		},
	}))
	require.NoError(t, err)
	p, err := governance.LoadPermissions(signed, ca.Cert, "permissions.p7s")
	require.NoError(t, err)
	subject, err := governance.ParseName("CN=/talker")
	require.NoError(t, err)
	grant, err := p.Grant(now, subject)
	require.NoError(t, err)
	require.NoError(t, grant.Valid(now))
	require.True(t, grant.Check(0, governance.Publish, "rt/chatter", nil, nil).Allowed)
	require.True(t, grant.Check(0, governance.Subscribe, "rt/chatter", []string{"A", "*"}, nil).Allowed)
	require.False(t, grant.Check(0, governance.Publish, "secret", nil, []governance.Tag{{Name: "a", Value: "b"}}).Allowed)
	_, err = governance.LoadPermissions(signed, foreign.Cert, "permissions.p7s")
	require.ErrorContains(t, err, "signer is not the permissions CA")
}
