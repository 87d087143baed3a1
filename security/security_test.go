package security_test

import (
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/security"
	"github.com/secdds/dds/security/keystore"
)

func newEnclave(t *testing.T) (*keystore.Keystore, string) {
	k, err := keystore.Create(t.TempDir(), keystore.Options{})
	require.NoError(t, err)
	dir, err := k.CreateEnclave("/talker_listener/talker", keystore.EnclaveOptions{})
	require.NoError(t, err)
	return k, dir
}

// The plugins of an enclave fit each other: identity and permissions validate.
func TestFromEnclave(t *testing.T) {
	k, dir := newEnclave(t)
	require.NoError(t, os.Chmod(filepath.Join(dir, "key.pem"), 0o644)) // nobody's business here
	for _, withCRL := range []bool{false, true} {
		if withCRL {
			crl, err := k.IdentityCA.CRL(time.Now())
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(filepath.Join(dir, "crl.pem"), crl, 0o644))
		}
		s, err := security.FromEnclave(dir)
		require.NoError(t, err)
		id, err := s.Authentication.ValidateLocalIdentity(time.Now(), 0, rtps.GUID{Prefix: rtps.GUIDPrefix{1}, Entity: rtps.EntityParticipant})
		require.NoError(t, err)
		require.Equal(t, "CN=/talker_listener/talker", id.SubjectName())
		p, err := s.AccessControl.ValidateLocalPermissions(time.Now(), id, 0)
		require.NoError(t, err)
		crypto, err := s.Cryptography.NewParticipant(p.ParticipantAttributes())
		require.NoError(t, err)
		require.NotNil(t, crypto.Message(), "RTPS messages are signed")
		_, err = s.AccessControl.ValidateLocalPermissions(time.Now(), id, 1)
		require.ErrorContains(t, err, "governance.p7s: <domain_rule>: expected a rule for domain 1")
	}
}

// Whatever is missing or wrong names the file.
func TestEnclaveRefusals(t *testing.T) {
	for _, name := range []string{"identity_ca.cert.pem", "cert.pem", "key.pem", "permissions_ca.cert.pem", "governance.p7s", "permissions.p7s"} {
		for what, spoil := range map[string]func(t *testing.T, file string){
			"missing": func(t *testing.T, file string) { require.NoError(t, os.Remove(file)) },
			"empty":   func(t *testing.T, file string) { replace(t, file, "") },
			"invalid": func(t *testing.T, file string) { replace(t, file, "nonsense\n") },
			"directory": func(t *testing.T, file string) {
				require.NoError(t, os.Remove(file))
				require.NoError(t, os.Mkdir(file, 0o755))
			},
			"dangling": func(t *testing.T, file string) {
				require.NoError(t, os.Remove(file))
				require.NoError(t, os.Symlink("nowhere", file))
			},
		} {
			t.Run(name+" "+what, func(t *testing.T) {
				_, dir := newEnclave(t)
				spoil(t, filepath.Join(dir, name))
				s, err := security.FromEnclave(dir)
				require.ErrorContains(t, err, filepath.Join(dir, name))
				require.Nil(t, s)
				if what == "dangling" {
					require.ErrorContains(t, err, "a link that leads nowhere")
				}
			})
		}
	}
	t.Run("crl.pem invalid", func(t *testing.T) {
		_, dir := newEnclave(t)
		replace(t, filepath.Join(dir, "crl.pem"), "nonsense")
		_, err := security.FromEnclave(dir)
		require.ErrorContains(t, err, "crl.pem")
	})
	t.Run("crl.pem dangling", func(t *testing.T) {
		_, dir := newEnclave(t)
		require.NoError(t, os.Symlink("nowhere", filepath.Join(dir, "crl.pem")))
		_, err := security.FromEnclave(dir)
		require.ErrorContains(t, err, "crl.pem")
	})
	t.Run("PKCS#11", func(t *testing.T) {
		_, dir := newEnclave(t)
		require.NoError(t, os.Rename(filepath.Join(dir, "key.pem"), filepath.Join(dir, "key.p11")))
		_, err := security.FromEnclave(dir)
		require.ErrorContains(t, err, "PKCS#11 token, which is not supported")
	})
	t.Run("no enclave", func(t *testing.T) {
		_, err := security.FromEnclave(filepath.Join(t.TempDir(), "x"))
		require.ErrorContains(t, err, "identity_ca.cert.pem")
	})
}

func replace(t *testing.T, file, text string) {
	_ = os.Remove(file) // the link, not what it leads to
	require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
	// Two writes may fall into one tick of the file system's clock.
	stamp := time.Unix(1_700_000_000+replaced.Add(1), 0)
	require.NoError(t, os.Chtimes(file, stamp, stamp))
}

var replaced atomic.Int64

func TestEmptyConfig(t *testing.T) {
	_, err := security.New(security.Config{})
	require.EqualError(t, err, "security: the identity CA's certificate (PEM) is empty or missing: expected the identity CA's certificate (PEM)")
}
