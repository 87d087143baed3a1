package keystore

import (
	"crypto/x509/pkix"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/governance/lint"
)

// found returns the first finding of that rule.
func found(t *testing.T, path, rule string, o CheckOptions) lint.Finding {
	t.Helper()
	list, err := Check(path, o)
	require.NoError(t, err)
	for _, f := range list {
		if f.Rule == rule {
			return f
		}
	}
	require.Fail(t, "no finding", "expected %s, found %v", rule, list)
	return lint.Finding{}
}

func clean(t *testing.T, path string) {
	t.Helper()
	list, err := Check(path, CheckOptions{})
	require.NoError(t, err)
	errors, warnings := lint.Count(list)
	require.Zero(t, errors+warnings, "%v", list)
}

func TestCheckGood(t *testing.T) {
	for name, o := range map[string]Options{"one CA": {}, "two CAs": {SeparateCAs: true}, "RSA": {Key: RSA2048}} {
		t.Run(name, func(t *testing.T) {
			if o.Governance == nil {
				g := SROS2Governance(AllDomains)
				o.Governance = &g
			}
			k := newStore(t, o)
			plain := EnclaveOptions{Rules: []Rule{Allow([]string{"*"}, []string{"*"})}}
			dir, err := k.CreateEnclave("/a/b", plain)
			require.NoError(t, err)
			_, err = k.CreateEnclave("/", plain)
			require.NoError(t, err)
			clean(t, k.Dir)
			clean(t, dir)
			_, err = k.RenewEnclave("/a/b", RenewOptions{NewKey: true})
			require.NoError(t, err)
			clean(t, k.Dir)
		})
	}
	_, err := Check(t.TempDir(), CheckOptions{})
	require.ErrorContains(t, err, "expected a keystore")
	_, err = Check(filepath.Join(t.TempDir(), "none"), CheckOptions{})
	require.ErrorIs(t, err, fs.ErrNotExist)
}

// filesOf returns the files and links below dir, relative to it.
func filesOf(t *testing.T, dir string) []string {
	t.Helper()
	var list []string
	require.NoError(t, filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			rel, _ := filepath.Rel(dir, name)
			list = append(list, rel)
		}
		return err
	}))
	return list
}

// Each file of a good keystore suffers in turn, in every way, and is named.
func TestCheckNamesWhatSuffered(t *testing.T) {
	make := func(t *testing.T) *Keystore {
		g := SROS2Governance(AllDomains)
		k := newStore(t, Options{Governance: &g})
		_, err := k.CreateEnclave("/a", EnclaveOptions{})
		require.NoError(t, err)
		_, err = k.CreateEnclave("/gone", EnclaveOptions{})
		require.NoError(t, err)
		_, err = k.Revoke("/gone")
		require.NoError(t, err)
		require.NoError(t, os.RemoveAll(filepath.Join(k.Dir, "enclaves", "gone")))
		return k
	}
	other := make(t)
	ways := map[string]func(name, rel string) error{
		"removed":   func(name, _ string) error { return os.Remove(name) },
		"emptied":   func(name, _ string) error { return os.WriteFile(name, nil, 0o600) },
		"truncated": func(name, _ string) error { return edit(name, func(b []byte) []byte { return b[:len(b)/2] }) },
		"flipped": func(name, _ string) error {
			return edit(name, func(b []byte) []byte {
				i := len(b) * 2 / 5
				for b[i] == '\n' || b[i] == '\r' || b[i] == ' ' {
					i++
				}
				if b[i] == 'A' {
					b[i] = 'B'
				} else {
					b[i] = 'A'
				}
				return b
			})
		},
		"of another": func(name, rel string) error {
			b, err := os.ReadFile(filepath.Join(other.Dir, rel))
			if err != nil {
				return err
			}
			if err := os.Remove(name); err != nil { // a link, perhaps
				return err
			}
			return os.WriteFile(name, b, 0o600)
		},
		"open to all": func(name, _ string) error { return os.Chmod(name, 0o666) },
	}
	total := 0
	for way, harm := range ways {
		t.Run(way, func(t *testing.T) {
			good := make(t)
			clean(t, good.Dir)
			for _, rel := range filesOf(t, good.Dir) {
				isXML := filepath.Ext(rel) == ".xml"
				if isXML && (way == "removed" || way == "of another") || way == "of another" && rel == "enclaves/governance.xml" {
					continue // it is not needed; of another keystore it may be the same
				}
				k := &Keystore{Dir: t.TempDir()}
				require.NoError(t, copyTree(good.Dir, k.Dir))
				name := filepath.Join(k.Dir, rel)
				st, err := os.Lstat(name)
				require.NoError(t, err)
				isLink := st.Mode()&fs.ModeSymlink != 0
				if isLink && way != "removed" && way != "of another" {
					continue // it would be the file behind it, which has its own turn
				}
				require.NoError(t, harm(name, rel))
				list, err := Check(k.Dir, CheckOptions{})
				require.NoError(t, err)
				named := false
				for _, f := range list {
					named = named || f.Severity >= lint.Warning && (f.File == name || strings.Contains(f.Problem, filepath.Base(name)))
				}
				// What is signed or issued by another authority tells of that one.
				if way == "of another" && strings.HasSuffix(rel, "ca.cert.pem") {
					named = len(list) > 0
				}
				require.True(t, named, "%s %s: %v", rel, way, list)
				total++
			}
		})
	}
	require.Greater(t, total, 50)
}

func edit(name string, f func([]byte) []byte) error {
	b, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	st, err := os.Stat(name)
	if err != nil {
		return err
	}
	return os.WriteFile(name, f(b), st.Mode())
}

func copyTree(from, to string) error {
	return exec.Command("cp", "-a", from+"/.", to).Run()
}

func TestCheckTimes(t *testing.T) {
	k := newStore(t, Options{})
	dir, err := k.CreateEnclave("/a", EnclaveOptions{NotAfter: time.Now().Add(100 * day)})
	require.NoError(t, err)
	at := func(d time.Duration) CheckOptions { return CheckOptions{Now: time.Now().Add(d)} }
	require.Equal(t, lint.Warning, found(t, dir, "expires-soon", at(80*day)).Severity)
	list, err := Check(dir, CheckOptions{Now: time.Now().Add(80 * day), Warn: 10 * day})
	require.NoError(t, err)
	errors, _ := lint.Count(list)
	require.Zero(t, errors)
	for _, f := range list {
		require.NotEqual(t, "expires-soon", f.Rule, "not within 10 days")
	}
	list, err = Check(dir, at(101*day))
	require.NoError(t, err)
	var files []string
	for _, f := range list {
		if f.Rule == "expired" {
			files = append(files, filepath.Base(f.File))
		}
	}
	require.Equal(t, []string{"cert.pem", "permissions.p7s"}, files)
	require.Equal(t, lint.Error, found(t, dir, "not-yet-valid", at(-10*day)).Severity)
	found(t, dir, "expired", at(11*365*day)) // the authority, too
}

func TestCheckLinksAndModes(t *testing.T) {
	k := newStore(t, Options{})
	dir, err := k.CreateEnclave("/a", EnclaveOptions{})
	require.NoError(t, err)
	away := filepath.Join(t.TempDir(), "a")
	require.NoError(t, copyTree(dir, must(t, away)))
	f := found(t, away, "dangling-link", CheckOptions{})
	require.Equal(t, filepath.Join(away, "governance.p7s"), f.File)

	ca := filepath.Join(dir, "identity_ca.cert.pem")
	require.NoError(t, os.Remove(ca))
	require.NoError(t, os.Symlink(filepath.Join(k.Dir, "public", "ca.cert.pem"), ca))
	require.Equal(t, ca, found(t, dir, "absolute-link", CheckOptions{}).File)
	require.NoError(t, os.Remove(ca))
	require.NoError(t, os.Symlink("identity_ca.cert.pem", ca))
	require.Equal(t, ca, found(t, dir, "dangling-link", CheckOptions{}).File, "a circle")
	require.NoError(t, link(filepath.Join(k.Dir, "public", "ca.cert.pem"), ca))

	require.NoError(t, os.Chmod(filepath.Join(k.Dir, "private"), 0o755))
	require.Equal(t, filepath.Join(k.Dir, "private"), found(t, k.Dir, "dir-mode", CheckOptions{}).File)
	require.NoError(t, os.RemoveAll(filepath.Join(k.Dir, "private")))
	list, err := Check(k.Dir, CheckOptions{})
	require.NoError(t, err)
	errors, _ := lint.Count(list)
	require.Zero(t, errors, "a keystore without private keys is to be handed out: %v", list)
}

func must(t *testing.T, dir string) string {
	t.Helper()
	require.NoError(t, os.MkdirAll(dir, 0o755))
	return dir
}

func TestCheckSubjects(t *testing.T) {
	k := newStore(t, Options{})
	subject := pkix.Name{CommonName: "a", Organization: []string{"o"}, Country: []string{"DE"}}
	doc := func(subject string) []byte {
		return PermissionsXML(Grant{Subject: subject, NotBefore: time.Now().Add(-day), NotAfter: time.Now().Add(90 * day), Rules: []Rule{AllowAll()}})
	}
	for text, rule := range map[string]string{
		"CN=a,O=o,C=DE":  "",
		"/C=DE/O=o/CN=a": "",
		"C=DE,O=o,CN=a":  "subject-order",
		"CN=a,C=DE,O=o":  "no-grant",
		"CN=b,O=o,C=DE":  "no-grant",
	} {
		t.Run(text, func(t *testing.T) {
			dir, err := k.CreateEnclave("/a", EnclaveOptions{Subject: subject, Permissions: doc(text)})
			require.NoError(t, err)
			if rule == "" {
				list, err := Check(dir, CheckOptions{})
				require.NoError(t, err)
				errors, _ := lint.Count(list)
				require.Zero(t, errors, "%v", list)
				return
			}
			f := found(t, dir, rule, CheckOptions{})
			require.Equal(t, filepath.Join(dir, "permissions.p7s"), f.File)
			if text == "CN=a,C=DE,O=o" {
				require.Contains(t, f.String(), "same attributes")
			}
		})
	}
	_, err := k.CreateEnclave("/a", EnclaveOptions{Subject: subject, Permissions: doc("CN=b")})
	require.NoError(t, err)
	f := found(t, k.Dir, "subject-unknown", CheckOptions{})
	require.Equal(t, lint.Warning, f.Severity)
}

func TestCheckForgeries(t *testing.T) {
	k := newStore(t, Options{})
	foreign, err := NewAuthority("sros2CA", time.Now(), P256)
	require.NoError(t, err)
	rsa, err := NewAuthority("rsa", time.Now(), RSA2048)
	require.NoError(t, err)
	make := func(o EnclaveOptions) string {
		dir, err := k.CreateEnclave("/x", o)
		require.NoError(t, err)
		return dir
	}
	require.Equal(t, "cert.pem", filepath.Base(found(t, make(EnclaveOptions{IdentityCA: foreign}), "chain", CheckOptions{}).File))
	require.Equal(t, "permissions.p7s", filepath.Base(found(t, make(EnclaveOptions{PermissionsCA: foreign}), "signature", CheckOptions{}).File))

	// A certificate that the authority has issued cannot sign documents.
	dir := make(EnclaveOptions{})
	member, err := LoadAuthority(filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"))
	require.NoError(t, err)
	require.Contains(t, found(t, make(EnclaveOptions{PermissionsCA: member}), "signature", CheckOptions{}).Problem, "not the permissions CA")

	dir = make(EnclaveOptions{})
	require.NoError(t, os.Remove(filepath.Join(dir, "governance.p7s")))
	require.NoError(t, copyFile(filepath.Join(dir, "permissions.p7s"), filepath.Join(dir, "governance.p7s")))
	require.Equal(t, "governance.p7s", filepath.Base(found(t, dir, "refused", CheckOptions{}).File), "permissions in place of governance")

	kind := P256
	dir = make(EnclaveOptions{IdentityCA: rsa, Key: &kind})
	require.NoError(t, WriteFile(filepath.Join(dir, "identity_ca.cert.pem"), rsa.CertPEM(), modePublic, true))
	require.Equal(t, []string{lint.Fast}, found(t, dir, "mixed-keys", CheckOptions{}).Peers)
	require.Equal(t, filepath.Join(dir, "identity_ca.cert.pem"), found(t, k.Dir, "other-authority", CheckOptions{}).File)

	never := make(EnclaveOptions{PermissionsNotBefore: time.Now().Add(20 * 365 * day), PermissionsNotAfter: time.Now().Add(21 * 365 * day)})
	found(t, never, "grant-never-valid", CheckOptions{})
	longer := make(EnclaveOptions{NotAfter: time.Now().Add(60 * day), PermissionsNotAfter: time.Now().Add(90 * day)})
	require.Equal(t, lint.Info, found(t, longer, "grant-outlives-certificate", CheckOptions{}).Severity)
}

func copyFile(from, to string) error {
	b, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, b, 0o644)
}

func TestCheckRevoked(t *testing.T) {
	k := newStore(t, Options{})
	a, err := k.CreateEnclave("/a", EnclaveOptions{})
	require.NoError(t, err)
	b, err := k.CreateEnclave("/b", EnclaveOptions{})
	require.NoError(t, err)
	_, err = k.Revoke("/a")
	require.NoError(t, err)
	require.Equal(t, filepath.Join(a, "cert.pem"), found(t, a, "revoked", CheckOptions{}).File)
	require.Equal(t, filepath.Join(a, "cert.pem"), found(t, k.Dir, "revoked", CheckOptions{}).File)
	require.NoError(t, os.Remove(filepath.Join(b, "crl.pem")))
	require.Equal(t, filepath.Join(b, "crl.pem"), found(t, k.Dir, "no-crl", CheckOptions{}).File)
	_, err = k.RenewEnclave("/a", RenewOptions{})
	require.NoError(t, err)
	list, err := Check(a, CheckOptions{})
	require.NoError(t, err)
	errors, _ := lint.Count(list)
	require.Zero(t, errors, "renewed, it has another serial number: %v", list)
}

func TestCheckTogether(t *testing.T) {
	g := SROS2Governance(Domains{0, 3})
	g.Topics = append([]TopicRule{Protected("rt/*", 2, 2)}, g.Topics...)
	k := newStore(t, Options{Governance: &g})
	dir, err := k.CreateEnclave("/a", EnclaveOptions{Rules: []Rule{
		{Domains: []Domains{{7, 9}}, Publish: Topics("x")},
		{Domains: []Domains{{0, 9}}, Publish: Topics("x"), Subscribe: Topics("x")},
	}})
	require.NoError(t, err)
	f := found(t, dir, "domain-not-governed", CheckOptions{})
	require.Equal(t, "<allow_rule>", strings.TrimSpace(strings.Split(string(contents(t, f.File)), "\n")[f.Line-1]))
	f = found(t, k.Dir, "no-grant-for-topic", CheckOptions{})
	require.Equal(t, filepath.Join(k.Dir, "enclaves", "governance.p7s"), f.File)
	require.Equal(t, "<topic_rule>", strings.TrimSpace(strings.Split(string(contents(t, f.File)), "\n")[f.Line-1]))
}

// A key that cannot be looked into is no error.
func TestCheckEncryptedKey(t *testing.T) {
	k := newStore(t, Options{})
	dir, err := k.CreateEnclave("/a", EnclaveOptions{})
	require.NoError(t, err)
	key := filepath.Join(dir, "key.pem")
	_, err = openssl(t, "pkcs8", "-topk8", "-in", key, "-out", key+".new", "-passout", "pass:x")
	require.NoError(t, err)
	require.NoError(t, os.Rename(key+".new", key))
	require.NoError(t, os.Chmod(key, 0o600))
	require.Equal(t, lint.Info, found(t, dir, "key", CheckOptions{}).Severity)
}

// Intermediate authorities: we take them, some peers do not.
func TestCheckChain(t *testing.T) {
	k := newStore(t, Options{})
	cfg := filepath.Join(t.TempDir(), "ext")
	require.NoError(t, os.WriteFile(cfg, []byte("basicConstraints=critical,CA:TRUE,pathlen:0\n"), 0o644))
	mid, midKey, csr := filepath.Join(t.TempDir(), "mid.pem"), filepath.Join(t.TempDir(), "mid.key"), filepath.Join(t.TempDir(), "csr")
	for _, args := range [][]string{
		{"req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", midKey, "-subj", "/CN=mid", "-out", csr},
		{"x509", "-req", "-in", csr, "-CA", filepath.Join(k.Dir, "public", "ca.cert.pem"), "-CAkey", filepath.Join(k.Dir, "private", "ca.key.pem"), "-set_serial", "7", "-days", "99", "-extfile", cfg, "-out", mid},
	} {
		_, err := openssl(t, args...)
		require.NoError(t, err)
	}
	between, err := LoadAuthority(mid, midKey)
	require.NoError(t, err)
	dir, err := k.CreateEnclave("/a", EnclaveOptions{IdentityCA: between})
	require.NoError(t, err)
	require.Equal(t, lint.Error, found(t, dir, "chain", CheckOptions{}).Severity, "the intermediate is not there")
	cert := filepath.Join(dir, "cert.pem")
	require.NoError(t, WriteFile(cert, append(contents(t, cert), between.CertPEM()...), modePublic, true))
	require.Equal(t, lint.Warning, found(t, dir, "chain", CheckOptions{}).Severity)
}
