package pkidh

import (
	"crypto/x509"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

func TestStrangersAreRefused(t *testing.T) {
	ca, foreign := newCA(t, "CA"), newCA(t, "CA")
	low, high := nameThat(t, false), nameThat(t, true)
	good := config(t, ca, issue(t, ca, high, newEC(t), nil))
	key := newEC(t)

	for _, tt := range []struct {
		name string
		cert *cert
		want string
	}{
		{"foreign CA of the same name", issue(t, foreign, low, key, nil), "identity CA"},
		{"self-signed", issue(t, nil, low, key, func(c *x509.Certificate) { isCA(c); c.KeyUsage |= x509.KeyUsageDigitalSignature }), "identity CA"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cfg := config(t, ca, tt.cert)
			cfg.IdentityCA = append(foreign.pem(), ca.pem()...)
			if tt.cert.IsCA {
				cfg.IdentityCA = append(cfg.IdentityCA, tt.cert.pem()...)
			}
			cfg.Certificate = append(cfg.Certificate, foreign.pem()...) // brought along, it is no root
			i, r := newSide(t, cfg, ""), newSide(t, good, "")
			meet(t, i, r, rtps.VendorSecdds, rtps.VendorSecdds)
			req, err := i.h.Begin(now, i.pdata)
			require.NoError(t, err)
			_, _, err = r.h.Process(now, r.pdata, wire(t, &req))
			require.ErrorContains(t, err, tt.want)
			require.ErrorContains(t, err, i.id.GUID().String())
		})
	}

	t.Run("expired", func(t *testing.T) {
		i, r := newSide(t, config(t, ca, issue(t, ca, low, key, nil)), ""), newSide(t, good, "")
		meet(t, i, r, rtps.VendorSecdds, rtps.VendorSecdds)
		req, err := i.h.Begin(now, i.pdata)
		require.NoError(t, err)
		late := now.Add(2000 * time.Hour)
		_, _, err = r.h.Process(late, r.pdata, req)
		require.ErrorContains(t, err, "expired")
		_, err = i.h.Begin(late, i.pdata)
		require.NoError(t, err, "it has begun already")
		fresh, err := i.id.NewHandshake(spi.RemoteParticipant{GUID: r.id.GUID(), IdentityToken: r.id.Token()})
		require.NoError(t, err)
		_, err = fresh.Begin(late, i.pdata)
		require.ErrorContains(t, err, "our own identity has expired")

		// Between request and final, too.
		reply := r.step(t, req, false)
		final := i.step(t, *reply, true)
		_, _, err = r.h.Process(late, r.pdata, *final)
		require.ErrorContains(t, err, "expired")
	})

	t.Run("revoked", func(t *testing.T) {
		c := issue(t, ca, low, key, nil)
		cfg := good
		cfg.CRL = crl(t, ca, now.Add(time.Hour), c)
		i, r := newSide(t, config(t, ca, c), ""), newSide(t, cfg, "")
		meet(t, i, r, rtps.VendorSecdds, rtps.VendorSecdds)
		req, err := i.h.Begin(now, i.pdata)
		require.NoError(t, err)
		_, _, err = r.h.Process(now, r.pdata, req)
		require.ErrorContains(t, err, "revoked")
	})

	// A participant with a good certificate of its own in another's place.
	t.Run("GUID of another", func(t *testing.T) {
		i, r := newSide(t, config(t, ca, issue(t, ca, low, key, nil)), ""), newSide(t, good, "")
		meet(t, i, r, rtps.VendorSecdds, rtps.VendorSecdds)
		victim := i.id.GUID()
		victim.Prefix[1] ^= 1
		h, err := r.id.NewHandshake(spi.RemoteParticipant{GUID: victim, IdentityToken: i.id.Token()})
		require.NoError(t, err)
		for name, pdata := range map[string][]byte{
			"its own in c.pdata":     i.pdata,
			"the victim's":           pdataOf(victim),
			"none":                   rtps.AppendSentinel(nil, false),
			"both":                   append(pdataOf(victim)[:20], i.pdata...),
			"a list without its end": pdataOf(victim)[:20],
		} {
			i.h, err = i.id.NewHandshake(spi.RemoteParticipant{GUID: r.id.GUID(), IdentityToken: r.id.Token()})
			require.NoError(t, err)
			req, err := i.h.Begin(now, pdata)
			require.NoError(t, err)
			_, _, err = h.Process(now, r.pdata, req)
			require.Error(t, err, name)
		}
	})
}

// TestStolenCertificate: who only has the victim's certificate gets a reply,
// but cannot finish.
func TestStolenCertificate(t *testing.T) {
	i, r := newPair(t, newEC(t), newEC(t))
	thief := newSideWithKey(t, i)
	req, err := thief.h.Begin(now, i.pdata)
	require.NoError(t, err)
	reply := r.step(t, wire(t, &req), false)
	_, _, err = thief.h.Process(now, i.pdata, *reply)
	require.Error(t, err) // the thief does not trust our CA either; but it need not
	forged := wire(t, reply)
	forged.ClassID = "DDS:Auth:PKI-DH:1.0+Final"
	_, _, err = r.h.Process(now, r.pdata, forged)
	require.ErrorIs(t, err, errSignature)
	shake(t, i, r)
}

// newSideWithKey returns a side that has the victim's certificate and GUID,
// and a key of its own.
func newSideWithKey(t testing.TB, victim *side) *side {
	id := victim.id.(*identity)
	p := *id.p
	p.key = newEC(t)
	p.trust = newTrust("", nil)
	stolen := &identity{p: &p, v: id.v, guid: id.guid, cid: id.cid}
	h := victim.h.(*handshake)
	return &side{id: stolen, h: newHandshake(stolen, h.remote, true), pdata: victim.pdata}
}
