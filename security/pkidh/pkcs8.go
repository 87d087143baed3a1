package pkidh

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"hash"
)

// The structures of an encrypted PKCS#8 key: RFC 5958, and RFC 8018 for PBES2.
type encryptedKey struct {
	Algorithm pkix.AlgorithmIdentifier
	Data      []byte
}

type pbes2Params struct {
	KDF    pkix.AlgorithmIdentifier
	Cipher pkix.AlgorithmIdentifier
}

type pbkdf2Params struct {
	Salt       []byte
	Iterations int
	KeyLen     int                      `asn1:"optional"`
	PRF        pkix.AlgorithmIdentifier `asn1:"optional"`
}

var (
	oidPBES2  = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 13}
	oidPBKDF2 = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 12}
)

// maxIterations bounds the work a key file can ask for: some seconds.
const maxIterations = 10_000_000

// decryptPKCS8 decrypts what OpenSSL writes: PBES2 of PBKDF2 and AES-CBC.
func decryptPKCS8(der []byte, password string) ([]byte, error) {
	var e encryptedKey
	var p pbes2Params
	var k pbkdf2Params
	if rest, err := asn1.Unmarshal(der, &e); err != nil || len(rest) > 0 {
		return nil, fmt.Errorf("malformed PKCS#8: %v", err)
	}
	if !e.Algorithm.Algorithm.Equal(oidPBES2) {
		return nil, fmt.Errorf("encrypted with algorithm %v, want PBES2: write it again with openssl pkcs8 -topk8 -v2 aes256", e.Algorithm.Algorithm)
	}
	if _, err := asn1.Unmarshal(e.Algorithm.Parameters.FullBytes, &p); err != nil {
		return nil, fmt.Errorf("malformed PBES2: %w", err)
	}
	if !p.KDF.Algorithm.Equal(oidPBKDF2) {
		return nil, fmt.Errorf("key derivation %v, want PBKDF2: write it again with openssl pkcs8 -topk8 -v2 aes256", p.KDF.Algorithm)
	}
	if _, err := asn1.Unmarshal(p.KDF.Parameters.FullBytes, &k); err != nil {
		return nil, fmt.Errorf("malformed PBKDF2: %w", err)
	}
	if k.Iterations < 1 || k.Iterations > maxIterations {
		return nil, fmt.Errorf("%d iterations of PBKDF2, want 1 to %d", k.Iterations, maxIterations)
	}

	var prf func() hash.Hash
	switch k.PRF.Algorithm.String() {
	case "", "1.2.840.113549.2.7":
		prf = sha1.New
	case "1.2.840.113549.2.9":
		prf = sha256.New
	case "1.2.840.113549.2.11":
		prf = sha512.New
	default:
		return nil, fmt.Errorf("PBKDF2 with %v, want HMAC with SHA-1, SHA-256 or SHA-512", k.PRF.Algorithm)
	}
	keyLen := map[string]int{
		"2.16.840.1.101.3.4.1.2":  16,
		"2.16.840.1.101.3.4.1.22": 24,
		"2.16.840.1.101.3.4.1.42": 32,
	}[p.Cipher.Algorithm.String()]
	var iv []byte
	if _, err := asn1.Unmarshal(p.Cipher.Parameters.FullBytes, &iv); keyLen == 0 || err != nil || len(iv) != aes.BlockSize {
		return nil, fmt.Errorf("cipher %v, want AES-CBC", p.Cipher.Algorithm)
	}
	key, err := pbkdf2.Key(prf, password, k.Salt, k.Iterations, keyLen)
	if err != nil {
		return nil, err
	}
	return decryptCBC(key, iv, e.Data)
}

func decryptCBC(key, iv, data []byte) ([]byte, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	if len(data) == 0 || len(data)%aes.BlockSize != 0 {
		return nil, errPassword
	}
	out := make([]byte, len(data))
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(out, data)
	pad := int(out[len(out)-1])
	if pad < 1 || pad > aes.BlockSize {
		return nil, errPassword
	}
	for _, c := range out[len(out)-pad:] {
		if int(c) != pad {
			return nil, errPassword
		}
	}
	return out[:len(out)-pad], nil
}
