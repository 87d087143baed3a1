package aesgcm

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

var (
	guidA   = rtps.GUID{Prefix: rtps.GUIDPrefix{0x80, 1, 2, 3}, Entity: rtps.EntityParticipant}
	guidB   = rtps.GUID{Prefix: rtps.GUIDPrefix{0x90, 4, 5, 6}, Entity: rtps.EntityParticipant}
	writerA = rtps.EntityID{0, 0, 1, rtps.KindWriterWithKey}
	readerB = rtps.EntityID{0, 0, 2, rtps.KindReaderWithKey}
)

func newPeer(t testing.TB, attrs spi.ParticipantAttributes) spi.PeerCrypto {
	c, err := New(Config{}).NewParticipant(attrs)
	require.NoError(t, err)
	p, err := c.NewPeer(guidA, testSecret())
	require.NoError(t, err)
	return p
}

// A world is two participants that have authenticated each other: A with a
// writer, B with a reader.
type world struct {
	a, b   spi.ParticipantCrypto
	ab, ba spi.PeerCrypto // what A holds of B, and B of A
	w, r   spi.EndpointCrypto
	wr, rw spi.PairCrypto
}

func newWorld(t testing.TB, rtpsKind, metadata, data spi.Protection) *world {
	t.Helper()
	return worldWith(t, spi.ParticipantAttributes{RTPS: rtpsKind}, spi.EndpointAttributes{Metadata: metadata, Data: data})
}

func worldWith(t testing.TB, attrs spi.ParticipantAttributes, ends spi.EndpointAttributes) *world {
	t.Helper()
	return worldFor(t, Config{}, attrs, ends)
}

func worldFor(t testing.TB, cfg Config, attrs spi.ParticipantAttributes, ends spi.EndpointAttributes) *world {
	t.Helper()
	var w world
	var err error
	w.a, err = New(cfg).NewParticipant(attrs)
	require.NoError(t, err)
	w.b, err = New(cfg).NewParticipant(attrs)
	require.NoError(t, err)
	w.ab, err = w.a.NewPeer(guidB, testSecret())
	require.NoError(t, err)
	w.ba, err = w.b.NewPeer(guidA, testSecret())
	require.NoError(t, err)
	give(t, w.ab, w.ba)
	give(t, w.ba, w.ab)

	w.w, err = w.a.NewEndpoint(writerA, ends)
	require.NoError(t, err)
	w.r, err = w.b.NewEndpoint(readerB, ends)
	require.NoError(t, err)
	if w.w == nil {
		return &w
	}
	w.wr, err = w.w.Match(w.ab, readerB)
	require.NoError(t, err)
	w.rw, err = w.r.Match(w.ba, writerA)
	require.NoError(t, err)
	give(t, w.wr, w.rw)
	give(t, w.rw, w.wr)
	require.True(t, w.wr.Ready())
	require.True(t, w.rw.Ready())
	return &w
}

// give passes from's tokens to to.
func give(t testing.TB, from interface{ Tokens() ([]spi.Token, error) }, to interface{ SetTokens([]spi.Token) error }) {
	t.Helper()
	tokens, err := from.Tokens()
	require.NoError(t, err)
	if len(tokens) > 0 {
		require.NoError(t, to.SetTokens(tokens))
	}
}

// rekind makes k the kind of a key and truncates it to what k has.
func rekind(old *sender, k kind) *sender {
	m := old.active.Load().master
	m.kind, m.saltLen = k, uint8(k.keyLen())
	clear(m.salt[k.keyLen():])
	clear(m.key[k.keyLen():])
	return newSender(m, old.active.Load().maxBlocks)
}

// setMaxBlocks sets the length of a session of s.
func setMaxBlocks(s *sender, n uint64) { s.active.Load().maxBlocks = n }

// newWorldOf is newWorld with keys of kind k on all three levels.
func newWorldOf(t testing.TB, k kind) *world {
	p := spi.ProtectSign
	if k.encrypts() {
		p = spi.ProtectEncrypt
	}
	w := newWorld(t, p, p, p)
	a, e := w.a.(*participant), w.w.(*endpoint)
	a.message = rekind(a.message, k)
	e.submessage = rekind(e.submessage, k)
	e.payload = rekind(e.payload, k)
	give(t, w.ab, w.ba)
	give(t, w.wr, w.rw)
	return w
}

// appendSubHeader appends a submessage header in little-endian order.
func appendSubHeader(b []byte, id byte, n int) []byte {
	return append(b, id, flagE, byte(n), byte(n>>8))
}

// data returns a DATA submessage, or what looks like one, with n octets behind its header.
func data(n int) []byte {
	return append(appendSubHeader(nil, 0x15, n), count(7, n)...)
}

// message returns an RTPS message of A.
func message(subs ...[]byte) []byte {
	b := append([]byte("RTPS\x02\x05\x01\xd5"), guidA.Prefix[:]...)
	for _, s := range subs {
		b = append(b, s...)
	}
	return b
}

// infoSrc returns the INFO_SRC that goes into a sealed message of A.
func infoSrc() []byte {
	b := append(appendSubHeader(nil, subInfoSrc, 20), 0, 0, 0, 0, 2, 5, 1, 0xd5)
	return append(b, guidA.Prefix[:]...)
}
