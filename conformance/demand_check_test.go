package conformance

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/spi"
)

// A message is built of submessages, all little-endian.
func message(subs ...[]byte) []byte {
	return slices.Concat(append([][]byte{[]byte("RTPS\x02\x03\x01\x99"), make([]byte, 12)}, subs...)...)
}

func submessage(id byte, body ...[]byte) []byte {
	b := slices.Concat(body...)
	return append(binary.LittleEndian.AppendUint16([]byte{id, 5}, uint16(len(b))), b...) // E, and D of DATA
}

// data is a DATA of a writer to every reader.
func data(writer uint32, payload []byte) []byte {
	head := binary.BigEndian.AppendUint32([]byte{0, 0, 16, 0, 0, 0, 0, 0}, writer)
	return submessage(subData, head, make([]byte, 8), payload)
}

func acknack(writer uint32) []byte {
	head := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, 7), writer)
	return submessage(subAckNack, head, make([]byte, 16))
}

// between puts submessages between a prefix of that transformation kind and a
// postfix with macs receiver-specific ones.
func between(prefix, kind byte, macs int, subs ...[]byte) []byte {
	head := submessage(prefix, []byte{0, 0, 0, kind}, make([]byte, 16))
	tail := submessage(prefix+1, make([]byte, 16), binary.BigEndian.AppendUint32(nil, uint32(macs)), make([]byte, 20*macs))
	return slices.Concat(head, slices.Concat(subs...), tail)
}

func hidden(n int) []byte { return submessage(subSecBody, make([]byte, n)) }

// The demand holds what keeps it, and finds what does not.
func TestDemandFindsWhatIsBroken(t *testing.T) {
	const writer, none, sign, encrypt = 0x00000102, spi.ProtectNone, spi.ProtectSign, spi.ProtectEncrypt
	contents := bytes.Repeat([]byte("contents"), 200)
	plain := slices.Concat([]byte{0, 1, 0, 0}, contents)
	signed := slices.Concat([]byte{0, 0, 0, 3}, make([]byte, 16), contents)
	name := data(0x000003c2, []byte("\x00\x03\x00\x00TheTopic"))
	alive := data(livelinessWriter, []byte{0, 1, 0, 0})
	secureName := between(subSecPrefix, 4, 0, hidden(100))
	secureAlive := between(subSecPrefix, 3, 0, data(secureLivelinessWriter, []byte{0, 1, 0, 0}))
	to := func(b []byte) datagram { return datagram{true, message(b)} }
	from := func(b []byte) datagram { return datagram{false, message(b)} }
	base := demand{published: true, topic: "TheTopic", markers: [][]byte{[]byte("contents")}, octets: len(contents)}
	with := func(f func(*demand)) demand { d := base; f(&d); return d }
	noise := []datagram{{false, []byte{0}}, to(name), from(name), to(alive)}

	for _, tt := range []struct {
		name   string
		d      demand
		list   []datagram
		broken string // "": it is not
	}{
		{"nothing protected", base, append(noise, to(data(writer, plain)), from(acknack(writer))), ""},
		{"silence", base, noise, "0 of 1 samples seen"},
		{"a protected payload where none is asked for", base, append(noise, to(data(writer, signed))), "a payload sealed by"},

		{"rtps signed", with(func(d *demand) { d.rtps = sign }), append(noise,
			to(between(subRTPSPrefix, 3, 0, data(writer, plain))), from(between(subRTPSPrefix, 3, 0, acknack(writer)))), ""},
		{"one in clear beside it", with(func(d *demand) { d.rtps = sign }), append(noise,
			to(between(subRTPSPrefix, 3, 0, data(writer, plain))), from(between(subRTPSPrefix, 3, 0, acknack(writer))),
			from(acknack(writer))), "submessage 0x6 of the topic outside a sealed message"},
		{"encrypted where signed", with(func(d *demand) { d.rtps = sign }), append(noise,
			to(between(subRTPSPrefix, 4, 0, hidden(2000)))), "a message sealed by {kind:4 macs:0} where rtps is SIGN"},
		{"origin missing", with(func(d *demand) { d.rtps = spi.ProtectSignOrigin }), append(noise,
			to(between(subRTPSPrefix, 3, 0, data(writer, plain)))), "a message sealed by {kind:3 macs:0}"},
		{"rtps encrypted, but the contents", with(func(d *demand) { d.rtps, d.discovery = encrypt, encrypt }), []datagram{
			to(between(subRTPSPrefix, 4, 0, hidden(9))), from(between(subRTPSPrefix, 4, 0, hidden(9))), to(data(0xc2, contents))},
			"the contents are in clear"},
		{"rtps encrypted, but the name", with(func(d *demand) { d.rtps = encrypt }), append(noise,
			to(between(subRTPSPrefix, 4, 0, hidden(9))), from(between(subRTPSPrefix, 4, 0, hidden(9)))), "the topic's name is in clear 1 times from us"},
		{"sealed by one side only", with(func(d *demand) { d.rtps, d.discovery = encrypt, encrypt }), []datagram{
			to(between(subRTPSPrefix, 4, 0, hidden(9)))}, "no sealed messages of both sides"},

		{"metadata with origin", with(func(d *demand) { d.metadata = spi.ProtectEncryptOrigin }), append(noise,
			to(between(subSecPrefix, 4, 1, hidden(1600)))), ""},
		{"metadata without it", with(func(d *demand) { d.metadata = spi.ProtectEncryptOrigin }), append(noise,
			to(between(subSecPrefix, 4, 0, hidden(1600)))), "a hidden submessage of 1600 octets"},
		{"metadata visible", with(func(d *demand) { d.metadata = encrypt }), append(noise,
			to(between(subSecPrefix, 3, 0, data(writer, plain)))), "submessage 0x15 of the topic sealed by {kind:3 macs:0} where metadata is ENCRYPT"},
		{"metadata not hidden anywhere", with(func(d *demand) { d.metadata = encrypt }), noise, "0 hidden octets"},

		{"payload signed", with(func(d *demand) { d.data = sign }), append(noise, to(data(writer, signed))), ""},
		{"payload not signed", with(func(d *demand) { d.data = sign }), append(noise, to(data(writer, plain))), "a payload sealed by {kind:0 macs:0} where data is SIGN"},

		{"secure topics", with(func(d *demand) { d.discovery, d.liveliness = encrypt, sign }), []datagram{
			to(secureName), to(secureAlive), to(data(writer, plain))}, ""},
		{"liveliness in clear", with(func(d *demand) { d.discovery, d.liveliness = encrypt, sign }), []datagram{
			to(secureName), to(secureAlive), to(alive), to(data(writer, plain))}, "liveliness came in clear: true"},
		{"no liveliness", with(func(d *demand) { d.discovery, d.liveliness = encrypt, sign }), []datagram{
			to(secureName), to(data(writer, plain))}, "on the secure topic: false"},
		{"the name in clear", with(func(d *demand) { d.discovery = encrypt }), append(noise, to(data(writer, plain))), "the topic's name is in clear"},
		{"unreadable", base, append(noise, to(data(writer, plain)), datagram{true, []byte("RTPS")}), "unreadable"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			problems := tt.d.broken(tt.list)
			if tt.broken == "" {
				require.Empty(t, problems)
				return
			}
			require.Contains(t, strings.Join(problems, "\n"), tt.broken)
		})
	}
}
