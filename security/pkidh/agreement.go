package pkidh

import (
	"crypto/ecdh"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
)

// An agreement is our half of a key agreement, used for one handshake.
type agreement interface {
	// public returns our public value, in the form the peer has written its own.
	public(peer []byte) []byte
	// secret returns the hash of what is agreed on. It refuses values that
	// would give part of our key away.
	secret(peer []byte) ([32]byte, error)
}

// newAgreement makes a fresh key for the algorithm of that name.
func newAgreement(name string) (agreement, error) {
	switch name {
	case agreeECDH:
		k, err := ecdh.P256().GenerateKey(rand.Reader)
		if err != nil {
			return nil, err
		}
		return &ecdhKey{k}, nil
	case agreeDH:
		return newDHKey()
	}
	return nil, fmt.Errorf("c.kagree_algo is %.64q, want %q or %q", name, agreeECDH, agreeDH)
}

var errPublicValue = errors.New("the public value of the key agreement is not one of its group")

// An ecdhKey is ECDH on P-256; public values are uncompressed points.
// DDS-Security 1.1, 9.3.2.5.
type ecdhKey struct{ key *ecdh.PrivateKey }

func (k *ecdhKey) public([]byte) []byte { return k.key.PublicKey().Bytes() }

func (k *ecdhKey) secret(peer []byte) ([32]byte, error) {
	pub, err := ecdh.P256().NewPublicKey(peer) // refuses what is not on the curve
	if err != nil {
		return [32]byte{}, errPublicValue
	}
	x, err := k.key.ECDH(pub)
	if err != nil {
		return [32]byte{}, errPublicValue
	}
	return sha256.Sum256(x), nil
}
