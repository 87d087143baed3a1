package pkidh

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

var candidate = rtps.GUID{Prefix: rtps.GUIDPrefix{1, 0x10, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff, 1, 2, 3, 4}, Entity: rtps.EntityParticipant}

func TestGUIDVector(t *testing.T) {
	der, err := hex.DecodeString("300c310a300806035504030c0141") // CN=A
	require.NoError(t, err)
	g := adjustGUID(der, rtps.GUID{Prefix: rtps.GUIDPrefix{1, 0x10, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff, 1, 2, 3, 4}, Entity: rtps.EntityParticipant})
	require.Equal(t, "853cd271c684e5dc7572a632", hex.EncodeToString(g.Prefix[:]))
	require.Equal(t, rtps.EntityParticipant, g.Entity)
	require.Equal(t, "CN=A", nameText(der))

	// Only the first 48 bits are bound to the subject.
	require.True(t, guidFits(g, der))
	g.Prefix[6]++
	require.True(t, guidFits(g, der))
	for i := range 48 {
		bad := g
		bad.Prefix[i/8] ^= 0x80 >> (i % 8)
		require.False(t, guidFits(bad, der), "bit %d", i)
	}
}

func TestLocalIdentity(t *testing.T) {
	ca := newCA(t, "CA")
	c := issue(t, ca, "A", newEC(t), nil)
	p, err := New(config(t, ca, c))
	require.NoError(t, err)
	id, err := p.ValidateLocalIdentity(now, 0, candidate)
	require.NoError(t, err)
	_, err = p.ValidateLocalIdentity(time.Time{}, 0, candidate)
	require.ErrorContains(t, err, "no time")
	require.Equal(t, "CN=A,O=secdds", id.SubjectName())
	require.Equal(t, c.NotAfter, id.NotAfter())
	require.True(t, guidFits(id.GUID(), c.RawSubject))
	require.Equal(t, spi.Token{ClassID: "DDS:Auth:PKI-DH:1.0", Properties: []rtps.Property{
		{Name: "dds.cert.sn", Value: "CN=A,O=secdds"},
		{Name: "dds.cert.algo", Value: "EC-prime256v1"},
		{Name: "dds.ca.algo", Value: "EC-prime256v1"},
	}}, id.Token())
}

func TestCredentialsRefused(t *testing.T) {
	ca, foreign := newCA(t, "CA"), newCA(t, "Foreign")
	c := issue(t, ca, "A", newEC(t), nil)
	p521, err := ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	require.NoError(t, err)
	sameName := newCA(t, "CA")

	for _, tt := range []struct {
		name string
		edit func(*Config)
		want []string // in the error's text
	}{
		{"no CA", func(c *Config) { c.IdentityCA = nil }, []string{"ca.pem", "CERTIFICATE"}},
		{"CA is a key", func(c *Config) { c.IdentityCA = c.PrivateKey }, []string{"ca.pem", "CERTIFICATE"}},
		{"no certificate", func(c *Config) { c.Certificate = []byte("hello") }, []string{"cert.pem", "CERTIFICATE"}},
		{"no key", func(c *Config) { c.PrivateKey = c.Certificate }, []string{"key.pem", "PRIVATE KEY"}},
		{"bad key", func(c *Config) {
			c.PrivateKey = []byte("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
		}, []string{"key.pem"}},
		{"bad CRL", func(c *Config) { c.CRL = []byte("x") }, []string{"crl.pem", "X509 CRL"}},
		{"foreign CA", func(c *Config) { c.IdentityCA = foreign.pem() }, []string{"cert.pem", "ca.pem", "CN=CA", "CN=Foreign"}},
		{"CA of the same name", func(c *Config) { c.IdentityCA = sameName.pem() }, []string{"cert.pem", "ca.pem"}},
		{"another's key", func(c *Config) { c.PrivateKey = foreign.keyPEM(t) }, []string{"key.pem", "cert.pem", "CN=A"}},
		{"expired", func(cfg *Config) {
			cfg.Certificate = issue(t, ca, "A", c.key, func(c *x509.Certificate) { c.NotAfter = now.Add(-time.Minute) }).pem()
		}, []string{"cert.pem", "expired", "2026-11-22T11:59:00Z"}},
		{"not valid yet", func(cfg *Config) {
			cfg.Certificate = issue(t, ca, "A", c.key, func(c *x509.Certificate) { c.NotBefore = now.Add(time.Minute) }).pem()
		}, []string{"cert.pem", "not valid before"}},
		{"CA expired", func(cfg *Config) {
			old := issue(t, nil, "Old", newEC(t), func(c *x509.Certificate) { isCA(c); c.NotAfter = now.Add(-time.Minute) })
			cfg.IdentityCA, cfg.Certificate = old.pem(), issue(t, old, "A", c.key, nil).pem()
		}, []string{"ca.pem", "CN=Old", "expired"}},
		{"issuer is no CA", func(cfg *Config) {
			mid := issue(t, ca, "Mid", newEC(t), nil)
			cfg.Certificate = append(issue(t, mid, "A", c.key, nil).pem(), mid.pem()...)
		}, []string{"cert.pem"}},
		{"curve", func(cfg *Config) {
			x := issue(t, ca, "A", p521, nil)
			cfg.Certificate, cfg.PrivateKey = x.pem(), x.keyPEM(t)
		}, []string{"key.pem", "P-521", "prime256v1"}},
		{"revoked", func(cfg *Config) { cfg.CRL = crl(t, ca, now.Add(time.Hour), c) }, []string{"cert.pem", "revoked"}},
		{"revoked by an outdated CRL", func(cfg *Config) { cfg.CRL = crl(t, ca, now.Add(-time.Second), c) }, []string{"cert.pem", "revoked"}},
		{"CRL of another CA", func(cfg *Config) { cfg.CRL = crl(t, foreign, now.Add(time.Hour)) }, []string{"crl.pem", "CN=Foreign", "signed by somebody else"}},
		{"CRL of another CA of that name", func(cfg *Config) { cfg.CRL = crl(t, sameName, now.Add(time.Hour)) }, []string{"crl.pem", "CN=CA", "not that CA's"}},
		{"no CRL of the issuer", func(cfg *Config) {
			cfg.IdentityCA = append(cfg.IdentityCA, foreign.pem()...)
			cfg.CRL = crl(t, foreign, now.Add(time.Hour))
		}, []string{"none signed by", "CN=CA"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cfg := config(t, ca, c)
			tt.edit(&cfg)
			p, err := New(cfg)
			if err == nil {
				_, err = p.ValidateLocalIdentity(now, 0, candidate)
			}
			require.Error(t, err)
			for _, w := range tt.want {
				require.ErrorContains(t, err, w)
			}
		})
	}
}

func TestChains(t *testing.T) {
	root, other := newCA(t, "Root"), newCA(t, "Other")
	mid := issue(t, root, "Mid", newEC(t), func(c *x509.Certificate) { isCA(c); c.NotAfter = now.Add(time.Hour) })
	c := issue(t, mid, "A", newEC(t), nil)

	cfg := config(t, root, c)
	cfg.IdentityCA = append(other.pem(), root.pem()...)
	p, err := New(cfg)
	require.NoError(t, err)
	_, err = p.ValidateLocalIdentity(now, 0, candidate)
	require.Error(t, err, "the intermediate is missing")

	cfg.Certificate = append([]byte("Certificate:\n  Data: …\n"), append(c.pem(), mid.pem()...)...)
	cfg.CRL = append(crl(t, mid, now.Add(time.Hour)), crl(t, root, now.Add(time.Hour))...)
	p, err = New(cfg)
	require.NoError(t, err)
	id, err := p.ValidateLocalIdentity(now, 0, candidate)
	require.NoError(t, err)
	require.Equal(t, mid.NotAfter, id.NotAfter(), "the chain lapses with its first certificate")

	cfg.CRL = append(crl(t, mid, now.Add(time.Hour)), crl(t, root, now.Add(time.Hour), mid)...)
	p, err = New(cfg)
	require.NoError(t, err)
	_, err = p.ValidateLocalIdentity(now, 0, candidate)
	require.ErrorContains(t, err, "revoked")
}

func TestKeyForms(t *testing.T) {
	want, err := os.ReadFile("testdata/sec1.pem")
	require.NoError(t, err)
	plain, err := parseKey(want, "")
	require.NoError(t, err)
	for _, name := range []string{"pkcs8_sha256", "pkcs8_sha1", "sec1_legacy"} {
		b, err := os.ReadFile(filepath.Join("testdata", name+".pem"))
		require.NoError(t, err)
		k, err := parseKey(b, "secret")
		require.NoError(t, err, name)
		require.True(t, plain.Public().(*ecdsa.PublicKey).Equal(k.Public()), name)
		_, err = parseKey(b, "wrong")
		require.Error(t, err, name)
		_, err = parseKey(b, "")
		require.ErrorContains(t, err, "Password", name)
	}
	for _, name := range []string{"pkcs8_des3", "pkcs8_pbes1"} {
		b, err := os.ReadFile(filepath.Join("testdata", name+".pem"))
		require.NoError(t, err)
		_, err = parseKey(b, "secret")
		require.ErrorContains(t, err, "want", name)
	}
	b, err := os.ReadFile("testdata/sec1_params.pem")
	require.NoError(t, err)
	require.True(t, bytes.Contains(b, []byte("EC PARAMETERS")))
	_, err = parseKey(b, "")
	require.NoError(t, err)

	rsaKey := rsaKeys[0]()
	k, err := parseKey(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(rsaKey)}), "")
	require.NoError(t, err)
	require.True(t, rsaKey.PublicKey.Equal(k.Public()))
	require.Error(t, checkPublicKey(&rsa.PublicKey{N: new(big.Int).Rsh(rsaKey.N, 1024), E: 65537}))
	require.Error(t, checkPublicKey("key"))
}

func TestConfigKeepsSecrets(t *testing.T) {
	cfg := Config{PrivateKey: []byte("the key"), Password: "the password", PrivateKeyFile: "key.pem"}
	for _, s := range []string{fmt.Sprintf("%v %+v %#v", cfg, cfg, cfg), cfg.LogValue().String()} {
		require.Contains(t, s, "private key key.pem")
		require.NotContains(t, s, "the key")
		require.NotContains(t, s, "the password")
	}
}

func FuzzKey(f *testing.F) {
	names, err := filepath.Glob("testdata/*.pem")
	require.NoError(f, err)
	for _, n := range names {
		b, err := os.ReadFile(n)
		require.NoError(f, err)
		block, _ := pem.Decode(b)
		f.Add(block.Bytes)
	}
	f.Fuzz(func(t *testing.T, der []byte) {
		if len(der) > 4096 || bytes.Contains(der, []byte{2, 3}) || bytes.Contains(der, []byte{2, 4}) {
			return // millions of iterations: slow, not wrong
		}
		out, err := decryptPKCS8(der, "secret")
		require.True(t, err == nil || out == nil)
	})
}
