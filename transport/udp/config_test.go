package udp

import (
	"bytes"
	"log/slog"
	"net"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/spi"
)

func TestConfig(t *testing.T) {
	for _, bad := range []Config{
		{Family: 3}, {ReceiveBuffer: -1}, {SendBuffer: 1<<30 + 1}, {MulticastTTL: 256}, {MulticastTTL: -1},
		{MaxMessage: 100}, {MaxMessage: 65508},
	} {
		_, err := New(bad)
		require.Error(t, err, "%+v", bad)
	}
	for _, lc := range []spi.ListenConfig{
		{Domain: 233, ParticipantID: -1},
		{Domain: 163, ParticipantID: 120},
		{Domain: 232, ParticipantID: 119}, // port 65649
	} {
		tr, err := New(Config{})
		require.NoError(t, err)
		lc.Logger = logger()
		_, err = tr.Listen(lc)
		require.Error(t, err, "%+v", lc)
	}
	for _, names := range [][]string{{"no-such-interface"}, {"203.0.113.9"}, {"lo", "nope"}, {"::1"}} {
		tr, err := New(Config{Interfaces: names})
		require.NoError(t, err)
		_, err = tr.Listen(spi.ListenConfig{Domain: 163, ParticipantID: -1, Logger: logger()})
		require.Error(t, err, "%v", names)
	}
	require.Equal(t, []string{"lo"}, must(New(Config{})).cfg.Interfaces)
	t.Setenv(EnvInterface, " eth7, 192.0.2.9 ,")
	require.Equal(t, []string{"eth7", "192.0.2.9"}, must(New(Config{})).cfg.Interfaces)
	require.Equal(t, []string{"lo"}, must(New(Config{Interfaces: []string{"lo"}})).cfg.Interfaces)
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestChooseInterfaces(t *testing.T) {
	p := netip.MustParsePrefix
	lo := iface{Interface: net.Interface{Index: 1, Name: "lo", Flags: net.FlagUp | net.FlagLoopback}, v4: []netip.Prefix{p("127.0.0.1/8")}}
	eth := iface{Interface: net.Interface{Index: 2, Name: "eth0", Flags: net.FlagUp | net.FlagMulticast},
		v4: []netip.Prefix{p("192.0.2.2/24"), p("192.0.2.3/24")}, v6: []netip.Prefix{p("fd00::2/64")}}
	tun := iface{Interface: net.Interface{Index: 3, Name: "tun0", Flags: net.FlagUp}, v4: []netip.Prefix{p("10.9.0.1/32")}}
	host := []iface{lo, eth, tun}

	got, err := chooseInterfaces(host, nil)
	require.NoError(t, err)
	require.Equal(t, []iface{eth}, got)
	got, err = chooseInterfaces([]iface{lo, tun}, nil)
	require.NoError(t, err)
	require.Equal(t, []iface{lo}, got)
	_, err = chooseInterfaces([]iface{tun}, nil)
	require.Error(t, err)

	got, err = chooseInterfaces(host, []string{"192.0.2.3", "lo", "192.0.2.3", "fd00::2"})
	require.NoError(t, err)
	require.Len(t, got, 2)
	require.Equal(t, []netip.Prefix{p("192.0.2.3/24")}, got[0].v4)
	require.Equal(t, eth.v6, got[0].v6)
	require.Equal(t, "lo", got[1].Name)
	got, err = chooseInterfaces(host, []string{"192.0.2.3", "eth0"})
	require.NoError(t, err)
	require.Len(t, got, 1)
	require.Len(t, got[0].v4, 2)
}

func TestUnfragmented(t *testing.T) {
	p := netip.MustParsePrefix
	i := func(mtu int, v4, v6 []netip.Prefix) iface {
		return iface{Interface: net.Interface{MTU: mtu}, v4: v4, v6: v6}
	}
	four, six := []netip.Prefix{p("192.0.2.2/24")}, []netip.Prefix{p("fd00::2/64")}
	require.Equal(t, 65507, unfragmented([]iface{i(65536, four, nil)}))
	require.Equal(t, 65488, unfragmented([]iface{i(65536, nil, six)}))
	require.Equal(t, 1472, unfragmented([]iface{i(65536, four, nil), i(1500, four, nil), i(9000, four, six)}))
	require.Equal(t, 1452, unfragmented([]iface{i(1500, four, six)}))
	require.Equal(t, 1200, unfragmented([]iface{i(576, four, nil)}))
}

// Unicast leaves from the interface whose network it is for.
func TestUnicastSender(t *testing.T) {
	p := netip.MustParsePrefix
	lo := &sender{unicast: true, prefix: p("127.0.0.0/8")}
	eth := &sender{unicast: true, prefix: p("192.0.2.0/24")}
	wifi := &sender{unicast: true, prefix: p("198.51.100.0/24")}
	out6 := &sender{unicast: true, v6: true, prefix: p("fd00::/64")}
	c := &conn{senders: []*sender{lo, eth, wifi, out6}}
	for _, tt := range []struct {
		to   string
		want *sender
	}{
		{"127.0.0.5", lo}, {"192.0.2.9", eth}, {"198.51.100.9", wifi}, {"203.0.113.1", eth}, {"2001:db8::1", out6},
	} {
		require.Same(t, tt.want, c.unicastSender(netip.MustParseAddr(tt.to)), tt.to)
	}
	any4 := &sender{unicast: true}
	c = &conn{senders: []*sender{any4, {multicast: true, prefix: p("192.0.2.0/24")}}}
	require.Same(t, any4, c.unicastSender(netip.MustParseAddr("192.0.2.9")))
	require.Nil(t, c.unicastSender(netip.MustParseAddr("::1")))
}

func TestBufferWarning(t *testing.T) {
	var out bytes.Buffer
	o := opener{conn: &conn{}, cfg: Config{ReceiveBuffer: 1 << 30, SendBuffer: 1 << 30}, log: slog.New(slog.NewTextHandler(&out, nil))}
	for range 2 {
		uc, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		require.NoError(t, err)
		defer uc.Close()
		// The kernel keeps the double in an int: 1<<30 is never granted.
		o.register(uc)
	}
	require.Equal(t, 1, bytes.Count(out.Bytes(), []byte("net.core.rmem_max")), out.String())
	require.Equal(t, 1, bytes.Count(out.Bytes(), []byte("\n")))
}
