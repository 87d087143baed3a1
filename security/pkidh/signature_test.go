package pkidh

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

// TestHashVector was computed from the specification by other code.
func TestHashVector(t *testing.T) {
	c := newCredential([]rtps.BinaryProperty{
		{Name: propID, Value: []byte("ABC")},
		{Name: propPerm},
		{Name: propPData, Value: []byte{1, 2, 3, 4, 5}},
		{Name: propSign, Value: []byte(signECDSA)},
		{Name: propAgree, Value: []byte(agreeECDH)},
	})
	require.Equal(t, "ca0c3631dc7eec7e337c13524e270735871c76a2366fdc948a8ac01567bad361", hex.EncodeToString(c.hash[:]))
}

// TestSaltLengths: we sign with 32 octets of salt; OpenSSL before 3.1 takes the
// longest there is.
func TestSaltLengths(t *testing.T) {
	key := rsaKeys[0]()
	props := []rtps.BinaryProperty{{Name: "a", Value: []byte("b")}}
	digest := sha256.Sum256(rtps.AppendCanonical(nil, props))
	for _, salt := range []int{rsa.PSSSaltLengthAuto, 32, 20} {
		s, err := rsa.SignPSS(rand.Reader, key, crypto.SHA256, digest[:], &rsa.PSSOptions{SaltLength: salt})
		require.NoError(t, err)
		require.NoError(t, verifySignature(key.Public(), props, s))
	}
	s, err := sign(key, props)
	require.NoError(t, err)
	require.NoError(t, rsa.VerifyPSS(&key.PublicKey, crypto.SHA256, digest[:], s, &rsa.PSSOptions{SaltLength: 32}))

	old, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, digest[:])
	require.NoError(t, err)
	require.ErrorIs(t, verifySignature(key.Public(), props, old), errSignature)
	require.ErrorIs(t, verifySignature("no key", props, s), errSignature)
	require.ErrorIs(t, verifySignature(newEC(t).Public(), props, s), errSignature)
}

// TestFastDDSInitiator: without access control it has no c.perm, and its
// c.dsign_algo follows the key of the CA.
func TestFastDDSInitiator(t *testing.T) {
	i, r := newPair(t, newEC(t), newEC(t))
	h := i.h.(*handshake)
	_, err := i.h.Begin(now, i.pdata)
	require.NoError(t, err)
	x := h.requests[0]
	props := slices.DeleteFunc(slices.Clone(x.c1.props), func(p rtps.BinaryProperty) bool { return p.Name == propPerm })
	for n := range props {
		if props[n].Name == propSign {
			props[n].Value = []byte(signRSA)
		}
	}
	x.c1 = newCredential(props)
	i.perm = ""
	req := spi.Token{ClassID: "DDS:Auth:PKI-DH:1.0+Req", BinaryProperties: append(slices.Clone(x.c1.props),
		rtps.BinaryProperty{Name: propHash1, Value: x.c1.hash[:]},
		rtps.BinaryProperty{Name: propDH1, Value: x.dh1},
		rtps.BinaryProperty{Name: propChallenge1, Value: x.ch1[:]})}
	reply := r.step(t, wire(t, &req), false)
	require.Nil(t, r.step(t, wire(t, i.step(t, wire(t, reply), true)), true))
	agreed(t, i, r)
}

// TestNULTerminatedDocuments: OpenDDS ends c.id and c.perm with a NUL. The hash
// covers it, the document does not have it.
func TestNULTerminatedDocuments(t *testing.T) {
	i, r := newPair(t, newEC(t), newEC(t))
	id := i.id.(*identity)
	id.cid = append([]byte("Certificate:\n    Data:\n"), append(id.cid, 0)...)
	i.id.SetPermissions(spi.Token{Properties: []rtps.Property{{Name: "dds.perm.cert", Value: i.perm + "\x00"}}})
	req, err := i.h.Begin(now, i.pdata)
	require.NoError(t, err)
	reply := r.step(t, wire(t, &req), false)
	require.Nil(t, r.step(t, wire(t, i.step(t, wire(t, reply), true)), true))
	got := r.h.Result()
	require.Equal(t, i.perm, string(got.PermissionDoc))
	require.Equal(t, i.perm+"\x00", string(got.Credential.Binary(propPerm)))
	require.Equal(t, i.h.Result().Secret, got.Secret)
}

// TestSizesAreBounded: what is too large is refused before it is parsed.
func TestSizesAreBounded(t *testing.T) {
	i, r := newPair(t, newEC(t), newEC(t))
	req, err := i.h.Begin(now, i.pdata)
	require.NoError(t, err)
	for n, p := range req.BinaryProperties {
		max, ok := map[string]int{
			propID: maxID, propPerm: maxPerm, propPData: maxPData, propSign: maxName, propAgree: maxName,
			propDH1: maxPublic, propChallenge1: 32,
		}[p.Name]
		if !ok {
			continue
		}
		big := req
		big.BinaryProperties = slices.Clone(req.BinaryProperties)
		big.BinaryProperties[n].Value = make([]byte, max+1)
		_, _, err := r.h.Process(now, r.pdata, big)
		require.ErrorContains(t, err, p.Name)
		require.ErrorContains(t, err, "octets")
	}
	shake(t, i, r)
}
