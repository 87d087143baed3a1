package pkidh

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"slices"
	"strings"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

// Names of what the bits of masks stand for. DDS-Security 1.2.
var (
	signBits  = []string{"RSASSA-PSS-MGF1SHA256+2048+SHA256", "RSASSA-PKCS1-V1_5+2048+SHA256", "ECDSA+P256+SHA256", "ECDSA+P384+SHA384"}
	agreeBits = []string{"DHE+MODP-2048-256", "ECDHE-CEUM+P256", "ECDHE-CEUM+P384"}
	blockBits = []string{"AES128", "AES256"}
)

// Algorithms implements spi.AlgorithmAnnouncer. The masks are announced only
// where 1.1 does not have all that we need: peers of 1.1 skip them.
func (id *identity) Algorithms() *rtps.SecurityAlgorithms { return id.algorithms }

// newAlgorithms returns the masks of an identity; nil: those of 1.1 hold.
func newAlgorithms(cfg Config, v *verified) *rtps.SecurityAlgorithms {
	// DDS-Security 1.2 has no bits for longer RSA keys and hashes: they stand
	// for the algorithm.
	sign := keyBit(v.leaf.PublicKey)
	var chain uint32
	for _, c := range v.chain[:len(v.chain)-1] {
		chain |= chainBit(c.SignatureAlgorithm, issuerKey(v.chain, c))
	}
	p384 := (sign|chain)&rtps.SignECDSAP384 != 0 || cfg.KeyAgreement == agreeP384
	if !p384 && !cfg.AnnounceAlgorithms {
		return nil
	}
	a := rtps.DefaultSecurityAlgorithms()
	a.TrustChain = rtps.AlgorithmMask{Supported: a.TrustChain.Supported | rtps.SignECDSAP384, Required: chain}
	a.MessageAuth = rtps.AlgorithmMask{Supported: a.MessageAuth.Supported | rtps.SignECDSAP384, Required: sign}
	// What the peer can do decides which one it is.
	a.Agreement = rtps.AlgorithmMask{
		Supported: a.Agreement.Supported | rtps.AgreeP384,
		Required:  rtps.AlgorithmsCompatible | rtps.AgreeP256 | rtps.AgreeP384,
	}
	return &a
}

func issuerKey(chain []*x509.Certificate, c *x509.Certificate) any {
	return chain[slices.Index(chain, c)+1].PublicKey
}

// keyBit returns what a key signs handshakes with.
func keyBit(key any) uint32 {
	switch k := key.(type) {
	case *rsa.PublicKey:
		return rtps.SignRSA2048PSS
	case *ecdsa.PublicKey:
		if k.Curve == elliptic.P384() {
			return rtps.SignECDSAP384
		}
	}
	return rtps.SignECDSAP256
}

// chainBit returns what a certificate is signed with.
func chainBit(a x509.SignatureAlgorithm, issuer any) uint32 {
	switch a {
	case x509.SHA256WithRSA, x509.SHA384WithRSA, x509.SHA512WithRSA:
		return rtps.SignRSA2048PKCS1
	}
	return keyBit(issuer)
}

// checkAlgorithms compares the masks of both sides in both directions. Where
// one side announces none, nothing is compared: the handshake tells.
func checkAlgorithms(ours, theirs *rtps.SecurityAlgorithms) error {
	if ours == nil || theirs == nil {
		return nil
	}
	for _, c := range []struct {
		what         string
		names        []string
		ours, theirs rtps.AlgorithmMask
	}{
		{"signatures of certificates", signBits, ours.TrustChain, theirs.TrustChain},
		{"signatures of handshakes", signBits, ours.MessageAuth, theirs.MessageAuth},
		{"key agreement", agreeBits, ours.Agreement, theirs.Agreement},
		{"cipher of built-in endpoints", blockBits, rtps.AlgorithmMask{Supported: ours.CipherSupported, Required: ours.CipherBuiltin},
			rtps.AlgorithmMask{Supported: theirs.CipherSupported, Required: theirs.CipherBuiltin}},
		{"cipher of the key exchange", blockBits, rtps.AlgorithmMask{Supported: ours.CipherSupported, Required: ours.CipherKeyExchange},
			rtps.AlgorithmMask{Supported: theirs.CipherSupported, Required: theirs.CipherKeyExchange}},
	} {
		if !satisfies(c.theirs.Supported, c.ours.Required) {
			return &spi.Refusal{Rule: "algorithms, " + c.what, Expected: "ours: " + maskText(c.ours.Required, c.names),
				Found:  "it supports " + maskText(c.theirs.Supported, c.names),
				Remedy: "give both participants certificates of the same kind, P-256 if one of them has no DDS-Security 1.2"}
		}
		if !satisfies(c.ours.Supported, c.theirs.Required) {
			return &spi.Refusal{Rule: "algorithms, " + c.what, Expected: "what it requires: " + maskText(c.theirs.Required, c.names),
				Found:  "we support " + maskText(c.ours.Supported, c.names),
				Remedy: "configure the other participant for an algorithm that we have"}
		}
	}
	return nil
}

// satisfies applies a mask of required algorithms to one of supported ones.
func satisfies(supported, required uint32) bool {
	want := required &^ rtps.AlgorithmsCompatible
	if required&rtps.AlgorithmsCompatible != 0 && want != 0 {
		return supported&want != 0
	}
	return supported&want == want
}

func maskText(mask uint32, names []string) string {
	var out []string
	for i := range 31 {
		switch {
		case mask>>i&1 == 0:
		case i < len(names):
			out = append(out, names[i])
		default:
			out = append(out, fmt.Sprintf("algorithm bit %d", i))
		}
	}
	if len(out) == 0 {
		return "nothing"
	}
	if mask&rtps.AlgorithmsCompatible != 0 {
		return strings.Join(out, " or ")
	}
	return strings.Join(out, " and ")
}
