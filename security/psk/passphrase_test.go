package psk

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

const secret = "Xq7-sesame-open" // what must never be quoted

func TestPassphraseForms(t *testing.T) {
	dir := t.TempDir()
	file := func(content string) string {
		name := filepath.Join(dir, fmt.Sprint(len(content)))
		require.NoError(t, os.WriteFile(name, []byte(content), 0o600))
		return "file:" + name
	}
	long := strings.Repeat("abcdefg ", 63) + "abcdefg"
	require.Len(t, long, maxSeed)
	for _, row := range []struct {
		value, want string
		id          uint8
	}{
		{"data:,0:" + seedA, seedA, 0},
		{"data:,254:" + seedA, seedA, 254},
		{"data:,7:with:colons: in the: seed", "with:colons: in the: seed", 7},
		{"data:,7: \t" + seedA + " \r\n", seedA, 7},
		{"data:,7:" + long, long, 7},
		{file("9:" + seedA + "\n"), seedA, 9},
		{file("\r\n 9:" + seedA + "\r\n\n"), seedA, 9},
	} {
		p, err := New(Config{Passphrase: row.value, Warn: quiet(t)})
		require.NoError(t, err, row.value)
		k := p.keys.Load()
		require.Equal(t, row.want, string(k.primary.secret), row.value)
		require.Equal(t, row.id, k.primary.id)
		require.Same(t, k.primary, k.byID[row.id])
	}
	extra := file("1:" + seedA + "\n2:" + seedB + "\n")
	p, err := New(Config{Passphrase: "data:,0:" + seedA, Extra: []string{extra, "data:,0:" + seedA, file("")}, Warn: quiet(t)})
	require.NoError(t, err)
	require.Equal(t, seedB, string(p.keys.Load().byID[2].secret))
}

// TestPassphraseRefusals: each says what is wrong where, and none quotes a seed.
func TestPassphraseRefusals(t *testing.T) {
	dir := t.TempDir()
	two := filepath.Join(dir, "two")
	require.NoError(t, os.WriteFile(two, []byte("1:"+seedA+"\n2:"+seedB), 0o600))
	second := filepath.Join(dir, "second")
	require.NoError(t, os.WriteFile(second, []byte("1:"+seedA+"\n"+secret), 0o600))
	good := "data:,5:" + seedA
	for _, row := range []struct {
		cfg  Config
		want []string
	}{
		{Config{}, []string{PropertyPassphrase, `"data:,<id>:<seed>" or "file:<path>"`, "0 characters"}},
		{Config{Passphrase: "5:" + secret}, []string{PropertyPassphrase, "neither data:, nor file:", "put data:,"}},
		{Config{Passphrase: "data:,"}, []string{"0 characters without a colon"}},
		{Config{Passphrase: "data:," + secret}, []string{"without a colon", "0:…"}},
		{Config{Passphrase: "data:," + secret + ":x"}, []string{"id", "before the first colon"}},
		{Config{Passphrase: "data:,255:" + secret}, []string{"id", "from 0 to 254", "a higher one"}},
		{Config{Passphrase: "data:,99999999999999999999999:" + secret}, []string{"id"}},
		{Config{Passphrase: "data:,-1:" + secret}, []string{"id"}},
		{Config{Passphrase: "data:,5:"}, []string{"seed of passphrase 5", "8 to 511", "found none", "openssl rand"}},
		{Config{Passphrase: "data:,5:   "}, []string{"found none"}},
		{Config{Passphrase: "data:,5:Xq7-se"}, []string{"8 to 511", "found 6"}},
		{Config{Passphrase: "data:,5:" + strings.Repeat(secret, 35)}, []string{"found 525"}},
		{Config{Passphrase: "data:,5:" + secret + "é"}, []string{"printable ASCII", "position 16"}},
		{Config{Passphrase: "data:,5:" + secret + "\x00" + secret}, []string{"printable ASCII", "position 16"}},
		{Config{Passphrase: "data:,5:" + strings.Repeat("abc", 10)}, []string{"only 3 different"}},
		{Config{Passphrase: "file:" + filepath.Join(dir, "none")}, []string{filepath.Join(dir, "none"), "no such file", "mend the path"}},
		{Config{Passphrase: "file:" + two}, []string{"passphrase file " + two, "one line", "2 lines", PropertyExtra}},
		{Config{Passphrase: good, Extra: []string{"file:" + second}}, []string{"passphrase file " + second + ":2", "without a colon"}},
		{Config{Passphrase: good, Extra: []string{"data:,"}}, []string{PropertyExtra, "without a colon"}},
		{Config{Passphrase: good, Extra: []string{"data:,5:" + seedB}}, []string{PropertyExtra, "passphrase 5", "two different", "the next id"}},
		{Config{Passphrase: good, Cipher: "AES192+GCM"}, []string{PropertyCipher, AES256, AES128, "AES192+GCM"}},
		{Config{Passphrase: good, Kind: spi.ProtectSignOrigin}, []string{PropertyKind, "SIGN or ENCRYPT", "SIGN_WITH"}},
	} {
		row.cfg.Warn = quiet(t)
		_, err := New(row.cfg)
		require.Error(t, err, row.want)
		for _, w := range row.want {
			require.ErrorContains(t, err, w)
		}
		require.NotContains(t, err.Error(), secret)
		require.NotContains(t, err.Error(), secret[:5])
		require.NotContains(t, err.Error(), seedB)
		var r *spi.Refusal
		require.ErrorAs(t, err, &r)
		require.NotEmpty(t, r.Remedy)
	}
}

// TestShortIsWarnedOf: once, not at every reload.
func TestShortIsWarnedOf(t *testing.T) {
	var warned []error
	p, err := New(Config{Passphrase: "data:,5:" + secret, Warn: func(err error) { warned = append(warned, err) }})
	require.NoError(t, err)
	require.Len(t, warned, 1)
	require.ErrorContains(t, warned[0], "20 characters or more")
	require.ErrorContains(t, warned[0], "found 15")
	require.NotContains(t, warned[0].Error(), secret)
	require.NoError(t, p.Reload())
	require.Len(t, warned, 1)

	require.NoError(t, p.Update("data:,5:"+seedB))
	require.Len(t, warned, 2)
	require.ErrorContains(t, warned[1], "under an id that was in use")
}

func TestFromProperties(t *testing.T) {
	cfg, err := FromProperties([]rtps.Property{
		{Name: PropertyPassphrase, Value: "data:,1:" + seedA},
		{Name: PropertyExtra, Value: "data:,2:" + seedB},
		{Name: PropertyExtra, Value: "data:,3:" + seedB},
		{Name: PropertyCipher, Value: "AES128+GCM"},
		{Name: PropertyKind, Value: "SIGN"},
		{Name: "another", Value: "thing"},
	})
	require.NoError(t, err)
	require.Equal(t, Config{
		Passphrase: "data:,1:" + seedA, Extra: []string{"data:,2:" + seedB, "data:,3:" + seedB},
		Cipher: AES128, Kind: spi.ProtectSign,
	}, cfg)
	cfg, err = FromProperties([]rtps.Property{{Name: PropertyKind, Value: "ENCRYPT"}})
	require.NoError(t, err)
	require.Equal(t, spi.ProtectEncrypt, cfg.Kind)
	_, err = FromProperties([]rtps.Property{{Name: PropertyKind, Value: "NONE"}})
	require.ErrorContains(t, err, "leave out the pre-shared key")
}

// TestSecretsAreNotPrinted: neither a Config nor a Plugin gives a seed away.
func TestSecretsAreNotPrinted(t *testing.T) {
	cfg := Config{Passphrase: "data:,5:" + seedA, Extra: []string{"data:,6:" + seedB}}
	p := newPlugin(t, cfg)
	c := p.member(t, prefixA, spi.ProtectEncrypt)
	_, err := c.SealMessage(nil, message(prefixA, 8), nil)
	require.NoError(t, err)
	var out strings.Builder
	log := slog.New(slog.NewTextHandler(&out, nil))
	log.Info("x", "cfg", cfg, "cfg", &cfg, "plugin", p, "crypto", c, "set", &spi.Security{PreSharedKey: p})
	for _, v := range []any{cfg, &cfg, struct{ C Config }{cfg}, spi.Security{PreSharedKey: p}} {
		fmt.Fprintf(&out, "%v %+v %#v", v, v, v)
	}
	require.Contains(t, out.String(), "1 extra")
	for _, secret := range []string{seedA, seedB, fmt.Sprint([]byte(seedA)), fmt.Sprintf("%#v", []byte(seedA))} {
		require.NotContains(t, out.String(), secret)
	}
}
