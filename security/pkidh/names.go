package pkidh

import "strings"

// Class ids of tokens. DDS-Security 1.1, 9.3.2. Editions 1.0 and 1.1 both say
// "1.0", so that is what we send.
const (
	className    = "DDS:Auth:PKI-DH:"
	classToken   = className + "1.0"
	suffixAuth   = "+AuthReq"
	suffixReq    = "+Req"
	suffixReply  = "+Reply"
	suffixFinal  = "+Final"
	classAuthReq = classToken + suffixAuth
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

// isClass reports whether id is the class of our tokens with that suffix, in
// edition 1.0, 1.1 or 1.2.
func isClass(id, suffix string) bool {
	v, ok := strings.CutPrefix(id, className)
	return ok && (v == "1.0"+suffix || v == "1.1"+suffix || v == "1.2"+suffix)
}
