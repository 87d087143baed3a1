package rtps

import "fmt"

// The well-known numbers that ports are made of. DDSI-RTPS 2.5, 9.6.2.3.
const (
	portBase        = 7400 // PB
	portDomainGain  = 250  // DG
	portPeerGain    = 2    // PG
	portMetaMulti   = 0    // d0
	portMetaUnicast = 10   // d1
	portUserMulti   = 1    // d2
	portUserUnicast = 11   // d3
)

// Ports returns the default UDP ports of a participant. DDSI-RTPS 2.5,
// 9.6.2.3. participantID is 0 or more; an error is returned when a port would
// be above 65535.
func Ports(domain uint32, participantID int) (metaUnicast, userUnicast, metaMulticast, userMulticast uint16, err error) {
	if participantID < 0 || participantID > 0xffff || domain > 0xffff {
		return 0, 0, 0, 0, fmt.Errorf("rtps: no ports for domain %d, participant %d", domain, participantID)
	}
	base := portBase + portDomainGain*int(domain)
	unicast := base + portPeerGain*participantID
	if unicast+portUserUnicast > 0xffff {
		return 0, 0, 0, 0, fmt.Errorf("rtps: ports of domain %d, participant %d would be above 65535", domain, participantID)
	}
	return uint16(unicast + portMetaUnicast), uint16(unicast + portUserUnicast),
		uint16(base + portMetaMulti), uint16(base + portUserMulti), nil
}
