package pkidh

import (
	"bytes"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

// An identity implements spi.LocalIdentity.
type identity struct {
	// Immutable.
	p    *Plugin
	v    verified
	guid rtps.GUID
	cid  []byte // c.id: the certificate and its intermediates in PEM

	algorithms *rtps.SecurityAlgorithms // nil: those of DDS-Security 1.1

	perm atomic.Pointer[[]byte] // c.perm; nil: none was set
}

var (
	_ spi.LocalIdentity      = (*identity)(nil)
	_ spi.AlgorithmAnnouncer = (*identity)(nil)
	_ spi.CredentialProver   = (*identity)(nil)
	_ spi.PeerChecker        = (*identity)(nil)
)

// GUID implements spi.LocalIdentity.
func (id *identity) GUID() rtps.GUID { return id.guid }

// SubjectName implements spi.LocalIdentity.
func (id *identity) SubjectName() string { return nameText(id.v.leaf.RawSubject) }

// NotAfter implements spi.LocalIdentity.
func (id *identity) NotAfter() time.Time { return id.v.notAfter }

// Token implements spi.LocalIdentity. DDS-Security 1.1, 9.3.2.1.
//
// Interop: dds.ca.sn is left out. OpenDDS compares its text with its own
// rendering of the name, which no other vendor has.
func (id *identity) Token() spi.Token {
	t := spi.Token{
		ClassID:    classToken,
		Properties: []rtps.Property{{Name: "dds.cert.sn", Value: id.SubjectName()}},
	}
	// Interop: RustDDS refuses names of algorithms it does not know.
	if a := algoName(id.v.leaf.PublicKey, id.p.cfg.LegacyAlgorithmNames); a != "" {
		t.Properties = append(t.Properties, rtps.Property{Name: "dds.cert.algo", Value: a})
	}
	if a := algoName(id.v.ca().PublicKey, id.p.cfg.LegacyAlgorithmNames); a != "" {
		t.Properties = append(t.Properties, rtps.Property{Name: "dds.ca.algo", Value: a})
	}
	return t
}

// SetPermissions implements spi.LocalIdentity.
func (id *identity) SetPermissions(credential spi.Token) {
	doc := credential.Binary(propPermCert)
	if s, ok := credential.Property(propPermCert); ok && doc == nil {
		doc = []byte(s)
	}
	doc = bytes.Clone(doc)
	id.perm.Store(&doc)
}

// NewHandshake implements spi.LocalIdentity. DDS-Security 1.1, 8.3.2.
func (id *identity) NewHandshake(remote spi.RemoteParticipant) (spi.Handshake, error) {
	refuse := func(err error) error { return fmt.Errorf("pkidh: participant %v refused: %w", remote.GUID, err) }
	if c := remote.IdentityToken.ClassID; !isClass(c, "") {
		return nil, refuse(&spi.Refusal{Document: "identity token", Rule: "class", Expected: classToken + ", 1.1 or 1.2", Found: fmt.Sprintf("%.64q", c)})
	}
	order := id.guid.Compare(remote.GUID)
	if order == 0 {
		return nil, refuse(errors.New("it has our own GUID"))
	}
	if err := checkAlgorithms(id.algorithms, remote.Algorithms); err != nil {
		return nil, refuse(at("announcement", err))
	}
	return newHandshake(id, remote, order < 0), nil
}
