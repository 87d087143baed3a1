package pkidh

import (
	"bytes"
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/binary"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

// A vendor is how another implementation writes its handshake, and what it
// takes. It is written from what is known of their sources, with code of its
// own: nothing of the plugin is used but the names.
type vendor struct {
	name     string
	id       rtps.VendorID
	nul      bool                    // its names of algorithms end with a NUL
	permNUL  bool                    // so does its c.perm
	noPerm   bool                    // there is none
	optional bool                    // it sends the hashes and the other's public value again
	cid      func(pem []byte) []byte // how it writes c.id; nil: as it is
	dsign    string                  // what it calls its signature, when that is wrong
	agree    string                  // what it proposes
	der      bool                    // it writes and reads DH values as ASN.1 INTEGER
	salt     int                     // of its PSS signatures
	salts    bool                    // it takes no salt but one of 32
	takes    func(name, value string, reply bool) error
	needs    []string // in a reply
	needsEnd []string // in a final
	short    bool     // it hashes 12 octets of the candidate GUID, not 16
	own      bool     // it recomputes the hash from names with NUL
}

func onlyNUL(name, value string, _ bool) error {
	if name == "c.kagree_algo" && !strings.HasSuffix(value, "\x00") {
		return fmt.Errorf("%s without NUL", name)
	}
	return nil
}

func onlyPlain(name, value string, _ bool) error {
	if strings.HasSuffix(value, "\x00") {
		return fmt.Errorf("%s with NUL", name)
	}
	return nil
}

func plainReply(name, value string, reply bool) error {
	if reply {
		return onlyPlain(name, value, reply)
	}
	return nil
}

var vendors = []vendor{
	{
		name: "Cyclone DDS", id: rtps.VendorCyclone, nul: true, permNUL: true, agree: agreeECDH, salt: 32, short: true, der: true,
	},
	{
		name: "Cyclone DDS with optional fields, OpenSSL 3.0", id: rtps.VendorCyclone, nul: true, permNUL: true, optional: true,
		agree: agreeECDH, salt: rsa.PSSSaltLengthAuto, short: true, der: true,
	},
	{
		name: "Fast DDS", id: rtps.VendorFast, optional: true, agree: agreeECDH, salt: 32,
		takes: plainReply, needs: []string{"hash_c1", "hash_c2", "dh1"},
	},
	{
		name: "Fast DDS, DH", id: rtps.VendorFast, optional: true, agree: agreeDH, salt: 32,
		takes: plainReply, needs: []string{"hash_c1", "hash_c2", "dh1"},
	},
	{
		name: "Fast DDS without access control, CA of another kind", id: rtps.VendorFast, optional: true, noPerm: true,
		agree: agreeECDH, salt: 32, dsign: "RSASSA-PSS-SHA256", takes: plainReply, needs: []string{"hash_c1", "hash_c2", "dh1"},
	},
	{
		name: "OpenDDS", id: rtps.VendorOpenDDS, nul: true, permNUL: true, agree: agreeECDH, salt: rsa.PSSSaltLengthAuto,
		takes: onlyNUL, own: true,
		cid: func(pem []byte) []byte { // the file as it is, and a NUL
			return append([]byte("Certificate:\n    Data:\n"), append(bytes.ReplaceAll(pem, []byte("\n"), []byte("\r\n")), 0)...)
		},
	},
	{
		name: "RustDDS", id: rtps.VendorRustDDS, optional: true, agree: agreeECDH, salt: 32, salts: true,
		takes: onlyPlain, needs: []string{"dh1"}, needsEnd: []string{"dh1", "dh2"},
	},
	{
		name: "DH in ASN.1", id: rtps.VendorCyclone, nul: true, permNUL: true, agree: agreeDH, der: true, salt: 32,
	},
}

// A vendorPeer is one participant of such an implementation.
type vendorPeer struct {
	vendor
	t         testing.TB
	key       crypto.Signer
	guid      rtps.GUID
	pdata     []byte
	c         []rtps.BinaryProperty // its c. properties
	challenge []byte
	ec        *ecdh.PrivateKey
	x         *big.Int // of DH
	public    []byte

	// Of the exchange.
	c1, c2, dh1, dh2, ch1, ch2 []byte
	secret                     []byte
}

// canonical is the serialization of DDS-Security 1.1, 9.3.2.5, once more.
func canonical(props []rtps.BinaryProperty) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(props)))
	pad := func() {
		for len(b)%4 != 0 {
			b = append(b, 0)
		}
	}
	for _, p := range props {
		pad()
		b = binary.BigEndian.AppendUint32(b, uint32(len(p.Name)+1))
		b = append(append(b, p.Name...), 0)
		pad()
		b = binary.BigEndian.AppendUint32(b, uint32(len(p.Value)))
		b = append(b, p.Value...)
	}
	return b
}

func sum(b []byte) []byte { s := sha256.Sum256(b); return s[:] }

func newVendorPeer(t testing.TB, v vendor, ca, c *cert, agree string) *vendorPeer {
	p := &vendorPeer{vendor: v, t: t, key: c.key, challenge: make([]byte, 32)}
	rand.Read(p.challenge)
	subject := sha256.Sum256(c.RawSubject)
	p.guid.Entity = rtps.EntityParticipant
	p.guid.Prefix[0] = 0x80 | subject[0]>>1
	for i := 1; i < 6; i++ {
		p.guid.Prefix[i] = subject[i-1]<<7 | subject[i]>>1
	}
	low := sum(append(candidate.Prefix[:], candidate.Entity[:]...))
	if v.short {
		low = sum(candidate.Prefix[:])
	}
	copy(p.guid.Prefix[6:], low)

	text := func(s string) []byte {
		if v.nul {
			s += "\x00"
		}
		return []byte(s)
	}
	dsign := "ECDSA-SHA256"
	if _, ok := c.key.(*rsa.PrivateKey); ok {
		dsign = "RSASSA-PSS-SHA256"
	}
	if v.dsign != "" {
		dsign = v.dsign
	}
	id := c.pem()
	if v.cid != nil {
		id = v.cid(id)
	}
	perm := []byte("permissions of " + v.name)
	if v.permNUL {
		perm = append(perm, 0)
	}
	p.pdata = pdataOf(p.guid)
	p.c = []rtps.BinaryProperty{{Name: "c.id", Value: id}}
	if !v.noPerm {
		p.c = append(p.c, rtps.BinaryProperty{Name: "c.perm", Value: perm})
	}
	p.c = append(p.c,
		rtps.BinaryProperty{Name: "c.pdata", Value: p.pdata},
		rtps.BinaryProperty{Name: "c.dsign_algo", Value: text(dsign)},
		rtps.BinaryProperty{Name: "c.kagree_algo", Value: text(agree)})

	if agree == agreeDH {
		p.x, _ = rand.Int(rand.Reader, hexInt(modpQ))
		y := new(big.Int).Exp(hexInt(modpG), p.x, hexInt(modpP))
		p.public = y.Bytes()
		if v.der {
			p.public, _ = asn1.Marshal(y)
		}
	} else {
		p.ec, _ = ecdh.P256().GenerateKey(rand.Reader)
		p.public = p.ec.PublicKey().Bytes()
	}
	return p
}

// token is what SPDP says of it.
func (p *vendorPeer) token() spi.Token {
	return spi.Token{ClassID: "DDS:Auth:PKI-DH:1.0", Properties: []rtps.Property{
		{Name: "dds.cert.sn", Value: "/O=secdds/CN=x"}, {Name: "dds.cert.algo", Value: "RSASSA-PSS-SHA256"},
		{Name: "dds.ca.sn", Value: "/CN=CA"}, {Name: "dds.ca.algo", Value: "ECDSA-SHA256"},
	}}
}

func (p *vendorPeer) agreed(theirs []byte) []byte {
	if p.x != nil {
		y := new(big.Int).SetBytes(theirs)
		if p.der {
			y = nil
			rest, err := asn1.Unmarshal(theirs, &y)
			require.NoError(p.t, err, "it knows only ASN.1")
			require.Empty(p.t, rest)
		}
		return sum(new(big.Int).Exp(y, p.x, hexInt(modpP)).Bytes())
	}
	pub, err := ecdh.P256().NewPublicKey(theirs)
	require.NoError(p.t, err)
	x, err := p.ec.ECDH(pub)
	require.NoError(p.t, err)
	return sum(x)
}

func (p *vendorPeer) sign(props ...rtps.BinaryProperty) []byte {
	d := sum(canonical(props))
	var opts crypto.SignerOpts = crypto.SHA256
	if _, ok := p.key.(*rsa.PrivateKey); ok {
		opts = &rsa.PSSOptions{SaltLength: p.salt, Hash: crypto.SHA256}
	}
	s, err := p.key.Sign(rand.Reader, d, opts)
	require.NoError(p.t, err)
	return s
}

func (p *vendorPeer) verify(key crypto.PublicKey, s []byte, props ...rtps.BinaryProperty) error {
	d := sum(canonical(props))
	switch k := key.(type) {
	case *rsa.PublicKey:
		opts := &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthAuto, Hash: crypto.SHA256}
		if p.salts {
			opts.SaltLength = 32
		}
		return rsa.VerifyPSS(k, crypto.SHA256, d, s, opts)
	case *ecdsa.PublicKey:
		if ecdsa.VerifyASN1(k, d, s) {
			return nil
		}
	}
	return errors.New("signature")
}

// hash checks what our side says of itself, and hashes it as this vendor does.
func (p *vendorPeer) hash(t *spi.Token, ours crypto.PublicKey, reply bool) []byte {
	var props []rtps.BinaryProperty
	for _, b := range t.BinaryProperties {
		if !strings.HasPrefix(b.Name, "c.") {
			continue
		}
		if strings.HasSuffix(b.Name, "_algo") {
			if p.takes != nil {
				require.NoError(p.t, p.takes(b.Name, string(b.Value), reply))
			}
			if p.own { // OpenDDS hashes what it would have sent
				b.Value = []byte("ECDSA-SHA256\x00")
				if _, ok := ours.(*rsa.PublicKey); ok {
					b.Value = []byte("RSASSA-PSS-SHA256\x00")
				}
			}
			if p.own && strings.HasSuffix(b.Name, "kagree_algo") {
				b.Value = []byte(agreeECDH + "\x00")
			}
		}
		props = append(props, b)
	}
	require.Len(p.t, props, 5, "c.id, c.perm, c.pdata and the names, in this order")
	h := sum(canonical(props))
	if v := t.Binary("hash_c1"); !reply && v != nil {
		require.Equal(p.t, h, v)
	}
	if v := t.Binary("hash_c2"); reply && v != nil {
		require.Equal(p.t, h, v)
	}
	return h
}

func bin(name string, value []byte) rtps.BinaryProperty {
	return rtps.BinaryProperty{Name: name, Value: value}
}

func (p *vendorPeer) signed(reply bool) []rtps.BinaryProperty {
	if reply {
		return []rtps.BinaryProperty{bin("hash_c2", p.c2), bin("challenge2", p.ch2), bin("dh2", p.dh2),
			bin("challenge1", p.ch1), bin("dh1", p.dh1), bin("hash_c1", p.c1)}
	}
	return []rtps.BinaryProperty{bin("hash_c1", p.c1), bin("challenge1", p.ch1), bin("dh1", p.dh1),
		bin("challenge2", p.ch2), bin("dh2", p.dh2), bin("hash_c2", p.c2)}
}

func (p *vendorPeer) begin() spi.Token {
	p.c1, p.dh1, p.ch1 = sum(canonical(p.c)), p.public, p.challenge
	t := spi.Token{ClassID: "DDS:Auth:PKI-DH:1.0+Req", BinaryProperties: append([]rtps.BinaryProperty{}, p.c...)}
	if p.optional {
		t.BinaryProperties = append(t.BinaryProperties, bin("hash_c1", p.c1))
	}
	t.BinaryProperties = append(t.BinaryProperties, bin("dh1", p.dh1), bin("challenge1", p.ch1))
	return t
}

func (p *vendorPeer) takeReply(t *spi.Token, ours crypto.PublicKey) spi.Token {
	require.Equal(p.t, "DDS:Auth:PKI-DH:1.0+Reply", t.ClassID)
	for _, n := range p.needs {
		require.NotEmpty(p.t, t.Binary(n), "%s is needed", n)
	}
	require.Empty(p.t, t.Properties)
	p.c2, p.dh2, p.ch2 = p.hash(t, ours, true), t.Binary("dh2"), t.Binary("challenge2")
	require.Equal(p.t, p.ch1, t.Binary("challenge1"))
	require.Len(p.t, p.ch2, 32)
	require.NoError(p.t, p.verify(ours, t.Binary("signature"), p.signed(true)...))
	p.secret = p.agreed(p.dh2)
	f := spi.Token{ClassID: "DDS:Auth:PKI-DH:1.0+Final"}
	if p.optional {
		f.BinaryProperties = append(f.BinaryProperties, bin("hash_c1", p.c1), bin("dh1", p.dh1), bin("hash_c2", p.c2), bin("dh2", p.dh2))
	}
	f.BinaryProperties = append(f.BinaryProperties, bin("challenge1", p.ch1), bin("challenge2", p.ch2), bin("signature", p.sign(p.signed(false)...)))
	return f
}

func (p *vendorPeer) takeRequest(t *spi.Token, ours crypto.PublicKey) spi.Token {
	require.Equal(p.t, "DDS:Auth:PKI-DH:1.0+Req", t.ClassID)
	p.c1, p.dh1, p.ch1 = p.hash(t, ours, false), t.Binary("dh1"), t.Binary("challenge1")
	p.c2, p.dh2, p.ch2 = sum(canonical(p.c)), p.public, p.challenge
	p.secret = p.agreed(p.dh1)
	r := spi.Token{ClassID: "DDS:Auth:PKI-DH:1.0+Reply", BinaryProperties: append([]rtps.BinaryProperty{}, p.c...)}
	if p.optional {
		r.BinaryProperties = append(r.BinaryProperties, bin("hash_c1", p.c1), bin("dh1", p.dh1), bin("hash_c2", p.c2))
	}
	r.BinaryProperties = append(r.BinaryProperties, bin("dh2", p.dh2), bin("challenge1", p.ch1), bin("challenge2", p.ch2),
		bin("signature", p.sign(p.signed(true)...)))
	return r
}

func (p *vendorPeer) takeFinal(t *spi.Token, ours crypto.PublicKey) {
	require.Equal(p.t, "DDS:Auth:PKI-DH:1.0+Final", t.ClassID)
	for _, n := range p.needsEnd {
		require.NotEmpty(p.t, t.Binary(n), "%s is needed", n)
	}
	require.Equal(p.t, p.ch1, t.Binary("challenge1"))
	require.Equal(p.t, p.ch2, t.Binary("challenge2"))
	require.NoError(p.t, p.verify(ours, t.Binary("signature"), p.signed(false)...))
}

// TestVendors runs the handshake with every vendor, in both roles, with EC and
// RSA certificates on both sides.
func TestVendors(t *testing.T) {
	ca := newCA(t, "CA")
	rsaCA := issue(t, nil, "CA", rsaKeys[0](), isCA)
	for _, v := range vendors {
		for _, weInitiate := range []bool{true, false} {
			for _, withRSA := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s/we initiate %t/RSA %t", v.name, weInitiate, withRSA), func(t *testing.T) {
					authority, ours, theirs := ca, crypto.Signer(newEC(t)), crypto.Signer(newEC(t))
					if withRSA {
						authority, ours, theirs = rsaCA, rsaKeys[1](), rsaKeys[2]()
					}
					cfg := config(t, authority, issue(t, authority, nameThat(t, !weInitiate), ours, nil))
					agree := v.agree
					if weInitiate {
						cfg.KeyAgreement = v.agree
					}
					me := newSide(t, cfg, "our permissions")
					p := newVendorPeer(t, v, authority, issue(t, authority, nameThat(t, weInitiate), theirs, nil), agree)
					var err error
					me.h, err = me.id.NewHandshake(spi.RemoteParticipant{GUID: p.guid, Vendor: v.id, IdentityToken: p.token()})
					require.NoError(t, err)
					require.Equal(t, weInitiate, me.h.Initiator())
					pub := ours.Public()
					if weInitiate {
						req, err := me.h.Begin(now, me.pdata)
						require.NoError(t, err)
						req = wire(t, &req)
						reply := p.takeRequest(&req, pub)
						final := wire(t, me.step(t, wire(t, &reply), true))
						p.takeFinal(&final, pub)
					} else {
						req := p.begin()
						reply := wire(t, me.step(t, wire(t, &req), false))
						final := p.takeReply(&reply, pub)
						require.Nil(t, me.step(t, wire(t, &final), true))
					}
					r := me.h.Result()
					require.Equal(t, p.secret, r.Secret.Secret[:])
					require.Equal(t, p.pdata, r.PData)
					if v.noPerm {
						require.Empty(t, r.PermissionDoc)
					} else {
						require.Equal(t, "permissions of "+v.name, string(r.PermissionDoc), "without its NUL")
					}
				})
			}
		}
	}
}
