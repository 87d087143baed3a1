package smime_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/internal/smime"
	"github.com/secdds/dds/security/keystore"
)

func TestInspect(t *testing.T) {
	ca, err := keystore.NewAuthority("ca", time.Now(), keystore.P256)
	require.NoError(t, err)
	signed, err := ca.Sign([]byte(document))
	require.NoError(t, err)
	f, content, err := smime.Inspect(signed)
	require.NoError(t, err)
	require.Equal(t, document, strings.ReplaceAll(string(content), "\r\n", "\n"))
	require.Equal(t, "CN=ca", f.Issuer.String())
	require.Equal(t, ca.Cert.SerialNumber, f.Serial)
	require.WithinDuration(t, time.Now(), f.Time, time.Minute)
	require.Equal(t, `<?xml version="1.0"?>`, strings.TrimSpace(strings.Split(string(signed), "\n")[f.Line-1]))
	require.True(t, f.Text)
	require.True(t, f.Attributes)
	require.False(t, f.Opaque)
	require.Equal(t, "SHA-256", f.Digest)
	require.Equal(t, 1, f.Signers)

	_, _, err = smime.Inspect([]byte(document))
	require.ErrorContains(t, err, "not an S/MIME document")
}

func FuzzInspect(f *testing.F) {
	ca, err := keystore.NewAuthority("ca", time.Now(), keystore.P256)
	require.NoError(f, err)
	signed, err := ca.Sign([]byte(document))
	require.NoError(f, err)
	f.Add(signed)
	f.Fuzz(func(t *testing.T, doc []byte) {
		form, content, err := smime.Inspect(doc)
		if err != nil {
			require.Empty(t, content)
			return
		}
		require.LessOrEqual(t, form.Line, strings.Count(string(doc), "\n")+1)
	})
}
