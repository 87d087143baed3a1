package aesgcm

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

func raw(keymat []byte) spi.Token {
	return spi.Token{ClassID: tokenClass, BinaryProperties: []rtps.BinaryProperty{{Name: tokenKeymat, Value: keymat}}}
}

func of(k kind) spi.Token {
	m := testMaster(k, false)
	return tokenOf(&m)
}

func TestParticipantTokens(t *testing.T) {
	for _, tt := range []struct {
		name   string
		rtps   spi.Protection
		tokens []spi.Token
		ok     bool
	}{
		{"NONE of Cyclone DDS", spi.ProtectNone, []spi.Token{raw(make([]byte, 24))}, true},
		{"NONE of Fast DDS", spi.ProtectNone, []spi.Token{raw(make([]byte, 44))}, true},
		{"a key of Fast DDS that serves nothing", spi.ProtectNone, []spi.Token{of(kindAES256GMAC)}, true},
		{"sign", spi.ProtectSign, []spi.Token{of(kindAES256GMAC)}, true},
		{"sign with 128 bits", spi.ProtectSign, []spi.Token{of(kindAES128GMAC)}, true},
		{"encrypt", spi.ProtectEncrypt, []spi.Token{of(kindAES128GCM)}, true},
		{"sign, not encrypt", spi.ProtectEncrypt, []spi.Token{of(kindAES256GMAC)}, false},
		{"encrypt, not sign", spi.ProtectSign, []spi.Token{of(kindAES256GCM)}, false},
		{"NONE, not sign", spi.ProtectSign, []spi.Token{raw(make([]byte, 24))}, false},
		{"no receiver-specific key", spi.ProtectSignOrigin, []spi.Token{of(kindAES256GMAC)}, false},
		{"no token", spi.ProtectNone, nil, false},
		{"too many", spi.ProtectNone, make([]spi.Token, 9), false},
		{"no key material", spi.ProtectNone, []spi.Token{{ClassID: tokenClass}}, false},
		{"class", spi.ProtectNone, []spi.Token{{ClassID: "DDS:Crypto:Other", BinaryProperties: of(4).BinaryProperties}}, false},
	} {
		p := newPeer(t, spi.ParticipantAttributes{RTPS: tt.rtps})
		require.False(t, p.HasTokens())
		err := p.SetTokens(tt.tokens)
		require.Equal(t, tt.ok, err == nil, tt.name)
		require.Equal(t, tt.ok, p.HasTokens(), tt.name)
	}

	tokens, err := newPeer(t, spi.ParticipantAttributes{}).Tokens()
	require.NoError(t, err)
	require.Equal(t, []spi.Token{raw(make([]byte, 24))}, tokens)
}

func TestEndpointTokens(t *testing.T) {
	none, sign, enc := spi.ProtectNone, spi.ProtectSign, spi.ProtectEncrypt
	for _, tt := range []struct {
		metadata, data spi.Protection
		kinds          []kind // of the writer's tokens
		reader         int    // tokens of the reader
		ready          bool   // the writer's side, without tokens
	}{
		{enc, none, []kind{kindAES256GCM}, 1, false},
		{sign, none, []kind{kindAES256GMAC}, 1, false},
		{none, enc, []kind{kindAES256GCM}, 1, true}, // Interop: that there is no key
		{none, sign, []kind{kindAES256GMAC}, 1, true},
		{sign, enc, []kind{kindAES256GMAC, kindAES256GCM}, 1, false},
		{enc, enc, []kind{kindAES256GCM, kindAES256GCM}, 1, false},
	} {
		w := newWorld(t, none, tt.metadata, tt.data)
		tokens, err := w.wr.Tokens()
		require.NoError(t, err)
		keys, err := parseTokens(tokens, false)
		require.NoError(t, err)
		var kinds []kind
		for _, k := range keys {
			kinds = append(kinds, k.kind)
		}
		require.Equal(t, tt.kinds, kinds)
		if len(keys) == 2 {
			require.NotEqual(t, keys[0].id, keys[1].id)
			require.NotEqual(t, keys[0].key, keys[1].key)
		}
		tokens, err = w.rw.Tokens()
		require.NoError(t, err)
		require.Len(t, tokens, tt.reader)
		require.Nil(t, w.r.Payload())
		require.Equal(t, tt.metadata == none, w.w.Submessage() == nil)
		require.Equal(t, tt.data == none, w.w.Payload() == nil)
		require.Equal(t, tt.data == none, w.rw.Payload() == nil)
		require.Nil(t, w.wr.Payload())

		fresh, err := w.w.Match(w.ab, readerB)
		require.NoError(t, err)
		require.Equal(t, tt.ready, fresh.Ready())
		fresh, err = w.r.Match(w.ba, writerA)
		require.NoError(t, err)
		require.False(t, fresh.Ready())
	}
}

// TestOneTokenForBoth: Fast DDS has one key for submessages and payloads when
// both are encrypted.
func TestOneTokenForBoth(t *testing.T) {
	w := newWorld(t, spi.ProtectNone, spi.ProtectEncrypt, spi.ProtectEncrypt)
	e := w.w.(*endpoint)
	e.payload = e.submessage
	tokens, err := w.wr.Tokens()
	require.NoError(t, err)
	q, err := w.r.Match(w.ba, writerA)
	require.NoError(t, err)
	require.NoError(t, q.SetTokens(tokens[:1]))
	require.True(t, q.Ready())
	sealed, err := w.w.Payload().SealPayload(nil, count(0, 33))
	require.NoError(t, err)
	out, err := q.Payload().OpenPayload(nil, sealed)
	require.NoError(t, err)
	require.Equal(t, count(0, 33), out)
	sealed, err = w.w.Submessage().SealSubmessage(nil, data(12), nil)
	require.NoError(t, err)
	_, from, err := w.ba.OpenSubmessage(nil, sealed)
	require.NoError(t, err)
	require.Equal(t, writerA, from)
}

func TestEndpointTokensRefused(t *testing.T) {
	w := newWorld(t, spi.ProtectNone, spi.ProtectSign, spi.ProtectEncrypt)
	q, err := w.r.Match(w.ba, writerA)
	require.NoError(t, err)
	for name, tokens := range map[string][]spi.Token{
		"none":         nil,
		"kind NONE":    {raw(make([]byte, 24))},
		"sign only":    {of(kindAES256GMAC)},
		"encrypt only": {of(kindAES256GCM)},
		"garbage":      {raw([]byte{1, 2, 3})},
	} {
		require.Error(t, q.SetTokens(tokens), name)
		require.False(t, q.Ready(), name)
	}
	require.NoError(t, q.SetTokens([]spi.Token{of(kindAES256GCM), of(kindAES256GMAC)}), "the order does not matter")
	require.True(t, q.Ready())

	_, err = w.r.Match(w.ab, writerA)
	require.Error(t, err, "a peer of another participant")
	_, err = w.r.Match(w.ba, readerB)
	require.Error(t, err, "two readers")
	_, err = w.r.Match(nil, writerA)
	require.Error(t, err)
}

// TestRekey: new keys are added to the old, the same ones change nothing, and
// their number is bounded.
func TestRekey(t *testing.T) {
	enc := spi.ProtectEncrypt
	w := newWorld(t, enc, enc, enc)
	before := map[string][]byte{}
	for _, l := range levels {
		b, err := l.seal(w, nil, l.size(20))
		require.NoError(t, err)
		before[l.name] = b
	}
	q, p := w.rw.(*pair), w.ba.(*peer)
	give(t, w.wr, w.rw)
	require.Len(t, q.submessages, 2) // both tokens are of the class
	require.Len(t, *p.submessages.Load(), 3)

	again := func() {
		a, e := w.a.(*participant), w.w.(*endpoint)
		a.message, e.submessage, e.payload = a.newSender(enc), a.newSender(enc), a.newSender(enc)
		give(t, w.ab, w.ba)
		give(t, w.wr, w.rw)
	}
	again()
	for _, l := range levels {
		_, err := l.open(w, nil, before[l.name])
		require.NoError(t, err, l.name)
		b, err := l.seal(w, nil, l.size(20))
		require.NoError(t, err)
		_, err = l.open(w, nil, b)
		require.NoError(t, err, l.name)
	}
	for range 20 {
		again()
	}
	require.Len(t, q.submessages, maxKeys)
	require.Len(t, *p.submessages.Load(), maxKeys+1)
	require.Len(t, *p.messages.Load(), maxKeys)
	require.Len(t, *q.payloads.Load(), maxKeys)
	for _, l := range levels {
		_, err := l.open(w, nil, before[l.name])
		require.ErrorIs(t, err, errNoKey, l.name)
	}
}

func TestClose(t *testing.T) {
	enc := spi.ProtectEncrypt
	w := newWorld(t, enc, enc, enc)
	second, err := w.r.Match(w.ba, writerA) // another local reader, the same writer
	require.NoError(t, err)
	give(t, w.wr, second)
	sub, err := w.w.Submessage().SealSubmessage(nil, data(8), nil)
	require.NoError(t, err)
	pay, err := w.w.Payload().SealPayload(nil, data(8))
	require.NoError(t, err)

	w.rw.Close()
	w.rw.Close()
	require.False(t, w.rw.Ready())
	_, err = w.rw.(*pair).OpenPayload(nil, pay)
	require.ErrorIs(t, err, errNoKey)
	tokens, err := w.wr.Tokens()
	require.NoError(t, err)
	require.ErrorIs(t, w.rw.SetTokens(tokens), errClosed)
	_, _, err = w.ba.OpenSubmessage(nil, sub)
	require.NoError(t, err, "the other pair holds the key")
	second.Close()
	_, _, err = w.ba.OpenSubmessage(nil, sub)
	require.ErrorIs(t, err, errNoKey)
	require.Len(t, *w.ba.(*peer).submessages.Load(), 1) // Kx

	w.w.Close()
	_, err = w.w.Submessage().SealSubmessage(nil, data(8), nil)
	require.ErrorIs(t, err, errClosed)
	_, err = w.w.Payload().SealPayload(nil, data(8))
	require.ErrorIs(t, err, errClosed)

	third, err := w.r.Match(w.ba, writerA)
	require.NoError(t, err)
	give(t, w.wr, third)
	w.ba.Close()
	third.Close() // in either order
	require.ErrorIs(t, w.ba.SetTokens(tokens), errClosed)
	msg, err := w.a.Message().SealMessage(nil, message(data(8)), nil)
	require.NoError(t, err)
	_, err = w.ba.OpenMessage(nil, msg)
	require.ErrorIs(t, err, errNoKey)
}

// TestSameRef: two endpoints of a peer with the same key id.
func TestSameRef(t *testing.T) {
	w := newWorld(t, spi.ProtectNone, spi.ProtectEncrypt, spi.ProtectNone)
	other := rtps.EntityID{0, 0, 9, rtps.KindWriterNoKey}
	m := w.w.(*endpoint).submessage.active.Load().master
	m.key = [32]byte(bytes.Repeat([]byte{7}, 32))
	q, err := w.r.Match(w.ba, other)
	require.NoError(t, err)
	require.NoError(t, q.SetTokens([]spi.Token{tokenOf(&m)}))
	for want, key := range map[rtps.EntityID]*sender{writerA: w.w.(*endpoint).submessage, other: newSender(m, 1)} {
		b, err := submessageSealer{key}.SealSubmessage(nil, data(5), nil)
		require.NoError(t, err)
		_, from, err := w.ba.OpenSubmessage(nil, b)
		require.NoError(t, err)
		require.Equal(t, want, from)
	}
	for n := range byte(20) {
		m.key[3] = n
		if err = q.SetTokens([]spi.Token{tokenOf(&m)}); err != nil {
			break
		}
	}
	require.LessOrEqual(t, len((*w.ba.(*peer).submessages.Load())[m.ref()]), maxSameRef)
}
