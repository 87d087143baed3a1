package udp

import (
	"fmt"
	"net/netip"
)

// The parameters of the port numbers. DDSI-RTPS 2.5, 9.6.2.3.
const (
	portBase         = 7400 // PB
	domainGain       = 250  // DG
	participantGain  = 2    // PG
	offsetMetaMulti  = 0    // d0
	offsetMetaUni    = 10   // d1
	offsetUserMulti  = 1    // d2
	offsetUserUni    = 11   // d3
	maxDomain        = 232
	maxParticipantID = 119
	firstPeers       = 10 // participants tried at a peer given without a port
)

// Multicast groups. The IPv4 one is DDSI-RTPS 2.5, 9.6.2.4.1; see the package
// documentation for the IPv6 ones.
var (
	groupV4        = netip.AddrFrom4([4]byte{239, 255, 0, 1})
	groupV6Cyclone = netip.MustParseAddr("ff02::ffff:239.255.0.1")
	groupV6Fast    = netip.MustParseAddr("ff1e::ffff:efff:1")
)

// ports are those of one participant. DDSI-RTPS 2.5, 9.6.2.2 and 9.6.2.3.
type ports struct{ metaMulti, metaUni, userMulti, userUni uint16 }

// portsOf fails where a port would be above 65535, which happens in domain 232 alone.
func portsOf(domain uint32, id int) (ports, error) {
	if domain > maxDomain {
		return ports{}, fmt.Errorf("udp: domain %d is above %d", domain, maxDomain)
	}
	if id < 0 || id > maxParticipantID {
		return ports{}, fmt.Errorf("udp: participant id %d is not within 0 and %d", id, maxParticipantID)
	}
	base := portBase + domainGain*int(domain)
	uni := base + participantGain*id
	if uni+offsetUserUni > 65535 {
		return ports{}, fmt.Errorf("udp: domain %d has no port for participant id %d", domain, id)
	}
	return ports{
		metaMulti: uint16(base + offsetMetaMulti),
		metaUni:   uint16(uni + offsetMetaUni),
		userMulti: uint16(base + offsetUserMulti),
		userUni:   uint16(uni + offsetUserUni),
	}, nil
}
