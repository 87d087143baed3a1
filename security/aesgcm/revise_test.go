package aesgcm

import (
	"encoding/binary"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

// newReviseWorld is newWorld with everything protected alike, with key revision
// or without.
func newReviseWorld(t testing.TB, p spi.Protection, revisions bool) *world {
	pay := spi.ProtectSign
	if p.IsEncrypt() {
		pay = spi.ProtectEncrypt
	}
	return worldWith(t, spi.ParticipantAttributes{RTPS: p, KeyRevision: revisions}, spi.EndpointAttributes{Metadata: p, Data: pay})
}

// sealAll seals something on every level, for B and for others that A talks to.
func (w *world) sealAll(t testing.TB, others ...*world) map[string][]byte {
	var toMessage, toSubmessage []spi.Receiver
	for _, o := range append(others, w) {
		if r := o.ab.Receiver(); r != nil {
			toMessage = append(toMessage, r)
		}
		if r := o.wr.Receiver(); r != nil {
			toSubmessage = append(toSubmessage, r)
		}
	}
	pay, err := w.w.Payload().SealPayload(nil, count(3, 40))
	require.NoError(t, err)
	sub, err := w.w.Submessage().SealSubmessage(nil, data(40), toSubmessage)
	require.NoError(t, err)
	msg, err := w.a.Message().SealMessage(nil, message(data(40)), toMessage)
	require.NoError(t, err)
	return map[string][]byte{"payload": pay, "submessage": sub, "message": msg}
}

// openAll opens what sealAll made, and returns what does not open.
func (w *world) openAll(sealed map[string][]byte) map[string]error {
	failed := map[string]error{}
	for _, l := range levels {
		if _, err := l.open(w, nil, sealed[l.name]); err != nil {
			failed[l.name] = err
		}
	}
	return failed
}

// headers returns the kinds and key ids of what sealAll made.
func headers(sealed map[string][]byte) map[string][8]byte {
	return map[string][8]byte{
		"payload":    [8]byte(sealed["payload"]),
		"submessage": [8]byte(sealed["submessage"][subHeaderLen:]),
		"message":    [8]byte(sealed["message"][rtpsHeaderLen+subHeaderLen:]),
	}
}

func (w *world) give(t testing.TB) {
	give(t, w.ab, w.ba)
	give(t, w.wr, w.rw)
}

func revise(t testing.TB, c spi.ParticipantCrypto) (activate func()) {
	activate, err := c.(spi.Reviser).Revise()
	require.NoError(t, err)
	return activate
}

// TestRevise: who got the new keys before they are used reads on without a gap,
// who did not reads until then and no longer.
func TestRevise(t *testing.T) {
	for _, p := range []spi.Protection{spi.ProtectSign, spi.ProtectEncrypt, spi.ProtectSignOrigin, spi.ProtectEncryptOrigin} {
		for _, revisions := range []bool{false, true} {
			t.Run(fmt.Sprint(p, revisions), func(t *testing.T) {
				w := newReviseWorld(t, p, revisions)
				leaver := guestOf(t, w)
				old := w.sealAll(t, leaver)
				require.Empty(t, w.openAll(old))
				require.Empty(t, leaver.openAll(old))

				before := w.wr.Receiver()
				id := receiverID(before)
				activate := revise(t, w.a)
				between := w.sealAll(t, leaver)
				require.Equal(t, headers(old), headers(between), "sealed with the new keys too early")
				w.give(t)
				require.Empty(t, w.openAll(between))
				require.Empty(t, leaver.openAll(between))

				activate()
				activate()
				fresh := w.sealAll(t, leaver)
				require.Empty(t, w.openAll(fresh))
				require.Empty(t, w.openAll(old), "what is still under way")
				require.Len(t, leaver.openAll(fresh), 3, "who left reads on")
				require.Empty(t, leaver.openAll(old))

				for level, was := range headers(old) {
					is := headers(fresh)[level]
					require.Equal(t, was[3], is[3], "the kind stays")
					if revisions {
						require.Equal(t, [3]byte{0, 0, 0}, [3]byte(was[:]))
						require.Equal(t, [3]byte{0, 0, 1}, [3]byte(is[:]))
						require.Equal(t, was[4:], is[4:], "the key id stays")
					} else {
						require.Equal(t, [3]byte{0, 0, 0}, [3]byte(is[:]))
						require.NotEqual(t, was[4:], is[4:])
					}
				}
				require.True(t, before == w.wr.Receiver(), "the destination stays")
				require.Equal(t, p.IsOrigin(), id != receiverID(before), "Cyclone DDS keeps what an id came with first")
				// The same tokens again change nothing.
				held := len(*w.rw.(*pair).payloads.Load())
				w.give(t)
				require.Len(t, *w.rw.(*pair).payloads.Load(), held)
			})
		}
	}
}

func receiverID(r spi.Receiver) (id [4]byte) {
	if r != nil {
		id = r.ReceiverKeyID()
	}
	return id
}

// TestReceiverKeysDoNotPileUp: a receiver has keys for what is sealed with and
// for what is offered, however often that was taken back.
func TestReceiverKeysDoNotPileUp(t *testing.T) {
	w := newReviseWorld(t, spi.ProtectSignOrigin, false)
	for range 5 {
		var activate func()
		for range 3 {
			activate = revise(t, w.a)
			w.give(t)
			require.Empty(t, w.openAll(w.sealAll(t)))
		}
		activate()
		require.Empty(t, w.openAll(w.sealAll(t)))
		require.LessOrEqual(t, len(w.wr.Receiver().(*receiver).keys), 3)
		require.LessOrEqual(t, len(w.ab.Receiver().(*receiver).keys), 3)
	}
}

// guestOf is w with one more participant in B's place.
func guestOf(t *testing.T, w *world) *world {
	attrs := w.a.(*participant).attrs
	ends := w.w.(*endpoint).attrs
	g := &world{a: w.a, w: w.w}
	guid := rtps.GUID{Prefix: rtps.GUIDPrefix{0x99}, Entity: rtps.EntityParticipant}
	secret := testSecret()
	secret.Secret[0]++
	var err error
	g.b, err = New(Config{}).NewParticipant(attrs)
	require.NoError(t, err)
	g.ab, err = w.a.NewPeer(guid, secret)
	require.NoError(t, err)
	g.ba, err = g.b.NewPeer(guidA, secret)
	require.NoError(t, err)
	g.r, err = g.b.NewEndpoint(readerB, ends)
	require.NoError(t, err)
	g.wr, err = w.w.Match(g.ab, readerB)
	require.NoError(t, err)
	g.rw, err = g.r.Match(g.ba, writerA)
	require.NoError(t, err)
	g.give(t)
	return g
}

// TestReviseTwice: the keys of the last Revise win, and an activate that comes
// late or again does no harm.
func TestReviseTwice(t *testing.T) {
	for _, revisions := range []bool{false, true} {
		w := newReviseWorld(t, spi.ProtectEncrypt, revisions)
		old := w.sealAll(t)
		first := revise(t, w.a)
		second := revise(t, w.a)
		w.give(t) // the second ones only
		first()
		require.Equal(t, headers(old), headers(w.sealAll(t)), "B has not got the first keys")
		second()
		fresh := w.sealAll(t)
		require.NotEqual(t, headers(old), headers(fresh))
		require.Empty(t, w.openAll(fresh))
		third := revise(t, w.a)
		first()
		second()
		require.Equal(t, headers(fresh), headers(w.sealAll(t)))
		w.give(t)
		third()
		first()
		second()
		last := w.sealAll(t)
		require.NotEqual(t, headers(fresh), headers(last))
		require.Empty(t, w.openAll(last))
	}
}

// TestReviseNewEndpoint: what is made between Revise and activate has nobody who
// knows an old key.
func TestReviseNewEndpoint(t *testing.T) {
	for _, revisions := range []bool{false, true} {
		w := newReviseWorld(t, spi.ProtectEncrypt, revisions)
		activate := revise(t, w.a)
		e, err := w.a.NewEndpoint(rtps.EntityID{0, 0, 5, rtps.KindWriterWithKey}, spi.EndpointAttributes{Data: spi.ProtectEncrypt})
		require.NoError(t, err)
		b, err := e.Payload().SealPayload(nil, count(0, 8))
		require.NoError(t, err)
		require.Equal(t, revisions, b[2] == 1)
		activate()
		again, err := e.Payload().SealPayload(nil, count(0, 8))
		require.NoError(t, err)
		require.Equal(t, b[:8], again[:8])
	}
}

// TestReviseClosed: a revision does not bring a closed endpoint back.
func TestReviseClosed(t *testing.T) {
	w := newReviseWorld(t, spi.ProtectEncrypt, true)
	activate := revise(t, w.a)
	w.w.Close()
	activate()
	_, err := w.w.Payload().SealPayload(nil, count(0, 8))
	require.ErrorIs(t, err, errClosed)
	_, err = w.w.Submessage().SealSubmessage(nil, data(8), nil)
	require.ErrorIs(t, err, errClosed)
	require.Empty(t, w.a.(*participant).endpoints)
	revise(t, w.a)()
}

// TestReviseNothing: a participant without keys can be revised, too.
func TestReviseNothing(t *testing.T) {
	w := newWorld(t, spi.ProtectNone, spi.ProtectNone, spi.ProtectNone)
	revise(t, w.a)()
	tokens, err := w.ab.Tokens()
	require.NoError(t, err)
	require.Equal(t, []spi.Token{raw(make([]byte, 24))}, tokens)
}

func TestRevisionsUsedUp(t *testing.T) {
	w := newReviseWorld(t, spi.ProtectEncrypt, true)
	w.a.(*participant).revision = maxRevision - 1
	activate := revise(t, w.a)
	w.give(t)
	activate()
	sealed := w.sealAll(t)
	require.Equal(t, [4]byte{0xff, 0xff, 0xff, 4}, [4]byte(sealed["payload"]))
	require.Empty(t, w.openAll(sealed))
	_, err := w.a.(spi.Reviser).Revise()
	require.ErrorIs(t, err, errRevisions)
	require.Empty(t, w.openAll(w.sealAll(t)), "it goes on with the keys it has")
}

// TestRevisionsMustBeAgreed: DDS-Security 1.1 knows no revisions.
func TestRevisionsMustBeAgreed(t *testing.T) {
	m := testMaster(kindAES256GCM, false)
	m.revision = 3
	for _, agreed := range []bool{false, true} {
		p := newPeer(t, spi.ParticipantAttributes{RTPS: spi.ProtectEncrypt, KeyRevision: agreed})
		require.Equal(t, agreed, p.SetTokens([]spi.Token{tokenOf(&m)}) == nil)
		require.Equal(t, agreed, p.HasTokens())
	}
}

// TestEarlierKeysAreForgotten: the keys of a few revisions are kept for what is
// under way, those before are not.
func TestEarlierKeysAreForgotten(t *testing.T) {
	for _, revisions := range []bool{false, true} {
		w := newReviseWorld(t, spi.ProtectEncrypt, revisions)
		sealed := []map[string][]byte{w.sealAll(t)}
		for range 12 {
			activate := revise(t, w.a)
			w.give(t)
			activate()
			sealed = append(sealed, w.sealAll(t))
		}
		require.Empty(t, w.openAll(sealed[12]))
		require.Empty(t, w.openAll(sealed[11]), "the previous one")
		require.Len(t, w.openAll(sealed[0]), 3)
		require.Len(t, *w.ba.(*peer).messages.Load(), maxKeys)
		require.Len(t, *w.rw.(*pair).payloads.Load(), maxKeys)
		require.Len(t, w.rw.(*pair).submessages, maxKeys)
		require.Len(t, *w.ba.(*peer).submessages.Load(), maxKeys+1) // and the Kx key
	}
}

// TestReviseWhileSealing revises while others seal, in both ways, and open. No
// IV comes twice, and nothing is lost.
func TestReviseWhileSealing(t *testing.T) {
	for _, revisions := range []bool{false, true} {
		w := newReviseWorld(t, spi.ProtectEncryptOrigin, revisions)
		const goroutines, each, rounds = 4, 20, 20
		seen := map[string]bool{}
		for range rounds {
			ivs := make([][]string, goroutines)
			errs := make([]error, goroutines)
			var wg sync.WaitGroup
			for g := range goroutines {
				wg.Go(func() {
					for n := range each {
						iv, err := w.sealAndOpen(n)
						if err != nil {
							errs[g] = err
							return
						}
						ivs[g] = append(ivs[g], iv...)
					}
				})
			}
			activate := revise(t, w.a)
			w.give(t)
			activate()
			wg.Wait()
			for g := range goroutines {
				require.NoError(t, errs[g])
				for _, iv := range ivs[g] {
					require.False(t, seen[iv], "an IV came twice")
					seen[iv] = true
				}
			}
		}
		require.Len(t, seen, 3*goroutines*each*rounds)
		last := binary.BigEndian.Uint32(w.sealAll(t)["payload"]) >> 8
		require.Equal(t, map[bool]uint32{false: 0, true: rounds}[revisions], last)
	}
}

// sealAndOpen returns the CryptoHeaders of what it sealed.
func (w *world) sealAndOpen(n int) (ivs []string, err error) {
	sub, err := w.w.Submessage().SealSubmessage(nil, data(n), []spi.Receiver{w.wr.Receiver()})
	if err != nil {
		return nil, err
	}
	if _, _, err = w.ba.OpenSubmessage(nil, sub); err != nil {
		return nil, err
	}
	pay, err := w.w.Payload().SealPayload(nil, count(byte(n), n))
	if err != nil {
		return nil, err
	}
	if _, err = w.rw.Payload().OpenPayload(nil, pay); err != nil {
		return nil, err
	}
	inPlace, err := sealPayloadInPlace(w, count(byte(n), n))
	if err != nil {
		return nil, err
	}
	if _, err = w.rw.Payload().OpenPayload(nil, inPlace); err != nil {
		return nil, err
	}
	return []string{string(sub[4:24]), string(pay[:20]), string(inPlace[:20])}, nil
}

// TestRetireKeys: once retired, what was sealed with replaced keys opens no more;
// those of the last tokens stay, though they came twice.
func TestRetireKeys(t *testing.T) {
	for _, p := range []spi.Protection{spi.ProtectSign, spi.ProtectEncrypt, spi.ProtectEncryptOrigin} {
		t.Run(p.String(), func(t *testing.T) {
			w := newReviseWorld(t, p, false)
			w.give(t)
			old := w.sealAll(t)
			retire := func() {
				w.ba.(spi.KeyRetirer).RetireKeys()
				w.rw.(spi.KeyRetirer).RetireKeys()
			}
			retire()
			require.Empty(t, w.openAll(old), "nothing was replaced")
			activate := revise(t, w.a)
			w.give(t)
			w.give(t)
			activate()
			require.Empty(t, w.openAll(old))
			fresh := w.sealAll(t)
			retire()
			require.Len(t, w.openAll(old), 3)
			require.Empty(t, w.openAll(fresh))
			w.rw.Close()
			w.ba.Close()
			retire()
		})
	}
}
