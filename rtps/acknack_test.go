package rtps

import "testing"

var ackNackCodec = codec[AckNack]{AckNack.Append, ParseAckNack}

var ackNackTests = []row[AckNack]{{
	name: "asks for 3 and 5",
	msg: AckNack{
		Reader: EntityID{0, 0, 1, 7}, Writer: EntityID{0, 0, 1, 2},
		State: SequenceNumberSet{Base: 3, NumBits: 3, Bits: [8]uint32{0b101 << 29}}, Count: 7,
	},
	wire: `
		06 01 1c00         // ACKNACK, flag E, length 28
		00000107 00000102
		00000000 03000000  // bitmapBase = 3
		03000000           // numBits
		000000a0           // 3 and 5: the first bit is the most significant
		07000000           // count
	`,
}, {
	name: "acknowledges all, final",
	msg:  AckNack{Reader: EntitySEDPPubReader, Writer: EntitySEDPPubWriter, State: SequenceNumberSet{Base: 6}, Count: 1, Final: true},
	wire: `
		06 03 1800
		000003c7 000003c2
		00000000 06000000
		00000000
		01000000
	`,
}, {
	name: "preemptive, base 0 (Fast DDS, Connext)",
	msg:  AckNack{Reader: EntitySEDPPubReader, Writer: EntitySEDPPubWriter},
	wire: `
		06 01 1800
		000003c7 000003c2
		00000000 00000000
		00000000
		00000000
	`,
}, {
	name: "256 bits",
	msg: AckNack{State: SequenceNumberSet{Base: 1, NumBits: 256, Bits: [8]uint32{
		1: 0x80000000, 7: 1,
	}}},
	wire: `
		06 01 3800
		00000000 00000000
		00000000 01000000
		00010000           // numBits = 256
		00000000 00000080 00000000 00000000 00000000 00000000 00000000 01000000
		00000000
	`,
}, {
	name: "big-endian, bits past numBits",
	msg: AckNack{
		Reader: EntityID{0, 0, 1, 7}, Writer: EntityID{0, 0, 1, 2},
		State: SequenceNumberSet{Base: 3, NumBits: 3, Bits: [8]uint32{0b101 << 29}}, Count: 7,
	},
	wire: `
		06 00 001c
		00000107 00000102
		00000000 00000003
		00000003
		bfffffff           // only the first three bits count
		00000007
	`,
	in: true,
}}

func TestAckNack(t *testing.T) { ackNackCodec.test(t, ackNackTests) }

func TestAckNackRefused(t *testing.T) {
	ackNackCodec.refuse(t, []row[AckNack]{
		{name: "base 0 with bits", wire: "06011c00 00000107 00000102 0000000000000000 01000000 00000080 07000000"},
		{name: "negative base", wire: "06011800 00000107 00000102 ffffffff00000000 00000000 07000000"},
		{name: "base overflows", wire: "06011800 00000107 00000102 ffffff7fffffffff 00000000 07000000"},
		{name: "257 bits", wire: "06013c00 00000107 00000102 0000000001000000 01010000" +
			"0000000000000000000000000000000000000000000000000000000000000000" + "00000000 07000000"},
		{name: "4 G bits", wire: "06011c00 00000107 00000102 0000000001000000 ffffffff 00000080 07000000"},
	})
}

func FuzzAckNack(f *testing.F) { ackNackCodec.fuzz(f, ackNackTests, nil) }
