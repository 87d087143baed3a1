package pkidh

import (
	"crypto"
	"crypto/elliptic"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

// pdataWith is pdataOf with the algorithm masks.
func pdataWith(g rtps.GUID, a *rtps.SecurityAlgorithms) []byte {
	b := pdataOf(g)
	b = b[:len(b)-4]
	if a != nil {
		b = a.AppendParameters(b, false)
	}
	return rtps.AppendSentinel(b, false)
}

func masks(s *side) *rtps.SecurityAlgorithms { return s.id.(spi.AlgorithmAnnouncer).Algorithms() }

// meet12 is meet with what is announced of algorithms.
func meet12(t testing.TB, i, r *side, ofI, ofR *rtps.SecurityAlgorithms) {
	var err error
	i.h, err = i.id.NewHandshake(spi.RemoteParticipant{GUID: r.id.GUID(), IdentityToken: r.id.Token(), Algorithms: ofR})
	require.NoError(t, err)
	r.h, err = r.id.NewHandshake(spi.RemoteParticipant{GUID: i.id.GUID(), IdentityToken: i.id.Token(), Algorithms: ofI})
	require.NoError(t, err)
	i.pdata, r.pdata = pdataWith(i.id.GUID(), masks(i)), pdataWith(r.id.GUID(), masks(r))
}

func pair384(t testing.TB, edit func(i, r *Config)) (i, r *side) {
	ca := newCA(t, "CA")
	ci := config(t, ca, issue(t, ca, nameThat(t, false), newCurve(t, elliptic.P384()), nil))
	cr := config(t, ca, issue(t, ca, nameThat(t, true), newCurve(t, elliptic.P384()), nil))
	if edit != nil {
		edit(&ci, &cr)
	}
	return newSide(t, ci, "permissions of i"), newSide(t, cr, "permissions of r")
}

func TestP384(t *testing.T) {
	i, r := pair384(t, nil)
	meet12(t, i, r, masks(i), masks(r))
	req, err := i.h.Begin(now, i.pdata)
	require.NoError(t, err)
	require.Equal(t, "ECDHE-CEUM+P384", string(req.Binary("c.kagree_algo")))
	require.Equal(t, "ECDSA+P384+SHA384", string(req.Binary("c.dsign_algo")))
	require.Len(t, req.Binary("dh1"), 97)
	reply := r.step(t, wire(t, &req), false)
	require.Equal(t, "ECDHE-CEUM+P384", string(reply.Binary("c.kagree_algo")))
	require.Nil(t, r.step(t, wire(t, i.step(t, wire(t, reply), true)), true))
	agreed(t, i, r)
	token := i.id.Token()
	_, named := token.Property("dds.cert.algo")
	require.False(t, named, "1.1 has no name for it")
}

// Who does not announce P-384 is met on P-256.
func TestP384WithPeersOf11(t *testing.T) {
	i, r := pair384(t, nil)
	meet12(t, i, r, masks(i), nil)
	r.pdata = pdataOf(r.id.GUID())
	req, err := i.h.Begin(now, i.pdata)
	require.NoError(t, err)
	require.Equal(t, "ECDH+prime256v1-CEUM", string(req.Binary("c.kagree_algo")))
	require.Nil(t, r.step(t, wire(t, i.step(t, wire(t, r.step(t, wire(t, &req), false)), true)), true))
	agreed(t, i, r)
}

// An attacker leaves the masks out of the announcement, to have a weaker
// agreement. The peer's signed data tells of it.
func TestP384Downgrade(t *testing.T) {
	i, r := pair384(t, nil)
	for name, seen := range map[string]*rtps.SecurityAlgorithms{
		"left out": nil,
		"changed": func() *rtps.SecurityAlgorithms {
			a := *masks(r)
			a.Agreement.Supported = rtps.AgreeP256
			return &a
		}(),
	} {
		meet12(t, i, r, masks(i), seen)
		req, err := i.h.Begin(now, i.pdata)
		require.NoError(t, err, name)
		_, _, err = i.h.Process(now, i.pdata, wire(t, r.step(t, wire(t, &req), false)))
		require.ErrorContains(t, err, "algorithms", name)
		require.Zero(t, i.h.Result())
	}
}

func TestAnnouncedAlgorithms(t *testing.T) {
	ca := newCA(t, "CA")
	ca384 := issue(t, nil, "CA", newCurve(t, elliptic.P384()), isCA)
	rsaCA := issue(t, nil, "CA", rsaKeys[0](), isCA)
	of := func(ca *cert, key crypto.Signer, edit func(*Config)) *rtps.SecurityAlgorithms {
		cfg := config(t, ca, issue(t, ca, "A", key, nil))
		if edit != nil {
			edit(&cfg)
		}
		return masks(newSide(t, cfg, ""))
	}
	// What 1.1 has, is not announced.
	require.Nil(t, of(ca, newEC(t), nil))
	require.Nil(t, of(rsaCA, rsaKeys[1](), nil))
	require.Nil(t, of(ca, newEC(t), func(c *Config) { c.KeyAgreement = agreeDH }))

	a := of(ca, newCurve(t, elliptic.P384()), nil)
	require.Equal(t, rtps.AlgorithmMask{Supported: 0xf, Required: 4}, a.TrustChain)
	require.Equal(t, rtps.AlgorithmMask{Supported: 0xd, Required: 8}, a.MessageAuth)
	require.Equal(t, rtps.AlgorithmMask{Supported: 7, Required: 1<<31 | 6}, a.Agreement)
	require.Equal(t, uint32(3), a.CipherSupported)
	a = of(ca384, newEC(t), nil)
	require.Equal(t, uint32(8), a.TrustChain.Required)
	require.Equal(t, uint32(4), a.MessageAuth.Required)
	a = of(rsaCA, rsaKeys[1](), func(c *Config) { c.AnnounceAlgorithms = true })
	require.Equal(t, uint32(2), a.TrustChain.Required)
	require.Equal(t, uint32(1), a.MessageAuth.Required)
	require.NotNil(t, of(ca, newEC(t), func(c *Config) { c.KeyAgreement = agreeP384 }))
}

// Masks are compared in both directions where both sides announce them.
func TestAlgorithmsChecked(t *testing.T) {
	i, r := pair384(t, nil)
	theirs := func(edit func(*rtps.SecurityAlgorithms)) *rtps.SecurityAlgorithms {
		a := *masks(r)
		edit(&a)
		return &a
	}
	try := func(a *rtps.SecurityAlgorithms) error {
		_, err := i.id.NewHandshake(spi.RemoteParticipant{GUID: r.id.GUID(), IdentityToken: r.id.Token(), Algorithms: a})
		return err
	}
	require.NoError(t, try(nil))
	require.NoError(t, try(theirs(func(*rtps.SecurityAlgorithms) {})))
	for name, a := range map[string]*rtps.SecurityAlgorithms{
		"signatures of handshakes":     theirs(func(a *rtps.SecurityAlgorithms) { a.MessageAuth.Supported = rtps.SignECDSAP256 }),
		"signatures of certificates":   theirs(func(a *rtps.SecurityAlgorithms) { a.TrustChain.Supported = rtps.SignRSA2048PKCS1 }),
		"key agreement":                theirs(func(a *rtps.SecurityAlgorithms) { a.Agreement.Supported = rtps.AgreeMODP2048 }),
		"ECDSA+P256+SHA256":            theirs(func(a *rtps.SecurityAlgorithms) { a.TrustChain.Supported = rtps.SignRSA2048PKCS1 }),
		"algorithm bit 16":             theirs(func(a *rtps.SecurityAlgorithms) { a.MessageAuth.Required = 1 << 16 }),
		"algorithm bit 17":             theirs(func(a *rtps.SecurityAlgorithms) { a.Agreement.Required = 1<<31 | 1<<17 }),
		"cipher of built-in endpoints": theirs(func(a *rtps.SecurityAlgorithms) { a.CipherSupported = rtps.CipherAES128 }),
		"cipher of the key exchange":   theirs(func(a *rtps.SecurityAlgorithms) { a.CipherKeyExchange = 1 << 30 }),
	} {
		err := try(a)
		var refusal *spi.Refusal
		require.ErrorAs(t, err, &refusal, name)
		require.ErrorContains(t, err, name)
	}
	require.NoError(t, try(theirs(func(a *rtps.SecurityAlgorithms) { a.Agreement.Required = 1<<31 | 1<<17 | rtps.AgreeP384 })), "one is enough")
	require.NoError(t, try(theirs(func(a *rtps.SecurityAlgorithms) { a.Agreement.Required = 1 << 31 })), "nothing is required")
}

// An initiator that uses the names of 1.2 for what 1.1 has gets them back.
func TestNamesOf12(t *testing.T) {
	for _, agree := range []string{agreeP256, agreeMODP} {
		i, r := newPair(t, newEC(t), newEC(t))
		h := i.h.(*handshake)
		key, err := h.key(agree)
		require.NoError(t, err)
		x := &exchange{agree: agree, c1: h.id.credential(i.pdata, agree, true, true), dh1: key.public(false), ch1: h.challenge}
		h.requests = []*exchange{x}
		req := spi.Token{ClassID: "DDS:Auth:PKI-DH:1.2+Req", BinaryProperties: append(slices.Clone(x.c1.props),
			rtps.BinaryProperty{Name: "dh1", Value: x.dh1}, rtps.BinaryProperty{Name: "challenge1", Value: x.ch1[:]})}
		require.Equal(t, "ECDSA+P256+SHA256\x00", string(req.Binary("c.dsign_algo")))
		reply := r.step(t, wire(t, &req), false)
		require.Equal(t, "DDS:Auth:PKI-DH:1.2+Reply", reply.ClassID)
		require.Equal(t, agree+"\x00", string(reply.Binary("c.kagree_algo")))
		require.Equal(t, "ECDSA+P256+SHA256\x00", string(reply.Binary("c.dsign_algo")))
		final := i.step(t, wire(t, reply), true)
		require.Equal(t, "DDS:Auth:PKI-DH:1.2+Final", final.ClassID)
		require.Nil(t, r.step(t, wire(t, final), true))
		agreed(t, i, r)
	}
}

// An initiator without a preference takes P-384 from a peer that insists on it.
func TestPeerInsistsOnP384(t *testing.T) {
	i, r := newPair(t, newEC(t), newEC(t))
	a := rtps.DefaultSecurityAlgorithms()
	a.Agreement = rtps.AlgorithmMask{Supported: rtps.AgreeP384, Required: rtps.AgreeP384}
	meet12(t, i, r, nil, &a)
	shake(t, i, r)
	require.Equal(t, agreeP384, string(i.h.(*handshake).requests[0].agree))
}

func TestLargeRSAKeys(t *testing.T) {
	ca := newCA(t, "CA")
	large := largeRSA()
	require.Equal(t, 3072, large.N.BitLen())
	i := newSide(t, config(t, ca, issue(t, ca, nameThat(t, false), large, nil)), "permissions of i")
	r := newSide(t, config(t, ca, issue(t, ca, nameThat(t, true), rsaKeys[0](), nil)), "permissions of r")
	meet(t, i, r, rtps.VendorSecdds, rtps.VendorSecdds)
	shake(t, i, r)
	require.Len(t, i.h.(*handshake).answered[0].token.Binary("signature"), 3072/8)
	token := i.id.Token()
	_, named := token.Property("dds.cert.algo")
	require.False(t, named)
}

func FuzzAlgorithmsOfPData(f *testing.F) {
	a := rtps.DefaultSecurityAlgorithms()
	f.Add(pdataWith(candidate, &a))
	f.Add(pdataOf(candidate))
	f.Fuzz(func(t *testing.T, b []byte) {
		if got := pdataAlgorithms(b); got != nil {
			require.Equal(t, got, pdataAlgorithms(pdataWith(candidate, got)))
		}
	})
}
