package dds_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds"
	"github.com/secdds/dds/qos"
	"github.com/secdds/dds/security/keystore"
	"github.com/secdds/dds/transport/memnet"
)

// An automatic writer lives as long as its participant runs, whatever the
// network loses; cut off, it is lost before the participant's lease is over,
// and it comes back. DDS 1.4, 2.2.3.11.
func TestAutomaticLiveliness(t *testing.T) {
	for _, secured := range []bool{false, true} {
		inWorld(t, memnet.Config{}, func(w *world) {
			var a, b *dds.Participant
			if secured {
				g := keystore.SROS2Governance()
				g.Topics[0].LivelinessProtection = true
				a, b = w.securedPair(g)
			} else {
				a, b = w.participant("a"), w.participant("b")
			}
			policy := qos.Liveliness(qos.Automatic, 2*time.Second)
			wr := writerOf[shape](w, a, "Square", qos.KeepAll(), policy)
			r := readerOf[shape](w, b, "Square", qos.Reliable(0), qos.KeepAll(), policy)
			matched(w, wr, r)
			write(w, wr, shape{"RED", 1, 2})
			next(w, r)
			w.settle(time.Minute)
			s := r.LivelinessChanged()
			require.Equal(w, 1, s.Alive)
			require.Equal(w, 1, s.AliveChange)
			require.Zero(w, s.NotAlive)
			require.Equal(w, wr.GUID(), s.Last)

			w.net.Cut("a", "b")
			start := time.Now()
			lost := next(w, r)
			require.Equal(w, dds.NoWriters, lost.Info.InstanceState)
			require.LessOrEqual(w, time.Since(start), 2*time.Second)
			s = r.LivelinessChanged()
			require.Zero(w, s.Alive)
			require.Equal(w, -1, s.AliveChange)
			require.Equal(w, 1, s.NotAlive)
			require.Equal(w, 1, r.Matched().Current)

			w.net.Heal()
			w.settle(2 * time.Second)
			s = r.LivelinessChanged()
			require.Equal(w, 1, s.Alive)
			require.Zero(w, s.NotAlive)
			write(w, wr, shape{"RED", 2, 2})
			require.Equal(w, int32(2), next(w, r).Value.X)
			require.NoError(w, wr.Close())
			w.settle(time.Second)
			s = r.LivelinessChanged()
			require.Zero(w, s.Alive)
			require.Zero(w, s.NotAlive)
		})
	}
}

// A manual writer lives by what its application does: writing, or asserting
// itself or, where the kind says so, the participant.
func TestManualLiveliness(t *testing.T) {
	for _, kind := range []qos.LivelinessKind{qos.ManualByParticipant, qos.ManualByTopic} {
		for _, reliability := range []qos.Reliability{qos.Reliable(time.Second), qos.BestEffort()} {
			inWorld(t, memnet.Config{}, func(w *world) {
				a, b := w.participant("a"), w.participant("b")
				policy := qos.Liveliness(kind, time.Second)
				wr := writerOf[shape](w, a, "Square", qos.KeepAll(), policy, reliability)
				other := writerOf[shape](w, a, "Square", qos.KeepAll(), policy, reliability)
				r := readerOf[shape](w, b, "Square", qos.KeepAll(), policy, reliability)
				matched(w, wr, r)
				matched(w, other, r)
				w.settle(10 * time.Second)
				s := r.LivelinessChanged()
				require.Equal(w, 2, s.NotAlive)
				require.Equal(w, 1, wr.LivelinessLost().Total)

				for range 20 {
					write(w, wr, shape{"RED", 1, 2})
					w.settle(700 * time.Millisecond)
				}
				alive := 1
				if kind == qos.ManualByParticipant {
					alive = 2 // what one asserts, it asserts for all
				}
				require.Equal(w, alive, r.LivelinessChanged().Alive)
				require.Equal(w, 1, wr.LivelinessLost().Total)

				for range 10 {
					require.NoError(w, wr.AssertLiveliness())
					w.settle(700 * time.Millisecond)
				}
				s = r.LivelinessChanged()
				require.Zero(w, s.AliveChange)
				require.Equal(w, alive, s.Alive)
				for range 10 {
					require.NoError(w, a.AssertLiveliness())
					w.settle(700 * time.Millisecond)
				}
				if kind == qos.ManualByParticipant {
					require.Equal(w, 2, r.LivelinessChanged().Alive)
				} else {
					require.Zero(w, r.LivelinessChanged().Alive)
				}
				w.settle(5 * time.Second)
				require.Zero(w, r.LivelinessChanged().Alive)
				lost := wr.LivelinessLost()
				require.Equal(w, 2, lost.Total)
				require.Equal(w, 1, lost.TotalChange)
				require.NoError(w, wr.Close())
				require.ErrorIs(w, wr.AssertLiveliness(), dds.ErrClosed)
			})
		}
	}
}
