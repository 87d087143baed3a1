package aesgcm

import (
	"encoding/binary"
	"math"
	"slices"
	"sync"
	"testing"
	"testing/cryptotest"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/spi"
)

// ivs are all IVs that anything was sealed with, by the session key that they
// were used under: they must not come twice.
type ivs struct {
	mu   sync.Mutex
	seen map[iv]int
}

// An iv is a use of the cipher. The session key follows from the first two.
type iv struct {
	key     [64]byte // master key and salt
	session sessionID
	suffix  uint64
}

// take notes the CryptoHeader at head as sealed with one of keys.
func (v *ivs) take(t testing.TB, head []byte, keys []*masterKey) {
	h := cryptoHeader(head[:cryptoHeaderLen])
	i := slices.IndexFunc(keys, func(m *masterKey) bool { return m.ref() == h.ref() })
	require.GreaterOrEqual(t, i, 0)
	n := iv{session: h.session(), suffix: binary.BigEndian.Uint64(h[12:])}
	copy(n.key[:], keys[i].key[:])
	copy(n.key[32:], keys[i].salt[:])
	v.mu.Lock()
	defer v.mu.Unlock()
	v.seen[n]++
}

// TestAttack17_NoIVTwice seals on all levels from several goroutines while
// sessions roll over and keys are revised, in several lives of a participant
// with one configuration.
func TestAttack17_NoIVTwice(t *testing.T) {
	cryptotest.SetGlobalRandom(t, 17)
	const lives, goroutines, rounds, each = 3, 4, 6, 25
	v := ivs{seen: map[iv]int{}}
	sessions := map[sessionID]bool{}
	plugin := Config{MaxBlocksPerSession: 32}
	for life := range lives {
		w := worldFor(t, plugin, spi.ParticipantAttributes{RTPS: spi.ProtectEncryptOrigin, KeyRevision: life == 1},
			spi.EndpointAttributes{Metadata: spi.ProtectSignOrigin, Data: spi.ProtectEncrypt})
		senders := []*sender{w.a.(*participant).message, w.submessageSender(), w.payloadSender(), w.ab.(*peer).kx}
		var keys []*masterKey
		for range rounds {
			for _, s := range senders {
				keys = append(keys, &s.offered.Load().master)
			}
			activate := revise(t, w.a)
			for _, s := range senders {
				keys = append(keys, &s.offered.Load().master)
			}
			var wg sync.WaitGroup
			heads := make([][][]byte, goroutines)
			for g := range goroutines {
				wg.Go(func() {
					for n := range each {
						pay, e1 := w.w.Payload().SealPayload(nil, count(0, n))
						lone, e2 := sealPayloadInPlace(w, count(0, n))
						sub, e3 := w.w.Submessage().SealSubmessage(nil, data(n), []spi.Receiver{w.wr.Receiver()})
						msg, e4 := w.a.Message().SealMessage(nil, message(data(n)), []spi.Receiver{w.ab.Receiver()})
						kx, e5 := w.ab.Kx().SealSubmessage(nil, data(n), nil)
						if e1 != nil || e2 != nil || e3 != nil || e4 != nil || e5 != nil {
							return
						}
						heads[g] = append(heads[g], pay, lone, sub[subHeaderLen:], msg[rtpsHeaderLen+subHeaderLen:], kx[subHeaderLen:])
					}
				})
			}
			activate()
			wg.Wait()
			for _, l := range heads {
				require.Len(t, l, 5*each)
				for _, h := range l {
					v.take(t, h, keys)
					sessions[cryptoHeader(h).session()] = true
				}
			}
			w.give(t)
		}
		// Both sides have the key of the key exchange.
		for range 50 {
			kx, err := w.ba.Kx().SealSubmessage(nil, data(20), nil)
			require.NoError(t, err)
			v.take(t, kx[subHeaderLen:], keys)
		}
	}
	require.Len(t, v.seen, lives*(rounds*goroutines*each*5+50), "an IV came twice")
	require.Greater(t, len(sessions), lives*rounds*4, "sessions roll over")
}

// TestAttack17_WrapAround: neither the suffix nor the session id repeats itself
// where it wraps, and a key that has no session left seals nothing more.
func TestAttack17_WrapAround(t *testing.T) {
	m := testMaster(kindAES256GCM, false)
	k := newSendKey(m, 8)
	from := func(id sessionID, suffix uint64) {
		s := k.newSession(id)
		s.start = suffix
		s.suffix.Store(suffix)
		k.current.Store(s)
	}
	k.first = math.MaxUint32 - 2
	from(k.first, math.MaxUint64-3)
	seen := map[iv]bool{}
	for range 60 {
		s, suffix, err := k.next(17) // 2 blocks
		require.NoError(t, err)
		n := iv{session: s.id, suffix: suffix}
		require.False(t, seen[n])
		seen[n] = true
		require.True(t, k.made(s.id))
	}
	require.Equal(t, sessionID(11), k.current.Load().id, "4 in each of 15 sessions, from the third but last on")
	require.False(t, k.made(12))

	// The last session there is, and a wrap of the suffix in it.
	from(k.first-1, math.MaxUint64-1)
	for want := range 4 {
		_, suffix, err := k.next(17)
		require.NoError(t, err)
		require.Equal(t, uint64(2*want), suffix)
	}
	_, _, err := k.next(17)
	require.ErrorIs(t, err, errSessions)

	c := &sender{kind: m.kind}
	c.active.Store(k)
	for range 3 {
		_, err = submessageSealer{c}.SealSubmessage(nil, data(8), nil)
		require.ErrorIs(t, err, errSessions)
		_, err = payloadSealer{c}.SealPayload(nil, data(8))
		require.ErrorIs(t, err, errSessions)
	}
	// What is longer than a session is no way round it.
	_, _, err = k.next(1 << 20)
	require.ErrorIs(t, err, errSessions)
}

// vendorMessages seals submessages as Fast DDS does: a session for every 32, with
// random suffixes.
func vendorMessages(v *vendorKey, n int) (sealed [][]byte) {
	for i := range n {
		binary.BigEndian.PutUint32(v.header[8:], uint32(math.MaxUint32+i/32))
		binary.BigEndian.PutUint64(v.header[12:], 0x9e3779b97f4a7c15*uint64(i+1))
		inner := data(60)
		out := v.seal(inner, nil)
		sealed = append(sealed, join(be16(subSecPrefix, 0, 20), v.header,
			be16(subSecBody, 0, len(inner)+4), binary.BigEndian.AppendUint32(nil, uint32(len(inner))), out[:len(inner)],
			be16(subSecPostfix, 0, 20), out[len(inner):], make([]byte, 4)))
	}
	return sealed
}

// TestAttack17_FrequentRollover: a sender that begins a session with every 32nd
// message costs nothing within one, and few sessions of it are kept. Old ones
// still open.
func TestAttack17_FrequentRollover(t *testing.T) {
	w := newWorld(t, spi.ProtectNone, spi.ProtectEncrypt, spi.ProtectNone)
	require.NoError(t, w.rw.SetTokens([]spi.Token{of(kindAES256GCM)}))
	const sessions = 40
	sealed := vendorMessages(newVendorKey(kindAES256GCM), 32*sessions)
	dst := make([]byte, 0, 256)
	var err error
	open := func(b []byte) {
		if _, _, e := w.ba.OpenSubmessage(dst, b); e != nil {
			err = e
		}
	}
	k := w.rw.(*pair).submessages[0]
	for s := range sessions {
		open(sealed[32*s])
		n := 0
		allocs := testing.AllocsPerRun(30, func() { n++; open(sealed[32*s+n]) })
		require.True(t, allocs == 0 || raceEnabled, "%v allocations within a session", allocs)
		require.Equal(t, min(s+1, maxSessions), k.sessions.len())
	}
	for _, b := range sealed { // late ones
		open(b)
	}
	require.NoError(t, err)
	require.Equal(t, maxSessions, k.sessions.len())
}

// TestSessionInUseIsKept: of a sender with two sessions at a time, the one that
// does not end is not derived again and again.
func TestSessionInUseIsKept(t *testing.T) {
	var c sessionCache
	steady := session{1000, newAEAD(make([]byte, 16))}
	c.add(steady)
	for n := range 100 {
		c.add(session{sessionID(n), newAEAD(make([]byte, 16))})
		require.True(t, c.find(1000) == steady.aead, "after %d others", n)
		require.NotNil(t, c.find(sessionID(n)))
		require.LessOrEqual(t, c.len(), maxSessions)
	}
	c = sessionCache{}
	c.add(steady)
	for n := range maxSessions {
		c.add(session{sessionID(n), newAEAD(make([]byte, 16))})
	}
	require.Nil(t, c.find(1000), "nobody asked for it")
	for n := range maxSessions {
		require.NotNil(t, c.find(sessionID(n)))
	}
}
