package permissions

import (
	"github.com/secdds/dds/governance"
	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

// Bits of ParticipantSecurityInfo. DDS-Security 1.1, 7.4.1.6 and 9.4.2.3.
const (
	rtpsProtected       = 1 << 0
	discoveryProtected  = 1 << 1
	livelinessProtected = 1 << 2
)

// What DDS-Security 1.2 adds to them. A peer of 1.1 compares whole words: they
// are only set when the governance asks for what they stand for.
const (
	keyRevisions = 1 << 3
	pskProtected = 1 << 4
	pskEncrypted = 1 << 6 // of the plugin's word
)

// Bits of EndpointSecurityInfo. DDS-Security 1.1, 7.4.1.8.
const (
	readProtected               = 1 << 0
	writeProtected              = 1 << 1
	endpointDiscoveryProtected  = 1 << 2
	submessageProtected         = 1 << 3
	payloadProtected            = 1 << 4
	keyProtected                = 1 << 5
	endpointLivelinessProtected = 1 << 6
)

// Bits of the plugin's word of EndpointSecurityInfo. DDS-Security 1.1, 9.4.2.4.
const (
	submessageEncrypted  = 1 << 0
	payloadEncrypted     = 1 << 1
	submessageOriginAuth = 1 << 2
)

// participant returns what the rule says of the participant as a whole.
func participant(r *governance.DomainRule) spi.ParticipantAttributes {
	a := spi.ParticipantAttributes{
		AllowUnauthenticated: r.AllowUnauthenticated,
		JoinAccessControl:    r.JoinAccessControl,
		Discovery:            spi.Protection(r.Discovery),
		Liveliness:           spi.Protection(r.Liveliness),
		RTPS:                 spi.Protection(r.RTPS),
		PSK:                  spi.Protection(r.PSK),
		KeyRevision:          r.KeyRevision,
	}
	info := rtps.SecurityInfo{Attributes: rtps.SecurityInfoValid, PluginAttributes: rtps.SecurityInfoValid}
	for _, k := range []struct {
		kind spi.Protection
		bit  uint32 // the encrypted bit of a kind is the same; the origin bit is three above
	}{{a.RTPS, rtpsProtected}, {a.Discovery, discoveryProtected}, {a.Liveliness, livelinessProtected}} {
		if k.kind != spi.ProtectNone {
			info.Attributes |= k.bit
		}
		if k.kind.IsEncrypt() {
			info.PluginAttributes |= k.bit
		}
		if k.kind.IsOrigin() {
			info.PluginAttributes |= k.bit << 3
		}
	}
	if a.KeyRevision {
		info.Attributes |= keyRevisions
	}
	if a.PSK != spi.ProtectNone {
		info.Attributes |= pskProtected
	}
	if a.PSK.IsEncrypt() {
		info.PluginAttributes |= pskEncrypted
	}
	a.Info = info
	return a
}

// endpoint returns what the rule says of the endpoints of its topics.
func endpoint(r *governance.TopicRule) spi.EndpointAttributes {
	return withInfo(spi.EndpointAttributes{
		ReadProtected:       r.ReadAccessControl,
		WriteProtected:      r.WriteAccessControl,
		DiscoveryProtected:  r.DiscoveryProtection,
		LivelinessProtected: r.LivelinessProtection,
		Metadata:            spi.Protection(r.Metadata),
		Data:                spi.Protection(r.Data),
	})
}

// builtin returns the attributes of a built-in endpoint. DDS-Security 1.1, 8.4.2.7.
func builtin(r *governance.DomainRule, entity rtps.EntityID) spi.EndpointAttributes {
	var a spi.EndpointAttributes
	switch entity {
	case rtps.EntitySecureSEDPPubWriter, rtps.EntitySecureSEDPPubReader,
		rtps.EntitySecureSEDPSubWriter, rtps.EntitySecureSEDPSubReader,
		rtps.EntitySecureSPDPWriter, rtps.EntitySecureSPDPReader:
		a.Metadata = spi.Protection(r.Discovery)
	case rtps.EntitySecureMessageWriter, rtps.EntitySecureMessageReader:
		a.Metadata = spi.Protection(r.Liveliness)
	case rtps.EntityVolatileWriter, rtps.EntityVolatileReader:
		a.Metadata = spi.ProtectEncrypt // with the key of the handshake, whatever the governance says
	}
	return withInfo(a)
}

// withInfo fills in the words that are announced.
func withInfo(a spi.EndpointAttributes) spi.EndpointAttributes {
	info := rtps.SecurityInfo{Attributes: rtps.SecurityInfoValid, PluginAttributes: rtps.SecurityInfoValid}
	for _, b := range []struct {
		set bool
		bit uint32
	}{
		{a.ReadProtected, readProtected},
		{a.WriteProtected, writeProtected},
		{a.DiscoveryProtected, endpointDiscoveryProtected},
		{a.LivelinessProtected, endpointLivelinessProtected},
		{a.Metadata != spi.ProtectNone, submessageProtected},
		{a.Data != spi.ProtectNone, payloadProtected},
		{a.Data.IsEncrypt(), keyProtected},
	} {
		if b.set {
			info.Attributes |= b.bit
		}
	}
	for _, b := range []struct {
		set bool
		bit uint32
	}{
		{a.Metadata.IsEncrypt(), submessageEncrypted},
		{a.Data.IsEncrypt(), payloadEncrypted},
		{a.Metadata.IsOrigin(), submessageOriginAuth},
	} {
		if b.set {
			info.PluginAttributes |= b.bit
		}
	}
	a.Info = info
	return a
}
