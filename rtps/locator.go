package rtps

import (
	"fmt"
	"net/netip"
)

// Kinds of locators. DDSI-RTPS 2.5, 9.3.2.
const (
	LocatorInvalid int32 = -1
	LocatorUDPv4   int32 = 1
	LocatorUDPv6   int32 = 2
	LocatorTCPv4   int32 = 4
	LocatorTCPv6   int32 = 8
)

// A Locator is an address a participant receives at.
type Locator struct {
	Kind    int32
	Port    uint32
	Address [16]byte // IPv4 in the last four octets
}

// UDPLocator returns the locator of a UDP address.
func UDPLocator(ap netip.AddrPort) Locator {
	l := Locator{Kind: LocatorUDPv6, Port: uint32(ap.Port())}
	if a := ap.Addr().Unmap(); a.Is4() {
		l.Kind = LocatorUDPv4
		b := a.As4()
		copy(l.Address[12:], b[:])
	} else {
		l.Address = ap.Addr().As16()
	}
	return l
}

// AddrPort returns the UDP address of l; it is not valid when l is not a UDP
// locator or its port is out of range.
func (l Locator) AddrPort() netip.AddrPort {
	if l.Port == 0 || l.Port > 65535 {
		return netip.AddrPort{}
	}
	switch l.Kind {
	case LocatorUDPv4:
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte(l.Address[12:])), uint16(l.Port))
	case LocatorUDPv6:
		return netip.AddrPortFrom(netip.AddrFrom16(l.Address), uint16(l.Port))
	}
	return netip.AddrPort{}
}

// IsMulticast reports whether l is a UDP multicast address.
func (l Locator) IsMulticast() bool {
	ap := l.AddrPort()
	return ap.IsValid() && ap.Addr().IsMulticast()
}

// String returns l as kind and address.
func (l Locator) String() string {
	if ap := l.AddrPort(); ap.IsValid() {
		return "udp/" + ap.String()
	}
	return fmt.Sprintf("kind %d/%x:%d", l.Kind, l.Address, l.Port)
}
