package rtps

import "testing"

var gapCodec = codec[Gap]{Gap.Append, ParseGap}

var gapTests = []row[Gap]{{
	name: "2..4 and 6",
	msg: Gap{
		Reader: EntityID{0, 0, 1, 7}, Writer: EntityID{0, 0, 1, 2}, Start: 2,
		List: SequenceNumberSet{Base: 5, NumBits: 2, Bits: [8]uint32{0b01 << 30}},
	},
	wire: `
		08 01 2000         // GAP, flag E, length 32
		00000107 00000102
		00000000 02000000  // gapStart = 2
		00000000 05000000  // gapList: bitmapBase = 5
		02000000 00000040  // two bits: 6
	`,
}, {
	name: "a range no one could walk",
	msg:  Gap{Start: 1, List: SequenceNumberSet{Base: 1 << 62}},
	wire: `
		08 01 1c00
		00000000 00000000
		00000000 01000000
		00000040 00000000
		00000000
	`,
}, {
	name: "big-endian",
	msg: Gap{
		Reader: EntityID{0, 0, 1, 7}, Writer: EntityID{0, 0, 1, 2}, Start: 2,
		List: SequenceNumberSet{Base: 5, NumBits: 2, Bits: [8]uint32{0b01 << 30}},
	},
	wire: `
		08 00 0020
		00000107 00000102
		00000000 00000002
		00000000 00000005
		00000002 40000000
	`,
	in: true,
}}

func TestGap(t *testing.T) { gapCodec.test(t, gapTests) }

func TestGapRefused(t *testing.T) {
	gapCodec.refuse(t, []row[Gap]{
		{name: "start 0", wire: "08011c00 00000107 00000102 0000000000000000 0000000005000000 00000000"},
		{name: "start negative", wire: "08011c00 00000107 00000102 ffffffff00000000 0000000005000000 00000000"},
		{name: "reversed", wire: "08011c00 00000107 00000102 0000000006000000 0000000005000000 00000000"},
		{name: "base negative", wire: "08011c00 00000107 00000102 0000000006000000 ffffffff05000000 00000000"},
		{name: "base overflows", wire: "08011c00 00000107 00000102 0000000006000000 ffffff7fffffffff 00000000"},
		{name: "257 bits", wire: "08011c00 00000107 00000102 0000000002000000 0000000005000000 01010000"},
	})
}

func FuzzGap(f *testing.F) { gapCodec.fuzz(f, gapTests, nil) }
