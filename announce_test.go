package dds_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds"
	"github.com/secdds/dds/internal/discovery"
	"github.com/secdds/dds/qos"
	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/transport/memnet"
)

// Endpoints announce the policies they have: their own, their topic's and those
// of their publisher or subscriber.
func TestPoliciesAreAnnounced(t *testing.T) {
	inWorld(t, memnet.Config{}, func(w *world) {
		rec := w.record()
		a := w.participant("a")
		topic, err := dds.NewTopic[shape](a, "Square", qos.TopicData("topic"))
		require.NoError(w, err)
		pub, err := a.NewPublisher(qos.GroupData("group"))
		require.NoError(w, err)
		wr, err := dds.NewWriter(pub, topic, qos.UserData("writer"), qos.Exclusive, qos.OwnershipStrength(7), qos.KeepAll(), qos.TransientLocal)
		require.NoError(w, err)
		r := readerOf[shape](w, w.participant("b"), "Square", qos.UserData("reader"), qos.Exclusive, qos.Reliable(0))
		matched(w, wr, r)
		found := map[rtps.GUID]*discovery.EndpointData{}
		for _, d := range rec.take() {
			_, rest, err := rtps.ParseHeader(d.data)
			for err == nil && len(rest) > 0 {
				var s rtps.Submessage
				if s, rest, err = rtps.Next(rest); err != nil || s.Kind != rtps.SubData {
					continue
				}
				m, err := rtps.ParseData(s)
				require.NoError(w, err)
				if m.Writer != rtps.EntitySEDPPubWriter && m.Writer != rtps.EntitySEDPSubWriter {
					continue
				}
				e, err := discovery.ParseEndpointPayload(m.Payload, m.Writer == rtps.EntitySEDPPubWriter)
				require.NoError(w, err)
				found[e.GUID] = e
			}
		}
		ours, theirs := found[wr.GUID()], found[r.GUID()]
		require.NotNil(w, ours)
		require.NotNil(w, theirs)
		q := wr.QoS()
		require.Equal(w, "writer", string(ours.Writer.UserData))
		require.Equal(w, "topic", string(ours.Writer.TopicData))
		require.Equal(w, "group", string(ours.Writer.GroupData))
		require.Equal(w, "reader", string(theirs.Reader.UserData))
		require.Empty(w, qos.Match(ours.Writer, theirs.Reader))
		require.Equal(w, q.Ownership, ours.Writer.Ownership)
		require.Equal(w, q.Strength, ours.Writer.Strength)
		require.Equal(w, q.Reliability, ours.Writer.Reliability)
		require.Equal(w, q.Durability, ours.Writer.Durability)
		require.Equal(w, "Square", ours.Topic)
	})
}
