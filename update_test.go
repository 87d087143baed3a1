package dds_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds"
	"github.com/secdds/dds/internal/discovery"
	"github.com/secdds/dds/qos"
	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/transport/memnet"
)

// announce delivers a sample of a built-in topic to p's sockets in the name of
// from: what that participant would say next.
func (w *world) announce(rec *recorder, from *dds.Participant, d rtps.Data) {
	v := &victim{world: w, rec: rec}
	v.strike(d.Append(message(from)))
}

// A dispose on a SEDP topic may carry no payload, but the key hash alone.
// Interop: Fast DDS.
func TestEndpointGoneByKeyHash(t *testing.T) {
	inWorld(t, memnet.Config{}, func(w *world) {
		rec := w.record()
		a, b := w.participant("a"), w.participant("b")
		wr := writerOf[shape](w, a, "Square")
		r := readerOf[shape](w, b, "Square", qos.Reliable(0))
		matched(w, wr, r)
		write(w, wr, shape{"RED", 1, 2})
		next(w, r)
		g := wr.GUID()
		w.announce(rec, a, rtps.Data{
			Writer: rtps.EntitySEDPPubWriter, SN: 2,
			InlineQoS: rtps.AppendInlineQoS(nil, &rtps.InlineQoS{
				HasStatus: true, StatusInfo: 3, HasKeyHash: true, KeyHash: rtps.KeyHash(append(g.Prefix[:], g.Entity[:]...)),
			}),
		})
		require.Equal(w, dds.NoWriters, next(w, r).Info.InstanceState)
		require.Zero(w, r.Matched().Current)
	})
}

// A matched reader that announces other locators is sent to these.
func TestEndpointMoves(t *testing.T) {
	inWorld(t, memnet.Config{}, func(w *world) {
		rec := w.record()
		a, b := w.participant("a"), w.participant("b")
		wr := writerOf[shape](w, a, "Square", qos.KeepAll())
		r := readerOf[shape](w, b, "Square", qos.Reliable(0), qos.KeepAll())
		matched(w, wr, r)
		write(w, wr, shape{"RED", 1, 2})
		next(w, r)
		elsewhere := rtps.UDPLocator(netip.MustParseAddrPort("10.9.9.9:7999"))
		q := r.QoS()
		w.announce(rec, b, rtps.Data{
			Writer: rtps.EntitySEDPSubWriter, SN: 2,
			Payload: discovery.AppendEndpointPayload(nil, &discovery.EndpointData{
				GUID: r.GUID(), Participant: b.GUID(), Topic: "Square", Type: "shape", Reader: &q,
				Version: rtps.ProtocolVer2_5, Vendor: rtps.VendorSecdds, Unicast: []rtps.Locator{elsewhere},
			}),
		})
		require.Equal(w, 1, wr.Matched().Current)
		rec.take()
		write(w, wr, shape{"RED", 2, 2})
		w.settle(time.Millisecond)
		moved := false
		for _, d := range rec.take() {
			moved = moved || d.to == elsewhere
		}
		require.True(w, moved)
	})
}

// A participant that announces other locators is reached there.
func TestParticipantMoves(t *testing.T) {
	inWorld(t, memnet.Config{}, func(w *world) {
		rec := w.record()
		a, b := w.participant("a"), w.participant("b")
		wr := writerOf[shape](w, a, "Square", qos.KeepAll())
		r := readerOf[shape](w, b, "Square", qos.Reliable(0), qos.KeepAll())
		matched(w, wr, r)
		w.settle(30 * time.Second)
		payload := (&victim{world: w, rec: rec}).announcementOf(b)
		d, err := discovery.ParseParticipantPayload(payload)
		require.NoError(w, err)
		elsewhere := rtps.UDPLocator(netip.MustParseAddrPort("10.9.9.9:7999"))
		d.DefaultUnicast = []rtps.Locator{elsewhere}
		w.announce(rec, b, rtps.Data{
			Writer: rtps.EntitySPDPWriter, SN: 100, Payload: discovery.AppendParticipantPayload(nil, d),
		})
		rec.take()
		write(w, wr, shape{"RED", 2, 2})
		w.settle(time.Millisecond)
		moved := false
		for _, d := range rec.take() {
			moved = moved || d.to == elsewhere
		}
		require.True(w, moved)
		// Its next true announcement brings it back, and nothing was lost.
		require.Equal(w, int32(2), next(w, r).Value.X)
	})
}

// A stronger writer takes over; a writer that becomes stronger does, too.
// DDS 1.4, 2.2.3.9.2.
func TestStrengthChanges(t *testing.T) {
	inWorld(t, memnet.Config{}, func(w *world) {
		rec := w.record()
		a, b := w.participant("a"), w.participant("b")
		weak := writerOf[shape](w, a, "Square", qos.KeepAll(), qos.Exclusive, qos.OwnershipStrength(1))
		strong := writerOf[shape](w, a, "Square", qos.KeepAll(), qos.Exclusive, qos.OwnershipStrength(2))
		r := readerOf[shape](w, b, "Square", qos.Reliable(0), qos.KeepAll(), qos.Exclusive)
		require.NoError(w, r.WaitForMatched(w.soon(), 2))
		matched(w, weak, r)
		matched(w, strong, r)
		write(w, strong, shape{"RED", 1, 2})
		require.Equal(w, int32(1), next(w, r).Value.X)
		write(w, weak, shape{"RED", 2, 2})
		w.settle(time.Second)
		require.Empty(w, r.Take(0, dds.Query{}))

		q := weak.QoS()
		q.Strength = 9
		w.announce(rec, a, rtps.Data{
			Writer: rtps.EntitySEDPPubWriter, SN: 3,
			Payload: discovery.AppendEndpointPayload(nil, &discovery.EndpointData{
				GUID: weak.GUID(), Participant: a.GUID(), Topic: "Square", Type: "shape", Writer: &q,
				Version: rtps.ProtocolVer2_5, Vendor: rtps.VendorSecdds,
			}),
		})
		write(w, weak, shape{"RED", 3, 2})
		require.Equal(w, int32(3), next(w, r).Value.X)
		write(w, strong, shape{"RED", 4, 2})
		w.settle(time.Second)
		require.Empty(w, r.Take(0, dds.Query{}))
	})
}

// When the owner goes, the next one has the instance. DDS 1.4, 2.2.3.9.2.
func TestOwnerGoes(t *testing.T) {
	inWorld(t, memnet.Config{}, func(w *world) {
		a, b := w.participant("a"), w.participant("b")
		weak := writerOf[shape](w, a, "Square", qos.KeepAll(), qos.Exclusive, qos.OwnershipStrength(1))
		strong := writerOf[shape](w, a, "Square", qos.KeepAll(), qos.Exclusive, qos.OwnershipStrength(2))
		r := readerOf[shape](w, b, "Square", qos.Reliable(0), qos.KeepAll(), qos.Exclusive)
		require.NoError(w, r.WaitForMatched(w.soon(), 2))
		matched(w, weak, r)
		matched(w, strong, r)
		write(w, weak, shape{"RED", 1, 2})
		require.Equal(w, int32(1), next(w, r).Value.X)
		write(w, strong, shape{"RED", 2, 2})
		require.Equal(w, int32(2), next(w, r).Value.X)
		write(w, weak, shape{"RED", 3, 2})
		w.settle(time.Second)
		require.Empty(w, r.Take(0, dds.Query{}))
		require.NoError(w, strong.Close())
		w.settle(time.Second)
		require.Empty(w, r.Take(0, dds.Query{})) // it has a writer still
		write(w, weak, shape{"RED", 4, 2})
		require.Equal(w, int32(4), next(w, r).Value.X)
	})
}
