package rtps

import (
	"testing"

	"github.com/stretchr/testify/require"
)

var heartbeatCodec = codec[Heartbeat]{Heartbeat.Append, ParseHeartbeat}

var heartbeatTests = []row[Heartbeat]{{
	name: "final",
	msg:  Heartbeat{Reader: EntityID{0, 0, 1, 7}, Writer: EntityID{0, 0, 1, 2}, First: 1, Last: 5, Count: 9, Final: true},
	wire: `
		07 03 1c00         // HEARTBEAT, flags F|E, length 28
		00000107 00000102  // readerId, writerId
		00000000 01000000  // firstSN = 1 (high word first)
		00000000 05000000  // lastSN = 5
		09000000           // count
	`,
}, {
	name: "liveliness, above 32 bits",
	msg:  Heartbeat{Writer: EntitySEDPPubWriter, First: 1<<32 + 2, Last: 2<<32 + 3, Count: -1, Liveliness: true},
	wire: `
		07 05 1c00         // flags L|E
		00000000 000003c2
		01000000 02000000
		02000000 03000000
		ffffffff
	`,
}, {
	name: "empty history",
	msg:  Heartbeat{Writer: EntityID{0, 0, 1, 2}, First: 1, Last: 0, Count: 1},
	wire: `
		07 01 1c00
		00000000 00000102
		00000000 01000000
		00000000 00000000
		01000000
	`,
}, {
	name: "big-endian",
	msg:  Heartbeat{Reader: EntityID{0, 0, 1, 7}, Writer: EntityID{0, 0, 1, 2}, First: 1, Last: 5, Count: 9, Final: true},
	wire: `
		07 02 001c
		00000107 00000102
		00000000 00000001
		00000000 00000005
		00000009
	`,
	in: true,
}, {
	name: "group information is skipped",
	msg:  Heartbeat{Writer: EntityID{0, 0, 1, 2}, First: 1, Last: 1, Count: 1},
	wire: `
		07 09 3c00         // flags G|E
		00000000 00000102
		00000000 01000000
		00000000 01000000
		01000000
		00000000 01000000  // currentGSN
		00000000 01000000  // firstGSN
		00000000 01000000  // lastGSN
		00000000 00000000  // writerSet, secureWriterSet
	`,
	in: true, loose: 32,
}}

func TestHeartbeat(t *testing.T) { heartbeatCodec.test(t, heartbeatTests) }

func FuzzHeartbeat(f *testing.F) { heartbeatCodec.fuzz(f, heartbeatTests, nil) }

func TestHeartbeatRange(t *testing.T) {
	for _, tt := range []struct {
		name        string
		first, last SequenceNumber
		ok          bool
	}{
		{"empty", 1, 0, true},
		{"empty, later", 10, 9, true},
		{"one", 10, 10, true},
		{"largest", MaxSequenceNumber, MaxSequenceNumber, true},
		{"first is 0", 0, 0, false},
		{"first is 0, last is unknown", 0, -1, false},
		{"first is negative", -5, 10, false},
		{"first is the smallest", -1 << 63, 1<<63 - 1, false},
		{"reversed", 10, 8, false},
		{"last is negative", 1, -1, false},
		{"last is SEQUENCENUMBER_UNKNOWN", 1, -1 << 32, false},
		{"last is the largest", 1, 1<<63 - 1, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			wire := Heartbeat{First: tt.first, Last: tt.last}.Append(nil)
			h, err := heartbeatCodec.parseOne(t, wire)
			if !tt.ok {
				require.ErrorIs(t, err, ErrMalformed)
				return
			}
			require.NoError(t, err)
			require.Equal(t, tt.first, h.First)
			require.Equal(t, tt.last, h.Last)
		})
	}
}
