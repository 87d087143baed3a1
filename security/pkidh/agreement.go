package pkidh

import (
	"crypto/ecdh"
	"crypto/rand"
	"crypto/sha256"
	"errors"
)

// An agreement is our half of a key agreement, used for one handshake.
type agreement interface {
	// public returns our public value. der asks for an ASN.1 INTEGER where the
	// value is a number.
	public(der bool) []byte
	// secret returns the hash of what is agreed on. It refuses values that
	// would give part of our key away.
	secret(peer []byte) ([32]byte, error)
}

// newAgreement makes a fresh key for the algorithm of that name.
func newAgreement(name string) (agreement, error) {
	switch name {
	case agreeECDH, agreeP256:
		return newECDHKey(ecdh.P256())
	case agreeP384:
		return newECDHKey(ecdh.P384())
	case agreeDH, agreeMODP:
		return newDHKey()
	}
	return nil, unlike(propAgree, agreeNames, "%.64q", name)
}

var errPublicValue = errors.New("the public value of the key agreement is not one of its group")

// An ecdhKey is ECDH on P-256 or P-384; public values are uncompressed points.
// DDS-Security 1.1, 9.3.2.5.
type ecdhKey struct{ key *ecdh.PrivateKey }

func newECDHKey(curve ecdh.Curve) (*ecdhKey, error) {
	k, err := curve.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	return &ecdhKey{k}, nil
}

func (k *ecdhKey) public(bool) []byte { return k.key.PublicKey().Bytes() }

func (k *ecdhKey) secret(peer []byte) ([32]byte, error) {
	pub, err := k.key.Curve().NewPublicKey(peer) // refuses what is not on the curve
	if err != nil {
		return [32]byte{}, errPublicValue
	}
	x, err := k.key.ECDH(pub)
	if err != nil {
		return [32]byte{}, errPublicValue
	}
	return sha256.Sum256(x), nil
}
