package pkidh

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

// Credentials that replace those of a handshake travel in a token of their own.
// Its signature covers, in the canonical form of DDS-Security 1.1, 9.3.2.5, what
// it is for, the session, who says it to whom, and what is said: nothing of it
// can be taken from one place to another.
const (
	propPurpose  = "secdds.purpose"
	propSession  = "secdds.session"  // SHA-256 of the shared secret and both challenges
	propProver   = "secdds.prover"   // GUID
	propVerifier = "secdds.verifier" // GUID

	purposeCredentials = "secdds: credentials that replace those of the handshake, version 1"
)

// signedCredentials returns what the signature covers.
func signedCredentials(s spi.SharedSecret, prover, verifier rtps.GUID, id, perm []byte) []rtps.BinaryProperty {
	session := sha256.New()
	session.Write(s.Secret[:])
	session.Write(s.Challenge1[:])
	session.Write(s.Challenge2[:])
	return []rtps.BinaryProperty{
		{Name: propPurpose, Value: []byte(purposeCredentials)},
		{Name: propSession, Value: session.Sum(nil)},
		{Name: propProver, Value: rtps.AppendGUID(nil, prover)},
		{Name: propVerifier, Value: rtps.AppendGUID(nil, verifier)},
		{Name: propID, Value: id},
		{Name: propPerm, Value: perm},
	}
}

var errNoSession = errors.New("pkidh: there is no session: its secret is empty")

// ProveCredentials implements spi.CredentialProver.
func (id *identity) ProveCredentials(session spi.HandshakeResult, remote rtps.GUID) (spi.Token, error) {
	if session.Secret.Secret == ([32]byte{}) {
		return spi.Token{}, errNoSession
	}
	var perm []byte
	if p := id.perm.Load(); p != nil {
		perm = *p
	}
	signature, err := sign(id.p.key, signedCredentials(session.Secret, id.guid, remote, id.cid, perm))
	if err != nil {
		return spi.Token{}, fmt.Errorf("pkidh: sign credentials: %w", err)
	}
	return spi.Token{ClassID: classCredentials, BinaryProperties: []rtps.BinaryProperty{
		{Name: propID, Value: id.cid},
		{Name: propPerm, Value: perm},
		{Name: propSignature, Value: signature},
	}}, nil
}

// AcceptCredentials implements spi.CredentialProver.
func (id *identity) AcceptCredentials(now time.Time, session spi.HandshakeResult, remote rtps.GUID, t spi.Token) (spi.HandshakeResult, error) {
	if session.Secret.Secret == ([32]byte{}) {
		return spi.HandshakeResult{}, errNoSession
	}
	r, err := id.acceptCredentials(now, session, remote, &t)
	if err != nil {
		return spi.HandshakeResult{}, fmt.Errorf("pkidh: new credentials of participant %v refused: %w", remote, err)
	}
	return r, nil
}

func (id *identity) acceptCredentials(now time.Time, session spi.HandshakeResult, remote rtps.GUID, t *spi.Token) (r spi.HandshakeResult, err error) {
	if t.ClassID != classCredentials {
		return r, at("credentials token", unlike("class", classCredentials, "%.64q", t.ClassID))
	}
	if err := checkBounds(t); err != nil {
		return r, err
	}
	cid, _ := find(t, propID)
	perm, _ := find(t, propPerm)
	signature, _ := find(t, propSignature)
	switch {
	case len(t.BinaryProperties) != 3 || len(t.Properties) > 0:
		return r, at("credentials token", unlike("properties", "c.id, c.perm and signature", "others"))
	case len(cid) > maxID:
		return r, at("credentials token", unlike(propID, fmt.Sprintf("at most %d octets", maxID), "%d", len(cid)))
	case len(perm) > maxPerm:
		return r, at("credentials token", unlike(propPerm, fmt.Sprintf("at most %d octets", maxPerm), "%d", len(perm)))
	}
	certs, err := parseCerts(cid, maxChain)
	if err != nil {
		return r, at(propID, err)
	}
	if err := sameSubject(certs[0].RawSubject, session.SubjectDER); err != nil {
		return r, at(propID, err)
	}
	v, err := id.p.trust.verify(now, certs)
	if err != nil {
		return r, at(propID, err)
	}
	if err := verifySignature(v.leaf.PublicKey, signedCredentials(session.Secret, remote, id.guid, cid, perm), signature); err != nil {
		return r, at("credentials token", &spi.Refusal{Rule: propSignature, Err: err,
			Expected: "one by the new key, for this session, from that participant to us"})
	}
	r = session
	r.Credential = spi.Token{ClassID: classToken, BinaryProperties: []rtps.BinaryProperty{
		{Name: propID, Value: bytes.Clone(cid)},
		{Name: propPerm, Value: bytes.Clone(perm)},
	}}
	r.NotAfter, r.PermissionDoc = v.notAfter, trimNUL(bytes.Clone(perm))
	r.SubjectName, r.SubjectDER = nameText(v.leaf.RawSubject), v.leaf.RawSubject
	return r, nil
}

func sameSubject(got, want []byte) error {
	if string(got) == string(want) {
		return nil
	}
	r := unlike("subject", quoteName(want)+", that of the session", "%s", quoteName(got))
	if s := nearly(got, want); s != "" {
		r.Found += ": " + s
	}
	return r
}

// CheckPeer implements spi.PeerChecker.
func (id *identity) CheckPeer(now time.Time, session spi.HandshakeResult) error {
	certs, err := parseCerts(session.Credential.Binary(propID), maxChain)
	if err == nil {
		err = sameSubject(certs[0].RawSubject, session.SubjectDER)
	}
	if err == nil {
		_, err = id.p.trust.verify(now, certs)
	}
	if err != nil {
		return fmt.Errorf("pkidh: %q is no longer trusted: %w", session.SubjectName, at(propID, err))
	}
	return nil
}
