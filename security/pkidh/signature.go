package pkidh

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"errors"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

// signName returns the name of the algorithm that a key signs with. new12 asks
// for the names of DDS-Security 1.2.
func signName(key crypto.PublicKey, new12 bool) string {
	switch k := key.(type) {
	case *rsa.PublicKey:
		if new12 {
			return signRSA12
		}
		return signRSA
	case *ecdsa.PublicKey:
		if k.Curve == elliptic.P384() {
			return signP384
		}
	}
	if new12 {
		return signP256
	}
	return signECDSA
}

// digest hashes the canonical form of props as signatures of a key want it.
func digest(key crypto.PublicKey, props []rtps.BinaryProperty) ([]byte, crypto.Hash) {
	b := rtps.AppendCanonical(nil, props)
	if k, ok := key.(*ecdsa.PublicKey); ok && k.Curve == elliptic.P384() {
		d := sha512.Sum384(b)
		return d[:], crypto.SHA384
	}
	d := sha256.Sum256(b)
	return d[:], crypto.SHA256
}

// sign signs the canonical form of props.
func sign(key crypto.Signer, props []rtps.BinaryProperty) ([]byte, error) {
	d, hash := digest(key.Public(), props)
	var opts crypto.SignerOpts = hash
	if _, ok := key.Public().(*rsa.PublicKey); ok {
		opts = &rsa.PSSOptions{SaltLength: 32, Hash: hash} // RustDDS takes no other salt
	}
	return key.Sign(rand.Reader, d, opts)
}

var errSignature = errors.New("the signature is wrong")

// badSignature is the refusal of a handshake message.
func badSignature(err error) error {
	return &spi.Refusal{Document: "handshake token", Rule: propSignature,
		Expected: "one of this handshake by the key of the certificate in c.id", Err: err}
}

// verifySignature checks a signature over the canonical form of props. Which
// algorithm it is follows from the key.
//
// Interop: Fast DDS names the wrong one in c.dsign_algo when the CA's key is of
// another type than the participant's, and OpenSSL before 3.1 takes the longest
// salt there is.
func verifySignature(key crypto.PublicKey, props []rtps.BinaryProperty, signature []byte) error {
	if len(signature) == 0 || len(signature) > maxSignature {
		return errSignature
	}
	d, hash := digest(key, props)
	switch k := key.(type) {
	case *ecdsa.PublicKey:
		if ecdsa.VerifyASN1(k, d, signature) {
			return nil
		}
	case *rsa.PublicKey:
		opts := &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthAuto, Hash: hash}
		if rsa.VerifyPSS(k, hash, d, signature, opts) == nil {
			return nil
		}
	}
	return errSignature
}
