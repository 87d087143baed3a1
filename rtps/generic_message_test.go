package rtps

import (
	"testing"

	"github.com/stretchr/testify/require"
)

var (
	prefixA = GUIDPrefix{0xaa, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}
	prefixB = GUIDPrefix{0xbb, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}
)

var genericTests = []struct {
	name string
	msg  GenericMessage
	wire string
	in   bool
}{{
	name: "reply",
	msg: GenericMessage{
		Identity:               MessageIdentity{GUID{prefixA, EntityStatelessWriter}, 2},
		Related:                MessageIdentity{GUID{prefixB, EntityStatelessWriter}, 1<<32 + 1},
		DestinationParticipant: GUID{prefixB, EntityParticipant},
		ClassID:                "dds.sec.auth",
		Data:                   []DataHolder{{ClassID: "R", BinaryProperties: []BinaryProperty{{"c", []byte{7}}}}, {ClassID: "S"}},
	},
	wire: `
		0001 0000                                             // CDR_LE
		aa0102030405060708090a0b 000201c3 02000000 00000000   // one 64-bit number
		bb0102030405060708090a0b 000201c3 01000000 01000000
		bb0102030405060708090a0b 000001c1
		00000000 00000000 00000000 00000000
		00000000 00000000 00000000 00000000
		0d000000 6464732e7365632e6175746800 000000            // dds.sec.auth
		02000000
		02000000 5200 0000 00000000 01000000 02000000 6300 0000 01000000 07 000000
		02000000 5300 0000 00000000 00000000
	`,
}, {
	name: "big-endian",
	msg: GenericMessage{
		Identity:               MessageIdentity{GUID{prefixA, EntityVolatileWriter}, 2},
		DestinationParticipant: GUID{prefixB, EntityParticipant},
		DestinationEndpoint:    GUID{prefixB, EntityID{0, 0, 1, 7}},
		SourceEndpoint:         GUID{prefixA, EntityID{0, 0, 1, 2}},
		ClassID:                "t",
		Data:                   []DataHolder{{ClassID: "R"}},
	},
	wire: `
		0000 0003                                             // CDR_BE, three octets of padding
		aa0102030405060708090a0b ff0202c3 00000000 00000002
		00000000 00000000 00000000 00000000 00000000 00000000
		bb0102030405060708090a0b 000001c1
		bb0102030405060708090a0b 00000107
		aa0102030405060708090a0b 00000102
		00000002 7400 0000
		00000001
		00000002 5200 0000 00000000 00000000
		000000                                                // padding
	`,
	in: true,
}}

func TestGenericMessage(t *testing.T) {
	for _, tt := range genericTests {
		t.Run(tt.name, func(t *testing.T) {
			wire := unhex(t, tt.wire)
			m, err := ParseGenericMessage(wire)
			require.NoError(t, err)
			require.Equal(t, tt.msg, m)
			if tt.in {
				wire = AppendGenericMessage(nil, &m)
			}
			require.Equal(t, wire, AppendGenericMessage(nil, &tt.msg))
			for n := range len(wire) {
				_, err := ParseGenericMessage(wire[:n])
				require.ErrorIs(t, err, ErrMalformed, "%d octets", n)
			}
		})
	}
}

func TestGenericMessageRefused(t *testing.T) {
	good := unhex(t, genericTests[0].wire)
	for _, id := range [][2]byte{{0, 2}, {0, 3}, {0, 7}, {1, 1}, {0xff, 0xff}} { // PL_CDR, XCDR2, …
		wire := append([]byte{id[0], id[1]}, good[2:]...)
		_, err := ParseGenericMessage(wire)
		require.ErrorIs(t, err, ErrMalformed)
	}
	// 4 + 96 + 20: the number of holders.
	for _, n := range []string{"ffffffff", "00000080", "56555515"} {
		wire := append([]byte{}, good...)
		copy(wire[120:], unhex(t, n))
		_, err := ParseGenericMessage(wire)
		require.ErrorIs(t, err, ErrMalformed)
	}
}

func FuzzGenericMessage(f *testing.F) {
	for _, tt := range genericTests {
		f.Add(unhex(f, tt.wire))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := ParseGenericMessage(b)
		if err != nil {
			require.ErrorIs(t, err, ErrMalformed)
			require.Zero(t, m)
			return
		}
		wire := AppendGenericMessage(nil, &m)
		again, err := ParseGenericMessage(wire)
		require.NoError(t, err)
		require.Equal(t, m, again)
		require.Equal(t, wire, AppendGenericMessage(nil, &again))
	})
}
