package rtps

import "encoding/binary"

// MaxSequenceNumber is the largest sequence number a parser lets through.
// Being short of the largest int64, it can be added to without overflow; no
// writer gets there in honesty.
const MaxSequenceNumber SequenceNumber = 1<<63 - 1 - 256

// MaxFragmentNumber is the same for fragments.
const MaxFragmentNumber FragmentNumber = 1<<32 - 1 - 256

// maxSetBits is the largest numBits of a set. DDSI-RTPS 2.5, 8.3.5.5.
const maxSetBits = 256

// valid reports whether sn may number a sample.
func (sn SequenceNumber) valid() bool { return sn >= 1 && sn <= MaxSequenceNumber }

func appendSN(b []byte, sn SequenceNumber) []byte { return AppendSequenceNumber(b, true, sn) }

// setLen is the size of a set's numBits and bitmap.
func setLen(numBits uint32) int { return 4 + 4*setWords(numBits) }

func setWords(numBits uint32) int { return int(min(numBits, maxSetBits)+31) / 32 }

func appendBits(b []byte, numBits uint32, bits *[8]uint32) []byte {
	b = binary.LittleEndian.AppendUint32(b, min(numBits, maxSetBits))
	for _, w := range bits[:setWords(numBits)] {
		b = binary.LittleEndian.AppendUint32(b, w)
	}
	return b
}

// bits reads a set's numBits and bitmap. Bits past numBits mean nothing and
// are cleared, so that nobody has to remember it. A numBits above 256 fails
// the cursor.
func (c *Cursor) bits(bits *[8]uint32) (numBits uint32) {
	numBits = c.Uint32()
	if numBits > maxSetBits {
		c.fail()
		return 0
	}
	for i := range bits[:setWords(numBits)] {
		bits[i] = c.Uint32()
	}
	if part := numBits % 32; part != 0 {
		bits[numBits/32] &= ^uint32(0) << (32 - part)
	}
	return numBits
}

func (c *Cursor) sequenceSet() (s SequenceNumberSet) {
	s.Base = c.SequenceNumber()
	s.NumBits = c.bits(&s.Bits)
	return s
}

func (c *Cursor) fragmentSet() (s FragmentNumberSet) {
	s.Base = FragmentNumber(c.Uint32())
	s.NumBits = c.bits(&s.Bits)
	return s
}
