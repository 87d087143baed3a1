package psk

import (
	"encoding/binary"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

func prefixOf(i int) (p rtps.GUIDPrefix) {
	binary.BigEndian.PutUint32(p[:], uint32(i)+1)
	return p
}

// TestFloodOfStrangers: nothing is remembered of participants that do not know
// the passphrase, however many there are.
func TestFloodOfStrangers(t *testing.T) {
	a, b := pair(t, Config{}, spi.ProtectEncrypt)
	_, err := b.OpenMessage(nil, seal(t, a, message(prefixA, 24)))
	require.NoError(t, err)
	others := newPlugin(t, Config{Passphrase: "data:,5:" + seedB})
	for i := range 2000 {
		p := prefixOf(i)
		_, err := b.OpenMessage(nil, seal(t, others.member(t, p, spi.ProtectEncrypt), message(p, 24)))
		require.ErrorIs(t, err, errTag)
	}
	require.Len(t, b.cache.ring, 1)
	require.Len(t, b.cache.of, 1)
}

// TestManyMembers: what is remembered of those who know it is bounded, too, and
// who speaks often stays in.
func TestManyMembers(t *testing.T) {
	p := newPlugin(t, Config{})
	b := p.member(t, prefixB, spi.ProtectEncrypt)
	b.cache = newCache(8)
	often := seal(t, p.member(t, prefixA, spi.ProtectEncrypt), message(prefixA, 24))
	open := func(wire []byte) {
		t.Helper()
		_, err := b.OpenMessage(nil, wire)
		require.NoError(t, err)
	}
	open(often)
	kept := b.cache.ring[0]
	for i := range 100 {
		open(seal(t, p.member(t, prefixOf(i), spi.ProtectEncrypt), message(prefixOf(i), 24)))
		open(often)
		require.LessOrEqual(t, len(b.cache.of), 8)
		require.Len(t, b.cache.ring, len(b.cache.of))
		require.Same(t, kept, b.cache.of[kept.derivation])
	}
}

// TestManyAtOnce opens, seals and replaces passphrases from several goroutines.
func TestManyAtOnce(t *testing.T) {
	p := newPlugin(t, Config{MaxBlocksPerSession: 100})
	b := p.member(t, prefixB, spi.ProtectEncrypt)
	b.cache = newCache(4)
	a := p.member(t, prefixA, spi.ProtectEncrypt)
	stop := make(chan struct{})
	var rotating, working sync.WaitGroup
	rotating.Go(func() {
		old, next := "data:,5:"+seedA, "data:,6:"+seedB
		for {
			select {
			case <-stop:
				return
			default:
			}
			if err := p.Update(next, old); err != nil {
				t.Error(err)
			}
			old, next = next, old
		}
	})
	for range 4 {
		working.Go(func() {
			msg := message(prefixA, 24)
			for range 500 {
				wire, err := a.SealMessage(nil, msg, nil)
				if err != nil {
					t.Error(err)
				}
				if _, err := b.OpenMessage(nil, wire); err != nil {
					t.Error(err)
				}
			}
		})
	}
	working.Wait()
	close(stop)
	rotating.Wait()
}
