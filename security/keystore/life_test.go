package keystore

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/governance"
	"github.com/secdds/dds/internal/smime"
)

func newStore(t testing.TB, o Options) *Keystore {
	t.Helper()
	k, err := Create(t.TempDir(), o)
	require.NoError(t, err)
	return k
}

func contents(t testing.TB, elem ...string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(elem...))
	require.NoError(t, err)
	return b
}

// permissionsOf verifies and reads an enclave's permissions.
func permissionsOf(t testing.TB, k *Keystore, dir string) *governance.Permissions {
	t.Helper()
	p, err := governance.LoadPermissions(contents(t, dir, "permissions.p7s"), k.PermissionsCA.Cert, "permissions.p7s")
	require.NoError(t, err)
	return p
}

func TestWriteFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "key.pem")
	require.NoError(t, WriteFile(name, []byte("one"), modeKey, false))
	require.ErrorIs(t, WriteFile(name, []byte("two"), modeKey, false), os.ErrExist)
	require.Equal(t, "one", string(contents(t, name)))
	require.NoError(t, os.Chmod(name, 0o666))
	require.NoError(t, WriteFile(name, []byte("two"), modeKey, true))
	st, err := os.Stat(name)
	require.NoError(t, err)
	require.Equal(t, modeKey, st.Mode().Perm(), "the lax mode of the old file is not kept")
	files, err := os.ReadDir(filepath.Dir(name))
	require.NoError(t, err)
	require.Len(t, files, 1, "nothing is left beside it")
}

func TestCreateRefusesToReplace(t *testing.T) {
	k := newStore(t, Options{})
	_, err := Create(k.Dir, Options{})
	require.ErrorContains(t, err, "holds a keystore already")
	again, err := Create(k.Dir, Options{Force: true})
	require.NoError(t, err)
	require.NotEqual(t, k.IdentityCA.Cert.Raw, again.IdentityCA.Cert.Raw)

	_, err = again.CreateEnclave("/a", EnclaveOptions{MustBeNew: true})
	require.NoError(t, err)
	_, err = again.CreateEnclave("/a", EnclaveOptions{MustBeNew: true})
	require.ErrorContains(t, err, "create enclave /a: cert.pem exists")
}

func TestPrivateFolderLosesLaxMode(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "private"), 0o755))
	_, err := Create(dir, Options{})
	require.NoError(t, err)
	st, err := os.Stat(filepath.Join(dir, "private"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o700), st.Mode().Perm())
}

func TestEnclaves(t *testing.T) {
	k := newStore(t, Options{})
	for _, p := range []string{"/b/c", "/", "/a"} {
		_, err := k.CreateEnclave(p, EnclaveOptions{})
		require.NoError(t, err)
	}
	paths, err := k.Enclaves()
	require.NoError(t, err)
	require.Equal(t, []string{"/", "/a", "/b/c"}, paths)
}

func TestSetPermissions(t *testing.T) {
	k := newStore(t, Options{})
	dir, err := k.CreateEnclave("/a", EnclaveOptions{Subject: pkix.Name{CommonName: "a", Organization: []string{"o"}}})
	require.NoError(t, err)
	until := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	xml, err := k.SetPermissions("/a", PermissionsOptions{Rules: []Rule{Allow([]string{"x"}, nil)}, NotAfter: until})
	require.NoError(t, err)
	require.Equal(t, string(xml), string(contents(t, dir, "permissions.xml")))
	p := permissionsOf(t, k, dir)
	require.Len(t, p.Grants, 1)
	g := p.Grants[0]
	require.Equal(t, "CN=a,O=o", g.Subject.String())
	require.Equal(t, until, g.NotAfter)
	cert, err := ParseCertificate(contents(t, dir, "cert.pem"))
	require.NoError(t, err)
	require.Equal(t, cert.NotBefore, g.NotBefore, "that of the certificate, unless told otherwise")
	require.True(t, g.Check(0, governance.Publish, "x", nil, nil).Allowed)
	require.False(t, g.Check(0, governance.Subscribe, "x", nil, nil).Allowed)

	_, err = k.SetPermissions("/a", PermissionsOptions{NotBefore: until, NotAfter: until})
	require.ErrorContains(t, err, "ends after it begins")
	_, err = k.SetPermissions("/a", PermissionsOptions{Rules: []Rule{Allow([]string{""}, nil)}})
	require.ErrorContains(t, err, "topic", "what we would refuse is not signed")
	_, err = k.SetPermissions("/b", PermissionsOptions{})
	require.ErrorIs(t, err, os.ErrNotExist)
	require.Len(t, permissionsOf(t, k, dir).Grants[0].Rules, 1, "a failure changes nothing")
}

func TestRenew(t *testing.T) {
	for name, kind := range map[string]KeyKind{"P-256": P256, "RSA": RSA2048} {
		t.Run(name, func(t *testing.T) {
			k := newStore(t, Options{Key: kind})
			dir, err := k.CreateEnclave("/a", EnclaveOptions{Rules: []Rule{Allow([]string{"only/this"}, nil)}, NotAfter: time.Now().Add(time.Hour)})
			require.NoError(t, err)
			before, err := ParseCertificate(contents(t, dir, "cert.pem"))
			require.NoError(t, err)
			key := contents(t, dir, "key.pem")

			done, err := k.RenewEnclave("/a", RenewOptions{Validity: 48 * time.Hour})
			require.NoError(t, err)
			after, err := ParseCertificate(contents(t, dir, "cert.pem"))
			require.NoError(t, err)
			require.Equal(t, before.RawSubject, after.RawSubject)
			require.Equal(t, before.RawSubjectPublicKeyInfo, after.RawSubjectPublicKeyInfo)
			require.NotEqual(t, before.SerialNumber, after.SerialNumber)
			require.Equal(t, done.Serial, serialText(after))
			require.WithinDuration(t, time.Now().Add(48*time.Hour), after.NotAfter, time.Minute)
			require.NoError(t, after.CheckSignatureFrom(k.IdentityCA.Cert))
			require.Equal(t, key, contents(t, dir, "key.pem"))
			p := permissionsOf(t, k, dir)
			require.Equal(t, after.NotAfter, p.Grants[0].NotAfter)
			require.True(t, p.Grants[0].Check(0, governance.Publish, "only/this", nil, nil).Allowed)
			require.False(t, p.Grants[0].Check(0, governance.Publish, "other", nil, nil).Allowed, "the rules stay")

			_, err = k.RenewEnclave("/a", RenewOptions{NewKey: true})
			require.NoError(t, err)
			renewed, err := LoadAuthority(filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"))
			require.NoError(t, err, "certificate and key fit each other")
			require.NotEqual(t, after.RawSubjectPublicKeyInfo, renewed.Cert.RawSubjectPublicKeyInfo)
			require.Equal(t, after.PublicKeyAlgorithm, renewed.Cert.PublicKeyAlgorithm)
			st, err := os.Stat(filepath.Join(dir, "key.pem"))
			require.NoError(t, err)
			require.Equal(t, modeKey, st.Mode().Perm())
		})
	}
}

// Where anything is wrong, nothing at all is replaced.
func TestRenewChangesNothingWhenItFails(t *testing.T) {
	k := newStore(t, Options{})
	foreign, err := NewAuthority("foreign", time.Now(), P256)
	require.NoError(t, err)
	for name, o := range map[string]EnclaveOptions{
		"permissions of another CA": {PermissionsCA: foreign},
		"certificate of another CA": {IdentityCA: foreign},
		"no grant":                  {Permissions: PermissionsXML(Grant{Subject: "CN=other", NotBefore: time.Now(), NotAfter: time.Now().Add(time.Hour), Rules: []Rule{AllowAll()}})},
	} {
		t.Run(name, func(t *testing.T) {
			dir, err := k.CreateEnclave("/x", o)
			require.NoError(t, err)
			files := map[string]string{}
			for _, f := range []string{"cert.pem", "key.pem", "permissions.xml", "permissions.p7s"} {
				files[f] = string(contents(t, dir, f))
			}
			_, err = k.RenewEnclave("/x", RenewOptions{NewKey: true})
			require.Error(t, err)
			for f, want := range files {
				require.Equal(t, want, string(contents(t, dir, f)), f)
			}
			all, err := os.ReadDir(dir)
			require.NoError(t, err)
			require.Len(t, all, 7, "nothing is left beside them")
		})
	}
}

func TestSetValidity(t *testing.T) {
	doc := `<dds><permissions><grant name="a"><subject_name> CN=a </subject_name><validity>
<not_before>2020-01-01T00:00:00</not_before><!-- kept --><not_after>2021-01-01T00:00:00</not_after></validity><default>DENY</default></grant>
<grant name="b"><subject_name>CN=b</subject_name><validity><not_before>2020-01-01T00:00:00</not_before><not_after>2021-01-01T00:00:00</not_after></validity><default>DENY</default></grant></permissions></dds>`
	name, err := governance.ParseName("CN=a")
	require.NoError(t, err)
	at := time.Date(2030, 5, 6, 7, 8, 9, 0, time.UTC)
	got, err := setValidity([]byte(doc), name, at, at.AddDate(1, 0, 0))
	require.NoError(t, err)
	want := strings.Replace(strings.Replace(doc, "2020-01-01T00:00:00", "2030-05-06T07:08:09", 1), "2021-01-01T00:00:00", "2031-05-06T07:08:09", 1)
	require.Equal(t, want, string(got))
	other, err := governance.ParseName("CN=c")
	require.NoError(t, err)
	_, err = setValidity([]byte(doc), other, at, at)
	require.ErrorContains(t, err, "no grant for subject CN=c")
}

func TestRevoke(t *testing.T) {
	k := newStore(t, Options{})
	a, err := k.CreateEnclave("/a", EnclaveOptions{})
	require.NoError(t, err)
	b, err := k.CreateEnclave("/b/c", EnclaveOptions{})
	require.NoError(t, err)

	serial, err := k.Revoke("/a")
	require.NoError(t, err)
	cert, err := ParseCertificate(contents(t, a, "cert.pem"))
	require.NoError(t, err)
	require.Equal(t, serialText(cert), serial)
	target, err := os.Readlink(filepath.Join(b, "crl.pem"))
	require.NoError(t, err)
	require.Equal(t, "../../../public/crl.pem", target)

	c, err := k.CreateEnclave("/later", EnclaveOptions{})
	require.NoError(t, err)
	lists, err := parseCRLs(contents(t, c, "crl.pem"))
	require.NoError(t, err)
	require.Len(t, lists[0].RevokedCertificateEntries, 1)
	require.Equal(t, "1", lists[0].Number.String())

	_, err = k.Revoke("/a") // again: no second entry
	require.NoError(t, err)
	_, err = k.Revoke("/later")
	require.NoError(t, err)
	lists, err = parseCRLs(contents(t, a, "crl.pem"))
	require.NoError(t, err)
	require.Len(t, lists[0].RevokedCertificateEntries, 2)
	require.Equal(t, "3", lists[0].Number.String(), "it grows")

	ca := filepath.Join(a, "identity_ca.cert.pem")
	_, err = openssl(t, "verify", "-crl_check", "-CAfile", ca, "-CRLfile", filepath.Join(a, "crl.pem"), filepath.Join(b, "cert.pem"))
	require.NoError(t, err)
	_, err = openssl(t, "verify", "-crl_check", "-CAfile", ca, "-CRLfile", filepath.Join(a, "crl.pem"), filepath.Join(a, "cert.pem"))
	require.Error(t, err)

	foreign, err := NewAuthority("foreign", time.Now(), P256)
	require.NoError(t, err)
	list, err := foreign.CRL(time.Now())
	require.NoError(t, err)
	require.NoError(t, WriteFile(filepath.Join(k.Dir, "public", "crl.pem"), list, modePublic, true))
	_, err = k.Revoke("/b/c")
	require.ErrorContains(t, err, "not signed by", "a foreign list is not replaced")
}

// An authority without key identifier and key usage, as sros2 makes them.
func TestRevokeWithAuthorityOfSROS2(t *testing.T) {
	k := newStore(t, Options{})
	plain := *k.IdentityCA.Cert
	plain.SubjectKeyId, plain.KeyUsage = nil, 0
	a := &Authority{Cert: &plain, Key: k.IdentityCA.Key}
	list, err := a.CRL(time.Now())
	require.NoError(t, err)
	lists, err := parseCRLs(list)
	require.NoError(t, err)
	require.NoError(t, checkCRL(lists[0], k.IdentityCA.Cert))
	require.Zero(t, plain.KeyUsage&x509.KeyUsageCRLSign, "the certificate itself is not touched")
}

func TestDocumentsStayVerifiable(t *testing.T) {
	k := newStore(t, Options{})
	dir, err := k.CreateEnclave("/a", EnclaveOptions{})
	require.NoError(t, err)
	_, err = k.RenewEnclave("/a", RenewOptions{})
	require.NoError(t, err)
	content, err := smime.Verify(contents(t, dir, "permissions.p7s"), k.PermissionsCA.Cert)
	require.NoError(t, err)
	require.Equal(t, string(contents(t, dir, "permissions.xml")), strings.ReplaceAll(string(content), "\r\n", "\n"))
}
