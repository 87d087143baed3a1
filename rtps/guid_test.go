package rtps

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEntityIDKinds(t *testing.T) {
	for _, tt := range []struct {
		id                      EntityID
		builtin, writer, reader bool
	}{
		{EntitySPDPWriter, true, true, false},
		{EntitySPDPReader, true, false, true},
		{EntityStatelessWriter, true, true, false},
		{EntityVolatileReader, true, false, true},
		{EntityParticipant, true, false, false},
		{EntityID{0, 0, 1, KindWriterWithKey}, false, true, false},
		{EntityID{0, 0, 1, KindWriterNoKey}, false, true, false},
		{EntityID{0, 0, 1, KindReaderNoKey}, false, false, true},
		{EntityID{0, 0, 1, KindReaderWithKey}, false, false, true},
		{EntityUnknown, false, false, false},
	} {
		require.Equal(t, tt.builtin, tt.id.IsBuiltin(), tt.id)
		require.Equal(t, tt.writer, tt.id.IsWriter(), tt.id)
		require.Equal(t, tt.reader, tt.id.IsReader(), tt.id)
	}
}

func TestGUID(t *testing.T) {
	g := GUID{prefixA, EntityParticipant}
	require.Equal(t, "aa010203.04050607.08090a0b:000001c1", g.String())
	require.False(t, g.IsZero())
	require.True(t, GUID{}.IsZero())

	// Octets are compared as unsigned numbers, the prefix first.
	require.Negative(t, GUID{prefixA, EntityParticipant}.Compare(GUID{prefixB, EntityUnknown}))
	require.Positive(t, GUID{GUIDPrefix{0x80}, EntityUnknown}.Compare(GUID{GUIDPrefix{0x7f}, EntityParticipant}))
	require.Negative(t, GUID{prefixA, EntityUnknown}.Compare(g))
	require.Zero(t, g.Compare(g))
}

func TestLocator(t *testing.T) {
	for _, tt := range []struct {
		addr, text string
		multicast  bool
	}{
		{"127.0.0.1:7400", "udp/127.0.0.1:7400", false},
		{"239.255.0.1:65535", "udp/239.255.0.1:65535", true},
		{"[::1]:7400", "udp/[::1]:7400", false},
		{"[ff02::1]:7400", "udp/[ff02::1]:7400", true},
	} {
		ap := netip.MustParseAddrPort(tt.addr)
		l := UDPLocator(ap)
		require.Equal(t, ap, l.AddrPort())
		require.Equal(t, tt.text, l.String())
		require.Equal(t, tt.multicast, l.IsMulticast())
	}
	mapped := UDPLocator(netip.MustParseAddrPort("[::ffff:10.0.0.1]:7400"))
	require.Equal(t, LocatorUDPv4, mapped.Kind)

	for _, l := range []Locator{
		{}, {Kind: LocatorInvalid, Port: 7400}, {Kind: LocatorTCPv4, Port: 7400},
		{Kind: LocatorUDPv4}, {Kind: LocatorUDPv4, Port: 65536}, {Kind: 19, Port: 7400},
	} {
		require.False(t, l.AddrPort().IsValid())
		require.False(t, l.IsMulticast())
		require.Contains(t, l.String(), "kind")
	}
}

func TestSecurityInfoCompatible(t *testing.T) {
	const v = SecurityInfoValid
	for _, tt := range []struct {
		a, b SecurityInfo
		want bool
	}{
		{SecurityInfo{v | 1, v | 2}, SecurityInfo{v | 1, v | 2}, true},
		{SecurityInfo{v | 1, v | 2}, SecurityInfo{v | 3, v | 2}, false},
		{SecurityInfo{v | 1, v | 2}, SecurityInfo{v | 1, v | 4}, false},
		{SecurityInfo{v | 1, v | 2}, SecurityInfo{}, true},
		{SecurityInfo{v | 1, v | 2}, SecurityInfo{v | 1, 0}, true},
	} {
		require.Equal(t, tt.want, tt.a.Compatible(tt.b))
		require.Equal(t, tt.want, tt.b.Compatible(tt.a))
	}
}

func TestDataHolderProperty(t *testing.T) {
	h := DataHolder{Properties: []Property{{"a", "1"}, {"a", "2"}, {"b", ""}}}
	v, ok := h.Property("a")
	require.True(t, ok)
	require.Equal(t, "1", v)
	_, ok = h.Property("b")
	require.True(t, ok)
	_, ok = h.Property("c")
	require.False(t, ok)
}
