package psk

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/spi"
)

// FuzzOpenMessage seeds with what is good but for one octet.
func FuzzOpenMessage(f *testing.F) {
	for _, v := range wholeVectors {
		b := unhex(f, v.msg)
		b[len(b)-6] ^= 1 // of the tag
		f.Add(b)
	}
	cfg := Config{Warn: func(error) {}}
	_, encrypt := pair(f, cfg, spi.ProtectEncrypt)
	_, sign := pair(f, cfg, spi.ProtectSign)
	f.Fuzz(func(t *testing.T, msg []byte) {
		for _, c := range []*participant{encrypt, sign} {
			out, err := c.OpenMessage([]byte("dst"), msg)
			if err != nil {
				require.Equal(t, "dst", string(out))
			} else {
				// The fuzzer may mend the octet that was changed in a seed.
				require.Less(t, len(out), len("dst")+len(msg))
			}
		}
	})
}

// FuzzPassphrase: whatever is read is a seed as it has to be, and what is
// refused is not quoted.
func FuzzPassphrase(f *testing.F) {
	for _, s := range []string{"5:" + seedA, "0:a:b:c:d:e", ":", "255:" + seedA, "-1:x", " 7 : " + seedB + " \r", "5:" + seedA + "\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := parse(source{document: "d"}, text)
		if err != nil {
			return
		}
		require.LessOrEqual(t, s.id, uint8(maxID))
		require.GreaterOrEqual(t, len(s.secret), minSeed)
		require.LessOrEqual(t, len(s.secret), maxSeed)
		for _, c := range s.secret {
			require.True(t, c >= ' ' && c <= '~')
		}
	})
}
