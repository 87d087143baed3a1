package admission

import (
	"bytes"
	"errors"
	"slices"
	"time"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

// The fakes speak a handshake of three tokens whose one binary property "c"
// carries a challenge; a token whose property is not what is expected is an
// error and changes nothing, as spi.Handshake demands.

type fakeIdentity struct {
	guid rtps.GUID
	made int
}

func (f *fakeIdentity) GUID() rtps.GUID          { return f.guid }
func (f *fakeIdentity) Token() spi.Token         { return spi.Token{ClassID: "id"} }
func (f *fakeIdentity) SubjectName() string      { return "CN=" + f.guid.String() }
func (f *fakeIdentity) NotAfter() time.Time      { return time.Time{} }
func (f *fakeIdentity) SetPermissions(spi.Token) {}
func (f *fakeIdentity) NewHandshake(r spi.RemoteParticipant) (spi.Handshake, error) {
	f.made++
	return &fakeHandshake{id: f, remote: r, mine: []byte{f.guid.Prefix[0], byte(f.made >> 8), byte(f.made)}}, nil
}

type fakeHandshake struct {
	id     *fakeIdentity
	remote spi.RemoteParticipant
	mine   []byte // our challenge
	theirs []byte
	reqs   [][]byte // challenges of requests replied to

	futures [][]byte // challenges announced in the peer's name
}

// future reports whether the peer's challenge may be c, as far as announced.
func (h *fakeHandshake) future(c []byte) bool {
	return len(h.futures) == 0 || len(h.futures) > 4 || has(h.futures, c)
}

func has(list [][]byte, c []byte) bool {
	return slices.ContainsFunc(list, func(f []byte) bool { return bytes.Equal(f, c) })
}

func tok(class string, c ...[]byte) spi.Token {
	t := spi.Token{ClassID: class}
	for _, v := range c {
		t.BinaryProperties = append(t.BinaryProperties, rtps.BinaryProperty{Name: "c", Value: v})
	}
	return t
}

func (h *fakeHandshake) Initiator() bool { return h.id.guid.Compare(h.remote.GUID) < 0 }
func (h *fakeHandshake) HandleAuthRequest(t spi.Token) error {
	if t.ClassID != "authreq" || len(t.BinaryProperties) != 1 {
		return errors.New("no authentication request")
	}
	h.futures = append(h.futures, t.BinaryProperties[0].Value)
	return nil
}
func (h *fakeHandshake) AuthRequest() *spi.Token {
	t := tok("authreq", h.mine)
	return &t
}

func (h *fakeHandshake) Begin(time.Time, []byte) (spi.Token, error) { return tok("req", h.mine), nil }

func (h *fakeHandshake) Process(_ time.Time, _ []byte, t spi.Token) (*spi.Token, bool, error) {
	bad := errors.New("unexpected handshake token")
	vals := func(n int) bool { return len(t.BinaryProperties) == n }
	val := func(i int) []byte { return t.BinaryProperties[i].Value }
	switch {
	case !h.Initiator() && t.ClassID == "req" && vals(1) && h.future(val(0)):
		h.reqs = append(h.reqs, val(0))
		r := tok("reply", val(0), h.mine)
		return &r, false, nil
	case h.Initiator() && t.ClassID == "reply" && vals(2) && bytes.Equal(val(0), h.mine) && h.future(val(1)):
		h.theirs = val(1)
		r := tok("final", h.mine, h.theirs)
		return &r, true, nil
	case !h.Initiator() && t.ClassID == "final" && vals(2) && has(h.reqs, val(0)) && bytes.Equal(val(1), h.mine):
		h.theirs = val(0)
		return nil, true, nil
	}
	return nil, false, bad
}

func (h *fakeHandshake) Result() spi.HandshakeResult {
	var s spi.SharedSecret
	a, b := h.mine, h.theirs
	if !h.Initiator() {
		a, b = b, a
	}
	copy(s.Secret[:], append(append([]byte{}, a...), b...))
	return spi.HandshakeResult{Secret: s, SubjectName: "CN=" + h.remote.GUID.String()}
}

type fakePermissions struct {
	attrs  spi.ParticipantAttributes
	refuse error
}

func (f *fakePermissions) Token() spi.Token                                 { return spi.Token{} }
func (f *fakePermissions) CredentialToken() spi.Token                       { return spi.Token{} }
func (f *fakePermissions) NotAfter() time.Time                              { return time.Time{} }
func (f *fakePermissions) ParticipantAttributes() spi.ParticipantAttributes { return f.attrs }
func (f *fakePermissions) EndpointAttributes(string) (spi.EndpointAttributes, error) {
	return spi.EndpointAttributes{}, nil
}
func (f *fakePermissions) BuiltinAttributes(rtps.EntityID) spi.EndpointAttributes {
	return spi.EndpointAttributes{}
}
func (f *fakePermissions) CheckCreateTopic(time.Time, string) error     { return nil }
func (f *fakePermissions) CheckCreateWriter(time.Time, spi.Topic) error { return nil }
func (f *fakePermissions) CheckCreateReader(time.Time, spi.Topic) error { return nil }
func (f *fakePermissions) ValidateRemote(time.Time, spi.Token, spi.HandshakeResult) (spi.RemotePermissions, error) {
	if f.refuse != nil {
		return nil, f.refuse
	}
	return fakeRights{}, nil
}

type fakeRights struct{}

func (fakeRights) NotAfter() time.Time                    { return time.Time{} }
func (fakeRights) CheckReader(time.Time, spi.Topic) error { return nil }
func (fakeRights) CheckTopic(_ time.Time, name string) error {
	if name == "unheard of" {
		return errors.New("no rule allows the topic unheard of")
	}
	return nil
}
func (fakeRights) CheckWriter(_ time.Time, t spi.Topic) error {
	if t.Name == "forbidden" {
		return errors.New("no rule allows publishing forbidden")
	}
	return nil
}

type fakeCrypto struct{}

func (fakeCrypto) Message() spi.MessageSealer { return nil }
func (fakeCrypto) NewEndpoint(rtps.EntityID, spi.EndpointAttributes) (spi.EndpointCrypto, error) {
	return nil, nil
}
func (fakeCrypto) NewPeer(_ rtps.GUID, s spi.SharedSecret) (spi.PeerCrypto, error) {
	return &fakePeer{secret: s}, nil
}

type fakePeer struct {
	secret spi.SharedSecret
	got    bool
	closed bool
}

func (f *fakePeer) Tokens() ([]spi.Token, error) { return []spi.Token{tok("keys")}, nil }
func (f *fakePeer) SetTokens(ts []spi.Token) error {
	if len(ts) != 1 || ts[0].ClassID != "keys" {
		return errors.New("bad crypto token")
	}
	f.got = true
	return nil
}
func (f *fakePeer) HasTokens() bool                             { return f.got }
func (f *fakePeer) Kx() spi.SubmessageSealer                    { return nil }
func (f *fakePeer) Receiver() spi.Receiver                      { return nil }
func (f *fakePeer) OpenMessage(dst, msg []byte) ([]byte, error) { return nil, errors.New("no") }
func (f *fakePeer) OpenSubmessage(dst, b []byte) ([]byte, rtps.EntityID, error) {
	return nil, rtps.EntityID{}, errors.New("no")
}
func (f *fakePeer) Close() { f.closed = true }

type fakeEndpoint struct{ needs bool }

func (f *fakeEndpoint) Payload() spi.PayloadSealer       { return nil }
func (f *fakeEndpoint) Submessage() spi.SubmessageSealer { return nil }
func (f *fakeEndpoint) Close()                           {}
func (f *fakeEndpoint) Match(spi.PeerCrypto, rtps.EntityID) (spi.PairCrypto, error) {
	return &fakePair{ready: !f.needs}, nil
}

type fakePair struct{ ready, closed bool }

func (f *fakePair) Tokens() ([]spi.Token, error) { return []spi.Token{tok("pair")}, nil }
func (f *fakePair) SetTokens(ts []spi.Token) error {
	if ts[0].ClassID != "pair" {
		return errors.New("bad crypto token")
	}
	f.ready = true
	return nil
}
func (f *fakePair) Ready() bool                { return f.ready }
func (f *fakePair) Payload() spi.PayloadOpener { return nil }
func (f *fakePair) Receiver() spi.Receiver     { return nil }
func (f *fakePair) Close()                     { f.closed = true }
