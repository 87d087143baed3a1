package rtps

import "testing"

var heartbeatFragCodec = codec[HeartbeatFrag]{HeartbeatFrag.Append, ParseHeartbeatFrag}

var heartbeatFragTests = []row[HeartbeatFrag]{{
	name: "little-endian",
	msg:  HeartbeatFrag{Reader: EntityID{0, 0, 1, 7}, Writer: EntityID{0, 0, 1, 2}, SN: 3, Last: 16, Count: 2},
	wire: `
		13 01 1800         // HEARTBEAT_FRAG, flag E, length 24
		00000107 00000102
		00000000 03000000  // writerSN = 3
		10000000           // lastFragmentNum = 16
		02000000           // count
	`,
}, {
	name: "big-endian",
	msg:  HeartbeatFrag{Reader: EntityID{0, 0, 1, 7}, Writer: EntityID{0, 0, 1, 2}, SN: 3, Last: 16, Count: 2},
	wire: `
		13 00 0018
		00000107 00000102
		00000000 00000003
		00000010
		00000002
	`,
	in: true,
}}

func TestHeartbeatFrag(t *testing.T) { heartbeatFragCodec.test(t, heartbeatFragTests) }

func TestHeartbeatFragRefused(t *testing.T) {
	heartbeatFragCodec.refuse(t, []row[HeartbeatFrag]{
		{name: "sequence number 0", wire: "13011800 00000107 00000102 0000000000000000 10000000 02000000"},
		{name: "sequence number unknown", wire: "13011800 00000107 00000102 ffffffff00000000 10000000 02000000"},
		{name: "last fragment 0", wire: "13011800 00000107 00000102 0000000003000000 00000000 02000000"},
		{name: "last fragment overflows", wire: "13011800 00000107 00000102 0000000003000000 ffffffff 02000000"},
	})
}

func FuzzHeartbeatFrag(f *testing.F) { heartbeatFragCodec.fuzz(f, heartbeatFragTests, nil) }
