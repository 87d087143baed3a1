// Package udp carries RTPS messages over UDP: the platform of DDSI-RTPS 2.5,
// chapter 9, over IPv4 and IPv6, unicast and multicast.
//
// It is a plugin: it implements spi.Transport and imports spi and rtps only.
//
// # Which traffic is accepted
//
// With interfaces named (Config.Interfaces or SECDDS_INTERFACE), the unicast
// sockets are bound to the addresses of these interfaces, so the kernel
// delivers nothing that was sent to another address. With none named every
// interface is meant, and the unicast sockets are bound to the wildcard
// address. Multicast is received only on the interfaces in use, in either case.
//
// # Which way it leaves
//
// Multicast leaves once through every interface in use. Unicast leaves from the
// metatraffic unicast socket: the one of the interface whose network the
// destination is in; otherwise the first whose address is not a loopback one,
// and the kernel routes it.
//
// # How fast
//
// On Linux one system call carries up to 64 messages, and one message up to 64
// datagrams of one size to one address (UDP_SEGMENT on the way out, UDP_GRO on
// the way in): these take the way through the kernel once. Loss may then take
// all of them at once. Measured on two cores, loopback, for each datagram
// written and read, one by one and joined (a veth pair with the MTU 1500 gives
// the same within a tenth):
//
//	  128 octets, 64 in a batch: 950 + 290 ns, 70 + 16 ns
//	1,400 octets, 64 in a batch: 1010 + 320 ns, 125 + 53 ns
//	65,000 octets (none joined): 3.1 + 2.5 us one at a time, 5.9 + 5.4 us when
//	                             64 wait and the cache has lost them
//
// A socket whose kernel or path refuses joined datagrams sends them one by one
// from then on.
//
// A receiver that finds nothing sleeps in the poller of the runtime at once. To
// look again for 20 to 100 us before was measured, with and without yielding to
// goroutines and threads: where the two processes are held to a core each, a
// round trip falls from 65 to 7 us; where the kernel places them, which is where
// they run, it gains nothing that holds (64 octets: 30 to 48 us instead of 38;
// 16 KiB: the same), takes a quarter more CPU at 10,000 datagrams a second and a
// quarter of the rate off a flood. A thread that blocks in recvmmsg saves 1 to 3
// us between processes, and costs a thread for each socket and, until the
// runtime's monitor notices, its processor.
//
// # Memory
//
// Config.ReceiveBuffer and Config.SendBuffer are bounds on what the kernel holds
// for a socket, and cost nothing while empty; it counts its own bookkeeping too,
// and allows up to twice the value for that. There are two unicast sockets for
// each address (or for all, with no interface named), two for multicast of each
// family and, with no interface named, one for each way out.
//
// # IPv6
//
// DDSI-RTPS 2.5 names no IPv6 group. Interop: Cyclone DDS uses
// ff02::ffff:239.255.0.1, Fast DDS ff1e::ffff:efff:1; both are joined and sent
// to, the former is announced. Linux has no IPv6 multicast on loopback: there,
// peers are to be given. Link-local unicast addresses are not announced:
// a locator has no room for their zone.
package udp

import (
	"fmt"
	"os"
	"strings"

	"github.com/secdds/dds/spi"
)

// EnvInterface is the environment variable that names the interfaces, separated
// by commas, where Config.Interfaces is empty.
const EnvInterface = "SECDDS_INTERFACE"

// A Family says which versions of IP are used.
type Family uint8

// Families.
const (
	IPv4 Family = iota // IPv4 only: the default
	IPv6               // IPv6 only
	Dual               // both
)

const (
	defaultReceiveBuffer = 4 << 20
	defaultSendBuffer    = 1 << 20
	defaultMaxMessage    = 65500
	maxMessage           = 65507 // 65,535 less the headers of IPv4 and UDP
	minMessage           = 512

	headersV4  = 20 + 8 // IP and UDP
	headersV6  = 40 + 8
	leastWhole = 1200 // IPv6 carries 1,280 octets over any network, headers included
)

// A Config configures a Transport. The zero Config is valid. It is copied.
type Config struct {
	// Interfaces are the names ("eth0", "lo") or addresses ("192.0.2.7") of the
	// interfaces to use. If empty, those of the environment variable
	// SECDDS_INTERFACE; if that is empty too, every interface that is up and can
	// do multicast, and loopback when there is no such interface.
	Interfaces []string

	// Family says which versions of IP are used. If zero, IPv4.
	Family Family

	// ReceiveBuffer and SendBuffer are the sizes of the kernel's buffers for one
	// socket, in octets: see Memory in the package documentation. If zero, 4 MiB
	// and 1 MiB. More than net.core.rmem_max and wmem_max takes CAP_NET_ADMIN.
	// Where the kernel grants less, a warning is logged and that is used.
	ReceiveBuffer, SendBuffer int

	// MulticastTTL is how many networks multicast may cross, 1 to 255. If zero, 1.
	MulticastTTL int

	// MaxMessage is the largest message that is sent, in octets, 512 to 65507 (a participant
	// needs at least 2048, a secured one some 8192). A message above the MTU is
	// fragmented by IP. If zero, 65500. Interop: Fast DDS reads into buffers of
	// that size (s_maximumMessageSize) and drops what is larger.
	MaxMessage int
}

// A Transport makes UDP sockets for participants.
type Transport struct{ cfg Config }

var _ spi.Transport = (*Transport)(nil)

// New checks cfg. The interfaces are looked up by Listen, as they come and go.
func New(cfg Config) (*Transport, error) {
	cfg.Interfaces = append([]string(nil), cfg.Interfaces...)
	if len(cfg.Interfaces) == 0 {
		for name := range strings.SplitSeq(os.Getenv(EnvInterface), ",") {
			if name = strings.TrimSpace(name); name != "" {
				cfg.Interfaces = append(cfg.Interfaces, name)
			}
		}
	}
	if cfg.Family > Dual {
		return nil, fmt.Errorf("udp: unknown family %d", cfg.Family)
	}
	for _, f := range []struct {
		name          string
		v             *int
		def, min, max int
	}{
		{"receive buffer", &cfg.ReceiveBuffer, defaultReceiveBuffer, 1, 1 << 30},
		{"send buffer", &cfg.SendBuffer, defaultSendBuffer, 1, 1 << 30},
		{"multicast TTL", &cfg.MulticastTTL, 1, 1, 255},
		{"largest message", &cfg.MaxMessage, defaultMaxMessage, minMessage, maxMessage},
	} {
		if *f.v == 0 {
			*f.v = f.def
		}
		if *f.v < f.min || *f.v > f.max {
			return nil, fmt.Errorf("udp: %s of %d is not within %d and %d", f.name, *f.v, f.min, f.max)
		}
	}
	return &Transport{cfg: cfg}, nil
}
