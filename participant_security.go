package dds

import (
	"fmt"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

// UpdateSecurity replaces the participant's certificate and permissions while it
// works: writers and readers that are matched stay matched as long as the new
// permissions allow it, and those they allow anew begin to match. Revocations of
// the new plugins (CRL) hold from then on for peers that are in already.
//
// The certificate must be of the same subject name, and the governance must ask
// for the same protection. An error changes nothing.
//
// Participants of this library learn of the new credentials at once. Those of
// other vendors cannot: they go by what they were shown first, and end the
// session when that lapses.
//
// A participant whose plugins come from security.FromEnclave watches its folder
// and does this by itself.
func (p *Participant) UpdateSecurity(next *spi.Security) error {
	if err := p.eng.Update(next); err != nil {
		return fmt.Errorf("update security: %w", err)
	}
	return nil
}

// Ban ends the session with a remote participant and keeps it out: it is
// dropped, all keys it knew are renewed so that it can no longer read, and the
// same becomes of every participant that shows a certificate of the same subject
// name, whether it is there already or comes later. reason appears in the
// security log and in [Participant.Peers].
//
// A participant that is not authenticated, or not known, is kept out by its GUID
// alone. Bans last until Unban or Close. Without security Ban is an error.
func (p *Participant) Ban(remote rtps.GUID, reason string) error { return p.eng.Ban(remote, reason) }

// Unban takes back a Ban. Whoever was refused may try again.
func (p *Participant) Unban(remote rtps.GUID) { p.eng.Unban(remote) }
