package rtps

import (
	"testing"

	"github.com/stretchr/testify/require"
)

var dataFragCodec = codec[DataFrag]{DataFrag.Append, ParseDataFrag}

var dataFragTests = []row[DataFrag]{{
	name: "the first two of three",
	msg: DataFrag{
		Reader: EntityID{0, 0, 1, 7}, Writer: EntityID{0, 0, 1, 2}, SN: 1,
		First: 1, Count: 2, FragmentSize: 4, SampleSize: 10,
		Payload: []byte{0, 1, 0, 0, 5, 6, 7, 8},
	},
	wire: `
		16 01 2800         // DATA_FRAG, flag E, length 40
		0000 1c00          // extraFlags, octetsToInlineQos = 28
		00000107 00000102
		00000000 01000000  // writerSN = 1
		01000000           // fragmentStartingNum
		0200 0400          // fragmentsInSubmessage, fragmentSize
		0a000000           // sampleSize
		00010000 05060708
	`,
}, {
	name: "the last one holds the remainder; inline QoS, key",
	msg: DataFrag{
		Writer: EntityID{0, 0, 1, 2}, SN: 1, IsKey: true, NonStandard: true,
		First: 3, Count: 1, FragmentSize: 4, SampleSize: 10,
		InlineQoS: []byte{1, 0, 0, 0},
		Payload:   []byte{9, 10},
	},
	wire: `
		16 0f 2800         // flags N|K|Q|E
		0000 1c00
		00000000 00000102
		00000000 01000000
		03000000 0100 0400 0a000000
		0100 0000
		090a 0000          // two octets and padding
	`,
	loose: 2,
}, {
	name: "big-endian",
	msg: DataFrag{
		Reader: EntityID{0, 0, 1, 7}, Writer: EntityID{0, 0, 1, 2}, SN: 1,
		First: 2, Count: 2, FragmentSize: 4, SampleSize: 10,
		Payload: []byte{5, 6, 7, 8, 9, 10},
	},
	wire: `
		16 00 0028
		0000 001c
		00000107 00000102
		00000000 00000001
		00000002 0002 0004 0000000a
		05060708 090a 0000
	`,
	in: true, loose: 2,
}, {
	name: "octetsToInlineQos of a later version",
	msg: DataFrag{
		Writer: EntityID{0, 0, 1, 2}, SN: 1,
		First: 1, Count: 1, FragmentSize: 4, SampleSize: 4, Payload: []byte{1, 2, 3, 4},
	},
	wire: `
		16 01 2800
		0000 2000          // 32: four octets we know nothing of
		00000000 00000102
		00000000 01000000
		01000000 0100 0400 04000000
		deadbeef
		01020304
	`,
	in: true,
}}

func TestDataFrag(t *testing.T) { dataFragCodec.test(t, dataFragTests) }

func TestDataFragRefused(t *testing.T) {
	const head = "16012800 00001c00 00000000 00000102"
	dataFragCodec.refuse(t, []row[DataFrag]{
		{name: "sequence number 0", wire: head + "0000000000000000 01000000 0200 0400 0a000000 0102030405060708"},
		{name: "fragment number 0", wire: head + "0000000001000000 00000000 0200 0400 0a000000 0102030405060708"},
		{name: "no fragments", wire: head + "0000000001000000 01000000 0000 0400 0a000000 0102030405060708"},
		{name: "fragment size 0", wire: head + "0000000001000000 01000000 0200 0000 0a000000 0102030405060708"},
		{name: "sample size 0", wire: head + "0000000001000000 01000000 0200 0400 00000000 0102030405060708"},
		{name: "past the end of the sample", wire: head + "0000000001000000 03000000 0200 0400 0a000000 0102030405060708"},
		{name: "far past it", wire: head + "0000000001000000 ffffffff ffff ffff 0a000000 0102030405060708"},
		{name: "incomplete", wire: head + "0000000001000000 01000000 0300 0400 0c000000 0102030405060708"},
		{name: "a sample of 4 GiB in one", wire: head + "0000000001000000 01000000 ffff ffff ffffffff 0102030405060708"},
		{name: "octetsToInlineQos 15", wire: "16012800 00000f00 00000000 00000102 0000000001000000 01000000 0200 0400 0a000000 0102030405060708"},
		{name: "octetsToInlineQos past the end", wire: "16012800 0000ff00 00000000 00000102 0000000001000000 01000000 0200 0400 0a000000 0102030405060708"},
	})
}

// The largest sample: nothing overflows.
func TestDataFragLargest(t *testing.T) {
	d := DataFrag{SN: 1, First: 65538, Count: 1, FragmentSize: 65535, SampleSize: 1<<32 - 1}
	require.EqualValues(t, 65537, d.Fragments())
	_, err := dataFragCodec.parseOne(t, d.Append(nil))
	require.ErrorIs(t, err, ErrMalformed)

	d.First, d.Payload = 65537, make([]byte, 65535)
	got, err := dataFragCodec.parseOne(t, d.Append(nil))
	require.NoError(t, err)
	require.Equal(t, d, got)
	require.EqualValues(t, 1<<32-1, uint64(got.Offset())+uint64(len(got.Payload)))
}

func FuzzDataFrag(f *testing.F) {
	dataFragCodec.fuzz(f, dataFragTests, func(d DataFrag, s Submessage) bool {
		if uint64(d.Offset())+uint64(len(d.Payload)) > uint64(d.SampleSize) {
			panic("fragment outside of its sample")
		}
		return d.InlineQoS != nil && !s.LittleEndian()
	})
}

// A sealed fragment is longer than the fields say, and is taken whole; the
// fields are checked all the same.
func TestSealedDataFrag(t *testing.T) {
	d := DataFrag{
		Reader: EntityID{0, 0, 1, 7}, Writer: EntityID{0, 0, 1, 2}, SN: 3,
		First: 2, Count: 1, FragmentSize: 8, SampleSize: 20, Payload: make([]byte, 52),
	}
	parse := func(d DataFrag) (DataFrag, error) {
		s, rest, err := Next(d.Append(nil))
		require.NoError(t, err)
		require.Empty(t, rest)
		return ParseSealedDataFrag(s)
	}
	got, err := parse(d)
	require.NoError(t, err)
	require.Equal(t, d, got)
	require.Equal(t, 8, got.Len())

	d.First = 3
	got, err = parse(d)
	require.NoError(t, err)
	require.Equal(t, 4, got.Len())

	d.First = 4
	_, err = parse(d)
	require.ErrorIs(t, err, ErrMalformed)
}
