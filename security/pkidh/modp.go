package pkidh

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/asn1"
	"math/big"
)

// The 2048-bit group with a 256-bit subgroup: RFC 5114, 2.3.
const (
	modpP = "87a8e61db4b6663cffbbd19c651959998ceef608660dd0f25d2ceed4435e3b00" +
		"e00df8f1d61957d4faf7df4561b2aa3016c3d91134096faa3bf4296d830e9a7c" +
		"209e0c6497517abd5a8a9d306bcf67ed91f9e6725b4758c022e0b1ef4275bf7b" +
		"6c5bfc11d45f9088b941f54eb1e59bb8bc39a0bf12307f5c4fdb70c581b23f76" +
		"b63acae1caa6b7902d52526735488a0ef13c6d9a51bfa4ab3ad8347796524d8e" +
		"f6a167b5a41825d967e144e5140564251ccacb83e6b486f6b3ca3f7971506026" +
		"c0b857f689962856ded4010abd0be621c3a3960a54e710c375f26375d7014103" +
		"a4b54330c198af126116d2276e11715f693877fad7ef09cadb094ae91e1a1597"
	modpG = "3fb32c9b73134d0b2e77506660edbd484ca7b18f21ef205407f4793a1a0ba125" +
		"10dbc15077be463fff4fed4aac0bb555be3a6c1b0c6b47b1bc3773bf7e8c6f62" +
		"901228f8c28cbb18a55ae31341000a650196f931c77a57f2ddf463e5e9ec144b" +
		"777de62aaab8a8628ac376d282d6ed3864e67982428ebc831d14348f6f2f9193" +
		"b5045af2767164e1dfc967c1fb3f2e55a4bd1bffe83b9c80d052b985d182ea0a" +
		"db2a3b7313d3fe14c8484b1e052588b9b7d2bbd2df016199ecd06e1557cd0915" +
		"b3353bbb64e0ec377fd028370df92b52c7891428cdc67eb6184b523d1db246c3" +
		"2f63078490f00ef8d647d148d47954515e2327cfef98c582664b4c0f6cc41659"
	modpQ = "8cf83642a709a097b447997640129da299b1a47d1eb3750ba308b0fe64f5fbd3"
)

func hexInt(s string) *big.Int {
	n, ok := new(big.Int).SetString(s, 16)
	if !ok {
		panic("BUG: pkidh: group parameter")
	}
	return n
}

// A dhKey is Diffie-Hellman in that group. We propose it only when asked to: it
// is for initiators that do, as Fast DDS does when its CA signs with RSA.
//
// math/big does not take the same time for every key. What could be learnt
// from it is of a key that serves one handshake.
type dhKey struct{ p, q, x, y *big.Int }

func newDHKey() (*dhKey, error) {
	k := &dhKey{p: hexInt(modpP), q: hexInt(modpQ)}
	two := big.NewInt(2)
	x, err := rand.Int(rand.Reader, new(big.Int).Sub(k.q, two))
	if err != nil {
		return nil, err
	}
	k.x = x.Add(x, two) // 2 to q-1
	k.y = new(big.Int).Exp(hexInt(modpG), k.x, k.p)
	return k, nil
}

// public returns our value as big-endian octets.
// Interop: Cyclone DDS writes and reads an ASN.1 INTEGER instead.
func (k *dhKey) public(der bool) []byte {
	if der {
		if b, err := asn1.Marshal(k.y); err == nil {
			return b
		}
	}
	return k.y.Bytes()
}

func isDERInteger(b []byte) bool {
	_, ok := derInteger(b)
	return ok
}

// secret computes g^xy. Leading zeros do not count: OpenSSL strips them.
func (k *dhKey) secret(peer []byte) ([32]byte, error) {
	y, ok := derInteger(peer)
	if !ok {
		y = new(big.Int).SetBytes(peer)
	}
	// 1 < y < p-1, and of the subgroup: NIST SP 800-56A, 5.6.2.3.1.
	one := big.NewInt(1)
	if y.Cmp(one) <= 0 || y.Cmp(new(big.Int).Sub(k.p, one)) >= 0 || new(big.Int).Exp(y, k.q, k.p).Cmp(one) != 0 {
		return [32]byte{}, errPublicValue
	}
	return sha256.Sum256(new(big.Int).Exp(y, k.x, k.p).Bytes()), nil
}

// derInteger decodes b if it is an ASN.1 INTEGER of about the group's size and
// nothing else. One value in some 270 is so short that its length takes one octet.
func derInteger(b []byte) (*big.Int, bool) {
	if len(b) < 2 || b[0] != 0x02 || b[1] != 0x82 && b[1] != 0x81 {
		return nil, false
	}
	var n *big.Int
	if rest, err := asn1.Unmarshal(b, &n); err != nil || len(rest) > 0 {
		return nil, false
	}
	return n, true
}
