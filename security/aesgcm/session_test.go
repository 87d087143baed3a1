package aesgcm

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/spi"
)

// len returns how many sessions c holds.
func (c *sessionCache) len() (n int) {
	for _, s := range c.list.Load().all {
		if s.aead != nil {
			n++
		}
	}
	return n
}

func TestRollover(t *testing.T) {
	w := newWorld(t, spi.ProtectNone, spi.ProtectNone, spi.ProtectEncrypt)
	e := w.w.(*endpoint)
	setMaxBlocks(e.payload, 10)

	sessions := map[string]int{}
	var last uint32
	var first []byte
	for n := range 50 {
		b, err := w.w.Payload().SealPayload(nil, count(0, 40)) // 3 blocks
		require.NoError(t, err)
		id := string(b[8:12])
		if sessions[id] == 0 && n > 0 {
			require.Equal(t, last+1, binary.BigEndian.Uint32(b[8:12]))
		}
		last = binary.BigEndian.Uint32(b[8:12])
		sessions[id]++
		_, err = w.rw.Payload().OpenPayload(nil, b)
		require.NoError(t, err)
		if n == 0 {
			first = b
		}
	}
	require.Len(t, sessions, 17)
	for _, n := range sessions {
		require.LessOrEqual(t, n, 3)
	}

	// Old sessions are still opened, and few are kept.
	_, err := w.rw.Payload().OpenPayload(nil, first)
	require.NoError(t, err)
	k := (*w.rw.(*pair).payloads.Load())[0]
	require.Equal(t, maxSessions, k.sessions.len())

	// What is longer than a session is sealed all the same.
	b, err := w.w.Payload().SealPayload(nil, count(0, 1000))
	require.NoError(t, err)
	_, err = w.rw.Payload().OpenPayload(nil, b)
	require.NoError(t, err)
}

// TestAttack17_ForgedSessions: session ids that nothing can be opened with do not push
// out those in use.
func TestAttack17_ForgedSessions(t *testing.T) {
	w := newWorld(t, spi.ProtectEncrypt, spi.ProtectNone, spi.ProtectNone)
	sealed, err := w.a.Message().SealMessage(nil, message(data(8)), nil)
	require.NoError(t, err)
	_, err = w.ba.OpenMessage(nil, sealed)
	require.NoError(t, err)
	for n := range byte(3 * maxSessions) {
		forged := bytes.Clone(sealed)
		forged[rtpsHeaderLen+12] ^= n + 1
		_, err := w.ba.OpenMessage(nil, forged)
		require.ErrorIs(t, err, errTag)
	}
	k := (*w.ba.(*peer).messages.Load())[0]
	require.Equal(t, 1, k.sessions.len())
}

// TestNoIVTwice seals from several goroutines, through rollovers, and opens
// in others.
func TestNoIVTwice(t *testing.T) {
	enc := spi.ProtectEncrypt
	w := newWorld(t, enc, spi.ProtectEncryptOrigin, enc)
	for _, k := range []*sender{w.a.(*participant).message, w.w.(*endpoint).submessage, w.w.(*endpoint).payload} {
		setMaxBlocks(k, 100)
	}
	const goroutines, each = 16, 200
	out := make([][][]byte, goroutines)
	errs := make([]error, goroutines)
	var wg sync.WaitGroup
	for g := range goroutines {
		wg.Go(func() {
			for n := range each {
				pay, err := w.w.Payload().SealPayload(nil, count(byte(n), n))
				if n%2 == 1 {
					room := inPlaces[0].room(w)
					pay, err = inPlaces[0].seal(w, append(make([]byte, room), count(byte(n), n)...), room)
				}
				if err == nil {
					_, err = w.rw.Payload().OpenPayload(nil, pay)
				}
				var sub, msg []byte
				if err == nil {
					sub, err = w.w.Submessage().SealSubmessage(nil, data(n), []spi.Receiver{w.wr.Receiver()})
				}
				if err == nil {
					_, _, err = w.ba.OpenSubmessage(nil, sub)
				}
				if err == nil {
					room := inPlaces[2].room(w)
					msg, err = inPlaces[2].seal(w, append(make([]byte, room), message(data(n))...), room)
				}
				if err == nil {
					_, err = w.ba.OpenMessage(nil, msg)
				}
				if err != nil {
					errs[g] = fmt.Errorf("%d: %w", n, err)
					return
				}
				out[g] = append(out[g], pay[:20], sub[4:24], msg[24:44])
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
	seen := map[string]bool{}
	for _, l := range out {
		for _, h := range l {
			require.False(t, seen[string(h)], "an IV came twice")
			seen[string(h)] = true
		}
	}
	require.Len(t, seen, goroutines*each*3)
}

func TestKeyIDsAreUnique(t *testing.T) {
	c := &participant{}
	c.lastID.Store(0xffffffff - 5)
	seen := map[[4]byte]bool{{}: true}
	for range 10 {
		id := c.newID()
		require.False(t, seen[id])
		seen[id] = true
	}
}

// TestSuffixesAreUnique takes IVs from many goroutines, through many rollovers.
func TestSuffixesAreUnique(t *testing.T) {
	k := newSendKey(testMaster(kindAES256GCM, false), 64)
	type iv struct {
		session sessionID
		suffix  uint64
	}
	const goroutines, each = 16, 2000
	taken := make([][]iv, goroutines)
	errs := make([]error, goroutines)
	var wg sync.WaitGroup
	for g := range goroutines {
		wg.Go(func() {
			for n := range each {
				s, suffix, err := k.next(n % 100)
				if err != nil {
					errs[g] = err
					return
				}
				taken[g] = append(taken[g], iv{s.id, suffix})
			}
		})
	}
	wg.Wait()
	seen := map[iv]bool{}
	perSession := map[sessionID]int{}
	for g := range taken {
		require.NoError(t, errs[g])
		for _, v := range taken[g] {
			require.False(t, seen[v], "an IV came twice")
			seen[v] = true
			perSession[v.session]++
		}
	}
	require.Len(t, seen, goroutines*each)
	require.Greater(t, len(perSession), goroutines*each/(64+goroutines), "sessions are renewed")
	for _, n := range perSession {
		require.LessOrEqual(t, n, 64+goroutines)
	}
}
