package dds_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds"
	"github.com/secdds/dds/qos"
	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/security/keystore"
	"github.com/secdds/dds/transport/memnet"
)

// The key of the key exchange is one for both directions. What a participant
// sealed with it, sent back to it as if from its peer, is neither a token nor an
// acknowledgement of the peer, and does not use up the peer's numbers.
func TestReflection(t *testing.T) {
	inWorld(t, memnet.Config{MinDelay: 10 * time.Millisecond}, func(w *world) {
		v := &victim{world: w, rec: w.record()}
		v.a, v.b = w.securedPair(keystore.SROS2Governance())
		wr := writerOf[shape](w, v.a, "Square", qos.KeepAll())
		r := readerOf[shape](w, v.b, "Square", qos.Reliable(0), qos.KeepAll())
		for range 3000 {
			w.settle(time.Millisecond)
			for _, d := range v.rec.take() {
				if m := reflected(d.data, v.a, v.b); m != nil {
					v.throw(m)
				}
			}
		}
		matched(w, wr, r)
		write(w, wr, shape{"RED", 1, 1})
		next(w, r)
		require.NoError(w, wr.WaitForAcks(w.soon()))
		require.Positive(w, v.a.Stats().Dropped["bad_submessage"])
	})
}

// reflected is a message with sealed submessages as it looks when its receiver
// is said to have sent it to its sender; nil for others.
func reflected(msg []byte, a, b *dds.Participant) []byte {
	h, rest, err := rtps.ParseHeader(msg)
	if err != nil || !bytes.Contains(msg, []byte{rtps.SubSecPrefix, 1, 20, 0}) || len(rest) == 0 || rest[0] != rtps.SubInfoDst {
		return nil
	}
	from, to := a.GUID().Prefix, b.GUID().Prefix
	if h.Prefix == to {
		from, to = to, from
	}
	h.Prefix = to
	_, rest, _ = rtps.Next(rest)
	return append(rtps.InfoDst{Prefix: from}.Append(h.Append(nil)), rest...)
}
