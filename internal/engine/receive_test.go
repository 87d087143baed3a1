package engine

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/internal/admission"
	"github.com/secdds/dds/internal/history"
	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/security/keystore"
)

func newReceiver(p *Participant) *receiver {
	return &receiver{p: p, plain: make([]byte, 0, maxDatagram), sub: make([]byte, 0, maxDatagram)}
}

// What is received is borrowed until receive returns, a sample that one
// DATA_FRAG carries whole as much as any other.
func TestSamplesDoNotBorrowTheDatagram(t *testing.T) {
	s := newStage(t, nil)
	s.r.Take(nil, 0, history.Query{})
	payload := []byte{0, 1, 0, 0, 7, 7, 7, 7}
	w, size := s.w.guid.Entity, uint32(len(payload))
	for _, sub := range [][]byte{
		rtps.Data{Writer: w, SN: 4, Payload: payload}.Append(nil),
		rtps.DataFrag{Writer: w, SN: 5, First: 1, Count: 1, FragmentSize: 1024, SampleSize: size, Payload: payload}.Append(nil),
	} {
		msg := s.message(1, sub)
		newReceiver(s.b).message(time.Now(), msg)
		clear(msg)
		entries := s.r.Take(nil, 0, history.Query{})
		require.Len(t, entries, 1)
		require.Equal(t, payload, entries[0].Payload)
	}
}

// An unknown parameter that must be understood refuses the sample, and no more:
// DDSI-RTPS 2.5, 9.4.2.11.2. One that need not be is skipped. What follows a
// refused sample of a reliable writer is delivered all the same.
func TestUnknownInlineParameters(t *testing.T) {
	s := newStage(t, nil)
	s.r.Take(nil, 0, history.Query{})
	payload := []byte{0, 1, 0, 0, 7, 7, 7, 7}
	sn := rtps.SequenceNumber(3)
	send := func(inline string) []history.Entry {
		sn++
		d := rtps.Data{Writer: s.w.guid.Entity, SN: sn, InlineQoS: []byte(inline), Payload: payload}
		newReceiver(s.b).message(time.Now(), s.message(1, d.Append(nil)))
		return s.r.Take(nil, 0, history.Query{})
	}
	require.Empty(t, send("\xff\x7f\x00\x00\x01\x00\x00\x00"))
	require.Equal(t, uint64(1), s.b.Stats().Dropped["inline_qos"])
	require.Empty(t, send("\x01\xc0\x00\x00\x01\x00\x00\x00"))
	require.Equal(t, uint64(2), s.b.Stats().Dropped["inline_qos"])
	require.Len(t, send("\xff\x3f\x04\x00abcd\x01\x80\x00\x00\x01\x00\x00\x00"), 1)
}

// Without INFO_TS, and after INFO_TS with the invalid time, nobody knows when a
// sample was written; the time of reception stands in. DDSI-RTPS 2.5, 8.3.8.9.
func TestSampleWithoutSourceTime(t *testing.T) {
	s := newStage(t, nil)
	s.r.Take(nil, 0, history.Query{})
	now := time.Now()
	d := rtps.Data{Writer: s.w.guid.Entity, SN: 4, Payload: []byte{0, 1, 0, 0, 7, 7, 7, 7}}
	newReceiver(s.b).message(now, s.message(1, d.Append(rtps.InfoTS{Invalid: true}.Append(nil))))
	entries := s.r.Take(nil, 0, history.Query{})
	require.Len(t, entries, 1)
	require.Equal(t, now, entries[0].Info.SourceTime)
}

// A peer that has authenticated itself anew may do so again: its handshake
// messages still come in fragments.
func TestStatelessFragmentsAfterReset(t *testing.T) {
	g := keystore.SROS2Governance()
	s := newStage(t, &g)
	k := pairKey{
		rtps.GUID{Prefix: s.b.guid.Prefix, Entity: rtps.EntityStatelessReader},
		rtps.GUID{Prefix: s.a.guid.Prefix, Entity: rtps.EntityStatelessWriter},
	}
	var before, after *pair
	var routes []route
	s.b.call(func() {
		q := s.b.peer(s.a.guid.Prefix)
		before = s.b.pairs[k]
		s.b.handleGate(time.Now(), admission.Event{Kind: admission.PeerReset, Peer: q.gate})
		after, routes = s.b.pairs[k], (*q.routes.Load())[rtps.EntityStatelessWriter]
	})
	require.NotNil(t, before)
	require.NotNil(t, after)
	require.True(t, after.joined)
	require.Len(t, routes, 1)
}
