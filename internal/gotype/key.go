package gotype

import (
	"crypto/fips140"
	"crypto/md5"
	"unsafe"

	"github.com/secdds/dds/cdr"
)

// KeyHash returns the key hash of v: the key holder in big-endian order, plain
// XCDR1 or plain XCDR2 as rep says, padded with zeros; or its MD5 sum if the
// key holder can exceed 16 octets, whatever it does in v, or if forceMD5 (for
// a protected key: DDS-Security 1.1, 8.4.2.9). It is zero if there is no key.
//
// DDSI-RTPS 2.5, 9.6.4.8; XTypes 1.3, 7.6.8.
//
// Interop: Cyclone DDS and Fast DDS 2 hash in the representation of the
// sample, Fast DDS 3 always in XCDR2. The two differ only where a member of 8
// octets stands off a multiple of 8. Who needs one identity for an instance
// whatever the writer, hashes in one representation always.
func (t *Type) KeyHash(v unsafe.Pointer, rep Representation, forceMD5 bool, s *Scratch) (hash [16]byte) {
	if !t.keyed {
		return hash
	}
	id, fits := cdr.BE, t.fits[0]
	if rep == XCDR2 {
		id, fits = cdr.V2BE, t.fits[1]
	}
	if t.picks != nil && fits && !forceMD5 {
		return t.pickHash(v, btoi(rep == XCDR2))
	}
	if s == nil {
		s = new(Scratch)
	}
	var e encoder
	e.hash = true
	e.w.Reset(s.holder[:0], id)
	e.run(t.key, v)
	s.holder = e.w.B
	if fits && !forceMD5 {
		copy(hash[:], e.w.B)
		return hash
	}
	return sum(e.w.B)
}

// NeedsScratch reports whether KeyHash makes use of a Scratch.
func (t *Type) NeedsScratch(rep Representation, forceMD5 bool) bool {
	return t.keyed && (t.picks == nil || forceMD5 || !t.fits[btoi(rep == XCDR2)])
}

// A Scratch is memory that key hashes of one Type are made in, again and again
// without allocating, by one goroutine at a time. The zero Scratch is empty and
// ready. Where a Scratch may be given, nil stands for a new one.
type Scratch struct {
	holder []byte         // the key holder
	value  unsafe.Pointer // a variable of the Go type
}

// sum returns the MD5 sum of b. Key hashes identify and protect nothing, so
// that FIPS 140-3 has no say in which function they are.
func sum(b []byte) [16]byte {
	if fips140.Enforced() {
		return exempt(b)
	}
	return md5.Sum(b)
}

func exempt(b []byte) (hash [16]byte) {
	fips140.WithoutEnforcement(func() { hash = md5.Sum(b) })
	return hash
}

// DecodeKeyOf decodes the key members of a payload into v, and leaves the
// others alone; isKey tells a payload sent with flag K from a whole sample, of
// which what follows the key is not looked at.
func (t *Type) DecodeKeyOf(payload []byte, isKey bool, v unsafe.Pointer) error {
	if isKey {
		return t.DecodeKey(payload, v)
	}
	return t.decode(payload, v, t.scan)
}

// KeyHashOfPayload returns the key hash of a received payload, as KeyHash
// does, for samples that came without PID_KEY_HASH or whose key hash is not to
// be believed.
func (t *Type) KeyHashOfPayload(payload []byte, isKey bool, rep Representation, forceMD5 bool, s *Scratch) (hash [16]byte, err error) {
	if r := btoi(rep == XCDR2); t.picks != nil && t.fits[r] && !isKey && !forceMD5 {
		if hash, ok := t.pickPayload(payload, r); ok {
			return hash, nil
		}
	}
	if s == nil {
		s = new(Scratch)
	}
	if s.value == nil {
		s.value = t.new()
	}
	if err := t.DecodeKeyOf(payload, isKey, s.value); err != nil {
		return hash, err
	}
	return t.KeyHash(s.value, rep, forceMD5, s), nil
}
