package keystore

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/governance"
)

// Whatever a file holds, it is told or refused.
func FuzzDescribe(f *testing.F) {
	k := newStore(f, Options{})
	dir, err := k.CreateEnclave("/a", EnclaveOptions{})
	require.NoError(f, err)
	_, err = k.Revoke("/a")
	require.NoError(f, err)
	for _, name := range []string{"cert.pem", "key.pem", "governance.p7s", "permissions.p7s", "permissions.xml", "crl.pem"} {
		f.Add(contents(f, dir, name))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		facts, err := describe("file", data)
		if err == nil {
			require.NotEmpty(t, facts.Kind)
			require.NotEmpty(t, facts.Text(time.Now()))
		}
	})
}

// A new validity changes the validity and nothing else.
func FuzzSetValidity(f *testing.F) {
	doc, err := os.ReadFile(filepath.Join("..", "..", "governance", "testdata", "permissions.xml"))
	require.NoError(f, err)
	f.Add(doc)
	subject, err := governance.ParseName("CN=/talker")
	require.NoError(f, err)
	from, to := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2031, 1, 1, 0, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, doc []byte) {
		before, err := governance.ParsePermissions(doc)
		if err != nil {
			return
		}
		changed, err := setValidity(doc, subject, from, to)
		if err != nil {
			return
		}
		after, err := governance.ParsePermissions(changed)
		require.NoError(t, err)
		require.Len(t, after.Grants, len(before.Grants))
		for i := range after.Grants {
			if before.Grants[i].Subject.Matches(subject) {
				require.Equal(t, from, after.Grants[i].NotBefore)
				require.Equal(t, to, after.Grants[i].NotAfter)
			}
			require.Equal(t, before.Grants[i].Subject, after.Grants[i].Subject)
			require.Len(t, after.Grants[i].Rules, len(before.Grants[i].Rules))
		}
	})
}
