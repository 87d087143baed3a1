package pkidh

import "strings"

// Class ids of tokens. DDS-Security 1.1, 9.3.2. Editions 1.0 and 1.1 both say
// "1.0", so that is what we send.
const (
	className   = "DDS:Auth:PKI-DH:"
	classToken  = className + "1.0"
	suffixAuth  = "+AuthReq"
	suffixReq   = "+Req"
	suffixReply = "+Reply"
	suffixFinal = "+Final"

	classCredentials = "secdds:Auth:PKI-DH:1.0+Credentials" // ours: see credentials.go
)

// Names of the properties of tokens. DDS-Security 1.1, 9.3.2.
const (
	propID         = "c.id"
	propPerm       = "c.perm"
	propPData      = "c.pdata"
	propSign       = "c.dsign_algo"
	propAgree      = "c.kagree_algo"
	propHash1      = "hash_c1"
	propHash2      = "hash_c2"
	propDH1        = "dh1"
	propDH2        = "dh2"
	propChallenge1 = "challenge1"
	propChallenge2 = "challenge2"
	propSignature  = "signature"
	propFuture     = "future_challenge"
	propPermCert   = "dds.perm.cert" // of the permissions credential token
)

// Names of algorithms. DDS-Security 1.1, 9.3.2.1 and 9.3.2.5.
const (
	signECDSA = "ECDSA-SHA256"
	signRSA   = "RSASSA-PSS-SHA256"
	agreeECDH = "ECDH+prime256v1-CEUM"
	agreeDH   = "DH+MODP-2048-256"
	algoECDSA = "EC-prime256v1"
	algoRSA   = "RSA-2048"
)

// Names of algorithms of DDS-Security 1.2. For what 1.1 has, they are only ever
// an answer to who uses them.
const (
	signP256   = "ECDSA+P256+SHA256"
	signP384   = "ECDSA+P384+SHA384"
	signRSA12  = "RSASSA-PSS-MGF1SHA256+2048+SHA256"
	agreeP256  = "ECDHE-CEUM+P256"
	agreeP384  = "ECDHE-CEUM+P384"
	agreeMODP  = "DHE+MODP-2048-256"
	agreeNames = agreeECDH + ", " + agreeDH + " or " + agreeP384
	signNames  = signECDSA + ", " + signRSA + " or " + signP384
)

// isSignName reports whether s names a signature. Which one it is follows from
// the key: see verifySignature.
func isSignName(s string) bool {
	switch s {
	case signECDSA, signRSA, signP256, signP384, signRSA12:
		return true
	}
	return false
}

// names12 reports whether s is one of the names of DDS-Security 1.2 for what
// 1.1 has, too.
func names12(s string) bool {
	return s == signP256 || s == signRSA12 || s == agreeP256 || s == agreeMODP
}

// classOf returns the class of which id is the one with that suffix, in edition
// 1.0, 1.1 or 1.2; "": it is none.
func classOf(id, suffix string) string {
	class, ok := strings.CutSuffix(id, suffix)
	switch v, mine := strings.CutPrefix(class, className); {
	case ok && mine && (v == "1.0" || v == "1.1" || v == "1.2"):
		return class
	}
	return ""
}

// isClass reports whether id is the class of our tokens with that suffix.
func isClass(id, suffix string) bool { return classOf(id, suffix) != "" }
