//go:build interop && !standin

package conformance

import (
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/conformance/peer"
)

// Whom the keystore has revoked we do not let in. (The vendors' programs are not
// given the list.)
func TestRefuseRevoked(t *testing.T) {
	keys := filepath.Join(t.TempDir(), "keys")
	secdds(t, "keystore", "create", keys)
	secdds(t, "keystore", "enclave", "add", keys, "/a")
	secdds(t, "keystore", "enclave", "add", keys, "/b")
	secdds(t, "keystore", "revoke", keys, "/b")
	a, b := filepath.Join(keys, "enclaves", "a"), filepath.Join(keys, "enclaves", "b")
	for _, v := range peer.Vendors() {
		t.Run(v.String(), func(t *testing.T) {
			t.Parallel()
			args := []string{"--domain", strconv.Itoa(peer.Domain(t)), "--timeout", "60", "--transient-local", "--size", "1000"}
			judge := side{vendor: us, enclave: a}.start(t, "sub", append(args, "--count", "0")...)
			other := side{vendor: v, enclave: b}.start(t, "pub", append(args, "--wait-match", "0", "--linger", "60000")...)
			other.Expect("^READY ", limit)
			judge.Expect(`^REFUSED peer=\S+ reason=.*revoked`, limit)
			require.Zero(t, judge.Count("^(MATCHED|SAMPLE) "))
			other.Stop()
			judge.Stop()
		})
	}
}
