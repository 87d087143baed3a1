package pkidh

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"

	"github.com/secdds/dds/spi"
)

// parseKey decodes a private key: PKCS#8, SEC 1 or PKCS#1, in clear or
// encrypted with password.
func parseKey(b []byte, password string) (crypto.Signer, error) {
	for {
		var block *pem.Block
		block, b = pem.Decode(b)
		if block == nil {
			return nil, errors.New(`no PEM block "PRIVATE KEY" in it`)
		}
		if !strings.HasSuffix(block.Type, "PRIVATE KEY") {
			continue // "EC PARAMETERS" stands before a key of OpenSSL's
		}
		der, err := decrypt(block, password)
		if err != nil {
			return nil, err
		}
		var key any
		switch block.Type {
		case "PRIVATE KEY", "ENCRYPTED PRIVATE KEY":
			key, err = x509.ParsePKCS8PrivateKey(der)
		case "EC PRIVATE KEY":
			key, err = x509.ParseECPrivateKey(der)
		case "RSA PRIVATE KEY":
			key, err = x509.ParsePKCS1PrivateKey(der)
		default:
			return nil, fmt.Errorf("a PEM block %q, want PKCS#8, SEC 1 or PKCS#1", block.Type)
		}
		if err != nil {
			return nil, err
		}
		signer, ok := key.(crypto.Signer)
		if !ok {
			return nil, unlike("private key", keysWanted, "one of type %T", key)
		}
		if r := checkPublicKey(signer.Public()); r != nil {
			return nil, r
		}
		return signer, nil
	}
}

// decrypt returns the DER in block.
func decrypt(block *pem.Block, password string) ([]byte, error) {
	//lint:ignore SA1019 it is weak, but what OpenSSL writes for SEC 1 and PKCS#1 keys
	legacy := x509.IsEncryptedPEMBlock(block)
	if !legacy && block.Type != "ENCRYPTED PRIVATE KEY" {
		return block.Bytes, nil
	}
	if password == "" {
		return nil, errors.New("it is encrypted and there is no password: set Password")
	}
	if legacy {
		//lint:ignore SA1019 see above
		der, err := x509.DecryptPEMBlock(block, []byte(password))
		if err != nil {
			return nil, errPassword
		}
		return der, nil
	}
	return decryptPKCS8(block.Bytes, password)
}

var errPassword = errors.New("the password does not open it")

const keysWanted = "EC P-256 (prime256v1) or P-384, or RSA of 2048 to 4096 bits"

// checkPublicKey refuses keys that DDS-Security 1.1, 9.3.1, does not have: it
// has P-256 and RSA of 2048 bits. Edition 1.2 adds P-384. Longer RSA keys do no
// harm, but who verifies with one of any length can be kept busy.
func checkPublicKey(key crypto.PublicKey) *spi.Refusal {
	refuse := func(found string, args ...any) *spi.Refusal {
		r := unlike("public key", keysWanted, found, args...)
		r.Remedy = "make another key: openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:prime256v1"
		return r
	}
	switch k := key.(type) {
	case *ecdsa.PublicKey:
		if k.Curve != elliptic.P256() && k.Curve != elliptic.P384() {
			return refuse("an EC key on curve %s", k.Curve.Params().Name)
		}
	case *rsa.PublicKey:
		if n := k.N.BitLen(); n < 2048 || n > 4096 {
			return refuse("an RSA key of %d bits", n)
		}
	default:
		return refuse("a key of type %T", key)
	}
	return nil
}

// algoName returns the name that identity tokens have for a key; "" where
// there is none. Interop: Fast DDS before 2.12 has the names of signatures here.
func algoName(key crypto.PublicKey, legacy bool) string {
	switch k := key.(type) {
	case *ecdsa.PublicKey:
		switch {
		case k.Curve != elliptic.P256():
		case legacy:
			return signECDSA
		default:
			return algoECDSA
		}
	case *rsa.PublicKey:
		switch {
		case k.N.BitLen() != 2048:
		case legacy:
			return signRSA
		default:
			return algoRSA
		}
	}
	return ""
}
