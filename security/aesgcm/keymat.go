package aesgcm

import (
	"encoding/binary"
	"errors"

	"github.com/secdds/dds/spi"
)

// A kind is CryptoTransformKind: the last octet of a transformation kind. The
// other three are the revision. DDS-Security 1.1, 9.5.2.1.1.
type kind uint8

const (
	kindNone kind = iota
	kindAES128GMAC
	kindAES128GCM
	kindAES256GMAC
	kindAES256GCM
)

// encrypts reports whether k hides what it protects, rather than only sign it.
func (k kind) encrypts() bool { return k == kindAES128GCM || k == kindAES256GCM }

// keyLen returns the length of k's keys and salts in octets.
func (k kind) keyLen() int {
	switch k {
	case kindAES128GMAC, kindAES128GCM:
		return 16
	case kindAES256GMAC, kindAES256GCM:
		return 32
	}
	return 0
}

// kindFor returns the kind that our own keys of that many bits have under a
// protection.
func kindFor(p spi.Protection, bits int) kind {
	switch {
	case p == spi.ProtectNone:
		return kindNone
	case p.IsEncrypt() && bits == 128:
		return kindAES128GCM
	case p.IsEncrypt():
		return kindAES256GCM
	case bits == 128:
		return kindAES128GMAC
	}
	return kindAES256GMAC
}

// fits reports whether k is of the class, sign or encrypt, that p asks for.
func (k kind) fits(p spi.Protection) bool {
	return p != spi.ProtectNone && k != kindNone && k.encrypts() == p.IsEncrypt()
}

// A masterKey is KeyMaterial_AES_GCM_GMAC. DDS-Security 1.1, 9.5.2.1.
type masterKey struct {
	kind     kind
	revision revision
	id       [4]byte
	salt     [32]byte // the first saltLen octets; 16 or 32
	saltLen  uint8
	key      [32]byte // the first kind.keyLen octets
	recvID   [4]byte  // zero: no receiver-specific key
	recvKey  [32]byte
}

// A revision is CryptoTransformKeyRevision, a number of 24 bits that tells keys
// of one id apart. DDS-Security 1.2; in 1.1 it is 0.
type revision uint32

const maxRevision revision = 1<<24 - 1

// ref names m on the wire.
func (m *masterKey) ref() keyRef {
	return keyRef(m.revision)<<40 | keyRef(m.kind)<<32 | keyRef(binary.BigEndian.Uint32(m.id[:]))
}

// same reports whether m and o are the same sender key; receiver-specific keys
// do not count.
func (m *masterKey) same(o *masterKey) bool {
	return m.ref() == o.ref() && m.saltLen == o.saltLen && m.salt == o.salt && m.key == o.key
}

// noneLen is the length of the material of kind NONE.
const noneLen = 24

// append appends m as dds.cryp.keymat carries it: big-endian CDR without an
// encapsulation header.
func (m *masterKey) append(b []byte) []byte {
	n := m.kind.keyLen()
	b = binary.BigEndian.AppendUint32(b, uint32(m.revision)<<8|uint32(m.kind))
	b = appendOctets(b, m.salt[:m.saltLen])
	b = append(b, m.id[:]...)
	b = appendOctets(b, m.key[:n])
	b = append(b, m.recvID[:]...)
	if m.recvID == [4]byte{} {
		return appendOctets(b, nil)
	}
	return appendOctets(b, m.recvKey[:n])
}

func appendOctets(b, v []byte) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(len(v)))
	return append(b, v...)
}

var errKeymat = errors.New("aesgcm: malformed key material")

// parseKeymat decodes key material. It borrows nothing from b.
//
// Interop: octets after the material are ignored. Fast DDS writes that of kind
// NONE as 44 octets, zeros after the kind; Cyclone DDS as 24.
func parseKeymat(b []byte) (m masterKey, err error) {
	k := cut(&b, 4)
	if k == nil || k[3] > byte(kindAES256GCM) {
		return masterKey{}, errKeymat
	}
	m.kind, m.revision = kind(k[3]), revision(binary.BigEndian.Uint32(k)>>8)
	if m.kind == kindNone {
		if m.revision != 0 {
			return masterKey{}, errKeymat
		}
		return m, nil
	}
	n := m.kind.keyLen()

	salt := cutOctets(&b)
	id := cut(&b, 4)
	key := cutOctets(&b)
	recvID := cut(&b, 4)
	recvKey := cutOctets(&b)
	switch {
	case recvID == nil || recvKey == nil || id == nil:
		return masterKey{}, errKeymat // truncated
	case len(salt) != 16 && len(salt) != 32, len(salt) < n, len(key) != n:
		return masterKey{}, errKeymat
	case isZero(key) || isZero(id): // id 0 is that of the key exchange's key: 9.5.2.1.1
		return masterKey{}, errKeymat
	}
	m.saltLen = uint8(copy(m.salt[:], salt))
	copy(m.id[:], id)
	copy(m.key[:], key)
	if isZero(recvID) {
		return m, nil
	}
	if len(recvKey) != n || isZero(recvKey) {
		return masterKey{}, errKeymat
	}
	copy(m.recvID[:], recvID)
	copy(m.recvKey[:], recvKey)
	return m, nil
}

// cut takes the first n octets off b; nil when b has fewer.
func cut(b *[]byte, n int) []byte {
	if len(*b) < n {
		*b = nil
		return nil
	}
	v := (*b)[:n:n]
	*b = (*b)[n:]
	return v
}

// cutOctets takes a sequence<octet, 32> off b; nil when it is not there whole.
func cutOctets(b *[]byte) []byte {
	n := cut(b, 4)
	if n == nil || binary.BigEndian.Uint32(n) > 32 {
		*b = nil
		return nil
	}
	return cut(b, int(binary.BigEndian.Uint32(n)))
}

func isZero(b []byte) bool {
	var or byte
	for _, c := range b {
		or |= c
	}
	return or == 0
}
