package pkidh

import (
	"bytes"
	"crypto"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

// A side is one participant of a handshake.
type side struct {
	id    spi.LocalIdentity
	h     spi.Handshake
	pdata []byte
	perm  string
}

func pdataOf(g rtps.GUID) []byte {
	guid := append(g.Prefix[:], g.Entity[:]...)
	b := rtps.AppendParameter(nil, false, rtps.PIDParticipantGUID, guid)
	b = rtps.AppendParameter(b, false, 0x8123, []byte("whatever else"))
	return rtps.AppendSentinel(b, false)
}

func newSide(t testing.TB, cfg Config, perm string) *side {
	p, err := New(cfg)
	require.NoError(t, err)
	id, err := p.ValidateLocalIdentity(now, 0, candidate)
	require.NoError(t, err)
	id.SetPermissions(spi.Token{BinaryProperties: []rtps.BinaryProperty{{Name: "dds.perm.cert", Value: []byte(perm)}}})
	return &side{id: id, pdata: pdataOf(id.GUID()), perm: perm}
}

// meet has a and b prepare the authentication of each other.
func meet(t testing.TB, a, b *side, va, vb rtps.VendorID) {
	var err error
	a.h, err = a.id.NewHandshake(spi.RemoteParticipant{GUID: b.id.GUID(), Vendor: vb, IdentityToken: b.id.Token()})
	require.NoError(t, err)
	b.h, err = b.id.NewHandshake(spi.RemoteParticipant{GUID: a.id.GUID(), Vendor: va, IdentityToken: a.id.Token()})
	require.NoError(t, err)
}

// newPair returns an initiator and a replier under one CA.
func newPair(t testing.TB, ki, kr crypto.Signer) (i, r *side) {
	ca := newCA(t, "CA")
	if _, ok := ki.(interface{ Validate() error }); ok {
		ca = issue(t, nil, "RSA CA", rsaKeys[0](), isCA)
	}
	i = newSide(t, config(t, ca, issue(t, ca, nameThat(t, false), ki, nil)), "permissions of i")
	r = newSide(t, config(t, ca, issue(t, ca, nameThat(t, true), kr, nil)), "permissions of r")
	meet(t, i, r, rtps.VendorSecdds, rtps.VendorSecdds)
	require.True(t, i.h.Initiator())
	require.False(t, r.h.Initiator())
	return i, r
}

// wire sends a token over the network.
func wire(t testing.TB, token *spi.Token) spi.Token {
	t.Helper()
	require.NotNil(t, token)
	got, err := rtps.ParseDataHolder(rtps.AppendDataHolder(nil, true, token), true)
	require.NoError(t, err)
	return got
}

// step has s take a token it must accept, and returns the answer.
func (s *side) step(t testing.TB, token spi.Token, done bool) *spi.Token {
	t.Helper()
	reply, d, err := s.h.Process(now, s.pdata, token)
	require.NoError(t, err)
	require.Equal(t, done, d)
	return reply
}

// shake runs the handshake of i and r to its end.
func shake(t testing.TB, i, r *side) {
	t.Helper()
	req, err := i.h.Begin(now, i.pdata)
	require.NoError(t, err)
	reply := r.step(t, wire(t, &req), false)
	final := i.step(t, wire(t, reply), true)
	require.Nil(t, r.step(t, wire(t, final), true))
	agreed(t, i, r)
}

// agreed checks what the two have established.
func agreed(t testing.TB, i, r *side) {
	t.Helper()
	ri, rr := i.h.Result(), r.h.Result()
	require.Equal(t, ri.Secret, rr.Secret)
	require.NotZero(t, ri.Secret.Secret)
	require.NotEqual(t, ri.Secret.Challenge1, ri.Secret.Challenge2)
	for _, c := range []struct {
		of   spi.HandshakeResult
		peer *side
	}{{ri, r}, {rr, i}} {
		require.Equal(t, c.peer.id.SubjectName(), c.of.SubjectName)
		require.Equal(t, c.peer.id.NotAfter(), c.of.NotAfter)
		require.Equal(t, c.peer.pdata, c.of.PData)
		require.Equal(t, c.peer.perm, string(c.of.PermissionDoc))
		require.Equal(t, "DDS:Auth:PKI-DH:1.0", c.of.Credential.ClassID)
		require.Equal(t, c.peer.perm, string(c.of.Credential.Binary("c.perm")))
		require.True(t, bytes.HasPrefix(c.of.Credential.Binary("c.id"), []byte("-----BEGIN CERTIFICATE-----")))
		require.True(t, guidFits(c.peer.id.GUID(), c.of.SubjectDER))
	}
}

func TestHandshake(t *testing.T) {
	ec := func() crypto.Signer { return newEC(t) }
	for name, keys := range map[string][2]func() crypto.Signer{
		"ECDSA":            {ec, ec},
		"RSA":              {func() crypto.Signer { return rsaKeys[1]() }, func() crypto.Signer { return rsaKeys[2]() }},
		"RSA to ECDSA":     {func() crypto.Signer { return rsaKeys[1]() }, ec},
		"ECDSA under ours": {ec, func() crypto.Signer { return rsaKeys[2]() }},
	} {
		t.Run(name, func(t *testing.T) {
			i, r := newPair(t, keys[0](), keys[1]())
			shake(t, i, r)
		})
	}
}

func names(t spi.Token) (n []string) {
	for _, p := range t.BinaryProperties {
		n = append(n, p.Name)
	}
	return n
}

func TestTokensAreComplete(t *testing.T) {
	i, r := newPair(t, newEC(t), newEC(t))
	req, err := i.h.Begin(now, i.pdata)
	require.NoError(t, err)
	require.Equal(t, "DDS:Auth:PKI-DH:1.0+Req", req.ClassID)
	c := []string{"c.id", "c.perm", "c.pdata", "c.dsign_algo", "c.kagree_algo"}
	require.Equal(t, append(slices.Clone(c), "hash_c1", "dh1", "challenge1"), names(req))
	reply := r.step(t, wire(t, &req), false)
	require.Equal(t, "DDS:Auth:PKI-DH:1.0+Reply", reply.ClassID)
	require.Equal(t, append(slices.Clone(c), "hash_c1", "dh1", "hash_c2", "dh2", "challenge1", "challenge2", "signature"), names(*reply))
	final := i.step(t, wire(t, reply), true)
	require.Equal(t, "DDS:Auth:PKI-DH:1.0+Final", final.ClassID)
	require.Equal(t, []string{"hash_c1", "dh1", "hash_c2", "dh2", "challenge1", "challenge2", "signature"}, names(*final))
	require.Len(t, req.Binary("dh1"), 65)
	require.Len(t, req.Binary("challenge1"), 32)
	require.Equal(t, byte(0x80), req.Binary("challenge1")[0]&0x80)
}

func TestRepeatedTokens(t *testing.T) {
	i, r := newPair(t, newEC(t), newEC(t))
	req, err := i.h.Begin(now, i.pdata)
	require.NoError(t, err)
	again, err := i.h.Begin(now, i.pdata)
	require.NoError(t, err)
	require.Equal(t, req, again)

	reply := r.step(t, wire(t, &req), false)
	require.Equal(t, reply, r.step(t, wire(t, &req), false))
	final := i.step(t, wire(t, reply), true)
	require.Equal(t, final, i.step(t, wire(t, reply), true))
	require.Nil(t, r.step(t, wire(t, final), true))
	require.Nil(t, r.step(t, wire(t, final), true))
	require.Equal(t, reply, r.step(t, wire(t, &req), true), "the reply may still be asked for")
	agreed(t, i, r)

	// Another handshake is another object.
	other, _ := newPair(t, newEC(t), newEC(t))
	foreign, err := other.h.Begin(now, other.pdata)
	require.NoError(t, err)
	_, _, err = r.h.Process(now, r.pdata, foreign)
	require.Error(t, err)
	agreed(t, i, r)
}

func TestOptionalPropertiesMayBeMissing(t *testing.T) {
	strip := func(token *spi.Token, drop ...string) *spi.Token {
		c := *token
		c.BinaryProperties = slices.DeleteFunc(slices.Clone(c.BinaryProperties), func(p rtps.BinaryProperty) bool {
			return slices.Contains(drop, p.Name)
		})
		return &c
	}
	i, r := newPair(t, newEC(t), newEC(t))
	req, err := i.h.Begin(now, i.pdata)
	require.NoError(t, err)
	reply := r.step(t, wire(t, strip(&req, "hash_c1")), false)
	final := i.step(t, wire(t, strip(reply, "hash_c1", "hash_c2", "dh1")), true)
	require.Nil(t, r.step(t, wire(t, strip(final, "hash_c1", "hash_c2", "dh1", "dh2")), true))
	agreed(t, i, r)
}

func TestNULFollowsTheVendor(t *testing.T) {
	for vendor, nul := range map[rtps.VendorID]bool{
		rtps.VendorOpenDDS: true, rtps.VendorCyclone: true, rtps.VendorRTI: true,
		rtps.VendorFast: false, rtps.VendorRustDDS: false, rtps.VendorSecdds: false, rtps.VendorUnknown: false,
	} {
		i, r := newPair(t, newEC(t), newEC(t))
		meet(t, i, r, rtps.VendorSecdds, vendor)
		req, err := i.h.Begin(now, i.pdata)
		require.NoError(t, err)
		for _, p := range []string{"c.dsign_algo", "c.kagree_algo"} {
			require.Equal(t, nul, bytes.HasSuffix(req.Binary(p), []byte{0}), "%v %s", vendor, p)
		}
		// The replier does not look at the vendor: it mirrors.
		reply := r.step(t, wire(t, &req), false)
		for _, p := range []string{"c.dsign_algo", "c.kagree_algo"} {
			require.Equal(t, req.Binary(p), reply.Binary(p))
		}
		require.Nil(t, r.step(t, wire(t, i.step(t, wire(t, reply), true)), true))
		agreed(t, i, r)
	}
}

func TestClassIDs(t *testing.T) {
	for _, v := range []string{"1.0", "1.1", "1.2"} {
		i, r := newPair(t, newEC(t), newEC(t))
		edit := func(token spi.Token, suffix string) spi.Token {
			token.ClassID = "DDS:Auth:PKI-DH:" + v + suffix
			return token
		}
		req, err := i.h.Begin(now, i.pdata)
		require.NoError(t, err)
		reply := r.step(t, edit(req, "+Req"), false)
		final := i.step(t, edit(*reply, "+Reply"), true)
		r.step(t, edit(*final, "+Final"), true)
		agreed(t, i, r)

		_, err = i.id.NewHandshake(spi.RemoteParticipant{GUID: r.id.GUID(), IdentityToken: spi.Token{ClassID: "DDS:Auth:PKI-DH:" + v}})
		require.NoError(t, err)
	}
	i, r := newPair(t, newEC(t), newEC(t))
	for _, c := range []string{"", "DDS:Auth:PKI-DH:2.0", "DDS:Auth:PKI-DH:1.0+Req", "DDS:Auth:Other:1.0", "DDS:Auth:PKI-DH:1.3"} {
		_, err := i.id.NewHandshake(spi.RemoteParticipant{GUID: r.id.GUID(), IdentityToken: spi.Token{ClassID: c}})
		require.Error(t, err, c)
	}
	_, err := i.id.NewHandshake(spi.RemoteParticipant{GUID: i.id.GUID(), IdentityToken: i.id.Token()})
	require.ErrorContains(t, err, "our own GUID")
}

func TestWrongOrder(t *testing.T) {
	i, r := newPair(t, newEC(t), newEC(t))
	_, err := r.h.Begin(now, r.pdata)
	require.Error(t, err)
	_, _, err = i.h.Process(now, i.pdata, spi.Token{ClassID: "DDS:Auth:PKI-DH:1.0+Reply"})
	require.ErrorContains(t, err, "not begun")
	require.Zero(t, i.h.Result())
	req, err := i.h.Begin(now, i.pdata)
	require.NoError(t, err)
	_, _, err = i.h.Process(now, i.pdata, req)
	require.Error(t, err, "our own request")
	_, _, err = r.h.Process(now, r.pdata, spi.Token{ClassID: "DDS:Auth:PKI-DH:1.0+Final"})
	require.Error(t, err)
	reply := r.step(t, req, false)
	_, _, err = r.h.Process(now, r.pdata, *reply)
	require.Error(t, err, "our own reply")
	r.step(t, *i.step(t, *reply, true), true)
	agreed(t, i, r)
}

func TestAuthRequest(t *testing.T) {
	// Announced challenges are those of the handshake, in both roles.
	i, r := newPair(t, newEC(t), newEC(t))
	require.NoError(t, i.h.HandleAuthRequest(wire(t, r.h.AuthRequest())))
	require.NoError(t, r.h.HandleAuthRequest(wire(t, i.h.AuthRequest())))
	shake(t, i, r)
	require.Equal(t, [32]byte(i.h.AuthRequest().Binary("future_challenge")), r.h.Result().Secret.Challenge1)
	require.Equal(t, [32]byte(r.h.AuthRequest().Binary("future_challenge")), i.h.Result().Secret.Challenge2)

	// What does not hold to what was announced is refused, until it is announced anew.
	wrong := *r.h.AuthRequest()
	wrong.BinaryProperties[0].Value[5]++
	i, r = newPair(t, newEC(t), newEC(t))
	require.NoError(t, r.h.HandleAuthRequest(wrong))
	req, err := i.h.Begin(now, i.pdata)
	require.NoError(t, err)
	_, _, err = r.h.Process(now, r.pdata, req)
	require.ErrorContains(t, err, "announced")
	require.NoError(t, r.h.HandleAuthRequest(*i.h.AuthRequest()))
	reply := r.step(t, req, false)

	// Once begun, announcements change nothing.
	require.NoError(t, i.h.HandleAuthRequest(wrong))
	require.NoError(t, r.h.HandleAuthRequest(wrong))
	require.NoError(t, i.h.HandleAuthRequest(*r.h.AuthRequest()))
	r.step(t, *i.step(t, *reply, true), true)
	agreed(t, i, r)

	// Forged announcements, few or many, before or after the peer's own, do not
	// keep it out.
	for n := range 2 * maxExchanges {
		for _, late := range []bool{false, true} {
			i, r = newPair(t, newEC(t), newEC(t))
			honest := func() {
				require.NoError(t, i.h.HandleAuthRequest(*r.h.AuthRequest()))
				require.NoError(t, r.h.HandleAuthRequest(*i.h.AuthRequest()))
			}
			if !late {
				honest()
			}
			for range n {
				wrong.BinaryProperties[0].Value[6]++
				require.NoError(t, i.h.HandleAuthRequest(wrong))
				require.NoError(t, r.h.HandleAuthRequest(wrong))
			}
			if late {
				honest()
			}
			shake(t, i, r)
			agreed(t, i, r)
		}
	}

	// An initiator holds the replier to its announcement as well.
	i, r = newPair(t, newEC(t), newEC(t))
	require.NoError(t, i.h.HandleAuthRequest(wrong))
	req, err = i.h.Begin(now, i.pdata)
	require.NoError(t, err)
	_, _, err = i.h.Process(now, i.pdata, *r.step(t, req, false))
	require.ErrorContains(t, err, "announced")

	for _, bad := range []spi.Token{
		{ClassID: "DDS:Auth:PKI-DH:1.0+Req", BinaryProperties: wrong.BinaryProperties},
		{ClassID: "DDS:Auth:PKI-DH:1.0+AuthReq"},
		{ClassID: "DDS:Auth:PKI-DH:1.0+AuthReq", BinaryProperties: []rtps.BinaryProperty{{Name: "future_challenge", Value: make([]byte, 31)}}},
	} {
		require.Error(t, i.h.HandleAuthRequest(bad))
	}
}

// TestTampering changes every property of every token, in several ways. The
// token is refused, and the handshake goes on as if it had not come.
func TestTampering(t *testing.T) {
	edits := map[string]func(v []byte) []byte{
		"first octet": func(v []byte) []byte { v[0] ^= 1; return v },
		"middle":      func(v []byte) []byte { v[len(v)/2] ^= 0x20; return v },
		"last octet":  func(v []byte) []byte { v[len(v)-1] ^= 1; return v },
		"truncated":   func(v []byte) []byte { return v[:len(v)-1] },
		"longer":      func(v []byte) []byte { return append(v, 7) },
		"empty":       func(v []byte) []byte { return nil },
	}
	// each calls f for every forgery of token, and returns how many there were.
	each := func(token spi.Token, f func(name string, forged spi.Token)) {
		for n, p := range token.BinaryProperties {
			for name, edit := range edits {
				forged := token
				forged.BinaryProperties = slices.Clone(token.BinaryProperties)
				forged.BinaryProperties[n].Value = edit(bytes.Clone(p.Value))
				f(p.Name+" "+name, forged)
			}
		}
	}
	refuse := func(s *side) func(string, spi.Token) {
		return func(name string, forged spi.Token) {
			reply, done, err := s.h.Process(now, s.pdata, forged)
			require.Error(t, err, name)
			require.Nil(t, reply)
			require.False(t, done)
			require.Zero(t, s.h.Result())
		}
	}

	i, r := newPair(t, newEC(t), newEC(t))
	req, err := i.h.Begin(now, i.pdata)
	require.NoError(t, err)
	// Nothing in a request is signed: what its hash says nothing of, an
	// attacker may change, and is found out by the final message.
	undetected := 0
	each(req, func(name string, forged spi.Token) {
		if _, _, err := r.h.Process(now, r.pdata, forged); err == nil {
			undetected++
		}
	})
	require.NotZero(t, undetected)
	reply := r.step(t, wire(t, &req), false)

	each(*reply, func(name string, forged spi.Token) {
		if optionalEmpty(name) {
			return
		}
		refuse(i)(name, forged)
	})
	final := i.step(t, wire(t, reply), true)
	each(*final, func(name string, forged spi.Token) {
		if optionalEmpty(name) {
			return
		}
		refuse(r)(name, forged)
	})
	require.Nil(t, r.step(t, wire(t, final), true))
	agreed(t, i, r)
}

// optionalEmpty reports whether an empty property is the same as none, which is allowed.
func optionalEmpty(name string) bool {
	return slices.Contains([]string{"hash_c1 empty", "hash_c2 empty", "dh1 empty"}, name) || name == "dh2 empty"
}

// TestForgedRequests: whoever answers forged requests still accepts the real one.
func TestForgedRequests(t *testing.T) {
	i, r := newPair(t, newEC(t), newEC(t))
	req, err := i.h.Begin(now, i.pdata)
	require.NoError(t, err)
	reply := r.step(t, wire(t, &req), false)
	for n := range 3 * maxExchanges {
		forged := wire(t, &req)
		for k := range forged.BinaryProperties {
			if forged.BinaryProperties[k].Name == "challenge1" {
				forged.BinaryProperties[k].Value[9] ^= byte(n + 1)
			}
		}
		_, _, err := r.h.Process(now, r.pdata, forged)
		require.NoError(t, err)
		require.LessOrEqual(t, len(r.h.(*handshake).requests), maxExchanges)
	}
	// The reply to the real one is forgotten, but the initiator repeats its
	// request, and the reply that it has got is good still.
	final := i.step(t, wire(t, reply), true)
	r.step(t, wire(t, &req), false)
	require.Nil(t, r.step(t, wire(t, final), true))
	agreed(t, i, r)
}

func TestDiffieHellmanInitiator(t *testing.T) {
	for _, der := range []bool{false, true} { // Fast DDS, Cyclone DDS
		t.Run(fmt.Sprint("DER ", der), func(t *testing.T) {
			i, r := newPair(t, newEC(t), newEC(t))
			h := i.h.(*handshake)
			key, err := newDHKey()
			require.NoError(t, err)
			h.keys[agreeDH] = key
			x := &exchange{agree: agreeDH, c1: h.id.credential(i.pdata, agreeDH, false, false), dh1: key.public(der), ch1: h.challenge}
			h.requests = []*exchange{x}
			req := spi.Token{ClassID: "DDS:Auth:PKI-DH:1.0+Req", BinaryProperties: append(slices.Clone(x.c1.props),
				rtps.BinaryProperty{Name: "dh1", Value: x.dh1}, rtps.BinaryProperty{Name: "challenge1", Value: x.ch1[:]})}
			reply := r.step(t, wire(t, &req), false)
			_, isDER := derInteger(reply.Binary("dh2"))
			require.Equal(t, der, isDER)
			require.Nil(t, r.step(t, wire(t, i.step(t, wire(t, reply), true)), true))
			agreed(t, i, r)
		})
	}
}
