package keystore

import (
	"crypto/x509/pkix"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/spi"
)

// openssl runs the program every other implementation is built on.
func openssl(t *testing.T, args ...string) (string, error) {
	t.Helper()
	out, err := exec.Command("openssl", args...).Output()
	if e, ok := err.(*exec.ExitError); ok {
		t.Logf("openssl %s: %s", strings.Join(args, " "), e.Stderr)
	}
	return string(out), err
}

func TestLayout(t *testing.T) {
	for _, separate := range []bool{false, true} {
		dir := t.TempDir()
		k, err := Create(dir, Options{SeparateCAs: separate})
		require.NoError(t, err)
		enclave, err := k.CreateEnclave("/talker_listener/talker", EnclaveOptions{})
		require.NoError(t, err)
		require.Equal(t, filepath.Join(dir, "enclaves", "talker_listener", "talker"), enclave)

		for _, f := range []string{"identity_ca.cert.pem", "permissions_ca.cert.pem", "governance.p7s"} {
			target, err := os.Readlink(filepath.Join(enclave, f))
			require.NoError(t, err)
			require.False(t, filepath.IsAbs(target), "a keystore can be moved")
		}
		for _, f := range []string{"identity_ca.cert.pem", "permissions_ca.cert.pem", "governance.p7s", "cert.pem", "key.pem", "permissions.xml", "permissions.p7s"} {
			_, err := os.ReadFile(filepath.Join(enclave, f))
			require.NoError(t, err)
		}
		for _, f := range []string{filepath.Join(enclave, "key.pem"), filepath.Join(dir, "private", "identity_ca.key.pem"), filepath.Join(dir, "private", "permissions_ca.key.pem")} {
			st, err := os.Stat(f)
			require.NoError(t, err)
			require.Equal(t, os.FileMode(0o600), st.Mode().Perm(), f)
		}
		again, err := Open(dir)
		require.NoError(t, err)
		require.Equal(t, k.IdentityCA.Cert.Raw, again.IdentityCA.Cert.Raw)
		require.Equal(t, separate, string(again.IdentityCA.Cert.Raw) != string(again.PermissionsCA.Cert.Raw))

		_, err = Create(dir, Options{})
		require.ErrorContains(t, err, "holds a keystore already")
	}
}

func TestKeyFileLosesLaxMode(t *testing.T) {
	k, err := Create(t.TempDir(), Options{})
	require.NoError(t, err)
	dir, err := k.CreateEnclave("/a", EnclaveOptions{})
	require.NoError(t, err)
	key := filepath.Join(dir, "key.pem")
	require.NoError(t, os.Chmod(key, 0o644))
	_, err = k.CreateEnclave("/a", EnclaveOptions{})
	require.NoError(t, err)
	st, err := os.Stat(key)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), st.Mode().Perm())
}

func TestEnclavePaths(t *testing.T) {
	k, err := Create(t.TempDir(), Options{})
	require.NoError(t, err)
	for _, bad := range []string{"/../x", "a//b", "/a/./b", ".."} {
		_, err := k.CreateEnclave(bad, EnclaveOptions{})
		require.ErrorContains(t, err, "is no path of an enclave", bad)
	}
	dir, err := k.CreateEnclave("/", EnclaveOptions{})
	require.NoError(t, err)
	require.Equal(t, filepath.Join(k.Dir, "enclaves"), dir)
	_, err = os.ReadFile(filepath.Join(dir, "governance.p7s"))
	require.NoError(t, err)
}

// Cyclone and Fast verify with PKCS7_verify(TEXT | NOVERIFY | NOINTERN) against
// the configured authority alone.
func TestOpenSSLVerifiesDocuments(t *testing.T) {
	for name, kind := range map[string]KeyKind{"P-256": P256, "RSA": RSA2048} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			k, err := Create(dir, Options{Key: kind})
			require.NoError(t, err)
			enclave, err := k.CreateEnclave("/a", EnclaveOptions{})
			require.NoError(t, err)
			ca := filepath.Join(enclave, "permissions_ca.cert.pem")
			for _, doc := range []string{"governance", "permissions"} {
				p7s := filepath.Join(enclave, doc+".p7s")
				plain := filepath.Join(enclave, doc+".xml")
				if doc == "governance" {
					plain = filepath.Join(dir, "enclaves", "governance.xml")
				}
				want, err := os.ReadFile(plain)
				require.NoError(t, err)
				for _, args := range [][]string{
					{"smime", "-verify", "-in", p7s, "-text", "-CAfile", ca},
					{"smime", "-verify", "-in", p7s, "-text", "-noverify", "-nointern", "-certfile", ca},
					{"cms", "-verify", "-in", p7s, "-text", "-CAfile", ca},
				} {
					got, err := openssl(t, args...)
					require.NoError(t, err)
					require.Equal(t, string(want), strings.ReplaceAll(got, "\r\n", "\n"))
				}
			}
			_, err = openssl(t, "verify", "-CAfile", ca, filepath.Join(enclave, "cert.pem"))
			require.NoError(t, err)
		})
	}
}

func TestForgeriesAreRefusedByOpenSSL(t *testing.T) {
	dir := t.TempDir()
	k, err := Create(dir, Options{})
	require.NoError(t, err)
	foreign, err := NewAuthority("sros2CA", time.Now(), P256)
	require.NoError(t, err)
	enclave, err := k.CreateEnclave("/a", EnclaveOptions{PermissionsCA: foreign})
	require.NoError(t, err)
	_, err = openssl(t, "smime", "-verify", "-in", filepath.Join(enclave, "permissions.p7s"), "-text",
		"-noverify", "-nointern", "-certfile", filepath.Join(enclave, "permissions_ca.cert.pem"))
	require.Error(t, err)
}

func TestCRL(t *testing.T) {
	now := time.Now()
	ca, err := NewAuthority("ca", now, P256)
	require.NoError(t, err)
	cert, _, err := ca.Issue(pkix.Name{CommonName: "a"}, now, now.Add(time.Hour), P256)
	require.NoError(t, err)
	crl, err := ca.CRL(now, cert)
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "crl.pem")
	require.NoError(t, os.WriteFile(file, crl, 0o644))
	text, err := openssl(t, "crl", "-in", file, "-noout", "-text")
	require.NoError(t, err)
	require.Contains(t, text, "Serial Number")
}

func TestDocuments(t *testing.T) {
	doc := string(SROS2Governance(Domains{}).XML())
	require.Contains(t, doc, "<id>0</id>")
	require.Contains(t, doc, "<rtps_protection_kind>SIGN</rtps_protection_kind>")
	require.Contains(t, doc, "<data_protection_kind>ENCRYPT</data_protection_kind>")
	require.NotContains(t, doc, "psk")
	require.Contains(t, string(Governance{PSK: spi.ProtectSign}.XML()), "<rtps_psk_protection_kind>SIGN</rtps_psk_protection_kind>")
	require.Contains(t, string(OpenGovernance().XML()), "<min>0</min>")
	require.Contains(t, string(UniformGovernance(spi.ProtectEncryptOrigin).XML()),
		"<metadata_protection_kind>ENCRYPT_WITH_ORIGIN_AUTHENTICATION</metadata_protection_kind>")
	doc = string(PermissionsXML(Grant{Name: `a"<b`, Subject: "CN=a&b", NotBefore: time.Date(2026, 1, 2, 3, 4, 5, 0, time.FixedZone("", 3600)), Rules: []Rule{AllowAll()}}))
	require.Contains(t, doc, "<subject_name>CN=a&amp;b</subject_name>")
	require.Contains(t, doc, `<grant name="a&#34;&lt;b">`)
	require.Contains(t, doc, "<not_before>2026-01-02T02:04:05</not_before>")
}
