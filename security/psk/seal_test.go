package psk

import (
	"bytes"
	"encoding/binary"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

func TestSealAndOpen(t *testing.T) {
	eachVariant(t, func(t *testing.T, v variant, a, b *participant) {
		for _, sizes := range [][]int{{}, {0}, {24}, {8, 1000}, {60000}} {
			msg := message(prefixA, sizes...)
			wire := seal(t, a, msg)
			require.LessOrEqual(t, len(wire), len(msg)+a.Overhead(0))
			require.Zero(t, len(wire)%4)
			if len(msg) > headerLen {
				require.Equal(t, v.kind == spi.ProtectSign, bytes.Contains(wire, msg[headerLen:]))
			}
			require.Equal(t, msg[:headerLen], wire[:headerLen])
			require.Equal(t, byte(rtps.SubSRTPSPrefix), wire[headerLen])
			require.Equal(t, v.aad, wire[headerLen+1] == 0x07)
			require.Equal(t, !v.aad, wire[headerLen+1] == 0x05)

			was := bytes.Clone(wire)
			got, err := b.OpenMessage([]byte("dst"), wire)
			require.NoError(t, err)
			require.Equal(t, was, wire, "written to")
			require.Equal(t, "dst"+string(opened(msg)), string(got))
		}
	})
}

// TestSealInPlace: the same as SealMessage makes, but for the IV.
func TestSealInPlace(t *testing.T) {
	eachVariant(t, func(t *testing.T, v variant, a, b *participant) {
		msg := message(prefixA, 8, 1000)
		start := 7 + a.Room()
		size := start + len(msg) + a.Overhead(0) - a.Room()
		buf := append(make([]byte, start, size), msg...)
		copy(buf, "before!")
		out, err := a.SealMessageInPlace(buf, start, nil)
		require.NoError(t, err)
		require.Same(t, &buf[0], &out[0], "moved")
		require.Equal(t, "before!", string(out[:7]))
		got, err := b.OpenMessage(nil, out[7:])
		require.NoError(t, err)
		require.Equal(t, opened(msg), got)

		// A buffer without room behind moves.
		out, err = a.SealMessageInPlace(append(make([]byte, a.Room()), msg...), a.Room(), nil)
		require.NoError(t, err)
		_, err = b.OpenMessage(nil, out)
		require.NoError(t, err)
	})
}

// TestPadding: the body is a multiple of 4 octets, whatever the submessages are.
func TestPadding(t *testing.T) {
	eachVariant(t, func(t *testing.T, v variant, a, b *participant) {
		for n := 9; n < 13; n++ {
			msg := message(prefixA, 8, n)
			wire := seal(t, a, msg)
			require.Zero(t, len(wire)%4)
			got, err := b.OpenMessage(nil, wire)
			require.NoError(t, err)
			want := opened(msg)
			want = append(want, make([]byte, -n&3)...)
			binary.LittleEndian.PutUint16(want[len(want)-12-2:], 12) // the last submessage took the padding
			require.Equal(t, want, got)
		}
	})
}

func TestRefusesToSeal(t *testing.T) {
	a, _ := pair(t, Config{}, spi.ProtectEncrypt)
	msg := message(prefixA, 24)
	for name, bad := range map[string][]byte{
		"empty":               {},
		"short":               msg[:headerLen-1],
		"no RTPS":             append([]byte("RTPX"), msg[4:]...),
		"another participant": message(prefixB, 24),
		"header extension":    append(bytes.Clone(msg[:headerLen]), 0x00, 1, 0, 0),
		"too long":            message(prefixA, 0xffff, 4),
		"not submessages":     append(bytes.Clone(msg[:headerLen]), 1, 2, 3),
	} {
		out, err := a.SealMessage([]byte("dst"), bad, nil)
		require.Error(t, err, name)
		require.Equal(t, "dst", string(out), name)
	}
}

// TestIVsDoNotRepeat: not from one message to the next, not over the rollover to
// a new session key, and not when a participant comes back with the same GUID
// and passphrase: there, only the odds of 96 random bits are between them.
func TestIVsDoNotRepeat(t *testing.T) {
	seen := map[[12]byte]bool{}
	sessions := map[uint32]bool{}
	firsts := map[[8]byte]bool{} // suffixes
	msg := message(prefixA, 1000)
	for restart := range 20 {
		a, b := pair(t, Config{MaxBlocksPerSession: 650}, spi.ProtectEncrypt)
		var last uint32
		for i := range 40 {
			wire := seal(t, a, msg)
			iv := [12]byte(wire[headerLen+12:])
			require.False(t, seen[iv])
			seen[iv] = true
			id := binary.BigEndian.Uint32(iv[:])
			if i > 0 && id != last {
				require.Equal(t, last+1, id)
			}
			if i == 0 || id != last {
				firsts[[8]byte(iv[4:])] = true
			}
			sessions[id], last = true, id
			_, err := b.OpenMessage(nil, wire)
			require.NoError(t, err)
		}
		require.Len(t, sessions, 4*(restart+1), "a session has 10 messages of 65 blocks")
		require.Len(t, firsts, 4*(restart+1), "each starts anew, at random")
	}
}

// TestIVsDoNotOverlap: two messages never share a counter block, even with
// goroutines sealing at once and a rollover among them.
func TestIVsDoNotOverlap(t *testing.T) {
	a, _ := pair(t, Config{MaxBlocksPerSession: 1000}, spi.ProtectEncrypt)
	msg := message(prefixA, 100)
	var mu sync.Mutex
	seen := map[[12]byte]bool{}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 200 {
				wire, err := a.SealMessage(nil, msg, nil)
				mu.Lock()
				if err != nil || seen[[12]byte(wire[headerLen+12:])] {
					t.Error("sealed twice with one IV, or not at all")
				}
				seen[[12]byte(wire[headerLen+12:])] = true
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	require.Len(t, seen, 1600)
}

// TestHeaderOfTheMessage: the key follows from the header that is sent.
func TestHeaderOfTheMessage(t *testing.T) {
	a, b := pair(t, Config{}, spi.ProtectEncrypt)
	for _, version := range []byte{5, 4, 5} {
		msg := message(prefixA, 24)
		msg[5] = version
		got, err := b.OpenMessage(nil, seal(t, a, msg))
		require.NoError(t, err)
		require.Equal(t, opened(msg), got)
	}
}

// TestKeyID: the first octets are free, and receivers need not know them.
func TestKeyID(t *testing.T) {
	a := newPlugin(t, Config{KeyID: [3]byte{0xaa, 0xbb, 0xcc}}).member(t, prefixA, spi.ProtectEncrypt)
	_, b := pair(t, Config{}, spi.ProtectEncrypt)
	wire := seal(t, a, message(prefixA, 24))
	require.Equal(t, []byte{0xaa, 0xbb, 0xcc, 5}, wire[headerLen+8:headerLen+12])
	_, err := b.OpenMessage(nil, wire)
	require.NoError(t, err)
}

func TestNewParticipantRefuses(t *testing.T) {
	for _, kind := range []spi.Protection{spi.ProtectNone, spi.ProtectSignOrigin, spi.ProtectEncryptOrigin} {
		_, err := newPlugin(t, Config{}).NewParticipant(rtps.GUID{}, kind)
		require.ErrorContains(t, err, kind.String())
	}
}
