package rtps

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
)

var dataCodec = codec[Data]{Data.Append, ParseData}

var dataTests = []row[Data]{{
	name: "payload",
	msg: Data{
		Reader: EntityID{0, 0, 1, 7}, Writer: EntityID{0, 0, 1, 2}, SN: 1,
		Payload: []byte{0, 1, 0, 0, 'a', 'b', 'c', 0},
	},
	wire: `
		15 05 1c00         // DATA, flags D|E, length 28
		0000 1000          // extraFlags, octetsToInlineQos = 16
		00000107 00000102
		00000000 01000000  // writerSN = 1
		00010000 61626300  // CDR_LE, "abc"
	`,
	loose: 8,
}, {
	name: "dispose: inline QoS and key",
	msg: Data{
		Writer: EntityID{0, 0, 1, 2}, SN: 1<<32 + 1, IsKey: true,
		InlineQoS: []byte{0x71, 0, 4, 0, 0, 0, 0, 1, 1, 0, 0, 0},
		Payload:   []byte{0, 1, 0, 0},
	},
	wire: `
		15 0b 2400         // flags K|Q|E
		0000 1000
		00000000 00000102
		01000000 01000000
		7100 0400 00000001 // PID_STATUS_INFO: disposed
		0100 0000          // PID_SENTINEL
		00010000           // CDR_LE, no key
	`,
	loose: 4,
}, {
	name: "nothing",
	msg:  Data{Writer: EntitySPDPWriter, SN: 9},
	wire: `
		15 01 1400
		0000 1000
		00000000 000100c2
		00000000 09000000
	`,
}, {
	name: "empty payload, not standard",
	msg:  Data{Writer: EntitySPDPWriter, SN: 9, Payload: []byte{}, NonStandard: true},
	wire: `
		15 15 1400         // flags N|D|E
		0000 1000
		00000000 000100c2
		00000000 09000000
	`,
}, {
	name: "octetsToInlineQos of a later version",
	msg: Data{
		Writer: EntityID{0, 0, 1, 2}, SN: 1,
		InlineQoS: []byte{1, 0, 0, 0}, Payload: []byte{0, 1, 0, 0},
	},
	wire: `
		15 07 2400
		0000 1800          // 24: eight octets we know nothing of
		00000000 00000102
		00000000 01000000
		deadbeef deadbeef
		0100 0000
		00010000
	`,
	in: true, loose: 4,
}, {
	name: "big-endian, sentinel with a length",
	msg: Data{
		Reader: EntityID{0, 0, 1, 7}, Writer: EntityID{0, 0, 1, 2}, SN: 1,
		InlineQoS: []byte{0, 0x71, 0, 4, 0, 0, 0, 1, 0, 1, 0xff, 0xff},
		Payload:   []byte{0, 0, 0, 0},
	},
	wire: `
		15 06 0024         // flags D|Q
		0000 0010
		00000107 00000102
		00000000 00000001
		0071 0004 00000001
		0001 ffff          // the length of a sentinel means nothing
		00000000
	`,
	in: true, loose: 4,
}, {
	name: "length 0: to the end of the message",
	msg:  Data{Writer: EntityID{0, 0, 1, 2}, SN: 1, Payload: []byte{0, 1, 0, 0}},
	wire: `
		15 05 0000
		0000 1000
		00000000 00000102
		00000000 01000000
		00010000
	`,
	in: true, loose: 28, // it never says where it ends
}}

func TestData(t *testing.T) { dataCodec.test(t, dataTests) }

func TestDataRefused(t *testing.T) {
	dataCodec.refuse(t, []row[Data]{
		{name: "D and K", wire: "150d1800 00001000 00000000 00000102 0000000001000000 00010000"},
		{name: "sequence number 0", wire: "15051800 00001000 00000000 00000102 0000000000000000 00010000"},
		{name: "sequence number unknown", wire: "15051800 00001000 00000000 00000102 ffffffff00000000 00010000"},
		{name: "sequence number overflows", wire: "15051800 00001000 00000000 00000102 ffffff7fffffffff 00010000"},
		{name: "octetsToInlineQos 15", wire: "15051800 00000f00 00000000 00000102 0000000001000000 00010000"},
		{name: "octetsToInlineQos past the end", wire: "15051800 00001600 00000000 00000102 0000000001000000 00010000"},
		{name: "octetsToInlineQos 65535", wire: "15051800 0000ffff 00000000 00000102 0000000001000000 00010000"},
		{name: "inline QoS without sentinel", wire: "15071c00 00001000 00000000 00000102 0000000001000000 71000400 00000001"},
		{name: "parameter past the end", wire: "15071c00 00001000 00000000 00000102 0000000001000000 71000800 00000001"},
	})
}

// A payload that is not a multiple of 4 is padded on the wire.
func TestDataPads(t *testing.T) {
	for n, want := range []int{20, 24, 24, 24, 24, 28} {
		d := Data{Writer: EntityID{0, 0, 1, 2}, SN: 1, Payload: bytes.Repeat([]byte{7}, n)}
		b := d.Append(nil)
		require.Len(t, b, SubmessageHeaderLen+want)
		require.EqualValues(t, want, b[2])
		got, err := dataCodec.parseOne(t, b)
		require.NoError(t, err)
		require.Equal(t, append(d.Payload, make([]byte, want-20-n)...), got.Payload)
	}
}

// The payload can be put behind the header in place.
func TestDataAppendHeader(t *testing.T) {
	d := Data{Writer: EntityID{0, 0, 1, 2}, SN: 1, InlineQoS: []byte{1, 0, 0, 0}, Payload: []byte("abcde")}
	b := d.AppendHeader(nil, 5)
	b = AppendPad(append(b, "abcde"...), 5)
	require.Equal(t, d.Append(nil), b)
}

// What is longer than 65535 octets is the last submessage.
func TestDataLongerThanItsLengthField(t *testing.T) {
	d := Data{Writer: EntityID{0, 0, 1, 2}, SN: 1, Payload: make([]byte, 0xffff-dataLen+1)}
	b := d.Append(nil)
	require.Equal(t, []byte{0, 0}, b[2:4])
	got, err := dataCodec.parseOne(t, b)
	require.NoError(t, err)
	require.Equal(t, d, got)
}

// foreignQoS: inline QoS keeps the byte order it came in.
func FuzzData(f *testing.F) {
	dataCodec.fuzz(f, dataTests, func(d Data, s Submessage) bool { return d.InlineQoS != nil && !s.LittleEndian() })
}
