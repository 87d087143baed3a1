package peer

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// ByRole sorts the folders of enclaves: a participant of the first one begins
// the handshake with participants of all others, for the smaller GUID does
// (DDS-Security 1.1, 9.3.4.2) and its first bytes are a hash of the
// certificate's subject (9.3.3). Tests choose a participant's role by it.
func ByRole(t testing.TB, enclaves ...string) []string {
	t.Helper()
	hashes := make(map[string][]byte)
	for _, e := range enclaves {
		text, err := os.ReadFile(filepath.Join(e, "cert.pem"))
		if err != nil {
			t.Fatal(err)
		}
		block, _ := pem.Decode(text)
		if block == nil {
			t.Fatalf("%s: no PEM in cert.pem", e)
			return nil
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			t.Fatalf("%s: %v", e, err)
		}
		h := sha256.Sum256(cert.RawSubject)
		hashes[e] = h[:]
	}
	return slices.SortedFunc(slices.Values(enclaves), func(a, b string) int {
		return bytes.Compare(hashes[a], hashes[b])
	})
}
