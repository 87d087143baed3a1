package admission

import (
	"crypto/rand"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/security"
	"github.com/secdds/dds/security/keystore"
	"github.com/secdds/dds/spi"
)

// casts are the fakes, and the plugins that are built in.
func casts(t *testing.T) map[string]cast {
	return map[string]cast{"fakes": &fakeCast{}, "built-in": builtin(t)}
}

type fakeCast struct{ made int }

func (c *fakeCast) enter(_ *testing.T, name byte, again rtps.GUID) *Gate {
	c.made++
	g := again
	if again.IsZero() {
		g = rtps.GUID{Prefix: rtps.GUIDPrefix{name, byte(c.made), byte(c.made >> 8)}, Entity: rtps.EntityParticipant}
	}
	return &Gate{Identity: &fakeIdentity{guid: g, made: c.made << 4}, Permissions: &fakePermissions{}, Crypto: fakeCrypto{}}
}

func (c *fakeCast) endpoint(*testing.T, *Gate, rtps.EntityID) spi.EndpointCrypto {
	return &fakeEndpoint{needs: true}
}

type builtinCast struct {
	plugins    map[byte]*spi.Security
	candidates map[rtps.GUID]rtps.GUID
}

// builtin makes credentials once for all tests.
func builtin(t *testing.T) *builtinCast {
	c, err := credentials()
	require.NoError(t, err)
	return c
}

var credentials = sync.OnceValues(func() (*builtinCast, error) {
	dir, err := os.MkdirTemp("", "admission")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	g := keystore.SROS2Governance()
	k, err := keystore.Create(filepath.Join(dir, "keys"), keystore.Options{Governance: &g, Now: epoch})
	if err != nil {
		return nil, err
	}
	c := &builtinCast{plugins: map[byte]*spi.Security{}, candidates: map[rtps.GUID]rtps.GUID{}}
	for _, name := range []byte("ab") {
		enclave, err := k.CreateEnclave("/"+string(name), keystore.EnclaveOptions{})
		if err != nil {
			return nil, err
		}
		if c.plugins[name], err = security.FromEnclave(enclave); err != nil {
			return nil, err
		}
	}
	// Who has the smaller GUID follows from the certificates.
	first := map[byte]rtps.GUID{}
	for name, s := range c.plugins {
		id, err := s.Authentication.ValidateLocalIdentity(epoch, 0, rtps.GUID{Entity: rtps.EntityParticipant})
		if err != nil {
			return nil, err
		}
		first[name] = id.GUID()
	}
	if first['a'].Compare(first['b']) > 0 {
		c.plugins['a'], c.plugins['b'] = c.plugins['b'], c.plugins['a']
	}
	return c, nil
})

func (c *builtinCast) enter(t *testing.T, name byte, again rtps.GUID) *Gate {
	s := c.plugins[name]
	candidate := rtps.GUID{Entity: rtps.EntityParticipant}
	_, _ = rand.Read(candidate.Prefix[:])
	if !again.IsZero() {
		candidate = c.candidates[again]
	}
	id, err := s.Authentication.ValidateLocalIdentity(epoch, 0, candidate)
	require.NoError(t, err)
	c.candidates[id.GUID()] = candidate
	perms, err := s.AccessControl.ValidateLocalPermissions(epoch, id, 0)
	require.NoError(t, err)
	id.SetPermissions(perms.CredentialToken())
	crypto, err := s.Cryptography.NewParticipant(perms.ParticipantAttributes())
	require.NoError(t, err)
	return &Gate{Identity: id, Permissions: perms, Crypto: crypto}
}

func (c *builtinCast) endpoint(t *testing.T, g *Gate, e rtps.EntityID) spi.EndpointCrypto {
	attrs, err := g.Permissions.EndpointAttributes("square")
	require.NoError(t, err)
	crypto, err := g.Crypto.NewEndpoint(e, attrs)
	require.NoError(t, err)
	return crypto
}
