package psk

import (
	"encoding/binary"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

const (
	seedA = "correct horse battery staple"
	seedB = "a seed of another passphrase"
)

var (
	prefixA = rtps.GUIDPrefix{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}
	prefixB = rtps.GUIDPrefix{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13}
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	require.NoError(t, err)
	return b
}

// quiet refuses warnings: a test that expects one says so.
func quiet(t testing.TB) func(error) {
	return func(err error) { t.Error("warned:", err) }
}

func newPlugin(t testing.TB, cfg Config) *Plugin {
	t.Helper()
	if cfg.Passphrase == "" {
		cfg.Passphrase = "data:,5:" + seedA
	}
	if cfg.Warn == nil {
		cfg.Warn = quiet(t)
	}
	p, err := New(cfg)
	require.NoError(t, err)
	return p
}

func (p *Plugin) member(t testing.TB, prefix rtps.GUIDPrefix, kind spi.Protection) *participant {
	t.Helper()
	c, err := p.NewParticipant(rtps.GUID{Prefix: prefix, Entity: rtps.EntityParticipant}, kind)
	require.NoError(t, err)
	return c.(*participant)
}

// pair returns a sender and a receiver that know the same.
func pair(t testing.TB, cfg Config, kind spi.Protection) (a, b *participant) {
	t.Helper()
	return newPlugin(t, cfg).member(t, prefixA, kind), newPlugin(t, cfg).member(t, prefixB, kind)
}

// message returns a message of prefix with DATA submessages of those sizes.
func message(prefix rtps.GUIDPrefix, sizes ...int) []byte {
	b := rtps.Header{Version: rtps.ProtocolVer2_5, Vendor: rtps.VendorSecdds, Prefix: prefix}.Append(nil)
	for _, n := range sizes {
		b = append(b, rtps.SubData, 5)
		b = binary.LittleEndian.AppendUint16(b, uint16(n))
		for i := range n {
			b = append(b, byte(i))
		}
	}
	return b
}

func seal(t testing.TB, c *participant, msg []byte) []byte {
	t.Helper()
	b, err := c.SealMessage(nil, msg, nil)
	require.NoError(t, err)
	return b
}

// opened returns what msg looks like when it was sealed and opened.
func opened(msg []byte) []byte {
	h, rest, err := rtps.ParseHeader(msg)
	if err != nil {
		panic(err)
	}
	b := append([]byte{}, msg[:headerLen]...)
	b = rtps.InfoSrc(h).Append(b)
	return append(b, rest...)
}

// variant is a way to seal.
type variant struct {
	name   string
	cipher string
	kind   spi.Protection
	aad    bool
}

func variants() (v []variant) {
	for _, cipher := range []string{AES256, AES128} {
		for _, kind := range []spi.Protection{spi.ProtectEncrypt, spi.ProtectSign} {
			for _, aad := range []bool{false, true} {
				name := cipher + " " + kind.String()
				if aad {
					name += " AAD"
				}
				v = append(v, variant{name, cipher, kind, aad})
			}
		}
	}
	return v
}

func eachVariant(t *testing.T, f func(t *testing.T, v variant, a, b *participant)) {
	for _, v := range variants() {
		t.Run(v.name, func(t *testing.T) {
			a, b := pair(t, Config{Cipher: v.cipher, HeaderAAD: v.aad}, v.kind)
			f(t, v, a, b)
		})
	}
}
