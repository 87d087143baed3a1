package security_test

import (
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/security"
	"github.com/secdds/dds/security/psk"
	"github.com/secdds/dds/spi"
)

func TestPSK(t *testing.T) {
	sec, err := security.PSK(psk.Config{Passphrase: "data:,1:a seed long enough", Kind: spi.ProtectSign})
	require.NoError(t, err)
	require.Equal(t, spi.ProtectSign, sec.PreSharedKey.Kind())
	require.Nil(t, sec.Authentication)
	require.Nil(t, sec.AccessControl)
	require.Nil(t, sec.Cryptography)
	require.Nil(t, sec.Watch, "there is no file")

	_, err = security.PSK(psk.Config{})
	require.ErrorContains(t, err, "security: psk: property "+psk.PropertyPassphrase)
}

// TestPSKWatch: a file that changes is read again, and a bad one told of once.
func TestPSKWatch(t *testing.T) {
	name := filepath.Join(t.TempDir(), "psk")
	put := func(s string) { require.NoError(t, os.WriteFile(name, []byte(s), 0o600)) }
	put("1:a seed long enough to be good")
	sec, err := security.PSK(psk.Config{Passphrase: "file:" + name})
	require.NoError(t, err)
	c, err := sec.PreSharedKey.NewParticipant(rtps.GUID{}, spi.ProtectEncrypt)
	require.NoError(t, err)
	id := func() byte {
		b, err := c.SealMessage(nil, rtps.Header{}.Append(nil), nil)
		require.NoError(t, err)
		return b[rtps.HeaderLen+11]
	}
	synctest.Test(t, func(t *testing.T) {
		done := make(chan struct{})
		ended := false
		var told []error
		go func() {
			sec.Watch(done, func(s *spi.Security, err error) {
				if s != nil {
					t.Error("a set to replace this one: there is none")
				}
				told = append(told, err)
			})
			ended = true
		}()
		pass := func(d time.Duration) {
			time.Sleep(d) // virtual
			synctest.Wait()
		}
		pass(5 * time.Second)
		require.EqualValues(t, 1, id())
		put("2:another seed, long enough, too")
		pass(time.Second)
		require.EqualValues(t, 2, id())
		put("3")
		pass(5 * time.Second)
		require.EqualValues(t, 2, id())
		require.Len(t, told, 1)
		require.ErrorContains(t, told[0], name)
		put("3:the third seed, and the last one")
		pass(time.Second)
		require.EqualValues(t, 3, id())
		require.Len(t, told, 1)
		close(done)
		synctest.Wait()
		require.True(t, ended)
	})
}
