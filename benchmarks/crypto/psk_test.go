package crypto

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/security/psk"
	"github.com/secdds/dds/spi"
)

// pskWorld returns what two participants seal and open with who know the same
// passphrase; other is one who knows another.
func pskWorld(t testing.TB, p spi.Protection) (a, b, other spi.PSKCrypto) {
	member := func(seed string, guid rtps.GUID) spi.PSKCrypto {
		plugin, err := psk.New(psk.Config{Passphrase: "data:,1:" + seed})
		require.NoError(t, err)
		c, err := plugin.NewParticipant(guid, p)
		require.NoError(t, err)
		return c
	}
	return member("the seed of this benchmark", guidA), member("the seed of this benchmark", guidB), member("the seed of somebody else", guidA)
}

// pskLevel is the level at which pre-shared keys protect.
var pskLevel = levels[2]

func eachPSK(b *testing.B, f func(b *testing.B, p spi.Protection, n int)) {
	for _, p := range []spi.Protection{spi.ProtectSign, spi.ProtectEncrypt} {
		for _, n := range pskLevel.sizes() {
			b.Run(fmt.Sprintf("%v/%d", p, n), func(b *testing.B) { f(b, p, n) })
		}
	}
}

func BenchmarkPSKSeal(b *testing.B) {
	dst := make([]byte, 0, room)
	eachPSK(b, func(b *testing.B, p spi.Protection, n int) {
		s, _, _ := pskWorld(b, p)
		plain := pskLevel.plain(n)
		compare(b, n, bareSeal(b, p, dst, pskLevel.covered(n)), side{run: func(int) error {
			_, err := s.SealMessage(dst, plain, nil)
			return err
		}})
	})
}

func BenchmarkPSKOpen(b *testing.B) {
	dst := make([]byte, 0, room)
	eachPSK(b, func(b *testing.B, p spi.Protection, n int) {
		s, o, _ := pskWorld(b, p)
		sealed, err := s.SealMessage(nil, pskLevel.plain(n), nil)
		require.NoError(b, err)
		compare(b, n, bareOpen(b, p, dst, pskLevel.covered(n)), side{run: func(int) error {
			_, err := o.OpenMessage(dst, sealed)
			return err
		}})
	})
}

// BenchmarkPSKStranger is what it costs to refuse a message of 300 octets, as
// long as an announcement, from somebody without the passphrase: the key is
// derived every time.
func BenchmarkPSKStranger(b *testing.B) {
	_, o, other := pskWorld(b, spi.ProtectEncrypt)
	sealed, err := other.SealMessage(nil, pskLevel.plain(300), nil)
	require.NoError(b, err)
	dst := make([]byte, 0, room)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := o.OpenMessage(dst, sealed); err == nil {
			b.Fatal("opened")
		}
	}
}
