package pkidh

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

// A renewal is two participants with a session, of which i has new credentials.
type renewal struct {
	ca         *cert
	i, r       *side
	ri, rr     spi.HandshakeResult // what i and r know of each other
	cfg        Config              // new credentials of i
	fresh      spi.LocalIdentity
	prover     spi.CredentialProver
	verifier   spi.CredentialProver
	iGUID      rtps.GUID
	rGUID      rtps.GUID
	newSubject string
}

func newRenewal(t testing.TB, edit func(*x509.Certificate)) *renewal {
	w := &renewal{ca: newCA(t, "CA"), newSubject: nameThat(t, false)}
	w.i = newSide(t, config(t, w.ca, issue(t, w.ca, w.newSubject, newEC(t), nil)), "permissions of i")
	w.r = newSide(t, config(t, w.ca, issue(t, w.ca, nameThat(t, true), newEC(t), nil)), "permissions of r")
	meet(t, w.i, w.r, rtps.VendorSecdds, rtps.VendorSecdds)
	shake(t, w.i, w.r)
	w.ri, w.rr = w.i.h.Result(), w.r.h.Result()
	w.iGUID, w.rGUID = w.i.id.GUID(), w.r.id.GUID()
	w.cfg = config(t, w.ca, issue(t, w.ca, w.newSubject, newEC(t), edit))
	p, err := New(w.cfg)
	require.NoError(t, err)
	w.fresh, err = p.RenewLocalIdentity(now, 0, w.iGUID)
	require.NoError(t, err)
	w.fresh.SetPermissions(spi.Token{BinaryProperties: []rtps.BinaryProperty{{Name: "dds.perm.cert", Value: []byte("new permissions")}}})
	w.prover, w.verifier = w.fresh.(spi.CredentialProver), w.r.id.(spi.CredentialProver)
	return w
}

func (w *renewal) token(t testing.TB) spi.Token {
	token, err := w.prover.ProveCredentials(w.ri, w.rGUID)
	require.NoError(t, err)
	return wire(t, &token)
}

func TestRenewedCredentials(t *testing.T) {
	until := now.Add(900 * time.Hour) // the CA lapses after 1000
	w := newRenewal(t, func(c *x509.Certificate) { c.NotAfter = until })
	require.Equal(t, w.iGUID, w.fresh.GUID())
	got, err := w.verifier.AcceptCredentials(now, w.rr, w.iGUID, w.token(t))
	require.NoError(t, err)

	require.Equal(t, w.rr.Secret, got.Secret)
	require.Equal(t, w.rr.PData, got.PData)
	require.Equal(t, w.rr.SubjectDER, got.SubjectDER)
	require.Equal(t, w.rr.SubjectName, got.SubjectName)
	require.Equal(t, until, got.NotAfter)
	require.NotEqual(t, w.rr.NotAfter, got.NotAfter)
	require.Equal(t, "new permissions", string(got.PermissionDoc))
	require.Equal(t, w.cfg.Certificate, got.Credential.Binary("c.id"))
	require.Equal(t, "new permissions", string(got.Credential.Binary("c.perm")))
	require.NoError(t, w.r.id.(spi.PeerChecker).CheckPeer(now, got))

	// And again, from what stands now; and the other way round.
	_, err = w.verifier.AcceptCredentials(now, got, w.iGUID, w.token(t))
	require.NoError(t, err)
	back, err := w.verifier.ProveCredentials(got, w.iGUID)
	require.NoError(t, err)
	_, err = w.prover.AcceptCredentials(now, w.ri, w.rGUID, back)
	require.NoError(t, err)
}

func TestRenewalKeepsTheSubject(t *testing.T) {
	w := newRenewal(t, nil)
	for name, subject := range map[string]pkix.Name{
		"another name":     {CommonName: "somebody else", Organization: []string{"secdds"}},
		"another order":    {ExtraNames: []pkix.AttributeTypeAndValue{{Type: []int{2, 5, 4, 3}, Value: w.newSubject}, {Type: []int{2, 5, 4, 10}, Value: "secdds"}}},
		"one part missing": {CommonName: w.newSubject},
	} {
		c := issue(t, w.ca, w.newSubject, newEC(t), func(c *x509.Certificate) { c.Subject = subject })
		p, err := New(config(t, w.ca, c))
		require.NoError(t, err)
		_, err = p.RenewLocalIdentity(now, 0, w.iGUID)
		require.ErrorContains(t, err, "the subject that the GUID", name)

		// A peer that does it all the same is refused by the other side.
		id, err := p.ValidateLocalIdentity(now, 0, candidate)
		require.NoError(t, err)
		id.(*identity).guid = w.iGUID
		token, err := id.(spi.CredentialProver).ProveCredentials(w.ri, w.rGUID)
		require.NoError(t, err)
		_, err = w.verifier.AcceptCredentials(now, w.rr, w.iGUID, token)
		var r *spi.Refusal
		require.ErrorAs(t, err, &r, name)
		require.Equal(t, "subject", r.Rule)
		if name == "another order" {
			require.Contains(t, r.Found, "the same attributes in another order")
		}
	}
}

// TestCredentialsOfAnotherPlace: a token is good for one session, between two
// participants, in one direction.
func TestCredentialsOfAnotherPlace(t *testing.T) {
	w := newRenewal(t, nil)
	token := w.token(t)
	for _, edit := range []func(*spi.HandshakeResult){
		func(r *spi.HandshakeResult) { r.Secret.Secret[7] ^= 1 },
		func(r *spi.HandshakeResult) { r.Secret.Challenge1[7] ^= 1 },
		func(r *spi.HandshakeResult) { r.Secret.Challenge2[7] ^= 1 },
	} {
		other := w.rr
		edit(&other)
		_, err := w.verifier.AcceptCredentials(now, other, w.iGUID, token)
		require.ErrorIs(t, err, errSignature)
	}
	third := w.iGUID
	third.Prefix[11] ^= 1
	_, err := w.verifier.AcceptCredentials(now, w.rr, third, token)
	require.ErrorIs(t, err, errSignature, "another prover")
	toThird, err := w.prover.ProveCredentials(w.ri, third)
	require.NoError(t, err)
	_, err = w.verifier.AcceptCredentials(now, w.rr, w.iGUID, toThird)
	require.ErrorIs(t, err, errSignature, "for another verifier")

	// Sent back to who made it, as if it came from the peer.
	mirror := w.ri
	mirror.SubjectDER = w.rr.SubjectDER
	_, err = w.prover.AcceptCredentials(now, mirror, w.rGUID, token)
	require.ErrorIs(t, err, errSignature)

	// A handshake's signature is none.
	final := w.i.h.(*handshake).answered[0].token
	forged := spi.Token{ClassID: token.ClassID, BinaryProperties: slices.Clone(token.BinaryProperties)}
	forged.BinaryProperties[2].Value = final.Binary("signature")
	_, err = w.verifier.AcceptCredentials(now, w.rr, w.iGUID, forged)
	require.ErrorIs(t, err, errSignature)

	_, err = w.prover.ProveCredentials(spi.HandshakeResult{}, w.rGUID)
	require.ErrorIs(t, err, errNoSession)
	_, err = w.verifier.AcceptCredentials(now, spi.HandshakeResult{}, w.iGUID, token)
	require.ErrorIs(t, err, errNoSession)
}

func TestCredentialsRefusedByCertificate(t *testing.T) {
	foreign := newCA(t, "Foreign")
	for _, tt := range []struct {
		name string
		at   time.Time
		make func(w *renewal) *cert // the certificate in the token
		crl  func(w *renewal, c *cert) []byte
		want string
	}{
		{"unknown CA", now, func(w *renewal) *cert { return issue(t, foreign, w.newSubject, newEC(t), nil) }, nil, "CN=Foreign"},
		{"expired", now.Add(3000 * time.Hour), nil, nil, "expired"},
		{"not valid yet", now.Add(-2 * time.Hour), nil, nil, "not valid before"},
		{"revoked", now, nil, func(w *renewal, c *cert) []byte { return crl(t, w.ca, now.Add(time.Hour), c) }, "revoked"},
		{"SHA-1", now, func(w *renewal) *cert {
			return forgeAlgorithm(t, issue(t, w.ca, w.newSubject, newEC(t), nil))
		}, nil, "SHA-256 or better"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newRenewal(t, nil)
			p := *w.fresh.(*identity).p
			c := &cert{Certificate: p.certs[0], key: p.key}
			if tt.make != nil {
				c = tt.make(w)
			}
			id := identity{p: &Plugin{key: c.key}, guid: w.iGUID, cid: c.pem()}
			if tt.crl != nil {
				cfg := config(t, w.ca, &cert{Certificate: w.r.id.(*identity).p.certs[0], key: w.r.id.(*identity).p.key})
				cfg.CRL = tt.crl(w, c)
				fresh, err := New(cfg)
				require.NoError(t, err)
				renewed, err := fresh.RenewLocalIdentity(now, 0, w.rGUID)
				require.NoError(t, err)
				w.verifier = renewed.(spi.CredentialProver)
			}
			token, err := id.ProveCredentials(w.ri, w.rGUID)
			require.NoError(t, err)
			got, err := w.verifier.AcceptCredentials(tt.at, w.rr, w.iGUID, token)
			require.ErrorContains(t, err, tt.want)
			require.ErrorContains(t, err, w.iGUID.String())
			require.Zero(t, got)
			var r *spi.Refusal
			require.ErrorAs(t, err, &r)
			require.Equal(t, "c.id", r.Document)
		})
	}
}

// TestEveryOctetOfCredentials flips a bit in every octet of the token, and cuts
// it at every place.
func TestEveryOctetOfCredentials(t *testing.T) {
	w := newRenewal(t, nil)
	token := w.token(t)
	octets := rtps.AppendDataHolder(nil, true, &token)
	accepted, refused := 0, 0
	try := func(b []byte) {
		forged, err := rtps.ParseDataHolder(b, true)
		if err != nil {
			refused++
			return
		}
		got, err := w.verifier.AcceptCredentials(now, w.rr, w.iGUID, forged)
		if err != nil {
			require.Zero(t, got)
			refused++
			return
		}
		// Octets between the fields mean nothing.
		require.Equal(t, token, forged)
		accepted++
	}
	for i := range octets {
		b := bytes.Clone(octets)
		b[i] ^= 1 << (i % 8)
		try(b)
		try(octets[:i])
	}
	require.Less(t, accepted, 20)
	require.Equal(t, 2*len(octets), accepted+refused)
}

func TestCredentialsShape(t *testing.T) {
	w := newRenewal(t, nil)
	token := w.token(t)
	for name, edit := range map[string]func(*spi.Token){
		"class":          func(t *spi.Token) { t.ClassID = "DDS:Auth:PKI-DH:1.0+Req" },
		"unknown":        func(t *spi.Token) { t.BinaryProperties = append(t.BinaryProperties, rtps.BinaryProperty{Name: "x"}) },
		"text":           func(t *spi.Token) { t.Properties = []rtps.Property{{Name: "a"}} },
		"twice":          func(t *spi.Token) { t.BinaryProperties[0] = t.BinaryProperties[1] },
		"none":           func(t *spi.Token) { t.BinaryProperties = nil },
		"huge c.id":      func(t *spi.Token) { t.BinaryProperties[0].Value = make([]byte, maxID+1) },
		"huge c.perm":    func(t *spi.Token) { t.BinaryProperties[1].Value = make([]byte, maxPerm+1) },
		"no signature":   func(t *spi.Token) { t.BinaryProperties[2].Value = nil },
		"no PEM":         func(t *spi.Token) { t.BinaryProperties[0].Value = []byte("x") },
		"a trailing NUL": func(t *spi.Token) { t.BinaryProperties[0].Value = append(bytes.Clone(t.BinaryProperties[0].Value), 0) },
	} {
		forged := token
		forged.BinaryProperties = slices.Clone(token.BinaryProperties)
		edit(&forged)
		_, err := w.verifier.AcceptCredentials(now, w.rr, w.iGUID, forged)
		require.Error(t, err, name)
	}
}

func TestCheckPeer(t *testing.T) {
	w := newRenewal(t, nil)
	checker := w.r.id.(spi.PeerChecker)
	require.NoError(t, checker.CheckPeer(now, w.rr))
	require.ErrorContains(t, checker.CheckPeer(now.Add(5000*time.Hour), w.rr), "expired")
	require.Error(t, checker.CheckPeer(now, spi.HandshakeResult{}))
	swapped := w.rr
	swapped.SubjectDER = w.ri.SubjectDER
	require.ErrorContains(t, checker.CheckPeer(now, swapped), "subject")

	// Its CA is no longer trusted; it was revoked; both as RenewLocalIdentity has it.
	mine := &cert{Certificate: w.r.id.(*identity).p.certs[0], key: w.r.id.(*identity).p.key}
	other := newCA(t, "Other")
	cfg := config(t, w.ca, mine)
	cfg.CRL = crl(t, w.ca, now.Add(time.Hour), &cert{Certificate: w.i.id.(*identity).p.certs[0]})
	revoked, err := New(cfg)
	require.NoError(t, err)
	id, err := revoked.RenewLocalIdentity(now, 0, w.rGUID)
	require.NoError(t, err)
	err = id.(spi.PeerChecker).CheckPeer(now, w.rr)
	require.ErrorContains(t, err, "revoked")
	var r *spi.Refusal
	require.True(t, errors.As(err, &r))

	cfg = config(t, other, issue(t, other, mine.Subject.CommonName, newEC(t), nil))
	moved, err := New(cfg)
	require.NoError(t, err)
	id, err = moved.RenewLocalIdentity(now, 0, w.rGUID)
	require.NoError(t, err)
	require.ErrorContains(t, id.(spi.PeerChecker).CheckPeer(now, w.rr), "CN=Other")
}

// FuzzCredentials sends a forged token.
func FuzzCredentials(f *testing.F) {
	seed(f)
	w := newRenewal(f, nil)
	token := w.token(f)
	f.Fuzz(func(t *testing.T, which uint8, at uint16, cut bool, with, raw []byte) {
		forged := forge(token, which, at, cut, with, raw)
		got, err := w.verifier.AcceptCredentials(now, w.rr, w.iGUID, forged)
		if err != nil {
			require.Zero(t, got)
			return
		}
		require.Equal(t, token.BinaryProperties, forged.BinaryProperties)
	})
}
