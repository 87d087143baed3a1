package udp

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
)

// An iface is one interface in use, with those of its addresses in use.
type iface struct {
	net.Interface
	v4, v6 []netip.Prefix // the address with its network's length
}

func (i *iface) prefixes(v6 bool) []netip.Prefix {
	if v6 {
		return i.v6
	}
	return i.v4
}

// unfragmented is the largest message that leaves through each interface of ifs
// in one piece, within what spi.Conn allows for.
func unfragmented(ifs []iface) int {
	least := maxMessage
	for i := range ifs {
		if len(ifs[i].v4) > 0 {
			least = min(least, ifs[i].MTU-headersV4)
		}
		if len(ifs[i].v6) > 0 {
			least = min(least, ifs[i].MTU-headersV6)
		}
	}
	return max(least, leastWhole)
}

// hostInterfaces returns the interfaces that are up and have an address.
func hostInterfaces(f Family) ([]iface, error) {
	all, err := net.Interfaces()
	if err != nil {
		return nil, fmt.Errorf("udp: list interfaces: %w", err)
	}
	var out []iface
	for _, ni := range all {
		if ni.Flags&net.FlagUp == 0 {
			continue
		}
		addrs, err := ni.Addrs()
		if err != nil {
			continue // it went away meanwhile
		}
		i := iface{Interface: ni}
		for _, a := range addrs {
			n, ok := a.(*net.IPNet)
			if !ok {
				continue
			}
			ip, ok := netip.AddrFromSlice(n.IP)
			if !ok {
				continue
			}
			ones, _ := n.Mask.Size()
			switch ip = ip.Unmap(); {
			case ip.Is4() && f != IPv6:
				i.v4 = append(i.v4, netip.PrefixFrom(ip, ones))
			case ip.Is6() && f != IPv4 && !ip.IsLinkLocalUnicast():
				i.v6 = append(i.v6, netip.PrefixFrom(ip, ones))
			}
		}
		if len(i.v4)+len(i.v6) > 0 {
			out = append(out, i)
		}
	}
	return out, nil
}

// chooseInterfaces picks those named; with none named, all that can do
// multicast, or else loopback.
func chooseInterfaces(host []iface, names []string) ([]iface, error) {
	var out []iface
	if len(names) > 0 {
		for _, name := range names {
			i, err := findInterface(host, name)
			if err != nil {
				return nil, err
			}
			out = mergeInterface(out, i)
		}
		return out, nil
	}
	for _, i := range host {
		if i.Flags&net.FlagMulticast != 0 && i.Flags&net.FlagLoopback == 0 {
			out = append(out, i)
		}
	}
	if len(out) > 0 {
		return out, nil
	}
	for _, i := range host {
		if i.Flags&net.FlagLoopback != 0 {
			return []iface{i}, nil
		}
	}
	return nil, errors.New("udp: no interface is up")
}

// findInterface looks name up as a name and as an address. Of an interface
// named by address that address alone is used.
func findInterface(host []iface, name string) (iface, error) {
	addr, err := netip.ParseAddr(name)
	isAddr := err == nil
	for _, i := range host {
		if i.Name == name {
			return i, nil
		}
		if !isAddr {
			continue
		}
		for _, p := range i.v4 {
			if p.Addr() == addr {
				return iface{Interface: i.Interface, v4: []netip.Prefix{p}}, nil
			}
		}
		for _, p := range i.v6 {
			if p.Addr() == addr {
				return iface{Interface: i.Interface, v6: []netip.Prefix{p}}, nil
			}
		}
	}
	return iface{}, fmt.Errorf("udp: no interface %q is up with an address of the chosen family", name)
}

// mergeInterface adds i to list, once per interface and address.
func mergeInterface(list []iface, i iface) []iface {
	for k := range list {
		if list[k].Index == i.Index {
			list[k].v4 = mergePrefixes(list[k].v4, i.v4)
			list[k].v6 = mergePrefixes(list[k].v6, i.v6)
			return list
		}
	}
	i.v4, i.v6 = mergePrefixes(nil, i.v4), mergePrefixes(nil, i.v6)
	return append(list, i)
}

func mergePrefixes(list, more []netip.Prefix) []netip.Prefix {
next:
	for _, p := range more {
		for _, q := range list {
			if p == q {
				continue next
			}
		}
		list = append(list, p)
	}
	return list
}
