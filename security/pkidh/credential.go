package pkidh

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

// Largest values of properties, in octets. What is larger is refused before it
// is looked at.
const (
	maxID        = 64 << 10
	maxPerm      = 1 << 20
	maxPData     = 64 << 10
	maxName      = 64
	maxPublic    = 512
	maxSignature = 1024
)

// A credential is what one side says of itself in its first message: the c.
// properties, in the order in which they are hashed.
type credential struct {
	props []rtps.BinaryProperty
	hash  [32]byte // hash_c1 or hash_c2. DDS-Security 1.1, 9.3.2.5
}

func newCredential(props []rtps.BinaryProperty) credential {
	return credential{props: props, hash: sha256.Sum256(rtps.AppendCanonical(nil, props))}
}

// credential returns our own.
func (id *identity) credential(pdata []byte, agree string, new12, nul bool) credential {
	text := func(s string) []byte {
		b := []byte(s)
		if nul {
			b = append(b, 0)
		}
		return b
	}
	props := []rtps.BinaryProperty{{Name: propID, Value: id.cid}}
	if perm := id.perm.Load(); perm != nil {
		props = append(props, rtps.BinaryProperty{Name: propPerm, Value: *perm})
	}
	return newCredential(append(props,
		rtps.BinaryProperty{Name: propPData, Value: pdata},
		rtps.BinaryProperty{Name: propSign, Value: text(signName(id.p.key.Public(), new12))},
		rtps.BinaryProperty{Name: propAgree, Value: text(agree)},
	))
}

// A peerCredential is what the other side says of itself, found to be that of
// the participant we talk to. Who sent it, only a signature tells.
type peerCredential struct {
	credential
	verified
	id, perm, pdata []byte
	agree           string // without NUL
	nul             bool   // the names of algorithms end with a NUL
	new12           bool   // they are those of DDS-Security 1.2
}

// checkCredential takes the c. properties from token and checks them.
// DDS-Security 1.1, 9.3.2.5 and 9.3.3.
func (h *handshake) checkCredential(now time.Time, token *spi.Token) (*peerCredential, error) {
	var c peerCredential
	var props []rtps.BinaryProperty
	values := map[string][]byte{}
	for _, want := range [...]struct {
		name string
		max  int
	}{{propID, maxID}, {propPerm, maxPerm}, {propPData, maxPData}, {propSign, maxName}, {propAgree, maxName}} {
		v, ok := find(token, want.name)
		if !ok {
			if want.name == propPerm {
				continue // Interop: Fast DDS without access control; that is not ours to judge
			}
			return nil, &spi.Refusal{Document: "handshake token", Rule: want.name, Expected: "one", Found: "none"}
		}
		if len(v) > want.max {
			return nil, at("handshake token", unlike(want.name, fmt.Sprintf("at most %d octets", want.max), "%d", len(v)))
		}
		values[want.name] = v
		props = append(props, rtps.BinaryProperty{Name: want.name, Value: v})
	}
	c.id, c.perm, c.pdata = values[propID], values[propPerm], values[propPData]
	c.agree = string(trimNUL(values[propAgree]))
	c.nul = len(c.agree) < len(values[propAgree])
	s := string(trimNUL(values[propSign]))
	if !isSignName(s) {
		return nil, at("handshake token", unlike(propSign, signNames, "%q", s))
	}
	c.new12 = names12(s) || names12(c.agree)

	guid, ok := pdataGUID(c.pdata)
	switch {
	case !ok:
		return nil, at(propPData, unlike("participant GUID", "one", "none or several"))
	case guid != h.remote.GUID:
		return nil, at(propPData, unlike("participant GUID", h.remote.GUID.String(), "%v", guid))
	}
	certs, err := parseCerts(c.id, maxChain)
	if err != nil {
		return nil, at(propID, err)
	}
	if !guidFits(guid, certs[0].RawSubject) {
		return nil, at(propID, unlike("subject", "the one that the GUID "+guid.String()+" was made of", "the GUID is not that of %s", quoteName(certs[0].RawSubject)))
	}
	if c.verified, err = h.id.p.trust.verify(now, certs); err != nil {
		return nil, at(propID, err)
	}
	c.credential = newCredential(props)
	c.props = nil // borrowed from token, as are these:
	c.id, c.perm, c.pdata = bytes.Clone(c.id), bytes.Clone(c.perm), bytes.Clone(c.pdata)
	return &c, nil
}

// find returns the value of the first binary property of that name and whether
// there is one.
func find(t *spi.Token, name string) ([]byte, bool) {
	for i := range t.BinaryProperties {
		if t.BinaryProperties[i].Name == name {
			return t.BinaryProperties[i].Value, true
		}
	}
	return nil, false
}

// challengeIn returns a challenge in t. DDS-Security 1.1, 9.3.2.5: 32 octets.
func challengeIn(t *spi.Token, name string) ([32]byte, error) {
	v, _ := find(t, name)
	if len(v) != 32 {
		return [32]byte{}, at("handshake token", unlike(name, "32 octets", "%d", len(v)))
	}
	return [32]byte(v), nil
}

// publicIn returns the public value of a key agreement in t.
func publicIn(t *spi.Token, name string) ([]byte, error) {
	v, _ := find(t, name)
	if len(v) == 0 || len(v) > maxPublic {
		return nil, at("handshake token", unlike(name, fmt.Sprintf("1 to %d octets", maxPublic), "%d", len(v)))
	}
	return v, nil
}

// checkEcho reports a property that repeats what we know and does not agree.
// Interop: Cyclone DDS and OpenDDS leave out what is optional.
func checkEcho(t *spi.Token, name string, want []byte) error {
	if v, ok := find(t, name); ok && len(v) > 0 && string(v) != string(want) {
		return at("handshake token", unlike(name, "what it was in the messages before", "another value"))
	}
	return nil
}
