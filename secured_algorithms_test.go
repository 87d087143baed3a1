package dds_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/qos"
	"github.com/secdds/dds/security/keystore"
	"github.com/secdds/dds/transport/memnet"
)

// enclave384 makes an enclave and gives it a certificate on P-384.
func (w *world) enclave384(k *keystore.Keystore, path string) string {
	w.Helper()
	dir, err := k.CreateEnclave(path, keystore.EnclaveOptions{})
	require.NoError(w, err)
	key, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	require.NoError(w, err)
	cert, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(384), Subject: pkix.Name{CommonName: path},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(1000 * time.Hour),
	}, k.IdentityCA.Cert, key.Public(), k.IdentityCA.Key)
	require.NoError(w, err)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(w, err)
	for name, block := range map[string]*pem.Block{
		"cert.pem": {Type: "CERTIFICATE", Bytes: cert}, "key.pem": {Type: "PRIVATE KEY", Bytes: der},
	} {
		require.NoError(w, os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600))
	}
	return dir
}

// Participants with P-384 certificates announce what they ask for, meet each
// other on that curve, and one with P-256 that announces nothing on its own.
func TestSecuredP384(t *testing.T) {
	inWorld(t, memnet.Config{}, func(w *world) {
		k := w.keystoreOf(keystore.SROS2Governance())
		a := w.participant("a", w.credentials(w.enclave384(k, "/a")))
		b := w.participant("b", w.credentials(w.enclave384(k, "/b")))
		c := w.participant("c", w.enclave(k, "/c", keystore.EnclaveOptions{}))
		writer := writerOf[shape](w, a, "Square", qos.KeepAll(), qos.TransientLocal)
		onB := readerOf[shape](w, b, "Square", qos.Reliable(0), qos.KeepAll(), qos.TransientLocal)
		onC := readerOf[shape](w, c, "Square", qos.Reliable(0), qos.KeepAll(), qos.TransientLocal)
		for i := range 3 {
			write(w, writer, shape{"RED", int32(i), 3})
		}
		for i := range 3 {
			require.Equal(w, shape{"RED", int32(i), 3}, next(w, onB).Value)
			require.Equal(w, shape{"RED", int32(i), 3}, next(w, onC).Value)
		}
	})
}
