package aesgcm

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

// TestAttack18_ManyReceivers seals for up to 64 at once, on both levels that know
// receivers. Each opens what is for it; Overhead is never less than what is
// added; nothing is allocated.
func TestAttack18_ManyReceivers(t *testing.T) {
	for _, p := range []spi.Protection{spi.ProtectSignOrigin, spi.ProtectEncryptOrigin} {
		w := newWorld(t, p, p, spi.ProtectEncrypt)
		var guests []guest
		var toMessage, toSubmessage []spi.Receiver
		for _, n := range []int{1, 4, 16, 40, 64} {
			for len(guests) < n {
				g := w.join(t, rtps.GUID{Prefix: rtps.GUIDPrefix{0x99, byte(len(guests))}, Entity: rtps.EntityParticipant}, p)
				guests = append(guests, g)
				toMessage, toSubmessage = append(toMessage, g.of.Receiver()), append(toSubmessage, g.to.Receiver())
			}
			for _, size := range []int{40, 41, 42, 43, 1000, 60000} {
				plain := data(size)
				sub, err := w.w.Submessage().SealSubmessage(nil, plain, toSubmessage)
				require.NoError(t, err)
				require.LessOrEqual(t, len(sub), len(plain)+w.w.Submessage().Overhead(n))
				require.GreaterOrEqual(t, len(sub)+3+bodyStartLen, len(plain)+w.w.Submessage().Overhead(n))
				msg, err := w.a.Message().SealMessage(nil, message(sub), toMessage)
				require.NoError(t, err)
				require.LessOrEqual(t, len(msg), len(message(sub))+w.a.Message().Overhead(n))
				for i, g := range guests {
					if size == 60000 && i%16 > 0 {
						continue
					}
					inner, err := g.at.OpenMessage(nil, msg)
					require.NoError(t, err, "guest %d of %d", i, n)
					out, from, err := g.at.OpenSubmessage(nil, inner[rtpsHeaderLen+infoSrcLen:])
					require.NoError(t, err)
					require.Equal(t, writerA, from)
					require.Equal(t, plain[subHeaderLen:], out[subHeaderLen:len(plain)]) // padded when it is signed
				}
			}
			plain, buf := data(1000), make([]byte, 0, 8<<10)
			var failed error
			allocs := testing.AllocsPerRun(20, func() {
				if _, err := w.w.Submessage().SealSubmessage(buf, plain, toSubmessage); err != nil {
					failed = err
				}
			})
			require.NoError(t, failed)
			require.True(t, allocs == 0 || raceEnabled)
		}
	}
}

// TestReceiversInADatagram is what origin authentication leaves of a datagram,
// for whoever decides how long a fragment may be: 20 octets less for each
// receiver on each of two levels.
func TestReceiversInADatagram(t *testing.T) {
	const datagram = 65507 // UDP over IPv4
	p := spi.ProtectEncryptOrigin
	w := newWorld(t, p, p, spi.ProtectEncrypt)
	left := func(receivers int) int {
		return datagram - rtpsHeaderLen - dataHeaderLen - w.a.Message().Overhead(receivers) -
			w.w.Submessage().Overhead(receivers) - w.w.Payload().Overhead()
	}
	require.Equal(t, map[int]int{0: 65274, 1: 65234, 16: 64634, 40: 63674, 1000: 25274},
		map[int]int{0: left(0), 1: left(1), 16: left(16), 40: left(40), 1000: left(1000)})
	// More than fits in the 16 bits of a length is refused, not sealed wrongly.
	to := make([]spi.Receiver, maxReceivers+1)
	for i := range to {
		to[i] = w.wr.Receiver()
	}
	_, err := w.w.Submessage().SealSubmessage(nil, data(8), to[:maxReceivers])
	require.NoError(t, err)
	_, err = w.w.Submessage().SealSubmessage(nil, data(8), to)
	require.ErrorIs(t, err, errTooLong)
}
