package discovery

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/qos"
	"github.com/secdds/dds/rtps"
)

// FuzzDirectory plays arbitrary announcements of a few participants to a
// Directory. Whatever they are, it stays within its limits, and what it reports
// of pairs is consistent: a match is followed by an unmatch before the next
// match, and nothing is matched with what is gone.
func FuzzDirectory(f *testing.F) {
	f.Add([]byte{0, 1, 0, 1, 1, 0, 2, 1, 7, 3, 1, 7, 8, 0, 0, 4, 1, 9, 9, 200, 0})
	f.Add([]byte{3, 2, 5, 3, 2, 4, 0, 3, 0, 1, 3, 0, 2, 3, 255, 2, 3, 254, 2, 3, 253, 6, 3, 2, 7, 3, 0, 9, 99, 0})
	f.Fuzz(func(t *testing.T, script []byte) {
		script = script[:min(len(script), 600)] // long enough, and quick to minimise
		limits := Limits{MaxPeers: 3, MaxEndpointsPerPeer: 4, MaxEndpoints: 8, MaxBytes: 20_000, Grace: time.Second}
		d := NewDirectory(rtps.GUID{Prefix: rtps.GUIDPrefix{0xff}}, 0, "", limits)
		now := start
		matched := make(map[[2]rtps.GUID]bool)
		known := make(map[rtps.GUIDPrefix]bool)
		var out Events
		for len(script) >= 3 {
			op, who, what := script[0]%10, script[1]%6, script[2]
			script = script[3:]
			prefix := rtps.GUIDPrefix{who}
			switch op {
			case 0:
				d.HandleParticipant(now, fuzzParticipant(prefix, what), &out)
			case 1:
				d.Admit(now, prefix)
			case 2:
				d.HandleEndpoint(now, prefix, fuzzEndpoint(prefix, what), what&64 != 0, &out)
			case 3:
				d.AddLocal(now, fuzzEndpoint(rtps.GUIDPrefix{0xff}, what), &out)
			case 4:
				d.HandleEndpointGone(now, prefix, fuzzEndpoint(prefix, what).GUID, what&64 != 0, &out)
			case 5:
				d.RemoveLocal(now, fuzzEndpoint(rtps.GUIDPrefix{0xff}, what).GUID, &out)
			case 6:
				d.HandleParticipantGone(now, prefix, &out)
			case 7:
				d.HandleMessage(now, prefix, &MessageData{Prefix: prefix, Kind: MessageKind{3: what % 4}}, what&8 != 0, &out)
			case 8:
				d.AssertWriter(now, fuzzEndpoint(prefix, what).GUID, &out)
				d.AssertLocal(now, fuzzEndpoint(rtps.GUIDPrefix{0xff}, what).GUID, &out)
			case 9:
				now = now.Add(time.Duration(what) * 50 * time.Millisecond)
				d.Advance(now, &out)
				next := d.Next()
				require.True(t, next.IsZero() || next.After(now), "Advance did what is due")
			}
			checkEvents(t, out, matched, known)
			out = out[:0]
			peers, endpoints := d.Len()
			require.LessOrEqual(t, peers, limits.MaxPeers)
			require.LessOrEqual(t, endpoints, limits.MaxEndpoints)
			require.LessOrEqual(t, d.bytes, limits.MaxBytes)
			require.Len(t, known, peers)
		}
		for prefix := range known {
			d.Remove(now, prefix, &out)
		}
		checkEvents(t, out, matched, known)
		require.Empty(t, matched)
		require.Zero(t, d.bytes)
		require.Empty(t, d.remotes)
	})
}

func checkEvents(t *testing.T, out Events, matched map[[2]rtps.GUID]bool, known map[rtps.GUIDPrefix]bool) {
	for _, ev := range out {
		switch ev := ev.(type) {
		case PeerFound:
			require.False(t, known[ev.Peer.GUID.Prefix])
			known[ev.Peer.GUID.Prefix] = true
		case PeerChanged:
			require.True(t, known[ev.Peer.GUID.Prefix])
		case PeerLost:
			require.True(t, known[ev.Peer.GUID.Prefix])
			delete(known, ev.Peer.GUID.Prefix)
			for pair := range matched {
				require.NotEqual(t, ev.Peer.GUID.Prefix, pair[1].Prefix, "unmatched before lost")
			}
		case Compatible:
			pair := [2]rtps.GUID{ev.Local.GUID, ev.Remote.GUID}
			require.False(t, matched[pair], "matched twice")
			require.True(t, known[ev.Remote.GUID.Prefix])
			matched[pair] = true
		case Updated:
			require.True(t, matched[[2]rtps.GUID{ev.Local.GUID, ev.Remote.GUID}])
		case Unmatched:
			pair := [2]rtps.GUID{ev.Local, ev.Remote}
			require.True(t, matched[pair], "unmatched without a match")
			delete(matched, pair)
		case Incompatible:
			require.False(t, matched[[2]rtps.GUID{ev.Local.GUID, ev.Remote.GUID}])
		}
	}
}

func fuzzParticipant(prefix rtps.GUIDPrefix, what byte) *ParticipantData {
	d := &ParticipantData{
		GUID:     rtps.GUID{Prefix: prefix, Entity: rtps.EntityParticipant},
		Lease:    time.Duration(1+what%8) * time.Second,
		UserData: make([]byte, int(what)*40),
	}
	if what%8 == 7 {
		d.Lease = qos.Infinite
	}
	return d
}

// fuzzEndpoint returns one of four endpoints of a participant in one of several
// shapes.
func fuzzEndpoint(prefix rtps.GUIDPrefix, what byte) *EndpointData {
	d := &EndpointData{Topic: "A", Type: "T"}
	d.GUID = rtps.GUID{Prefix: prefix, Entity: rtps.EntityID{0, 0, what % 4, rtps.KindWriterWithKey}}
	d.Participant = rtps.GUID{Prefix: prefix, Entity: rtps.EntityParticipant}
	if what&8 != 0 {
		d.Topic = "B"
	}
	var partition []string
	if what&16 != 0 {
		partition = []string{"p*"}
	}
	lease := time.Duration(1+what>>5) * 300 * time.Millisecond
	kind := qos.LivelinessKind(what >> 3 % 3)
	if what%2 == 0 {
		q := qos.NewWriter(qos.Liveliness(kind, lease), qos.Partition(partition...), qos.UserData(make([]byte, int(what>>4)*100)))
		d.Writer = &q
		return d
	}
	d.GUID.Entity[3] = rtps.KindReaderWithKey
	if what&32 != 0 {
		partition = []string{"pq", ""}
	}
	q := qos.NewReader(qos.Durability(what>>7), qos.Partition(partition...))
	d.Reader = &q
	return d
}
