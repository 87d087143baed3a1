package dds_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds"
	"github.com/secdds/dds/qos"
	"github.com/secdds/dds/transport/memnet"
)

// Without multicast only the peers named are found, and it suffices that one
// side names the other. DDSI-RTPS 2.5, 8.5.3.3.2.
func TestUnicastPeers(t *testing.T) {
	inWorld(t, memnet.Config{}, func(w *world) {
		quiet := func(peers ...string) func(*dds.Config) {
			return func(c *dds.Config) { c.NoMulticast, c.Peers, c.UserData = true, peers, []byte("hello") }
		}
		a := w.participant("a", quiet())
		b := w.participant("b", quiet("a"))
		c := w.participant("c", quiet())
		wr := writerOf[shape](w, a, "Square", qos.KeepAll())
		r := readerOf[shape](w, b, "Square", qos.Reliable(0), qos.KeepAll())
		readerOf[shape](w, c, "Square", qos.Reliable(0))
		matched(w, wr, r)
		write(w, wr, shape{"RED", 1, 2})
		require.Equal(w, shape{"RED", 1, 2}, next(w, r).Value)

		w.settle(time.Minute)
		require.Equal(w, 1, wr.Matched().Current)
		require.Empty(w, c.Peers())
		require.Len(w, a.Peers(), 1)
		require.Equal(w, []byte("hello"), a.Peers()[0].UserData)
		require.Equal(w, b.GUID(), a.Peers()[0].GUID)
	})
}

// The same over real sockets.
func TestUDPUnicastPeers(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	join := func(peers ...string) *dds.Participant {
		p, err := dds.NewParticipant(98, &dds.Config{Interfaces: []string{"lo"}, NoMulticast: true, Peers: peers})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, p.Close()) })
		return p
	}
	a, b := join(), join("127.0.0.1")
	ta, err := dds.NewTopic[shape](a, "Square")
	require.NoError(t, err)
	tb, err := dds.NewTopic[shape](b, "Square")
	require.NoError(t, err)
	wr, err := dds.NewWriter(a.Publisher(), ta)
	require.NoError(t, err)
	r, err := dds.NewReader(b.Subscriber(), tb, qos.Reliable(0))
	require.NoError(t, err)
	require.NoError(t, wr.WaitForMatched(ctx, 1))
	require.NoError(t, wr.Write(ctx, &shape{"RED", 1, 2}))
	s, err := r.Next(ctx)
	require.NoError(t, err)
	require.Equal(t, shape{"RED", 1, 2}, s.Value)
}

// What cannot be encoded is refused when the topic is made, with its path.
func TestTopicOfABadType(t *testing.T) {
	inWorld(t, memnet.Config{}, func(w *world) {
		p := w.participant("a")
		type inner struct{ Owner chan int }
		type bad struct {
			Items []inner
		}
		_, err := dds.NewTopic[bad](p, "Bad")
		require.ErrorIs(w, err, dds.ErrBadType)
		require.ErrorContains(w, err, "Items[].Owner")
		require.Equal(w, dds.CodeBadParameter, dds.ReturnCode(err))
	})
}
