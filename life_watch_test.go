package dds_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/qos"
	"github.com/secdds/dds/security/keystore"
	"github.com/secdds/dds/transport/memnet"
)

// What changes in an enclave's folder takes effect by itself: a certificate that
// is renewed keeps the session, one that is revoked ends it.
func TestWatchedEnclave(t *testing.T) {
	inWorld(t, memnet.Config{}, func(w *world) {
		k := w.keystoreOf(keystore.SROS2Governance())
		make := func(path string, o keystore.EnclaveOptions) string {
			dir, err := k.CreateEnclave(path, o)
			require.NoError(w, err)
			return dir
		}
		dirA, dirB := make("/a", keystore.EnclaveOptions{NotAfter: start.Add(time.Hour)}), make("/b", keystore.EnclaveOptions{})
		a, b := w.participant("a", w.credentials(dirA)), w.participant("b", w.credentials(dirB))
		wr, r := writerOf[shape](w, a, "Square"), readerOf[shape](w, b, "Square", qos.Reliable(0))
		matched(w, wr, r)
		lapsing, err := os.ReadFile(filepath.Join(dirA, "cert.pem"))
		require.NoError(w, err)
		w.settle(30 * time.Minute)

		make("/a", keystore.EnclaveOptions{}) // over what is there
		w.settle(2 * time.Hour)
		write(w, wr, shape{X: 1})
		require.EqualValues(w, 1, next(w, r).Value.X)
		require.Equal(w, 1, wr.Matched().Total, "the match was made once")

		// b hears that the certificate a had before is revoked: nothing happens.
		revoke := func(certs ...[]byte) {
			crl, err := k.IdentityCA.CRL(time.Now(), certs...)
			require.NoError(w, err)
			require.NoError(w, os.WriteFile(filepath.Join(dirB, "crl.pem"), crl, 0o600))
		}
		revoke(lapsing)
		w.settle(time.Minute)
		write(w, wr, shape{X: 2})
		require.EqualValues(w, 2, next(w, r).Value.X)

		present, err := os.ReadFile(filepath.Join(dirA, "cert.pem"))
		require.NoError(w, err)
		require.NotEqual(w, lapsing, present)
		revoke(lapsing, present)
		w.settle(time.Minute)
		require.Zero(w, r.Matched().Current)
	})
}

// Permissions that are not in force yet when they are written take the place of
// the old ones when they are, though nobody writes anything then.
func TestWatchedPermissionsOfTomorrow(t *testing.T) {
	inWorld(t, memnet.Config{}, func(w *world) {
		k := w.keystoreOf(keystore.SROS2Governance())
		dir, err := k.CreateEnclave("/b", keystore.EnclaveOptions{PermissionsNotAfter: start.Add(2 * time.Hour)})
		require.NoError(w, err)
		a, b := w.participant("a", w.enclave(k, "/a", keystore.EnclaveOptions{})), w.participant("b", w.credentials(dir))
		wr, r := writerOf[shape](w, a, "Square"), readerOf[shape](w, b, "Square", qos.Reliable(0))
		matched(w, wr, r)
		_, err = k.CreateEnclave("/b", keystore.EnclaveOptions{PermissionsNotBefore: start.Add(time.Hour)})
		require.NoError(w, err)
		w.settle(30 * time.Minute)
		require.Equal(w, 1, strings.Count(w.log.String(), "new credentials are not used"), "told once")
		w.settle(3 * time.Hour)
		require.Equal(w, 1, wr.Matched().Current)
		require.Equal(w, 1, wr.Matched().Total)
	})
}
