package rtps

import (
	"testing"

	"github.com/stretchr/testify/require"
)

const headerWire = `
	52545053           // "RTPS"
	0205 01d5          // version 2.5, vendor
	0102030405060708090a0b0c
`

var headerMsg = Header{ProtocolVer2_5, VendorSecdds, GUIDPrefix{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}}

func TestHeader(t *testing.T) {
	wire := unhex(t, headerWire)
	require.Equal(t, wire, headerMsg.Append(nil))
	require.Len(t, wire, HeaderLen)

	h, rest, err := ParseHeader(append(wire, 1, 2, 3))
	require.NoError(t, err)
	require.Equal(t, headerMsg, h)
	require.Equal(t, []byte{1, 2, 3}, rest)

	for n := range wire {
		_, _, err := ParseHeader(wire[:n])
		require.ErrorIs(t, err, ErrMalformed)
	}
}

func TestHeaderVersions(t *testing.T) {
	for _, tt := range []struct {
		major, minor byte
		ok           bool
	}{{2, 0, true}, {2, 1, true}, {2, 5, true}, {2, 255, true}, {1, 0, false}, {3, 0, false}, {0, 0, false}} {
		wire := unhex(t, headerWire)
		wire[4], wire[5] = tt.major, tt.minor
		_, _, err := ParseHeader(wire)
		require.Equal(t, tt.ok, err == nil, "%d.%d", tt.major, tt.minor)
	}
	wire := unhex(t, headerWire)
	wire[3] = 'X' // RTPX, as an older RTI product has it
	_, _, err := ParseHeader(wire)
	require.ErrorIs(t, err, ErrMalformed)
}

func TestMalformedError(t *testing.T) {
	_, err := ParseHeartbeat(Submessage{Kind: SubHeartbeat})
	require.EqualError(t, err, "rtps: malformed HEARTBEAT: truncated")
	var m *MalformedError
	require.ErrorAs(t, err, &m)
	require.Equal(t, "HEARTBEAT", m.What)
	require.NotErrorIs(t, err, ErrMustUnderstand)
}

// The whole way of a datagram, as a receiver goes it.
func FuzzMessage(f *testing.F) {
	b := headerMsg.Append(nil)
	b = InfoDst{}.Append(b)
	b = InfoTS{Invalid: true}.Append(b)
	b = Data{SN: 1, InlineQoS: []byte{1, 0, 0, 0}, Payload: []byte{0, 1, 0, 0}}.Append(b)
	b = Heartbeat{First: 1, Last: 1}.Append(b)
	f.Add(b)
	f.Fuzz(func(t *testing.T, msg []byte) {
		_, rest, err := ParseHeader(msg)
		for err == nil && len(rest) > 0 {
			var s Submessage
			before := len(rest)
			if s, rest, err = Next(rest); err != nil {
				break
			}
			require.Equal(t, before, len(s.Raw)+len(rest))
			require.Equal(t, s.Raw[SubmessageHeaderLen:], s.Body)
			require.NotEmpty(t, s.String())
			if bad := parseAny(s); bad != nil {
				require.ErrorIs(t, bad, ErrMalformed)
			}
		}
		if err != nil {
			require.ErrorIs(t, err, ErrMalformed)
		}
	})
}

func parseAny(s Submessage) (err error) {
	switch s.Kind {
	case SubPad:
		_, err = ParsePad(s)
	case SubAckNack:
		_, err = ParseAckNack(s)
	case SubHeartbeat:
		_, err = ParseHeartbeat(s)
	case SubGap:
		_, err = ParseGap(s)
	case SubInfoTS:
		_, err = ParseInfoTS(s)
	case SubInfoSrc:
		_, err = ParseInfoSrc(s)
	case SubInfoReplyIP4, SubInfoReply:
		_, err = ParseInfoReply(s)
	case SubInfoDst:
		_, err = ParseInfoDst(s)
	case SubNackFrag:
		_, err = ParseNackFrag(s)
	case SubHeartbeatFrag:
		_, err = ParseHeartbeatFrag(s)
	case SubData:
		_, err = ParseData(s)
	case SubDataFrag:
		_, err = ParseDataFrag(s)
	case SubSecBody, SubSecPrefix, SubSecPostfix, SubSRTPSPrefix, SubSRTPSPostfix:
		_, err = ParseSecure(s)
	}
	return err
}
