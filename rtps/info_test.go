package rtps

import (
	"testing"

	"github.com/stretchr/testify/require"
)

var infoTSCodec = codec[InfoTS]{InfoTS.Append, ParseInfoTS}

var infoTSTests = []row[InfoTS]{{
	name: "half a second past 1",
	msg:  InfoTS{Time: Time{1, 1 << 31}},
	wire: "09 01 0800 01000000 00000080",
}, {
	name: "none",
	msg:  InfoTS{Invalid: true},
	wire: "09 03 0000", // length 0 is no "to the end" here
}, {
	name: "big-endian",
	msg:  InfoTS{Time: Time{1, 1 << 31}},
	wire: "09 00 0008 00000001 80000000",
	in:   true,
}}

func TestInfoTS(t *testing.T) { infoTSCodec.test(t, infoTSTests) }
func FuzzInfoTS(f *testing.F) { infoTSCodec.fuzz(f, infoTSTests, nil) }

var infoDstCodec = codec[InfoDst]{InfoDst.Append, ParseInfoDst}

var infoDstTests = []row[InfoDst]{{
	name: "little-endian",
	msg:  InfoDst{GUIDPrefix{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}},
	wire: "0e 01 0c00 0102030405060708090a0b0c",
}, {
	name: "big-endian",
	msg:  InfoDst{GUIDPrefix{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}},
	wire: "0e 00 000c 0102030405060708090a0b0c",
	in:   true,
}}

func TestInfoDst(t *testing.T) { infoDstCodec.test(t, infoDstTests) }
func FuzzInfoDst(f *testing.F) { infoDstCodec.fuzz(f, infoDstTests, nil) }

var infoSrcCodec = codec[InfoSrc]{InfoSrc.Append, ParseInfoSrc}

var infoSrcTests = []row[InfoSrc]{{
	name: "little-endian",
	msg:  InfoSrc{ProtocolVersion{2, 3}, VendorFast, GUIDPrefix{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}},
	wire: "0c 01 1400 00000000 0203 010f 0102030405060708090a0b0c",
}, {
	name: "big-endian, unused is used (OpenDDS)",
	msg:  InfoSrc{ProtocolVersion{2, 4}, VendorOpenDDS, GUIDPrefix{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}},
	wire: "0c 00 0014 52545053 0204 0103 0102030405060708090a0b0c",
	in:   true,
}}

func TestInfoSrc(t *testing.T) { infoSrcCodec.test(t, infoSrcTests) }
func FuzzInfoSrc(f *testing.F) { infoSrcCodec.fuzz(f, infoSrcTests, nil) }

var infoReplyCodec = codec[InfoReply]{InfoReply.Append, ParseInfoReply}

var (
	locator7400 = Locator{LocatorUDPv4, 7400, [16]byte{12: 127, 13: 0, 14: 0, 15: 1}}
	locatorMC   = Locator{LocatorUDPv4, 7401, [16]byte{12: 239, 13: 255, 14: 0, 15: 1}}
)

var infoReplyTests = []row[InfoReply]{{
	name: "unicast",
	msg:  InfoReply{Unicast: []Locator{locator7400}},
	wire: `
		0f 01 1c00
		01000000           // one locator
		01000000 e81c0000  // UDPv4, port 7400
		00000000 00000000 00000000 7f000001
	`,
}, {
	name: "with multicast",
	msg:  InfoReply{Unicast: []Locator{}, Multicast: []Locator{locatorMC}},
	wire: `
		0f 03 2000         // flags M|E
		00000000
		01000000
		01000000 e91c0000
		00000000 00000000 00000000 efff0001
	`,
}, {
	name: "big-endian",
	msg:  InfoReply{Unicast: []Locator{locator7400}, Multicast: []Locator{}},
	wire: `
		0f 02 0020
		00000001
		00000001 00001ce8
		00000000 00000000 00000000 7f000001
		00000000
	`,
	in: true,
}, {
	name: "INFO_REPLY_IP4",
	msg:  InfoReply{Unicast: []Locator{locator7400}, Multicast: []Locator{locatorMC}},
	wire: "0d 03 1000 0100007f e81c0000 0100ffef e91c0000",
	in:   true,
}}

func TestInfoReply(t *testing.T) { infoReplyCodec.test(t, infoReplyTests) }
func FuzzInfoReply(f *testing.F) { infoReplyCodec.fuzz(f, infoReplyTests, nil) }

func TestInfoReplyRefused(t *testing.T) {
	infoReplyCodec.refuse(t, []row[InfoReply]{
		{name: "more locators than octets", wire: "0f010800 ffffffff 00000000"},
		{name: "count times size overflows", wire: "0f010800 abaaaa0a 00000000"},
	})
	// Nothing is allocated for what is not there: the error is one object.
	s := Submessage{Kind: SubInfoReply, Flags: 1, Body: []byte{0xff, 0xff, 0xff, 0x0f}}
	require.LessOrEqual(t, testing.AllocsPerRun(100, func() { _, _ = ParseInfoReply(s) }), 1.0)
}

var padCodec = codec[Pad]{Pad.Append, ParsePad}

var padTests = []row[Pad]{{
	name: "empty",
	wire: "01 01 0000",
}, {
	name: "four",
	msg:  Pad{4},
	wire: "01 01 0400 00000000",
	// Any length is a PAD.
	loose: 8,
}, {
	name:  "big-endian",
	msg:   Pad{4},
	wire:  "01 00 0004 deadbeef",
	in:    true,
	loose: 8,
}}

func TestPad(t *testing.T) { padCodec.test(t, padTests) }
func FuzzPad(f *testing.F) { padCodec.fuzz(f, padTests, nil) }

var secureCodec = codec[Secure]{Secure.Append, ParseSecure}

var secureTests = []row[Secure]{{
	name:  "SEC_PREFIX",
	msg:   Secure{Kind: SubSecPrefix, Body: []byte{0, 0, 0, 4}},
	wire:  "31 01 0400 00000004",
	loose: 8,
}, {
	name:  "SRTPS_PREFIX with a flag",
	msg:   Secure{Kind: SubSRTPSPrefix, Flags: 4, Body: []byte{0, 0, 0, 4}},
	wire:  "33 05 0400 00000004",
	loose: 8,
}, {
	name:  "SRTPS_POSTFIX, length 0 (OpenDDS)",
	msg:   Secure{Kind: SubSRTPSPostfix, Body: []byte{1, 2, 3, 4}},
	wire:  "34 00 0000 01020304",
	in:    true,
	loose: 8,
}}

func TestSecure(t *testing.T) { secureCodec.test(t, secureTests) }
func FuzzSecure(f *testing.F) { secureCodec.fuzz(f, secureTests, nil) }

func TestSecureRefused(t *testing.T) {
	secureCodec.refuse(t, []row[Secure]{{name: "a heartbeat", wire: "07010400 00000000"}})
}
