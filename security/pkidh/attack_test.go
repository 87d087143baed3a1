package pkidh

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

func newCurve(t testing.TB, c elliptic.Curve) *ecdsa.PrivateKey {
	k, err := ecdsa.GenerateKey(c, rand.Reader)
	require.NoError(t, err)
	return k
}

// refusedAs runs a certificate through all that looks at one: as our own, and
// as that of a peer who began the handshake with it. Both must refuse it, for
// that reason.
func refusedAs(t *testing.T, at time.Time, ca []byte, chain []byte, key crypto.Signer, subject []byte, rule, want string) {
	t.Helper()
	check := func(err error) {
		t.Helper()
		var r *spi.Refusal
		require.ErrorAs(t, err, &r)
		require.Contains(t, r.Rule, rule)
		require.ErrorContains(t, err, want)
		require.NotEmpty(t, r.Expected)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	p, err := New(Config{IdentityCA: ca, Certificate: chain, PrivateKey: pemBlock("PRIVATE KEY", der)})
	if err == nil {
		_, err = p.ValidateLocalIdentity(at, 0, candidate)
	}
	check(err)

	// The peer's plugin does not mind.
	good := newCA(t, "Good")
	me := newSide(t, config(t, good, issue(t, good, nameThat(t, true), newEC(t), nil)), "")
	cas, err := parseCerts(ca, 0)
	require.NoError(t, err)
	me.id.(*identity).p.trust = newTrust("ca.pem", cas)
	guid := adjustGUID(subject, candidate)
	h := newHandshake(me.id.(*identity), spi.RemoteParticipant{GUID: guid}, false)
	peer := newHandshake(&identity{p: &Plugin{key: key}, v: verified{notAfter: at.Add(time.Hour)}, guid: guid, cid: chain},
		spi.RemoteParticipant{GUID: me.id.GUID()}, true)
	req, err := peer.Begin(at, pdataOf(guid))
	require.NoError(t, err)
	me.id.(*identity).v.notAfter = at.Add(time.Hour)
	_, _, err = h.Process(at, me.pdata, req)
	check(err)
	require.ErrorContains(t, err, guid.String())
}

func TestAttack07_Certificates(t *testing.T) {
	ca := newCA(t, "CA")
	notCAKey, midKey, leafKey := newEC(t), newEC(t), newEC(t)
	name := nameThat(t, false)
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	require.NoError(t, err)
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	leaf := func(key crypto.Signer, edit func(*x509.Certificate)) *cert { return issue(t, ca, name, key, edit) }
	mid := func(edit func(*x509.Certificate)) *cert { return issue(t, ca, "Mid", midKey, edit) }
	under := func(m *cert) []byte { return append(issue(t, m, name, leafKey, nil).pem(), m.pem()...) }

	for _, tt := range []struct {
		name  string
		ca    []byte // nil: the good one
		chain []byte
		key   crypto.Signer
		at    time.Duration
		rule  string
		want  string
	}{
		{"expired", nil, leaf(leafKey, func(c *x509.Certificate) { c.NotAfter = now.Add(-time.Second) }).pem(), leafKey, 0, "validity of", "expired"},
		{"not valid yet", nil, leaf(leafKey, func(c *x509.Certificate) { c.NotBefore = now.Add(time.Second) }).pem(), leafKey, 0, "validity of", "not valid before"},
		{"the CA has expired", nil, leaf(leafKey, func(c *x509.Certificate) { c.NotAfter = now.Add(9000 * time.Hour) }).pem(), leafKey, 2000 * time.Hour, "identity CA, validity", "CN=CA"},
		{"the intermediate has expired", nil, under(mid(func(c *x509.Certificate) { isCA(c); c.NotAfter = now.Add(-time.Second) })), leafKey, 0, "validity of", "CN=Mid"},
		{"extended key usage of code signing", nil, leaf(leafKey, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning} }).pem(), leafKey, 0, "extended key usage", "clientAuth or serverAuth"},
		{"key usage without signatures", nil, leaf(leafKey, func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyEncipherment }).pem(), leafKey, 0, "key usage", "digitalSignature"},
		{"the intermediate is no CA", nil, under(mid(nil)), leafKey, 0, "basic constraints", "CA:TRUE"},
		{"the intermediate says it is no CA", nil, under(mid(func(c *x509.Certificate) { c.BasicConstraintsValid = true })), leafKey, 0, "basic constraints", "CA:TRUE"},
		{"the intermediate may not sign certificates", nil, under(mid(func(c *x509.Certificate) { isCA(c); c.KeyUsage = x509.KeyUsageCRLSign })), leafKey, 0, "key usage of", "keyCertSign"},
		{"the identity CA is none", issue(t, nil, "Flat", notCAKey, nil).pem(), issue(t, issue(t, nil, "Flat", notCAKey, nil), name, leafKey, nil).pem(), leafKey, 0, "basic constraints", "CN=Flat"},
		{"path length", nil, func() []byte {
			m := mid(func(c *x509.Certificate) { isCA(c); c.MaxPathLenZero = true })
			sub := issue(t, m, "Sub", notCAKey, isCA)
			return append(append(issue(t, sub, name, leafKey, nil).pem(), sub.pem()...), m.pem()...)
		}(), leafKey, 0, "", ""},
		{"SHA-1", nil, forgeAlgorithm(t, leaf(leafKey, nil)).pem(), leafKey, 0, "signature of", "SHA-256 or better"},
		{"SHA-1 of an intermediate", nil, func() []byte {
			m := forgeAlgorithm(t, mid(isCA))
			return append(issue(t, &cert{m.Certificate, midKey}, name, leafKey, nil).pem(), m.pem()...)
		}(), leafKey, 0, "signature of", "CN=Mid"},
		{"Ed25519", nil, leaf(ed, nil).pem(), ed, 0, "public key", "ed25519"},
		{"P-521", nil, leaf(newCurve(t, elliptic.P521()), nil).pem(), leafKey, 0, "public key", "P-521"},
		{"P-224", nil, leaf(newCurve(t, elliptic.P224()), nil).pem(), leafKey, 0, "public key", "P-224"},
		{"RSA of 1024 bits", nil, leaf(weak, nil).pem(), leafKey, 0, "public key", "1024 bits"},
		{"an intermediate with RSA of 1024 bits", nil, append(leaf(leafKey, nil).pem(), issue(t, ca, "Weak", weak, isCA).pem()...), leafKey, 0, "public key", "1024 bits"},
		{"the permissions CA's", newCA(t, "Permissions CA").pem(), leaf(leafKey, nil).pem(), leafKey, 0, "issuer of", `identity CA \"CN=Permissions CA,O=secdds\"`},
		{"a CA of that name", newCA(t, "CA").pem(), leaf(leafKey, nil).pem(), leafKey, 0, "issuer of", "of that name with another key"},
		{"a missing intermediate", nil, issue(t, mid(isCA), name, leafKey, nil).pem(), leafKey, 0, "issuer of", "CN=Mid"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cas := tt.ca
			if cas == nil {
				cas = ca.pem()
			}
			certs, err := parseCerts(tt.chain, 0)
			require.NoError(t, err)
			want := tt.want
			if tt.name == "the permissions CA's" {
				want = `"CN=Permissions CA,O=secdds"`
			}
			refusedAs(t, now.Add(tt.at), cas, tt.chain, tt.key, certs[0].RawSubject, tt.rule, want)
		})
	}
}

// What is unusual but good is taken.
func TestAttack07_CertificatesAccepted(t *testing.T) {
	ca, other := newCA(t, "CA"), newCA(t, "Other")
	key := newEC(t)
	mid := issue(t, ca, "Mid", newEC(t), isCA)
	// Mid under the other CA, too: a cross certificate.
	cross := issue(t, other, "Mid", mid.key, isCA)
	rsaRoot := issue(t, nil, "RSA CA", rsaKeys[0](), isCA)
	for name, tt := range map[string]struct{ ca, chain []byte }{
		"extended key usage of clients":        {ca.pem(), issue(t, ca, "A", key, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} }).pem()},
		"extended key usage of servers":        {ca.pem(), issue(t, ca, "A", key, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} }).pem()},
		"key usage":                            {ca.pem(), issue(t, ca, "A", key, func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageDigitalSignature }).pem()},
		"an intermediate":                      {ca.pem(), append(issue(t, mid, "A", key, nil).pem(), mid.pem()...)},
		"a cross certificate":                  {other.pem(), append(append(issue(t, mid, "A", key, nil).pem(), mid.pem()...), cross.pem()...)},
		"several CAs in one file":              {append(append(rsaRoot.pem(), other.pem()...), ca.pem()...), issue(t, ca, "A", key, nil).pem()},
		"an EC certificate of an RSA CA":       {rsaRoot.pem(), issue(t, rsaRoot, "A", key, nil).pem()},
		"PSS in the chain":                     {rsaRoot.pem(), issue(t, rsaRoot, "A", key, func(c *x509.Certificate) { c.SignatureAlgorithm = x509.SHA256WithRSAPSS }).pem()},
		"SHA-512":                              {rsaRoot.pem(), issue(t, rsaRoot, "A", key, func(c *x509.Certificate) { c.SignatureAlgorithm = x509.SHA512WithRSA }).pem()},
		"the root behind the certificate":      {ca.pem(), append(issue(t, ca, "A", key, nil).pem(), ca.pem()...)},
		"an identity CA that signs with SHA-1": {forgeAlgorithm(t, ca).pem(), issue(t, ca, "A", key, nil).pem()},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := New(Config{IdentityCA: tt.ca, Certificate: tt.chain, PrivateKey: (&cert{key: key}).keyPEM(t)})
			require.NoError(t, err)
			id, err := p.ValidateLocalIdentity(now, 0, candidate)
			require.NoError(t, err)
			sent, err := parseCerts(id.(*identity).cid, 0)
			require.NoError(t, err)
			require.Equal(t, p.certs[0].Raw, sent[0].Raw)
			for _, c := range sent {
				require.NotEqual(t, c.RawIssuer, c.RawSubject, "no root is sent")
			}
		})
	}
}

// A name that is nearly that of the CA is another name, and the error says how
// near it is.
func TestAttack08_NamesOfIssuers(t *testing.T) {
	key := newEC(t)
	attr := func(oid int, value any) pkix.AttributeTypeAndValue {
		return pkix.AttributeTypeAndValue{Type: asn1.ObjectIdentifier{2, 5, 4, oid}, Value: value}
	}
	raw := func(rdns ...[]pkix.AttributeTypeAndValue) []byte {
		var seq pkix.RDNSequence
		for _, r := range rdns {
			seq = append(seq, r)
		}
		der, err := asn1.Marshal(seq)
		require.NoError(t, err)
		return der
	}
	one := func(a pkix.AttributeTypeAndValue) []pkix.AttributeTypeAndValue {
		return []pkix.AttributeTypeAndValue{a}
	}
	utf8 := func(s string) asn1.RawValue { return asn1.RawValue{Tag: asn1.TagUTF8String, Bytes: []byte(s)} }
	cn, o := attr(3, "CA"), attr(10, "secdds")
	caName := raw(one(o), one(cn))
	trusted := issue(t, nil, "", newEC(t), func(c *x509.Certificate) { isCA(c); c.RawSubject = caName })

	for name, tt := range map[string]struct {
		issuer []byte
		want   string
	}{
		"order":            {raw(one(cn), one(o)), "the same attributes in another order"},
		"encoding":         {raw(one(attr(10, utf8("secdds"))), one(attr(3, utf8("CA")))), "the same text in another encoding"},
		"case":             {raw(one(attr(10, "SecDDS")), one(cn)), "the same attributes but for capital letters"},
		"multi-valued RDN": {raw([]pkix.AttributeTypeAndValue{o, cn}), "the same attributes in another order"},
		"another":          {raw(one(attr(3, "Another"))), ""},
	} {
		t.Run(name, func(t *testing.T) {
			c := issue(t, issue(t, nil, "", newEC(t), func(c *x509.Certificate) { isCA(c); c.RawSubject = tt.issuer }), "A", key, nil)
			p, err := New(config(t, trusted, c))
			require.NoError(t, err)
			_, err = p.ValidateLocalIdentity(now, 0, candidate)
			var r *spi.Refusal
			require.ErrorAs(t, err, &r)
			require.Contains(t, r.Rule, "issuer of")
			if tt.want != "" {
				require.Contains(t, r.Found, tt.want)
			} else {
				require.NotContains(t, r.Found, "the same")
			}
			require.Equal(t, tt.want, nearly(caName, tt.issuer))
		})
	}
	require.Empty(t, nearly(caName, caName))
	require.Empty(t, nearly([]byte("x"), caName))
	require.Empty(t, nearly(caName, nil))
}

// A participant cannot take the GUID of another by a subject that reads alike.
func TestAttack08_SubjectsBindTheGUID(t *testing.T) {
	ca := newCA(t, "CA")
	name := nameThat(t, false)
	good := issue(t, ca, name, newEC(t), nil)
	victim := adjustGUID(good.RawSubject, candidate)
	r := newSide(t, config(t, ca, issue(t, ca, nameThat(t, true), newEC(t), nil)), "")
	utf8 := func(s string) asn1.RawValue { return asn1.RawValue{Tag: asn1.TagUTF8String, Bytes: []byte(s)} }
	for what, subject := range map[string]pkix.RDNSequence{
		"order":            {{{Type: []int{2, 5, 4, 3}, Value: name}}, {{Type: []int{2, 5, 4, 10}, Value: "secdds"}}},
		"encoding":         {{{Type: []int{2, 5, 4, 10}, Value: utf8("secdds")}}, {{Type: []int{2, 5, 4, 3}, Value: utf8(name)}}},
		"multi-valued RDN": {{{Type: []int{2, 5, 4, 3}, Value: name}, {Type: []int{2, 5, 4, 10}, Value: "secdds"}}},
		"one more":         {{{Type: []int{2, 5, 4, 10}, Value: "secdds"}}, {{Type: []int{2, 5, 4, 3}, Value: name}}, {{Type: []int{2, 5, 4, 3}, Value: name}}},
	} {
		der, err := asn1.Marshal(subject)
		require.NoError(t, err)
		key := newEC(t)
		evil := issue(t, ca, name, key, func(c *x509.Certificate) { c.RawSubject = der })
		h, err := r.id.NewHandshake(spi.RemoteParticipant{GUID: victim, IdentityToken: spi.Token{ClassID: classToken}})
		require.NoError(t, err)
		peer := newHandshake(&identity{p: &Plugin{key: key}, v: verified{notAfter: now.Add(time.Hour)}, guid: victim, cid: evil.pem()},
			spi.RemoteParticipant{GUID: r.id.GUID()}, true)
		req, err := peer.Begin(now, pdataOf(victim))
		require.NoError(t, err)
		_, _, err = h.Process(now, r.pdata, req)
		var refusal *spi.Refusal
		require.ErrorAs(t, err, &refusal, what)
		require.Equal(t, "subject", refusal.Rule)
	}
}

// The class ids of 1.0, 1.1 and 1.2 are answered in kind, and only them.
func TestAttack09_ClassIDs(t *testing.T) {
	for _, v := range []string{"1.0", "1.1", "1.2"} {
		class := "DDS:Auth:PKI-DH:" + v
		i, r := newPair(t, newEC(t), newEC(t))
		for _, s := range []struct{ me, peer *side }{{i, r}, {r, i}} {
			require.Equal(t, "DDS:Auth:PKI-DH:1.0", s.me.id.Token().ClassID, "what is announced")
			token := s.peer.id.Token()
			token.ClassID = class
			var err error
			s.me.h, err = s.me.id.NewHandshake(spi.RemoteParticipant{GUID: s.peer.id.GUID(), IdentityToken: token})
			require.NoError(t, err)
			require.Equal(t, class+"+AuthReq", s.me.h.AuthRequest().ClassID)
		}
		req, err := i.h.Begin(now, i.pdata)
		require.NoError(t, err)
		require.Equal(t, class+"+Req", req.ClassID)

		// A request of any edition, whatever was announced.
		for _, other := range []string{"1.0", "1.1", "1.2"} {
			asked := wire(t, &req)
			asked.ClassID = "DDS:Auth:PKI-DH:" + other + "+Req"
			meet(t, r, r.sameAs(i), rtps.VendorSecdds, rtps.VendorSecdds)
			reply, _, err := r.h.Process(now, r.pdata, asked)
			require.NoError(t, err)
			require.Equal(t, "DDS:Auth:PKI-DH:"+other+"+Reply", reply.ClassID)
		}
		reply := r.step(t, wire(t, &req), false)
		final := i.step(t, wire(t, reply), true)
		require.Equal(t, class+"+Final", final.ClassID)
		require.Nil(t, r.step(t, wire(t, final), true))
		agreed(t, i, r)
	}
}

// sameAs returns a copy of s, so that meet makes a new handshake for one side only.
func (*side) sameAs(s *side) *side { c := *s; return &c }

// A replayed request gets the reply it got before from the same handshake, and
// nothing that finishes from another one.
func TestAttack09_ReplayedRequest(t *testing.T) {
	i, r := newPair(t, newEC(t), newEC(t))
	req, err := i.h.Begin(now, i.pdata)
	require.NoError(t, err)
	reply := r.step(t, wire(t, &req), false)
	final := i.step(t, wire(t, reply), true)
	require.Nil(t, r.step(t, wire(t, final), true))

	// The attacker has recorded all of it and meets r again.
	fresh, err := r.id.NewHandshake(spi.RemoteParticipant{GUID: i.id.GUID(), IdentityToken: i.id.Token()})
	require.NoError(t, err)
	again, done, err := fresh.Process(now, r.pdata, wire(t, &req))
	require.NoError(t, err)
	require.False(t, done)
	require.NotEqual(t, reply.Binary("challenge2"), again.Binary("challenge2"))
	_, done, err = fresh.Process(now, r.pdata, wire(t, final))
	require.ErrorContains(t, err, "challenge2")
	require.False(t, done)
	require.Zero(t, fresh.Result())
	agreed(t, i, r)
}

// Two that both believe they begin: each refuses the other's request, for only
// the smaller GUID begins.
func TestAttack09_TwoInitiators(t *testing.T) {
	i, r := newPair(t, newEC(t), newEC(t))
	wrong := newHandshake(r.id.(*identity), spi.RemoteParticipant{GUID: i.id.GUID()}, true)
	req, err := i.h.Begin(now, i.pdata)
	require.NoError(t, err)
	forged, err := wrong.Begin(now, r.pdata)
	require.NoError(t, err)
	_, _, err = i.h.Process(now, i.pdata, forged)
	require.ErrorContains(t, err, "class")
	r.step(t, *i.step(t, *r.step(t, req, false), true), true)
	agreed(t, i, r)
}

// Properties nobody knows are passed over, in every message.
func TestAttack09_UnknownProperties(t *testing.T) {
	i, r := newPair(t, newEC(t), newEC(t))
	more := func(token *spi.Token) spi.Token {
		c := wire(t, token)
		c.Properties = []rtps.Property{{Name: "com.example.text", Value: "x"}}
		c.BinaryProperties = append([]rtps.BinaryProperty{{Name: "com.example.first", Value: []byte{1}}}, c.BinaryProperties...)
		c.BinaryProperties = append(c.BinaryProperties, rtps.BinaryProperty{Name: "ocsp_status", Value: []byte("?")})
		return c
	}
	req, err := i.h.Begin(now, i.pdata)
	require.NoError(t, err)
	final := i.step(t, more(r.step(t, more(&req), false)), true)
	require.Nil(t, r.step(t, more(final), true))
	agreed(t, i, r)
}

// RSA and ECDSA, DH and ECDH in every combination.
func TestAttack09_Mixes(t *testing.T) {
	ca := newCA(t, "CA")
	keys := map[string]func() crypto.Signer{
		"P-256": func() crypto.Signer { return newEC(t) }, "P-384": func() crypto.Signer { return newCurve(t, elliptic.P384()) },
		"RSA": func() crypto.Signer { return rsaKeys[1]() },
	}
	for ki, mine := range keys {
		for kr, theirs := range keys {
			for _, agree := range []string{"", agreeECDH, agreeDH, agreeP384} {
				t.Run(fmt.Sprint(ki, " ", kr, " ", agree), func(t *testing.T) {
					cfg := config(t, ca, issue(t, ca, nameThat(t, false), mine(), nil))
					cfg.KeyAgreement = agree
					i := newSide(t, cfg, "permissions of i")
					r := newSide(t, config(t, ca, issue(t, ca, nameThat(t, true), theirs(), nil)), "permissions of r")
					meet(t, i, r, rtps.VendorSecdds, rtps.VendorSecdds)
					shake(t, i, r)
				})
			}
		}
	}
}

// A message is bounded before it is looked at, and says everything once.
func TestAttack09_Bounds(t *testing.T) {
	i, r := newPair(t, newEC(t), newEC(t))
	req, err := i.h.Begin(now, i.pdata)
	require.NoError(t, err)
	for name, edit := range map[string]func(*spi.Token){
		"properties": func(t *spi.Token) {
			for n := range maxProperties {
				t.BinaryProperties = append(t.BinaryProperties, rtps.BinaryProperty{Name: fmt.Sprint(n)})
			}
		},
		"properties: expected": func(t *spi.Token) { t.Properties = make([]rtps.Property, maxProperties) },
		"it twice":             func(t *spi.Token) { t.BinaryProperties = append(t.BinaryProperties, t.BinaryProperties[0]) },
		"size": func(t *spi.Token) {
			t.BinaryProperties = append(t.BinaryProperties, rtps.BinaryProperty{Name: "x", Value: make([]byte, 2<<20)})
		},
		"c.id": func(t *spi.Token) { t.BinaryProperties[0].Value = make([]byte, maxID+1) },
		"more than 8 certificates": func(t *spi.Token) {
			var chain []byte
			for range maxChain + 1 {
				chain = append(chain, t.BinaryProperties[0].Value...)
			}
			t.BinaryProperties[0].Value = chain
		},
		"c.perm":        func(t *spi.Token) { t.BinaryProperties[1].Value = make([]byte, maxPerm+1) },
		"c.pdata":       func(t *spi.Token) { t.BinaryProperties[2].Value = make([]byte, maxPData+1) },
		"c.dsign_algo":  func(t *spi.Token) { t.BinaryProperties[3].Value = []byte("ECDSA-SHA1") },
		"c.kagree_algo": func(t *spi.Token) { t.BinaryProperties[4].Value = []byte("DH+MODP-1024") },
		"dh1":           func(t *spi.Token) { t.BinaryProperties[6].Value = make([]byte, maxPublic+1) },
		"challenge1":    func(t *spi.Token) { t.BinaryProperties[7].Value = make([]byte, 33) },
	} {
		forged := wire(t, &req)
		require.Equal(t, "hash_c1", forged.BinaryProperties[5].Name)
		forged.BinaryProperties[5].Value = nil // it need not be there
		edit(&forged)
		_, _, err := r.h.Process(now, r.pdata, forged)
		require.ErrorContains(t, err, name)
	}
	shake(t, i, r)
}
