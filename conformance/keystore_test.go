//go:build interop || standin

package conformance

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/conformance/peer"
)

// tool makes the command-line tool, once.
var tool = sync.OnceValues(func() (string, error) {
	name, err := filepath.Abs(filepath.Join("build", "secdds"))
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return "", err
	}
	return name, exec.Command("go", "build", "-o", name, "../cmd/secdds").Run()
})

// secdds runs the command-line tool, which is to succeed.
func secdds(t *testing.T, args ...string) string {
	t.Helper()
	name, err := tool()
	require.NoError(t, err)
	out, err := exec.Command(name, args...).Output()
	require.NoError(t, err, "%v: %s", args, out)
	return string(out)
}

func openssl(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.Command("openssl", args...).Output()
	require.NoError(t, err, "openssl %v", args)
	return string(out)
}

// checked requires that `secdds keystore check` finds no error and that openssl
// takes the documents and the certificate.
func checked(t *testing.T, enclave string) {
	t.Helper()
	var found struct{ Errors int }
	require.NoError(t, json.Unmarshal([]byte(secdds(t, "keystore", "check", enclave, "--json")), &found))
	require.Zero(t, found.Errors)
	in := func(name string) string { return filepath.Join(enclave, name) }
	ca := in("permissions_ca.cert.pem")
	for _, doc := range []string{"governance.p7s", "permissions.p7s"} {
		// As the vendors do: PKCS7_TEXT, the signer is the authority itself.
		text := openssl(t, "smime", "-verify", "-text", "-in", in(doc), "-noverify", "-nointern", "-certfile", ca)
		require.True(t, strings.HasPrefix(text, "<?xml"), "%.40q", text)
		openssl(t, "smime", "-verify", "-text", "-in", in(doc), "-CAfile", ca)
	}
	openssl(t, "verify", "-CAfile", in("identity_ca.cert.pem"), in("cert.pem"))
}

// What the tool makes, keeps and renews, all vendors take.
func TestToolsKeystores(t *testing.T) {
	for name, steps := range map[string]struct {
		create []string
		after  func(t *testing.T, keys string)
	}{
		"default": {},
		"rsa":     {create: []string{"--rsa"}},
		"separate": {create: []string{"--separate", "--domain", "0-120"}, after: func(t *testing.T, keys string) {
			for _, e := range []string{"/a", "/b"} {
				secdds(t, "keystore", "permissions", keys, e, "--publish", "Blob", "--subscribe", "Blo?", "--deny-publish", "Secret*", "--domain", "0-120")
			}
		}},
		"renewed": {after: func(t *testing.T, keys string) {
			secdds(t, "keystore", "renew", keys, "/a", "--new-key")
			secdds(t, "keystore", "renew", keys, "/b", "--days", "90")
		}},
		"with a revocation list": {after: func(t *testing.T, keys string) {
			secdds(t, "keystore", "enclave", "add", keys, "/gone")
			secdds(t, "keystore", "revoke", keys, "/gone")
		}},
	} {
		t.Run(name, func(t *testing.T) {
			keys := filepath.Join(t.TempDir(), "keys")
			secdds(t, append([]string{"keystore", "create", keys}, steps.create...)...)
			secdds(t, "keystore", "enclave", "add", keys, "/a")
			secdds(t, "keystore", "enclave", "add", keys, "/b")
			if steps.after != nil {
				steps.after(t, keys)
			}
			e := peer.ByRole(t, filepath.Join(keys, "enclaves", "a"), filepath.Join(keys, "enclaves", "b"))
			checked(t, e[0])
			checked(t, e[1])
			eachSide(t, func(t *testing.T, domain string, pub, sub peer.Vendor) {
				p, s := roles(pub, sub, e[0], e[1])
				exchange(t, domain, p, s, 3, 20_000)
			})
		})
	}
}

// What the openssl command alone makes, the check and we take.
func TestOpenSSLKeystores(t *testing.T) {
	for name, args := range map[string][]string{"sros2": {"--kind", "sros2"}, "encrypt, RSA": {"--kind", "encrypt", "--rsa"}, "open": {"--kind", "open"}} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			out, err := exec.Command("sh", append(append([]string{"peers/keystore.sh", dir}, args...), "a", "b")...).CombinedOutput()
			require.NoError(t, err, "%s", out)
			e := peer.ByRole(t, filepath.Join(dir, "a"), filepath.Join(dir, "b"))
			checked(t, e[0])
			checked(t, e[1])
			eachSide(t, func(t *testing.T, domain string, pub, sub peer.Vendor) {
				p, s := roles(pub, sub, e[0], e[1])
				exchange(t, domain, p, s, 3, 20_000)
			})
		})
	}
}
