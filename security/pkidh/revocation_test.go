package pkidh

import (
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

func derOf(t testing.TB, list []byte) []byte {
	block, _ := pem.Decode(list)
	require.NotNil(t, block)
	return block.Bytes
}

// refusesPeer reports what a participant with these revocation lists has
// against a peer.
func refusesPeer(t *testing.T, ca *cert, lists []byte, peer *cert, behind ...*cert) error {
	t.Helper()
	cfg := config(t, ca, issue(t, ca, nameThat(t, true), newEC(t), nil))
	cfg.CRL = lists
	chain := config(t, ca, peer)
	for _, c := range behind {
		chain.Certificate = append(chain.Certificate, c.pem()...)
	}
	r, i := newSide(t, cfg, ""), newSide(t, chain, "")
	meet(t, i, r, rtps.VendorSecdds, rtps.VendorSecdds)
	req, err := i.h.Begin(now, i.pdata)
	require.NoError(t, err)
	_, _, err = r.h.Process(now, r.pdata, req)
	return err
}

func TestCRLForms(t *testing.T) {
	ca := newCA(t, "CA")
	c := issue(t, ca, nameThat(t, false), newEC(t), nil)
	none, all := crl(t, ca, now.Add(time.Hour)), crl(t, ca, now.Add(time.Hour), c)
	require.NoError(t, refusesPeer(t, ca, none, c))
	for name, list := range map[string][]byte{
		"PEM":            all,
		"DER":            derOf(t, all),
		"after another":  append(append([]byte("text\n"), none...), all...),
		"before another": append(append([]byte{}, all...), none...),
		"outdated":       crl(t, ca, now.Add(-time.Minute), c),
	} {
		err := refusesPeer(t, ca, list, c)
		var r *spi.Refusal
		require.ErrorAs(t, err, &r, name)
		require.Contains(t, r.Rule, "CRL of")
		require.Contains(t, r.Found, "revoked since", name)
		require.Equal(t, "c.id", r.Document)
	}
	// An outdated list of nobody keeps nobody out.
	require.NoError(t, refusesPeer(t, ca, crl(t, ca, now.Add(-time.Hour)), c))
}

func TestCRLOfIntermediates(t *testing.T) {
	ca := newCA(t, "CA")
	mid := issue(t, ca, "Mid", newEC(t), isCA)
	c := issue(t, mid, nameThat(t, false), newEC(t), nil)
	ours := crl(t, ca, now.Add(time.Hour))

	// Our list names the intermediate: all below it is revoked, whatever lists
	// there are of the intermediate's own.
	err := refusesPeer(t, ca, crl(t, ca, now.Add(time.Hour), mid), c, mid)
	require.ErrorContains(t, err, `"CN=Mid,O=secdds"`)

	// There are lists, but none of who issued the peer's certificate.
	require.ErrorContains(t, refusesPeer(t, ca, ours, c, mid), "none signed by")

	// The intermediate's list can be verified where its certificate is known.
	cfg := config(t, ca, issue(t, mid, nameThat(t, true), newEC(t), nil))
	cfg.Certificate = append(cfg.Certificate, mid.pem()...)
	cfg.CRL = append(append([]byte{}, ours...), crl(t, mid, now.Add(time.Hour), c)...)
	p, err := New(cfg)
	require.NoError(t, err)
	require.NoError(t, p.Check(now))
	_, err = p.trust.verify(now, []*x509.Certificate{c.Certificate, mid.Certificate})
	require.ErrorContains(t, err, "revoked")
}

func TestCRLRefused(t *testing.T) {
	ca := newCA(t, "CA")
	noSign := issue(t, nil, "CA", newEC(t), func(c *x509.Certificate) { isCA(c); c.KeyUsage = x509.KeyUsageCertSign })
	list := func(edit func(*x509.RevocationList)) []byte {
		tmpl := &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: now.Add(-time.Hour), NextUpdate: now.Add(time.Hour)}
		edit(tmpl)
		der, err := x509.CreateRevocationList(rand.Reader, tmpl, ca.Certificate, ca.key)
		require.NoError(t, err)
		return der
	}
	flipped := derOf(t, crl(t, ca, now.Add(time.Hour)))
	flipped[len(flipped)-1] ^= 1
	delta := pkix.Extension{Id: []int{2, 5, 29, 27}, Critical: true, Value: []byte{2, 1, 1}}
	indirect := pkix.Extension{Id: []int{2, 5, 29, 29}, Critical: true, Value: []byte{5, 0}}
	for name, tt := range map[string]struct {
		ca   *cert
		list []byte
		want string
	}{
		"a flipped octet": {ca, flipped, "not that CA's"},
		"a delta":         {ca, list(func(l *x509.RevocationList) { l.ExtraExtensions = []pkix.Extension{delta} }), "no delta"},
		"indirect": {ca, list(func(l *x509.RevocationList) {
			l.RevokedCertificateEntries = []x509.RevocationListEntry{{SerialNumber: big.NewInt(7), RevocationTime: now, ExtraExtensions: []pkix.Extension{indirect}}}
		}), "indirect"},
		"a CA that may not sign lists": {noSign, func() []byte {
			signer := *noSign
			c := *noSign.Certificate
			c.KeyUsage |= x509.KeyUsageCRLSign
			signer.Certificate = &c
			return crl(t, &signer, now.Add(time.Hour))
		}(), "not that CA's"},
		"nothing": {ca, []byte("-----BEGIN X509 CRL-----\n-----END X509 CRL-----\n"), "crl.pem"},
		"DER":     {ca, []byte{0x30, 3, 1, 1, 0}, "crl.pem"},
	} {
		cfg := config(t, tt.ca, issue(t, tt.ca, "A", newEC(t), nil))
		cfg.CRL = tt.list
		_, err := New(cfg)
		require.ErrorContains(t, err, tt.want, name)
		require.ErrorContains(t, err, "crl.pem", name)
		var r *spi.Refusal
		require.ErrorAs(t, err, &r, name)
	}
}

type events []spi.SecurityEvent

func (e *events) Log(v spi.SecurityEvent) { *e = append(*e, v) }

func TestWarnings(t *testing.T) {
	ca := newCA(t, "CA")
	long := func(c *x509.Certificate) { c.NotAfter = now.Add(600 * 24 * time.Hour) }
	longCA := issue(t, nil, "CA", ca.key, func(c *x509.Certificate) { isCA(c); long(c) })
	var log events
	cfg := config(t, longCA, issue(t, longCA, "A", newEC(t), long))
	cfg.Logging = &log
	cfg.CRL = crl(t, longCA, now.Add(time.Hour))
	p, err := New(cfg)
	require.NoError(t, err)
	require.Empty(t, p.Warnings(now))
	_, err = p.ValidateLocalIdentity(now, 0, candidate)
	require.NoError(t, err)
	require.Empty(t, log)

	later := now.Add(2 * time.Hour)
	_, err = p.ValidateLocalIdentity(later, 0, candidate)
	require.NoError(t, err, "an outdated list goes on to apply")
	require.Len(t, log, 1)
	require.Equal(t, spi.SeverityWarning, log[0].Severity)
	require.ErrorContains(t, log[0].Err, "crl.pem")
	require.ErrorContains(t, log[0].Err, "CN=CA")

	w := p.Warnings(now.Add(590 * 24 * time.Hour))
	require.Len(t, w, 2)
	require.ErrorContains(t, w[1], "cert.pem")
	require.ErrorContains(t, w[1], "renew")

	// A certificate for a day is not warned of all day.
	day := func(c *x509.Certificate) { c.NotAfter = now.Add(23 * time.Hour) } // it began an hour ago
	p, err = New(config(t, longCA, issue(t, longCA, "A", newEC(t), day)))
	require.NoError(t, err)
	require.Empty(t, p.Warnings(now.Add(10*time.Hour)))
	require.Len(t, p.Warnings(now.Add(18*time.Hour)), 1)
}

func FuzzPEM(f *testing.F) {
	ca := newCA(f, "CA")
	f.Add(ca.pem())
	f.Add(append(ca.pem(), ca.pem()...))
	f.Add(crl(f, ca, now.Add(time.Hour), ca))
	f.Add(ca.Raw)
	f.Add(derOf(f, crl(f, ca, now)))
	trust := newTrust("ca.pem", []*x509.Certificate{ca.Certificate})
	f.Fuzz(func(t *testing.T, b []byte) {
		if certs, err := parseCerts(b, maxChain); err == nil {
			require.NotEmpty(t, certs)
			require.LessOrEqual(t, len(certs), maxChain)
			v, err := trust.verify(now, certs)
			require.True(t, err != nil || v.leaf.Equal(ca.Certificate), "nobody else has that CA's key")
			again, err := parseCerts(appendCertPEM(nil, certs), 0)
			require.NoError(t, err)
			require.Len(t, again, len(certs))
		}
		if lists, err := parseCRLs(b); err == nil {
			require.NotEmpty(t, lists)
			trusted := *trust
			_ = trusted.addCRLs(lists, nil)
		}
	})
}

func FuzzNames(f *testing.F) {
	ca := newCA(f, "CA")
	f.Add(ca.RawSubject, ca.RawSubject)
	f.Add(ca.RawSubject, issue(f, nil, "ca", newEC(f), nil).RawSubject)
	f.Add([]byte{0x30, 0}, []byte{})
	f.Fuzz(func(t *testing.T, a, b []byte) {
		require.Equal(t, nearly(a, b), nearly(b, a))
		require.Empty(t, nearly(a, a))
		_ = nameText(a)
	})
}

func FuzzPrivateKey(f *testing.F) {
	f.Add((&cert{key: newEC(f)}).keyPEM(f))
	f.Add([]byte("-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		key, err := parseKey(b, "")
		require.Equal(t, err == nil, key != nil)
	})
}
