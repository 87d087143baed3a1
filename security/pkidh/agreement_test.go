package pkidh

import (
	"encoding/asn1"
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"
)

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
	for _, name := range []string{agreeECDH, agreeDH, agreeP256, agreeP384, agreeMODP} {
		a, err := newAgreement(name)
		require.NoError(t, err)
		b, err := newAgreement(name)
		require.NoError(t, err)
		sa, err := a.secret(b.public(false))
		require.NoError(t, err)
		sb, err := b.secret(a.public(false))
		require.NoError(t, err)
		require.Equal(t, sa, sb)
		require.NotEqual(t, a.public(false), b.public(false))
	}
	_, err := newAgreement("ECDHE-CEUM+P521")
	require.ErrorContains(t, err, "ECDHE-CEUM+P521")
}

// Values are told apart from their ASN.1 form at every length they have.
func TestDERIntegers(t *testing.T) {
	one := big.NewInt(1)
	for bits := uint(1700); bits <= 2048; bits++ {
		for _, n := range []*big.Int{new(big.Int).Lsh(one, bits-1), new(big.Int).Sub(new(big.Int).Lsh(one, bits), one)} {
			der, err := asn1.Marshal(n)
			require.NoError(t, err)
			got, ok := derInteger(der)
			require.True(t, ok, "%d bits", bits)
			require.Zero(t, n.Cmp(got))
			require.False(t, isDERInteger(n.Bytes()), "%d bits", bits)
			require.False(t, isDERInteger(der[:len(der)-1]))
			require.False(t, isDERInteger(append(der, 0)))
		}
	}
}

func TestPublicValuesRefused(t *testing.T) {
	p384, err := newAgreement(agreeP384)
	require.NoError(t, err)
	bad := p384.public(true)
	require.Len(t, bad, 97)
	bad[96] ^= 1
	_, err = p384.secret(bad)
	require.ErrorIs(t, err, errPublicValue)
	ec, err := newAgreement(agreeECDH)
	require.NoError(t, err)
	_, err = p384.secret(ec.public(false))
	require.ErrorIs(t, err, errPublicValue, "of another curve")
	offCurve := ec.public(false)
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
