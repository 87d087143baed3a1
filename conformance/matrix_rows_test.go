//go:build interop && !standin

package conformance

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/conformance/pairwise"
	"github.com/secdds/dds/conformance/peer"
	"github.com/secdds/dds/security/keystore"
	"github.com/secdds/dds/spi"
)

// A row of the matrix is one way to protect a domain and one kind of keys.
type row struct {
	name                                        string // "" if it is one of the pairwise rows
	rtps, discovery, liveliness, metadata, data spi.Protection
	key                                         keystore.KeyKind
	first                                       bool // we begin the handshake
}

// matrix returns the rows: in the pairwise ones every two values of every two
// columns meet. Each is run with each vendor in each direction.
func matrix() []row {
	kinds := []spi.Protection{spi.ProtectNone, spi.ProtectSign, spi.ProtectEncrypt, spi.ProtectSignOrigin, spi.ProtectEncryptOrigin}
	keys := []keystore.KeyKind{keystore.P256, keystore.RSA2048}
	n := len(kinds)
	var rows []row
	for _, r := range pairwise.Cover(n, n, n, n, 3, len(keys), 2) {
		rows = append(rows, row{"", kinds[r[0]], kinds[r[1]], kinds[r[2]], kinds[r[3]], kinds[r[4]], keys[r[5]], r[6] == 0})
	}
	const none, sign, encrypt = spi.ProtectNone, spi.ProtectSign, spi.ProtectEncrypt
	for _, key := range keys {
		for _, first := range []bool{true, false} {
			rows = append(rows, row{"sros2", sign, encrypt, encrypt, encrypt, encrypt, key, first},
				row{"none", none, none, none, none, none, key, first})
		}
	}
	return rows
}

// short is a protection kind as the table shows it.
func short(p spi.Protection) string {
	return []string{"none", "sign", "encrypt", "sign+", "encrypt+"}[p]
}

func (r row) keyName() string {
	if r.key == keystore.RSA2048 {
		return "RSA"
	}
	return "EC"
}

func (r row) begins() string {
	if r.first {
		return "we"
	}
	return "peer"
}

// String names the row's test.
func (r row) String() string {
	name := r.name
	if name == "" {
		name = fmt.Sprintf("rtps=%s,discovery=%s,liveliness=%s,metadata=%s,data=%s",
			short(r.rtps), short(r.discovery), short(r.liveliness), short(r.metadata), short(r.data))
	}
	return name + "," + r.keyName() + "," + r.begins()
}

func (r row) governance() keystore.Governance {
	any := r.name != "none"
	return keystore.Governance{
		Domains: []keystore.Domains{domains}, JoinAccessControl: any,
		RTPS: r.rtps, Discovery: r.discovery, Liveliness: r.liveliness,
		Topics: []keystore.TopicRule{{
			Expression:          "*",
			DiscoveryProtection: r.discovery != spi.ProtectNone, LivelinessProtection: r.liveliness != spi.ProtectNone,
			ReadAccessControl: any, WriteAccessControl: any,
			Metadata: r.metadata, Data: r.data,
		}},
	}
}

// A keyring has two enclaves, of which the first begins the handshake, for
// every row of one kind of keys to put its own governance into.
type keyring struct {
	store *keystore.Keystore
	dirs  []string
}

func newKeyring(t *testing.T, key keystore.KeyKind) keyring {
	k := newKeystore(t, nil, key)
	return keyring{k, peer.ByRole(t, enclave(t, k, "/a", keystore.EnclaveOptions{}), enclave(t, k, "/b", keystore.EnclaveOptions{}))}
}

// enclaves copies the two enclaves, with r's governance.
func (k keyring) enclaves(t *testing.T, r row) (first, second string) {
	g := r.governance()
	signed, err := k.store.PermissionsCA.Sign(g.XML())
	require.NoError(t, err)
	var copies []string
	for _, from := range k.dirs {
		to := t.TempDir()
		for _, file := range []string{"identity_ca.cert.pem", "cert.pem", "key.pem", "permissions_ca.cert.pem", "permissions.p7s"} {
			b, err := os.ReadFile(filepath.Join(from, file))
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(filepath.Join(to, file), b, 0o600))
		}
		require.NoError(t, os.WriteFile(filepath.Join(to, "governance.p7s"), signed, 0o600))
		copies = append(copies, to)
	}
	return copies[0], copies[1]
}

// Every value of every column is there, and so are the named rows. That the
// pairs are is a test of package pairwise.
func TestMatrixRows(t *testing.T) {
	names := map[string]int{}
	var all bytes.Buffer
	for _, r := range matrix() {
		names[r.name]++
		fmt.Fprintln(&all, r)
	}
	require.Equal(t, 4, names["sros2"], all.String())
	require.Equal(t, 4, names["none"])
	require.GreaterOrEqual(t, names[""], 25)
	for _, column := range []string{"rtps", "discovery", "liveliness", "metadata"} {
		for _, kind := range []string{"none", "sign", "encrypt", "sign+", "encrypt+"} {
			require.Contains(t, all.String(), column+"="+kind+",")
		}
	}
}
