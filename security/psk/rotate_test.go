package psk

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/spi"
)

// TestRotation goes from one passphrase to the next, one participant after the
// other, and between all steps everyone understands everyone.
func TestRotation(t *testing.T) {
	old, next := "data:,5:"+seedA, "data:,6:"+seedB
	pa, pb := newPlugin(t, Config{Passphrase: old}), newPlugin(t, Config{Passphrase: old})
	a, b := pa.member(t, prefixA, spi.ProtectEncrypt), pb.member(t, prefixB, spi.ProtectEncrypt)
	msgA, msgB := message(prefixA, 24), message(prefixB, 24)
	recorded := seal(t, a, msgA)
	talk := func(idA, idB byte) {
		t.Helper()
		wa, wb := seal(t, a, msgA), seal(t, b, msgB)
		require.Equal(t, []byte{idA, idB}, []byte{wa[headerLen+11], wb[headerLen+11]})
		got, err := b.OpenMessage(nil, wa)
		require.NoError(t, err)
		require.Equal(t, opened(msgA), got)
		got, err = a.OpenMessage(nil, wb)
		require.NoError(t, err)
		require.Equal(t, opened(msgB), got)
	}
	talk(5, 5)
	require.NoError(t, pa.Update(old, next))
	talk(5, 5)
	require.NoError(t, pb.Update(old, next))
	talk(5, 5)
	require.NoError(t, pa.Update(next, old))
	talk(6, 5)
	sealing, opening := pa.IDs()
	require.EqualValues(t, 6, sealing)
	require.Equal(t, []uint8{5, 6}, opening)
	require.NoError(t, pb.Update(next, old))
	talk(6, 6)
	_, err := b.OpenMessage(nil, recorded)
	require.NoError(t, err)
	require.NoError(t, pa.Update(next))
	talk(6, 6)
	require.NoError(t, pb.Update(next))

	// The old passphrase opens nothing any more, and nothing of it is kept.
	_, err = b.OpenMessage(nil, recorded)
	require.ErrorIs(t, err, errNoKey)
	require.Nil(t, b.cache.last.Load())
	talk(6, 6)
	for _, s := range b.cache.ring {
		require.EqualValues(t, 6, s.seed.id)
	}
	require.Len(t, b.cache.of, len(b.cache.ring))
}

func TestReload(t *testing.T) {
	name := filepath.Join(t.TempDir(), "psk")
	put := func(s string) { require.NoError(t, os.WriteFile(name, []byte(s), 0o600)) }
	put("1:" + seedA + "\n")
	p := newPlugin(t, Config{Passphrase: "file:" + name})
	require.True(t, p.HasFiles())
	require.True(t, newPlugin(t, Config{Extra: []string{"file:" + name}}).HasFiles())
	require.False(t, newPlugin(t, Config{Extra: []string{"data:,6:" + seedB}}).HasFiles())
	c := p.member(t, prefixA, spi.ProtectEncrypt)
	id := func() byte { return seal(t, c, message(prefixA, 8))[headerLen+11] }
	require.EqualValues(t, 1, id())
	was, session := p.keys.Load(), c.sending.Load()

	require.NoError(t, p.Reload())
	require.EqualValues(t, 1, id())
	require.Same(t, was, p.keys.Load(), "the same: nothing is derived again")
	require.Same(t, session, c.sending.Load())

	put("2:" + seedB + "\n")
	require.EqualValues(t, 1, id())
	require.NoError(t, p.Reload())
	require.EqualValues(t, 2, id())

	// What is wrong changes nothing, and is told.
	for _, bad := range []string{"", "3:short", "3"} {
		put(bad)
		require.Error(t, p.Reload())
		require.EqualValues(t, 2, id())
	}
	require.NoError(t, os.Remove(name))
	require.ErrorContains(t, p.Reload(), name)
	require.EqualValues(t, 2, id())
	require.Error(t, p.Update("data:,300:"+seedA))
	require.EqualValues(t, 2, id())
	put("3:" + seedA)
	require.NoError(t, p.Reload(), "the failed Update has not replaced the file")
	require.EqualValues(t, 3, id())
}
