package engine

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/secdds/dds/internal/admission"
	"github.com/secdds/dds/spi"
)

// security is what a secured participant runs under.
type security struct {
	spi.Security
	creds  atomic.Pointer[credentials] // replaced by the control loop
	crypto spi.ParticipantCrypto
	attrs  spi.ParticipantAttributes
	gate   *admission.Gate // of the control loop alone

	lapsed error // why our own credentials are no longer good; of the control loop alone
}

// credentials are who we are and what we may do, until their term is over.
type credentials struct {
	identity spi.LocalIdentity
	perms    spi.LocalPermissions
	term     term
}

func (s *security) identity() spi.LocalIdentity { return s.creds.Load().identity }
func (s *security) perms() spi.LocalPermissions { return s.creds.Load().perms }

// secure asks the plugins whether this participant may exist at all. Nothing
// falls back to clear.
func (p *Participant) secure() error {
	plugins := p.cfg.Security
	if plugins.Authentication == nil && plugins.AccessControl == nil && plugins.Cryptography == nil && plugins.PreSharedKey != nil {
		return p.preShared(p.preShare(plugins.PreSharedKey, plugins.PreSharedKey.Kind()))
	}
	if plugins.Authentication == nil || plugins.AccessControl == nil || plugins.Cryptography == nil {
		return p.cannotBe("authentication", errors.New("security: the authentication, access control and cryptography plugins must all be set, or the pre-shared key alone; nil Security switches security off"))
	}
	now := time.Now()
	id, err := plugins.Authentication.ValidateLocalIdentity(now, p.cfg.Domain, p.guid)
	if err != nil {
		return p.cannotBe("authentication", fmt.Errorf("security: identity: %w", err))
	}
	perms, err := plugins.AccessControl.ValidateLocalPermissions(now, id, p.cfg.Domain)
	if err != nil {
		return p.cannotBe("access control", fmt.Errorf("security: access control: %w", err))
	}
	id.SetPermissions(perms.CredentialToken())
	s := &security{Security: *plugins, attrs: perms.ParticipantAttributes()}
	s.creds.Store(&credentials{id, perms, p.clocks.term(now, first(id.NotAfter(), perms.NotAfter()))})
	if s.crypto, err = plugins.Cryptography.NewParticipant(s.attrs); err != nil {
		return p.cannotBe("cryptography", fmt.Errorf("security: cryptography: %w", err))
	}
	s.gate = &admission.Gate{Identity: id, Permissions: perms, Crypto: s.crypto, Bar: p.barred}
	p.security, p.guid, p.sealing = s, id.GUID(), newSealing(s.crypto.Message())
	if (s.attrs.RTPS != spi.ProtectNone) != (p.sealing != nil) {
		return p.cannotBe("cryptography", fmt.Errorf("security: cryptography: the RTPS protection is %v, and the plugin does not seal messages accordingly", s.attrs.RTPS))
	}
	p.validated(s)
	if s.attrs.PSK != spi.ProtectNone {
		return p.preShared(p.preShare(plugins.PreSharedKey, s.attrs.PSK))
	}
	return nil
}
