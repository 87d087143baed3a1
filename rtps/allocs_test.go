package rtps

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// The kinds that come with every sample are parsed and appended without an
// allocation.
func TestHotKindsDoNotAllocate(t *testing.T) {
	noAllocs(t, "DATA", dataCodec, dataTests)
	noAllocs(t, "DATA_FRAG", dataFragCodec, dataFragTests)
	noAllocs(t, "HEARTBEAT", heartbeatCodec, heartbeatTests)
	noAllocs(t, "ACKNACK", ackNackCodec, ackNackTests)
	noAllocs(t, "GAP", gapCodec, gapTests)
	noAllocs(t, "INFO_TS", infoTSCodec, infoTSTests)
	noAllocs(t, "INFO_DST", infoDstCodec, infoDstTests)
	noAllocs(t, "INFO_SRC", infoSrcCodec, infoSrcTests)
	noAllocs(t, "NACK_FRAG", nackFragCodec, nackFragTests)
	noAllocs(t, "HEARTBEAT_FRAG", heartbeatFragCodec, heartbeatFragTests)
	noAllocs(t, "secure", secureCodec, secureTests)
}

func noAllocs[T any](t *testing.T, name string, c codec[T], rows []row[T]) {
	t.Run(name, func(t *testing.T) {
		for _, r := range rows {
			msg := append(headerMsg.Append(nil), unhex(t, r.wire)...)
			buf := make([]byte, 0, 2*len(msg)+64)
			requireNoAllocs(t, func() {
				_, rest, err := ParseHeader(msg)
				if err != nil {
					panic(err)
				}
				s, _, err := Next(rest)
				if err != nil {
					panic(err)
				}
				m, err := c.parse(s)
				if err != nil {
					panic(err)
				}
				c.append(m, buf)
			})
		}
	})
}

func TestInlineQoSDoesNotAllocate(t *testing.T) {
	wire := inlineQoSFull.Append(nil)
	buf := make([]byte, 0, len(wire))
	requireNoAllocs(t, func() {
		q, err := ParseInlineQoS(wire, true)
		if err != nil {
			panic(err)
		}
		q.Append(buf)
	})
}

// A flood of bad datagrams costs one small object each.
func TestMalformedAllocatesOnce(t *testing.T) {
	s := Submessage{Kind: SubHeartbeat, Flags: 1, Body: make([]byte, 8)}
	require.LessOrEqual(t, testing.AllocsPerRun(200, func() { _, _ = ParseHeartbeat(s) }), 1.0)
}
