package dds_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds"
	"github.com/secdds/dds/internal/discovery"
	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
	"github.com/secdds/dds/transport/memnet"
)

// strikeEndpoint says in clear that an endpoint of from is gone.
func (v *victim) strikeEndpoint(from *dds.Participant, e rtps.GUID, sn rtps.SequenceNumber) {
	id := rtps.EntitySEDPSubWriter
	if e.Entity.IsWriter() {
		id = rtps.EntitySEDPPubWriter
	}
	q := rtps.AppendInlineQoS(nil, &rtps.InlineQoS{
		HasStatus: true, StatusInfo: 3, HasKeyHash: true, KeyHash: rtps.KeyHash(append(e.Prefix[:], e.Entity[:]...)),
	})
	v.strike(rtps.Data{Writer: id, SN: sn, InlineQoS: q, Payload: discovery.AppendEndpointKey(nil, e), IsKey: true}.Append(message(from)))
}

// Who lives proves it when its end was forged, idle or not, as often as that is.
func TestForgedEndOfAnEndpoint(t *testing.T) {
	for name, g := range protected() {
		if name == "rtps" {
			continue // discovery is not protected there
		}
		t.Run(name, func(t *testing.T) {
			inWorld(t, memnet.Config{}, func(w *world) {
				v := newVictim(w, g)
				for sn := rtps.SequenceNumber(1); sn < 20; sn++ {
					v.strikeEndpoint(v.a, v.wr.GUID(), sn)
					v.strikeEndpoint(v.b, v.r.GUID(), sn)
					v.settle(time.Second)
				}
				v.settle(10 * time.Second)
				v.unharmed()
			})
		})
	}
}

// Cyclone DDS ends an endpoint in clear. That counts once the endpoint does not
// answer any more; its participant stays.
func TestEndOfAnEndpointInClear(t *testing.T) {
	for name, g := range protected() {
		if g.RTPS != spi.ProtectNone {
			continue // participants of ours seal it there; for Cyclone DDS see TestClose of conformance
		}
		t.Run(name, func(t *testing.T) {
			t.Run("writer", func(t *testing.T) {
				inWorld(t, memnet.Config{}, func(w *world) {
					v := newVictim(w, g)
					v.net.Cut("a", "b")
					v.strikeEndpoint(v.a, v.wr.GUID(), 1)
					v.settle(2900 * time.Millisecond)
					require.Equal(w, 1, v.r.Matched().Current)
					v.settle(200 * time.Millisecond)
					require.Zero(w, v.r.Matched().Current)
					require.True(w, v.b.Peers()[0].Authenticated)
				})
			})
			t.Run("reader", func(t *testing.T) {
				inWorld(t, memnet.Config{}, func(w *world) {
					v := newVictim(w, g)
					v.net.Cut("b", "a")
					v.strikeEndpoint(v.b, v.r.GUID(), 1)
					v.settle(2900 * time.Millisecond)
					require.Equal(w, 1, v.wr.Matched().Current)
					v.settle(200 * time.Millisecond)
					require.Zero(w, v.wr.Matched().Current)
					require.True(w, v.a.Peers()[0].Authenticated)
				})
			})
		})
	}
}
