package rtps

import (
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"
)

var inlineQoSFull = InlineQoS{
	StatusInfo: StatusDisposed | StatusUnregistered, HasStatus: true,
	KeyHash: KeyHash{1, 2, 3}, HasKeyHash: true,
	CoherentSet: 4, HasCoherentSet: true,
	GroupCoherentSet: 5, HasGroupCoherent: true,
	GroupSeqNum: 6, HasGroupSeqNum: true,
	Lifespan: Duration{1, 2}, HasLifespan: true,
	Strength: -3, HasStrength: true,
	OriginalWriter: SampleIdentity{GUID{Entity: EntitySPDPWriter}, 7}, HasOriginalWriter: true,
	RelatedSample: SampleIdentity{GUID{Entity: EntitySPDPReader}, 8}, HasRelatedSample: true,
	ContentFilterInfo: []byte{1, 2, 3, 4},
	WriterGroupInfo:   []byte{5, 6, 7, 8},
	DirectedWrite:     GUID{Entity: EntityID{0, 0, 1, 7}}, HasDirectedWrite: true,
}

var inlineQoSTests = []struct {
	name string
	le   bool
	qos  InlineQoS
	wire string
	in   bool
}{{
	name: "nothing",
	le:   true,
	wire: "0100 0000",
}, {
	name: "dispose with key hash",
	le:   true,
	qos:  InlineQoS{StatusInfo: StatusDisposed, HasStatus: true, KeyHash: KeyHash{15: 9}, HasKeyHash: true},
	wire: `
		7100 0400 00000001 // big-endian whatever the list is
		7000 1000 00000000 00000000 00000000 00000009
		0100 0000
	`,
}, {
	name: "unregister, big-endian",
	qos:  InlineQoS{StatusInfo: StatusUnregistered, HasStatus: true, KeyHash: KeyHash{15: 9}, HasKeyHash: true},
	wire: `
		0071 0004 00000002
		0070 0010 00000000 00000000 00000000 00000009
		0001 0000
	`,
	in: true,
}, {
	name: "unknown parameters are skipped",
	le:   true,
	qos:  InlineQoS{StatusInfo: StatusFiltered, HasStatus: true},
	wire: `
		0f80 1800 00000000 00000000 00000000 00000000 00000000 00000001 // of a vendor
		ff3f 0000
		7100 0400 00000004
		0100 0000
	`,
	in: true,
}, {
	name: "coherent set, original writer, related sample, lifespan",
	le:   true,
	qos: InlineQoS{
		CoherentSet: 4, HasCoherentSet: true,
		Lifespan: Duration{1, 1 << 31}, HasLifespan: true,
		OriginalWriter: SampleIdentity{GUID{GUIDPrefix{1}, EntitySPDPWriter}, 7}, HasOriginalWriter: true,
		RelatedSample: SampleIdentity{GUID{GUIDPrefix{2}, EntitySPDPReader}, 8}, HasRelatedSample: true,
	},
	wire: `
		5600 0800 00000000 04000000
		2b00 0800 01000000 00000080
		6100 1800 01000000 00000000 00000000 000100c2 00000000 07000000
		8300 1800 02000000 00000000 00000000 000100c7 00000000 08000000
		0100 0000
	`,
}, {
	name: "written to two readers",
	le:   true,
	qos: InlineQoS{
		DirectedWrite: GUID{Entity: EntityID{0, 0, 1, 7}}, HasDirectedWrite: true, MoreDirectedWrites: true,
	},
	wire: `
		5700 1000 00000000 00000000 00000000 00000107
		5700 1000 00000000 00000000 00000000 00000207
		0100 0000
	`,
	in: true,
}}

func TestInlineQoS(t *testing.T) {
	for _, tt := range inlineQoSTests {
		t.Run(tt.name, func(t *testing.T) {
			wire := unhex(t, tt.wire)
			q, err := ParseInlineQoS(wire, tt.le)
			require.NoError(t, err)
			require.Equal(t, tt.qos, q)
			if !tt.in {
				require.Equal(t, wire, AppendInlineQoS(nil, &tt.qos))
			}
			for n := range wire {
				_, err := ParseInlineQoS(wire[:n], tt.le)
				require.ErrorIs(t, err, ErrMalformed, "%d octets", n)
			}
		})
	}
	t.Run("everything", func(t *testing.T) {
		q, err := ParseInlineQoS(inlineQoSFull.Append(nil), true)
		require.NoError(t, err)
		require.Equal(t, inlineQoSFull, q)
	})
	t.Run("big-endian builders", func(t *testing.T) {
		b := AppendStatusInfo(nil, false, StatusUnregistered)
		b = AppendSentinel(AppendKeyHash(b, false, KeyHash{15: 9}), false)
		require.Equal(t, unhex(t, inlineQoSTests[2].wire), b)
	})
}

func TestInlineQoSRefused(t *testing.T) {
	for _, tt := range []struct {
		name, wire string
		err        error
	}{
		{"must be understood", "ff4f 0000 0100 0000", ErrMustUnderstand},
		{"must be understood, after the status", "7100 0400 00000001 1440 0400 00000000 0100 0000", ErrMustUnderstand},
		{"must be understood, of a vendor", "01c0 0000 0100 0000", ErrMustUnderstand},
		{"short status", "7100 0000 0100 0000", ErrMalformed},
		{"short status, padded", "7100 0300 00000001 0100 0000", ErrMalformed},
		{"short key hash", "7000 0c00 00000000 00000000 00000000 0100 0000", ErrMalformed},
		{"short coherent set", "5600 0400 00000000 0100 0000", ErrMalformed},
		{"short reader", "5700 0400 00000000 0100 0000", ErrMalformed},
		{"no sentinel", "7100 0400 00000001", ErrMalformed},
		{"other byte order", "0071 0004 00000001 0001 0000", ErrMalformed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			q, err := ParseInlineQoS(unhex(t, tt.wire), true)
			require.ErrorIs(t, err, tt.err)
			require.Zero(t, q)
		})
	}
}

func FuzzInlineQoS(f *testing.F) {
	f.Add(inlineQoSFull.Append(nil), true)
	for _, tt := range inlineQoSTests {
		f.Add(unhex(f, tt.wire), tt.le)
	}
	f.Add(binary.LittleEndian.AppendUint32(nil, 0x4fff), true)
	f.Fuzz(func(t *testing.T, b []byte, le bool) {
		q, err := ParseInlineQoS(b, le)
		if err != nil {
			require.Zero(t, q)
			return
		}
		wire := q.Append(nil)
		again, err := ParseInlineQoS(wire, true)
		require.NoError(t, err)
		require.Equal(t, wire, again.Append(nil))
	})
}
