package dds

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/secdds/dds/qos"
	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

// MaxDomain is the highest domain id: with more, the standard's formula runs
// out of UDP ports. DDSI-RTPS 2.5, 9.6.2.3.
const MaxDomain = 232

// A Config configures a Participant. The zero Config is valid: UDP over every
// IPv4 interface, no security. It is copied; later changes have no effect.
type Config struct {
	// Security, if not nil, is the set of plugins this participant runs under.
	// See package security for the built-in ones.
	Security *spi.Security

	// Transport carries the messages. If nil, UDP over Interfaces.
	Transport spi.Transport

	// Interfaces are the network interfaces used, by name ("eth0") or address
	// ("192.0.2.1"). If empty, those of the environment variable
	// SECDDS_INTERFACE (separated by commas); if that is empty too, all that are
	// up and multicast. Not used with a Transport.
	Interfaces []string

	// Peers are participants to be announced to besides multicast: "host",
	// "host:port" or an address. Without a port, the ports of the first ten
	// participants of the domain are tried.
	Peers []string

	// NoMulticast leaves multicast unused: only Peers are found.
	NoMulticast bool

	// LeaseDuration is how long peers keep us without hearing from us, at
	// least 1 s. If zero, 20 seconds.
	LeaseDuration time.Duration

	// AnnouncePeriod is the time between announcements, at least 100 ms and
	// shorter than the lease. If zero, a fifth of the lease.
	AnnouncePeriod time.Duration

	// Name is the participant's name, shown by tools. It may be empty.
	Name string

	// Properties are announced to every participant, in clear.
	Properties []rtps.Property

	// UserData is announced to every participant, in clear. At most 65,524 octets.
	UserData []byte

	// Logger takes rare events: participants refused, endpoints that do not
	// match. If nil, slog.Default().
	Logger *slog.Logger
}

func (c *Config) check() error {
	if c.LeaseDuration == 0 {
		c.LeaseDuration = 20 * time.Second
	}
	if c.AnnouncePeriod == 0 {
		c.AnnouncePeriod = c.LeaseDuration / 5
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	switch {
	case c.LeaseDuration < time.Second:
		return fmt.Errorf("config: LeaseDuration is %v, it must be at least 1s", c.LeaseDuration)
	case c.AnnouncePeriod < 100*time.Millisecond || c.AnnouncePeriod >= c.LeaseDuration:
		return fmt.Errorf("config: AnnouncePeriod is %v, it must be at least 100ms and less than LeaseDuration (%v)", c.AnnouncePeriod, c.LeaseDuration)
	case len(c.UserData) > qos.MaxData:
		return fmt.Errorf("config: UserData has %d octets, at most %d fit an announcement", len(c.UserData), qos.MaxData)
	case c.Transport != nil && len(c.Interfaces) > 0:
		return fmt.Errorf("config: Interfaces are those of the UDP transport; they cannot be set together with Transport")
	}
	return nil
}
