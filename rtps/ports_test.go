package rtps

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPorts(t *testing.T) {
	for _, tt := range []struct {
		domain uint32
		id     int
		want   [4]uint16 // metatraffic unicast, user unicast, metatraffic multicast, user multicast
		ok     bool
	}{
		{0, 0, [4]uint16{7410, 7411, 7400, 7401}, true},
		{0, 1, [4]uint16{7412, 7413, 7400, 7401}, true},
		{1, 0, [4]uint16{7660, 7661, 7650, 7651}, true},
		{232, 0, [4]uint16{65410, 65411, 65400, 65401}, true},
		{232, 62, [4]uint16{65534, 65535, 65400, 65401}, true},
		{232, 63, [4]uint16{}, false},
		{233, 0, [4]uint16{}, false},
		{1<<32 - 1, 0, [4]uint16{}, false},
		{0, -1, [4]uint16{}, false},
		{0, 1 << 62, [4]uint16{}, false},
	} {
		mu, uu, mm, um, err := Ports(tt.domain, tt.id)
		require.Equal(t, tt.ok, err == nil, "%d/%d", tt.domain, tt.id)
		require.Equal(t, tt.want, [4]uint16{mu, uu, mm, um})
	}
}
