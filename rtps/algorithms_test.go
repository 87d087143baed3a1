package rtps

import (
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/require"
)

func readAlgorithms(t testing.TB, list []byte, le bool) (a SecurityAlgorithms, n int) {
	a = DefaultSecurityAlgorithms()
	for rest := list; ; {
		p, next, more, err := NextParameter(rest, le)
		require.NoError(t, err)
		if !more {
			return a, n
		}
		if a.ReadParameter(p, le) {
			n++
		}
		rest = next
	}
}

func TestSecurityAlgorithms(t *testing.T) {
	a := SecurityAlgorithms{
		TrustChain: AlgorithmMask{0x0f, 0x08}, MessageAuth: AlgorithmMask{0x0d, 0x08},
		Agreement:       AlgorithmMask{7, AlgorithmsCompatible | AgreeP256 | AgreeP384},
		CipherSupported: 3, CipherBuiltin: 2, CipherKeyExchange: 2, CipherUser: 1,
	}
	be := a.AppendParameters(nil, false)
	require.Equal(t, "10100010"+"0000000f00000008"+"0000000d00000008"+
		"10110008"+"0000000780000006"+
		"10120010"+"00000003000000020000000200000001", hex.EncodeToString(be))
	le := a.AppendParameters(nil, true)
	for _, tt := range []struct {
		list []byte
		le   bool
	}{{be, false}, {le, true}} {
		got, n := readAlgorithms(t, AppendSentinel(tt.list, tt.le), tt.le)
		require.Equal(t, 3, n)
		require.Equal(t, a, got)
	}
}

// What is left out, or is no mask, has the defaults.
func TestSecurityAlgorithmsDefaults(t *testing.T) {
	got, n := readAlgorithms(t, AppendSentinel(nil, false), false)
	require.Zero(t, n)
	require.Equal(t, DefaultSecurityAlgorithms(), got)
	short := AppendParameter(nil, false, PIDParticipantSignatureAlgorithms, make([]byte, 12))
	short = AppendParameter(short, false, PIDParticipantKeyEstablishmentAlgorithms, make([]byte, 4))
	short = AppendParameter(short, false, PIDParticipantCipherAlgorithms, nil)
	got, n = readAlgorithms(t, AppendSentinel(short, false), false)
	require.Zero(t, n)
	require.Equal(t, DefaultSecurityAlgorithms(), got)
	require.Equal(t, AlgorithmMask{5, 4}, got.MessageAuth)
}

func FuzzSecurityAlgorithms(f *testing.F) {
	a := DefaultSecurityAlgorithms()
	f.Add(uint16(PIDParticipantCipherAlgorithms), []byte{1, 2, 3}, true)
	f.Add(uint16(PIDParticipantSignatureAlgorithms), a.AppendParameters(nil, false)[4:20], false)
	f.Fuzz(func(t *testing.T, id uint16, value []byte, le bool) {
		got := DefaultSecurityAlgorithms()
		if !got.ReadParameter(Parameter{ID: ParameterID(id), Value: value}, le) {
			require.Equal(t, DefaultSecurityAlgorithms(), got)
			return
		}
		again, n := readAlgorithms(t, AppendSentinel(got.AppendParameters(nil, le), le), le)
		require.Equal(t, 3, n)
		require.Equal(t, got, again)
	})
}
