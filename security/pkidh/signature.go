package pkidh

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"errors"

	"github.com/secdds/dds/rtps"
)

// signName returns the name of the algorithm that a key signs with.
func signName(key crypto.PublicKey) string {
	if _, ok := key.(*rsa.PublicKey); ok {
		return signRSA
	}
	return signECDSA
}

// sign signs the canonical form of props.
func sign(key crypto.Signer, props []rtps.BinaryProperty) ([]byte, error) {
	digest := sha256.Sum256(rtps.AppendCanonical(nil, props))
	var opts crypto.SignerOpts = crypto.SHA256
	if _, ok := key.Public().(*rsa.PublicKey); ok {
		opts = &rsa.PSSOptions{SaltLength: 32, Hash: crypto.SHA256} // RustDDS takes no other salt
	}
	return key.Sign(rand.Reader, digest[:], opts)
}

var errSignature = errors.New("the signature is wrong")

// verifySignature checks a signature over the canonical form of props. Which
// algorithm it is follows from the key.
//
// Interop: Fast DDS names the wrong one in c.dsign_algo when the CA's key is of
// another type than the participant's, and OpenSSL before 3.1 takes the longest
// salt there is.
func verifySignature(key crypto.PublicKey, props []rtps.BinaryProperty, signature []byte) error {
	digest := sha256.Sum256(rtps.AppendCanonical(nil, props))
	switch k := key.(type) {
	case *ecdsa.PublicKey:
		if ecdsa.VerifyASN1(k, digest[:], signature) {
			return nil
		}
	case *rsa.PublicKey:
		opts := &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthAuto, Hash: crypto.SHA256}
		if rsa.VerifyPSS(k, crypto.SHA256, digest[:], signature, opts) == nil {
			return nil
		}
	}
	return errSignature
}
