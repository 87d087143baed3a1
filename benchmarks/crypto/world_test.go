package crypto

import (
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/security/aesgcm"
	"github.com/secdds/dds/spi"
)

var (
	guidA  = rtps.GUID{Prefix: rtps.GUIDPrefix{0x80, 1}, Entity: rtps.EntityParticipant}
	guidB  = rtps.GUID{Prefix: rtps.GUIDPrefix{0x90, 2}, Entity: rtps.EntityParticipant}
	writer = rtps.EntityID{0, 0, 1, rtps.KindWriterWithKey}
	reader = rtps.EntityID{0, 0, 2, rtps.KindReaderWithKey}
)

// A world is a writer and a reader in two participants that have each other's keys.
type world struct {
	setting
	messages    spi.MessageSealer
	submessages spi.SubmessageSealer
	payloads    spi.PayloadSealer
	peer        spi.PeerCrypto    // the writer's participant, as the reader's sees it
	opener      spi.PayloadOpener // of the writer's payloads

	toMessage, toSubmessage []spi.Receiver // nil without origin authentication

	inPlace struct { // the same objects
		messages    spi.InPlaceMessageSealer
		submessages spi.InPlaceSubmessageSealer
		payloads    spi.InPlacePayloadSealer
		peer        spi.InPlaceOpener
		opener      spi.InPlacePayloadOpener
	}
}

// A setting is what a governance document asks for.
type setting struct {
	rtps, metadata, data spi.Protection
	receivers            int // that everything is sealed for; they count with origin authentication
}

// alike protects all levels by p.
func alike(p spi.Protection) setting {
	data := spi.ProtectSign
	if p.IsEncrypt() {
		data = spi.ProtectEncrypt
	}
	return setting{p, p, data, 1}
}

// sros2 is what the governance document of sros2 asks for by default.
var sros2 = setting{rtps: spi.ProtectSign, metadata: spi.ProtectEncrypt, data: spi.ProtectEncrypt, receivers: 1}

func newWorld(t testing.TB, s setting) *world {
	plugin := aesgcm.New(aesgcm.Config{})
	attrs := spi.ParticipantAttributes{RTPS: s.rtps}
	ends := spi.EndpointAttributes{Metadata: s.metadata, Data: s.data}
	secret := spi.SharedSecret{Secret: [32]byte{1}, Challenge1: [32]byte{2}, Challenge2: [32]byte{3}}

	a, err := plugin.NewParticipant(attrs)
	require.NoError(t, err)
	b, err := plugin.NewParticipant(attrs)
	require.NoError(t, err)
	ab, err := a.NewPeer(guidB, secret)
	require.NoError(t, err)
	ba, err := b.NewPeer(guidA, secret)
	require.NoError(t, err)
	w, err := a.NewEndpoint(writer, ends)
	require.NoError(t, err)
	r, err := b.NewEndpoint(reader, ends)
	require.NoError(t, err)
	wr, err := w.Match(ab, reader)
	require.NoError(t, err)
	rw, err := r.Match(ba, writer)
	require.NoError(t, err)

	tokens, err := ab.Tokens()
	require.NoError(t, err)
	require.NoError(t, ba.SetTokens(tokens))
	tokens, err = wr.Tokens()
	require.NoError(t, err)
	require.NoError(t, rw.SetTokens(tokens))

	x := &world{setting: s, messages: a.Message(), submessages: w.Submessage(), payloads: w.Payload(), peer: ba, opener: rw.Payload()}
	for i := range s.receivers {
		if i > 0 { // more of them, who open nothing here
			guid := guidB
			guid.Prefix[2] = byte(i)
			if ab, err = a.NewPeer(guid, secret); err == nil {
				wr, err = w.Match(ab, reader)
			}
			require.NoError(t, err)
		}
		if r := ab.Receiver(); r != nil {
			x.toMessage = append([]spi.Receiver{r}, x.toMessage...) // the one who opens comes last
		}
		if r := wr.Receiver(); r != nil {
			x.toSubmessage = append([]spi.Receiver{r}, x.toSubmessage...)
		}
	}
	x.inPlace.messages = x.messages.(spi.InPlaceMessageSealer)
	x.inPlace.submessages = x.submessages.(spi.InPlaceSubmessageSealer)
	x.inPlace.payloads = x.payloads.(spi.InPlacePayloadSealer)
	x.inPlace.peer = x.peer.(spi.InPlaceOpener)
	x.inPlace.opener = x.opener.(spi.InPlacePayloadOpener)
	return x
}

// data returns a DATA submessage of n octets, at least 4 and header included.
func data(n int) []byte {
	b := make([]byte, n)
	b[0], b[1] = 0x15, 1
	binary.LittleEndian.PutUint16(b[2:], uint16(n-4))
	return b
}

// A level is one place of protection. What it seals is n octets long.
type level struct {
	name    string
	payload bool
	header  int // octets of the RTPS header: INFO_SRC, 4 longer, is sealed instead
	plain   func(n int) []byte
	seal    func(w *world, dst, plain []byte) ([]byte, error)
	open    func(w *world, dst, sealed []byte) ([]byte, error)

	room        func(w *world) int
	sealInPlace func(w *world, buf []byte, start int) ([]byte, error)
	openInPlace func(w *world, sealed []byte) ([]byte, error)
}

var levels = []level{{
	name:    "payload",
	payload: true,
	plain:   func(n int) []byte { return make([]byte, n) },
	seal:    func(w *world, dst, b []byte) ([]byte, error) { return w.payloads.SealPayload(dst, b) },
	open:    func(w *world, dst, b []byte) ([]byte, error) { return w.opener.OpenPayload(dst, b) },

	room: func(w *world) int { return w.inPlace.payloads.Room() },
	sealInPlace: func(w *world, buf []byte, start int) ([]byte, error) {
		return w.inPlace.payloads.SealPayloadInPlace(buf, start)
	},
	openInPlace: func(w *world, b []byte) ([]byte, error) { return w.inPlace.opener.OpenPayloadInPlace(b) },
}, {
	name:  "submessage",
	plain: data,
	seal: func(w *world, dst, b []byte) ([]byte, error) {
		return w.submessages.SealSubmessage(dst, b, w.toSubmessage)
	},
	open: func(w *world, dst, b []byte) ([]byte, error) {
		out, _, err := w.peer.OpenSubmessage(dst, b)
		return out, err
	},

	room: func(w *world) int { return w.inPlace.submessages.Room() },
	sealInPlace: func(w *world, buf []byte, start int) ([]byte, error) {
		return w.inPlace.submessages.SealSubmessageInPlace(buf, start, w.toSubmessage)
	},
	openInPlace: func(w *world, b []byte) ([]byte, error) {
		out, _, err := w.inPlace.peer.OpenSubmessageInPlace(b)
		return out, err
	},
}, {
	name:   "message",
	header: 20,
	plain: func(n int) []byte {
		return append(append([]byte("RTPS\x02\x05\x01\xd5"), guidA.Prefix[:]...), data(n-20)...)
	},
	seal: func(w *world, dst, b []byte) ([]byte, error) { return w.messages.SealMessage(dst, b, w.toMessage) },
	open: func(w *world, dst, b []byte) ([]byte, error) { return w.peer.OpenMessage(dst, b) },

	room: func(w *world) int { return w.inPlace.messages.Room() },
	sealInPlace: func(w *world, buf []byte, start int) ([]byte, error) {
		return w.inPlace.messages.SealMessageInPlace(buf, start, w.toMessage)
	},
	openInPlace: func(w *world, b []byte) ([]byte, error) { return w.inPlace.peer.OpenMessageInPlace(b) },
}}

// sizes are those of what is sealed, in octets. The last but for the
// payload's is what fits in a submessage.
func (l level) sizes() []int {
	if l.payload {
		return []int{64, 256, 1 << 10, 16 << 10, 64 << 10}
	}
	return []int{64, 256, 1 << 10, 16 << 10, 64<<10 - 64}
}

// covered is how many octets the cipher sees of n.
func (l level) covered(n int) int {
	if l.header > 0 {
		n += 4
	}
	return n
}

var protections = []spi.Protection{spi.ProtectSign, spi.ProtectEncrypt, spi.ProtectEncryptOrigin}
