package pkidh

import (
	"encoding/asn1"
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"
)

func bigDER(t testing.TB, k *dhKey) []byte {
	b, err := asn1.Marshal(k.y)
	require.NoError(t, err)
	return b
}

func TestGroupParameters(t *testing.T) {
	p, q, g := hexInt(modpP), hexInt(modpQ), hexInt(modpG)
	require.Equal(t, 2048, p.BitLen())
	require.Equal(t, 256, q.BitLen())
	require.True(t, p.ProbablyPrime(10))
	require.True(t, q.ProbablyPrime(10))
	one := big.NewInt(1)
	require.Zero(t, new(big.Int).Mod(new(big.Int).Sub(p, one), q).Sign())
	require.Equal(t, one, new(big.Int).Exp(g, q, p))
}

func TestAgreements(t *testing.T) {
	for _, name := range []string{agreeECDH, agreeDH} {
		a, err := newAgreement(name)
		require.NoError(t, err)
		b, err := newAgreement(name)
		require.NoError(t, err)
		sa, err := a.secret(b.public(nil))
		require.NoError(t, err)
		sb, err := b.secret(a.public(nil))
		require.NoError(t, err)
		require.Equal(t, sa, sb)
		require.NotEqual(t, a.public(nil), b.public(nil))
	}
	_, err := newAgreement("ECDHE-CEUM+P384")
	require.ErrorContains(t, err, "ECDHE-CEUM+P384")
}

func TestPublicValuesRefused(t *testing.T) {
	ec, err := newAgreement(agreeECDH)
	require.NoError(t, err)
	offCurve := ec.public(nil)
	offCurve[64] ^= 1
	for name, v := range map[string][]byte{
		"empty": nil, "point at infinity": {0}, "off the curve": offCurve, "too short": offCurve[:64],
	} {
		_, err := ec.secret(v)
		require.ErrorIs(t, err, errPublicValue, name)
	}

	dh, err := newAgreement(agreeDH)
	require.NoError(t, err)
	p := hexInt(modpP)
	one := big.NewInt(1)
	negative, err := asn1.Marshal(new(big.Int).Neg(p))
	require.NoError(t, err)
	for name, v := range map[string][]byte{
		"empty":        nil,
		"0":            {0},
		"1":            {1},
		"p-1":          new(big.Int).Sub(p, one).Bytes(),
		"p":            p.Bytes(),
		"p+2":          new(big.Int).Add(p, big.NewInt(2)).Bytes(),
		"not of order": {2},
		"negative":     negative,
	} {
		_, err := dh.secret(v)
		require.ErrorIs(t, err, errPublicValue, name)
	}
}
