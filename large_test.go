package dds_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds"
	"github.com/secdds/dds/qos"
	"github.com/secdds/dds/transport/memnet"
)

// Samples of many fragments, written one after the other, all arrive where
// nothing is lost, though the history of the writer has room for one: none is
// replaced, or forgotten as sent, while it is sent in part.
func TestLargeSamplesAreSentToTheirEnd(t *testing.T) {
	for name, policies := range map[string][]qos.WriterPolicy{
		"best effort, keep last 1": {qos.BestEffort(), qos.KeepLast(1)},
		"best effort, keep all":    {qos.BestEffort(), qos.KeepAll()},
		"reliable, keep last 1":    {qos.KeepLast(1)},
		"reliable, keep all":       {qos.KeepAll()},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, memnet.Config{}, func(w *world) {
				wr := writerOf[plainValue](w, w.participant("a"), "Large", policies...)
				r := readerOf[plainValue](w, w.participant("b"), "Large", qos.KeepAll())
				matched(w, wr, r)
				const n = 12
				var got []dds.Sample[plainValue]
				for i := range int32(n) {
					require.NoError(w, wr.Write(w.Context(), &plainValue{i, bytes.Repeat([]byte{byte(i)}, 1_200_000)}))
					got = append(got, r.Take(0, dds.Query{})...)
				}
				for len(got) < n {
					require.NoError(w, r.WaitForData(w.soon()))
					got = append(got, r.Take(0, dds.Query{})...)
				}
				for i, s := range got {
					require.Equal(w, int32(i), s.Value.N)
					require.Equal(w, bytes.Repeat([]byte{byte(i)}, 1_200_000), s.Value.Data)
				}
			})
		})
	}
}
