package rtps

import "testing"

var nackFragCodec = codec[NackFrag]{NackFrag.Append, ParseNackFrag}

var nackFragTests = []row[NackFrag]{{
	name: "asks for 2 and 3",
	msg: NackFrag{
		Reader: EntityID{0, 0, 1, 7}, Writer: EntityID{0, 0, 1, 2}, SN: 4,
		State: FragmentNumberSet{Base: 2, NumBits: 2, Bits: [8]uint32{0b11 << 30}}, Count: 7,
	},
	wire: `
		12 01 2000         // NACK_FRAG, flag E, length 32
		00000107 00000102
		00000000 04000000  // writerSN = 4
		02000000           // bitmapBase = 2
		02000000           // numBits
		000000c0
		07000000           // count
	`,
}, {
	name: "big-endian",
	msg: NackFrag{
		Reader: EntityID{0, 0, 1, 7}, Writer: EntityID{0, 0, 1, 2}, SN: 4,
		State: FragmentNumberSet{Base: 2, NumBits: 2, Bits: [8]uint32{0b11 << 30}}, Count: 7,
	},
	wire: `
		12 00 0020
		00000107 00000102
		00000000 00000004
		00000002 00000002 c0000000
		00000007
	`,
	in: true,
}}

func TestNackFrag(t *testing.T) { nackFragCodec.test(t, nackFragTests) }

func TestNackFragRefused(t *testing.T) {
	nackFragCodec.refuse(t, []row[NackFrag]{
		{name: "sequence number 0", wire: "12011c00 00000107 00000102 0000000000000000 01000000 00000000 07000000"},
		{name: "base 0", wire: "12011c00 00000107 00000102 0000000004000000 00000000 00000000 07000000"},
		{name: "base overflows", wire: "12011c00 00000107 00000102 0000000004000000 ffffffff 00000000 07000000"},
		{name: "257 bits", wire: "12011c00 00000107 00000102 0000000004000000 01000000 01010000 07000000"},
	})
}

func FuzzNackFrag(f *testing.F) { nackFragCodec.fuzz(f, nackFragTests, nil) }
