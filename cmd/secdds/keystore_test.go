package main

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/governance/lint"
	"github.com/secdds/dds/security"
	"github.com/secdds/dds/security/keystore"
)

// tool runs the tool in this process.
func tool(t *testing.T, args ...string) (status int, out, errs string) {
	t.Helper()
	var o, e bytes.Buffer
	status = run(t.Context(), args, &o, &e)
	return status, o.String(), e.String()
}

// good runs it and requires that it succeeds without a word on stderr.
func good(t *testing.T, args ...string) string {
	t.Helper()
	status, out, errs := tool(t, args...)
	require.Empty(t, errs, "%v", args)
	require.Zero(t, status, "%v: %s", args, out)
	return out
}

// facts runs it with --json and decodes what it prints; unknown fields are errors.
func facts[T any](t *testing.T, args ...string) T {
	t.Helper()
	_, out, _ := tool(t, append(args, "--json")...)
	var v T
	d := json.NewDecoder(strings.NewReader(out))
	d.DisallowUnknownFields()
	require.NoError(t, d.Decode(&v), "%v: %s", args, out)
	require.False(t, d.More(), "one value")
	return v
}

// bad runs it and requires that it fails, prints no facts and says why.
func bad(t *testing.T, why string, args ...string) {
	t.Helper()
	status, out, errs := tool(t, args...)
	require.Equal(t, 1, status, "%v", args)
	require.Empty(t, out)
	require.Contains(t, errs, why, "%v", args)
}

func made(t *testing.T) (keys, enclave string) {
	t.Helper()
	keys = filepath.Join(t.TempDir(), "keys")
	good(t, "keystore", "create", keys)
	good(t, "keystore", "enclave", "add", keys, "/group/talker")
	return keys, filepath.Join(keys, "enclaves", "group", "talker")
}

func has(r report, rule string) *lint.Finding {
	i := slices.IndexFunc(r.Findings, func(f lint.Finding) bool { return f.Rule == rule })
	if i < 0 {
		return nil
	}
	return &r.Findings[i]
}

func TestKeystoreFromCreateToCheck(t *testing.T) {
	keys, enclave := made(t)
	_, err := security.FromEnclave(enclave)
	require.NoError(t, err, "a participant takes it")
	out := good(t, "keystore", "check", keys)
	require.Equal(t, "0 errors, 0 warnings\n", out)
	require.Equal(t, "0 errors, 0 warnings\n", good(t, "keystore", "check", enclave))

	// The layout is that of sros2, to the file, the link and the mode.
	want := map[string]string{
		"public/ca.cert.pem": "644", "public/identity_ca.cert.pem": "-> ca.cert.pem", "public/permissions_ca.cert.pem": "-> ca.cert.pem",
		"private": "700", "private/ca.key.pem": "600", "private/identity_ca.key.pem": "-> ca.key.pem", "private/permissions_ca.key.pem": "-> ca.key.pem",
		"enclaves/governance.xml": "644", "enclaves/governance.p7s": "644",
		"enclaves/group/talker/identity_ca.cert.pem":    "-> ../../../public/identity_ca.cert.pem",
		"enclaves/group/talker/permissions_ca.cert.pem": "-> ../../../public/permissions_ca.cert.pem",
		"enclaves/group/talker/governance.p7s":          "-> ../../governance.p7s",
		"enclaves/group/talker/cert.pem":                "644", "enclaves/group/talker/key.pem": "600",
		"enclaves/group/talker/permissions.xml": "644", "enclaves/group/talker/permissions.p7s": "644",
	}
	found := map[string]string{}
	require.NoError(t, filepath.WalkDir(keys, func(name string, d fs.DirEntry, err error) error {
		require.NoError(t, err)
		rel, _ := filepath.Rel(keys, name)
		st, err := os.Lstat(name)
		require.NoError(t, err)
		switch {
		case st.Mode()&fs.ModeSymlink != 0:
			target, err := os.Readlink(name)
			require.NoError(t, err)
			found[rel] = "-> " + target
		case !d.IsDir() || rel == "private":
			found[rel] = strings.TrimPrefix(strings.TrimLeft(modeText(st), "0"), "0")
		}
		return nil
	}))
	require.Equal(t, want, found)

	bad(t, "holds a keystore already", "keystore", "create", keys)
	bad(t, "exists", "keystore", "enclave", "add", keys, "/group/talker")
	good(t, "keystore", "enclave", "add", keys, "/group/talker", "--force")
	bad(t, "is no path", "keystore", "enclave", "add", keys, "/../x")
	bad(t, "no such file", "keystore", "enclave", "add", t.TempDir(), "/x")
}

func modeText(st fs.FileInfo) string {
	m := st.Mode().Perm()
	return string([]byte{'0' + byte(m>>6), '0' + byte(m>>3&7), '0' + byte(m&7)})
}

func TestKeystoreCreateOptions(t *testing.T) {
	dir := t.TempDir()
	c := facts[created](t, "keystore", "create", filepath.Join(dir, "a"), "--rsa", "--separate", "--domain", "3,5-9")
	require.Equal(t, "RSA 2048", c.IdentityCA.Key.Kind)
	require.NotEqual(t, c.IdentityCA.Fingerprint, c.PermissionsCA.Fingerprint)
	g := facts[keystore.Facts](t, "keystore", "show", filepath.Join(dir, "a", "enclaves", "governance.p7s"))
	require.Equal(t, [][2]uint32{{3, 3}, {5, 9}}, g.Domains[0].Domains)
	e := facts[added](t, "keystore", "enclave", "add", filepath.Join(dir, "a"), "x", "--days", "5")
	require.Equal(t, "RSA 2048", e.Certificate.Key.Kind, "as the authority's")
	require.Equal(t, "CN=/x", e.Certificate.Subject)
	require.WithinDuration(t, time.Now().Add(5*day), e.Certificate.NotAfter, time.Minute)

	good(t, "keystore", "create", filepath.Join(dir, "b"), "--governance", filepath.Join(dir, "a", "enclaves", "governance.xml"))
	g = facts[keystore.Facts](t, "keystore", "show", filepath.Join(dir, "b", "enclaves", "governance.p7s"))
	require.Equal(t, [][2]uint32{{3, 3}, {5, 9}}, g.Domains[0].Domains)
	e = facts[added](t, "keystore", "enclave", "add", filepath.Join(dir, "b"), "x", "--rsa")
	require.Equal(t, "RSA 2048", e.Certificate.Key.Kind)

	wrong := filepath.Join(dir, "wrong.xml")
	require.NoError(t, os.WriteFile(wrong, []byte("<dds><domain_access_rules/></dds>"), 0o644))
	bad(t, "missing-element", "keystore", "create", filepath.Join(dir, "c"), "--governance", wrong)
	require.NoDirExists(t, filepath.Join(dir, "c"))
	bad(t, "--domain", "keystore", "create", filepath.Join(dir, "c"), "--domain", "233")
	bad(t, "names its own domains", "keystore", "create", filepath.Join(dir, "c"), "--domain", "1", "--governance", wrong)
	status, _, errs := tool(t, "keystore", "create", filepath.Join(dir, "c"), "--domain", "0-232")
	require.Zero(t, status)
	require.Contains(t, errs, "Cyclone DDS refuses a document with domain ids above 230")
}

func TestKeystorePermissions(t *testing.T) {
	keys, enclave := made(t)
	status, _, errs := tool(t, "keystore", "permissions", keys, "/group/talker", "--publish", "a", "--publish", "b*", "--subscribe", "c", "--relay", "d",
		"--deny-publish", "bad", "--domain", "4", "--partition", "P", "--tag", "level=low", "--not-before", "2026-01-01", "--not-after", "2040-01-01T12:00:00")
	require.Zero(t, status)
	require.Contains(t, errs, "partitions: RustDDS", "what peers do not heed is told")
	f := facts[keystore.Facts](t, "keystore", "show", filepath.Join(enclave, "permissions.p7s"))
	require.Len(t, f.Grants, 1)
	g := f.Grants[0]
	require.Equal(t, "CN=/group/talker", g.Subject)
	require.Equal(t, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), g.NotBefore)
	require.Equal(t, time.Date(2040, 1, 1, 12, 0, 0, 0, time.UTC), g.NotAfter)
	require.Equal(t, "DENY", g.Default)
	criteria := func(action string, topics ...string) keystore.CriteriaFacts {
		return keystore.CriteriaFacts{Action: action, Topics: topics, Partitions: []string{"P"}, Tags: [][2]string{{"level", "low"}}}
	}
	require.Equal(t, []string{"deny_rule", "allow_rule"}, []string{g.Rules[0].Kind, g.Rules[1].Kind})
	require.Equal(t, [][2]uint32{{4, 4}}, g.Rules[1].Domains)
	require.Equal(t, []keystore.CriteriaFacts{criteria("publish", "bad")}, g.Rules[0].Criteria)
	require.Equal(t, []keystore.CriteriaFacts{criteria("publish", "a", "b*"), criteria("subscribe", "c"), criteria("relay", "d")}, g.Rules[1].Criteria)

	file := filepath.Join(t.TempDir(), "policy.xml")
	require.NoError(t, os.WriteFile(file, []byte(`<policy version="0.2.0"><enclaves><enclave path="/group/talker"><profiles><profile ns="/" node="n">
<topics publish="ALLOW"><topic>chatter</topic></topics></profile></profiles></enclave></enclaves></policy>`), 0o644))
	p := facts[permitted](t, "keystore", "permissions", keys, "group/talker", "--policy", file)
	require.Equal(t, []string{"rt/chatter"}, p.Grants[0].Rules[0].Criteria[0].Topics)
	require.Equal(t, []string{"ros_discovery_info"}, p.Grants[0].Rules[1].Criteria[0].Topics)
	_, err := security.FromEnclave(enclave)
	require.NoError(t, err)

	bad(t, "nothing is granted", "keystore", "permissions", keys, "/group/talker")
	bad(t, "does not go with", "keystore", "permissions", keys, "/group/talker", "--policy", file, "--publish", "x")
	bad(t, "says nothing of", "keystore", "permissions", keys, "/other", "--policy", file)
	bad(t, "--tag", "keystore", "permissions", keys, "/group/talker", "--publish", "x", "--tag", "x")
	bad(t, "--not-after", "keystore", "permissions", keys, "/group/talker", "--publish", "x", "--not-after", "soon")
	bad(t, "--default", "keystore", "permissions", keys, "/group/talker", "--publish", "x", "--default", "maybe")
}

func TestKeystoreSignAndVerify(t *testing.T) {
	keys, enclave := made(t)
	ca, key := filepath.Join(keys, "public", "permissions_ca.cert.pem"), filepath.Join(keys, "private", "permissions_ca.key.pem")
	xml := filepath.Join(keys, "enclaves", "governance.xml")
	out := filepath.Join(t.TempDir(), "g.p7s")
	s := facts[signed](t, "keystore", "sign", xml, "--ca", ca, "--key", key, "-o", out)
	require.Equal(t, signed{out, "CN=sros2CA"}, s)
	bad(t, "exists", "keystore", "sign", xml, "--ca", ca, "--key", key, "-o", out)
	good(t, "keystore", "sign", xml, "--ca", ca, "--key", key, "-o", out, "--force")
	require.Equal(t, verified{out, "governance", "CN=sros2CA"}, facts[verified](t, "keystore", "verify", out, "--ca", ca))

	bad(t, "not the permissions CA", "keystore", "verify", out, "--ca", filepath.Join(enclave, "cert.pem"))
	bad(t, "does not hold the private key", "keystore", "sign", xml, "--ca", ca, "--key", filepath.Join(enclave, "key.pem"), "-o", out)
	doc, err := os.ReadFile(out)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(out, bytes.Replace(doc, []byte("ENCRYPT"), []byte("NONE"), 1), 0o644))
	bad(t, "changed after it was signed", "keystore", "verify", out, "--ca", ca)

	wrong := filepath.Join(t.TempDir(), "p.xml")
	require.NoError(t, os.WriteFile(wrong, []byte("<dds><permissions></permissions></dds>"), 0o644))
	bad(t, "--force", "keystore", "sign", wrong, "--ca", ca, "--key", key)
	require.NoFileExists(t, strings.TrimSuffix(wrong, ".xml")+".p7s")
	bad(t, "required flag", "keystore", "sign", xml)
}

func TestKeystoreRenewAndRevoke(t *testing.T) {
	keys, enclave := made(t)
	good(t, "keystore", "enclave", "add", keys, "/other")
	before := facts[keystore.Facts](t, "keystore", "show", filepath.Join(enclave, "cert.pem")).Certificates[0]
	r := facts[revoked](t, "keystore", "revoke", keys, "/group/talker")
	require.Equal(t, before.Serial, r.Serial)
	require.FileExists(t, r.CRL)

	status, out, errs := tool(t, "keystore", "check", keys, "--json")
	require.Equal(t, 1, status)
	require.Contains(t, errs, "check: 1 errors")
	var found report
	require.NoError(t, json.Unmarshal([]byte(out), &found))
	require.Equal(t, 1, found.Errors)
	require.Equal(t, filepath.Join(enclave, "cert.pem"), has(found, "revoked").File)

	n := facts[renewed](t, "keystore", "renew", keys, "/group/talker", "--days", "10")
	require.Equal(t, before.Serial, n.OldSerial)
	after := facts[keystore.Facts](t, "keystore", "show", filepath.Join(enclave, "cert.pem")).Certificates[0]
	require.Equal(t, n.Serial, after.Serial)
	require.Equal(t, before.Key, after.Key, "the key stays")
	require.Equal(t, before.Subject, after.Subject)
	found = facts[report](t, "keystore", "check", keys)
	require.Zero(t, found.Errors, "%v", found)
	require.Equal(t, 2, found.Warnings, "certificate and permissions end within 30 days: %v", found)
	require.NotNil(t, has(found, "expires-soon"))
	require.Zero(t, facts[report](t, "keystore", "check", keys, "--warn-days", "5").Warnings)
	_, err := security.FromEnclave(enclave)
	require.NoError(t, err)

	good(t, "keystore", "renew", keys, "/group/talker", "--new-key")
	last := facts[keystore.Facts](t, "keystore", "show", filepath.Join(enclave, "cert.pem")).Certificates[0]
	require.NotEqual(t, after.Key, last.Key)
	bad(t, "--days", "keystore", "renew", keys, "/other", "--days", "-1")
	bad(t, "no such file", "keystore", "renew", keys, "/none")
	bad(t, "no such file", "keystore", "revoke", keys, "/none")
}

// What check does not find the loader may: it has the last word.
func TestKeystoreCheckAsksTheLoader(t *testing.T) {
	_, enclave := made(t)
	require.NoError(t, os.WriteFile(filepath.Join(enclave, "crl.pem"), []byte("-----BEGIN X509 CRL-----\n-----END X509 CRL-----\n"), 0o644))
	require.NotNil(t, has(facts[report](t, "keystore", "check", enclave), "crl"))
	require.Empty(t, loadable(enclave, []lint.Finding{{Severity: lint.Error}}), "there is an error already")
	list := loadable(enclave, nil)
	require.Len(t, list, 1)
	require.Equal(t, "refused", list[0].Rule)
	bad(t, "expected a keystore", "keystore", "check", t.TempDir())
}

func TestLint(t *testing.T) {
	keys, enclave := made(t)
	require.Equal(t, "0 errors, 0 warnings\n", good(t, "lint", filepath.Join(enclave, "governance.p7s"), filepath.Join(enclave, "permissions.xml")))
	doc, err := os.ReadFile(filepath.Join(keys, "enclaves", "governance.xml"))
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "g.xml")
	require.NoError(t, os.WriteFile(file, bytes.Replace(doc, []byte("<data_protection_kind>ENCRYPT"), []byte("<data_protection_kind>SIGN"), 1), 0o644))
	status, out, errs := tool(t, "lint", file)
	require.Zero(t, status, "with warnings only")
	require.Empty(t, errs)
	require.Contains(t, out, file+":")
	require.Contains(t, out, "[opendds-data-sign: OpenDDS]")
	require.NoError(t, os.WriteFile(file, bytes.Replace(doc, []byte("SIGN"), []byte("sign"), 1), 0o644))
	status, out, errs = tool(t, "lint", file)
	require.Equal(t, 1, status)
	require.Contains(t, errs, "lint: 1 errors")
	require.Contains(t, out, "value-case")
	require.Equal(t, 1, facts[report](t, "lint", file).Errors)
	require.Equal(t, lint.Rules(), facts[[]lint.Rule](t, "lint", "--rules"))
	bad(t, "no such file", "lint", filepath.Join(keys, "none"))
	bad(t, "name a governance", "lint")
}

// No command prints a private key, whatever it is asked to look at.
func TestNoPrivateKeyIsPrinted(t *testing.T) {
	keys, enclave := made(t)
	key, ca := filepath.Join(enclave, "key.pem"), filepath.Join(keys, "private", "ca.key.pem")
	var secrets []string
	for _, file := range []string{key, ca} {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for line := range strings.SplitSeq(string(text), "\n") {
			if !strings.HasPrefix(line, "-----") && len(line) > 8 {
				secrets = append(secrets, line)
			}
		}
	}
	require.Len(t, secrets, 6)
	for _, args := range [][]string{
		{"keystore", "show", key}, {"keystore", "show", ca}, {"keystore", "show", keys}, {"keystore", "show", enclave}, {"keystore", "check", keys},
		{"keystore", "verify", key, "--ca", ca}, {"keystore", "verify", key, "--ca", filepath.Join(enclave, "cert.pem")},
		{"keystore", "sign", key, "--ca", ca, "--key", ca}, {"keystore", "sign", key, "--ca", filepath.Join(keys, "public", "ca.cert.pem"), "--key", ca, "-o", filepath.Join(keys, "x")},
		{"keystore", "permissions", keys, "/group/talker", "--policy", key}, {"keystore", "create", filepath.Join(keys, "y"), "--governance", key},
		{"lint", key}, {"lint", ca}, {"keystore", "renew", keys, "/group/talker"}, {"keystore", "revoke", keys, "/group/talker"},
	} {
		for _, more := range [][]string{nil, {"--json"}} {
			_, out, errs := tool(t, append(args, more...)...)
			require.NotEmpty(t, out+errs)
			for _, s := range secrets {
				require.NotContains(t, out+errs, s[:min(len(s), 16)], "%v", args)
			}
		}
	}
}

func TestKeystoreWithoutCommand(t *testing.T) {
	bad(t, "say create", "keystore")
	bad(t, "say add", "keystore", "enclave")
	require.Contains(t, good(t, "keystore", "--help"), "keystore check KEYS")
}
