package engine

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/internal/history"
	"github.com/secdds/dds/rtps"
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
