package engine

import (
	"errors"
	"fmt"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

// A sealing is what seals whole messages.
type sealing struct {
	sealer  spi.MessageSealer
	inPlace spi.InPlaceMessageSealer // sealer, if it can; or nil
}

func newSealing(s spi.MessageSealer) *sealing {
	if s == nil {
		return nil
	}
	inPlace, _ := s.(spi.InPlaceMessageSealer)
	return &sealing{s, inPlace}
}

// secured reports whether messages grow by being sealed.
func (p *Participant) secured() bool { return p.security != nil || p.psk != nil }

// preShare makes the keys that follow from the passphrase. From then on nothing
// is sent in clear, and nothing clear is heard. DDS-Security 1.2,
// rtps_psk_protection_kind.
func (p *Participant) preShare(plugin spi.PreSharedKey, kind spi.Protection) error {
	if plugin == nil {
		return fmt.Errorf("security: pre-shared key: %w", &spi.Refusal{
			Document: "governance", Rule: "rtps_psk_protection_kind", Expected: "a passphrase, since the kind is " + kind.String(),
			Found: "none", Remedy: "configure dds.sec.crypto.rtps_psk_secret_passphrase, or set the kind to NONE",
		})
	}
	if kind != spi.ProtectSign && kind != spi.ProtectEncrypt {
		return fmt.Errorf("security: pre-shared key: the protection kind is %v, expected SIGN or ENCRYPT", kind)
	}
	c, err := plugin.NewParticipant(p.guid, kind)
	if err == nil && c == nil {
		err = errors.New("the plugin made no keys")
	}
	if err != nil {
		return fmt.Errorf("security: pre-shared key: %w", err)
	}
	p.opensPSK, p.psk = c, newSealing(c)
	return nil
}

// pskInfo is the ParticipantSecurityInfo of a domain that a pre-shared key alone
// protects. DDS-Security 1.2, bits is_rtps_psk_protected and is_psk_encrypted.
func pskInfo(kind spi.Protection) rtps.SecurityInfo {
	info := rtps.SecurityInfo{Attributes: rtps.SecurityInfoValid | 1<<4, PluginAttributes: rtps.SecurityInfoValid}
	if kind.IsEncrypt() {
		info.PluginAttributes |= 1 << 6
	}
	return info
}

// flagPreShared marks an SRTPS_PREFIX whose keys come from the pre-shared key.
const flagPreShared = 0x04

// presharedKey reports whether the submessages, which a header extension may
// precede, are sealed with a pre-shared key.
func presharedKey(rest []byte) bool {
	if len(rest) == 0 || rest[0] != rtps.SubSRTPSPrefix && rest[0] != rtps.SubHeaderExtension {
		return false
	}
	s, next, err := rtps.Next(rest)
	if err != nil {
		return false
	}
	if s.Kind == rtps.SubHeaderExtension {
		if s, _, err = rtps.Next(next); err != nil {
			return false
		}
	}
	return s.Kind == rtps.SubSRTPSPrefix && s.Flags&flagPreShared != 0
}

// openPreshared opens such a message.
func (r *receiver) openPreshared(msg []byte) (submessages []byte, err error) {
	if r.p.opensPSK == nil {
		return nil, errNoPreshared
	}
	plain, err := r.p.opensPSK.OpenMessage(r.plain[:0], msg)
	if err != nil {
		return nil, err
	}
	r.plain, r.aside = plain[:0], true
	return plain[rtps.HeaderLen:], nil
}

var errNoPreshared = errors.New("no pre-shared key is configured")
