package rtps

// A SequenceNumber numbers the changes of one writer, from 1 on.
// DDSI-RTPS 2.5, 8.3.5.4 and 9.4.2.5.
type SequenceNumber int64

// A FragmentNumber numbers the fragments of one sample, from 1 on.
type FragmentNumber uint32

// A SequenceNumberSet is a base and up to 256 bits: bit i set means base+i is
// in the set. DDSI-RTPS 2.5, 9.4.2.6.
type SequenceNumberSet struct {
	Base    SequenceNumber
	NumBits uint32
	Bits    [8]uint32 // bit 0 is the most significant bit of Bits[0]
}

// Add puts sn into s and reports whether it fits (Base <= sn < Base+256).
func (s *SequenceNumberSet) Add(sn SequenceNumber) bool {
	if sn < s.Base || sn-s.Base >= 256 {
		return false
	}
	i := uint32(sn - s.Base)
	s.Bits[i/32] |= 1 << (31 - i%32)
	s.NumBits = max(s.NumBits, i+1)
	return true
}

// Has reports whether sn is in s.
func (s *SequenceNumberSet) Has(sn SequenceNumber) bool {
	if sn < s.Base || sn-s.Base >= SequenceNumber(s.NumBits) {
		return false
	}
	i := uint32(sn - s.Base)
	return s.Bits[i/32]&(1<<(31-i%32)) != 0
}

// A FragmentNumberSet is the same for fragments. DDSI-RTPS 2.5, 9.4.2.8.
type FragmentNumberSet struct {
	Base    FragmentNumber
	NumBits uint32
	Bits    [8]uint32
}

// Add puts n into s and reports whether it fits (Base <= n < Base+256).
func (s *FragmentNumberSet) Add(n FragmentNumber) bool {
	if n < s.Base || n-s.Base >= 256 {
		return false
	}
	i := uint32(n - s.Base)
	s.Bits[i/32] |= 1 << (31 - i%32)
	s.NumBits = max(s.NumBits, i+1)
	return true
}

// Has reports whether n is in s.
func (s *FragmentNumberSet) Has(n FragmentNumber) bool {
	if n < s.Base || uint32(n-s.Base) >= s.NumBits {
		return false
	}
	i := uint32(n - s.Base)
	return s.Bits[i/32]&(1<<(31-i%32)) != 0
}
