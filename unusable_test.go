package dds_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/qos"
	"github.com/secdds/dds/transport/memnet"
)

// narrow has the name of wide and another key: what a writer of it sends is
// shorter than the key a reader of wide looks for.
type narrow struct {
	_ struct{} `dds:"name=Grown"`
	A int32    `dds:"key"`
}

type wide struct {
	_ struct{} `dds:"name=Grown"`
	A int32    `dds:"key"`
	B [64]byte `dds:"key"`
}

// A sample that cannot be used must not hold up those of the same writer that
// follow, nor keep a writer waiting for its acknowledgement.
func TestUnusableSampleDoesNotStall(t *testing.T) {
	inWorld(t, memnet.Config{}, func(w *world) {
		a, b := w.participant("a"), w.participant("b")
		wr := writerOf[narrow](w, a, "Grown", qos.KeepAll())
		r := readerOf[wide](w, b, "Grown", qos.Reliable(0), qos.KeepAll())
		matched(w, wr, r)
		write(w, wr, narrow{A: 1})
		require.NoError(w, wr.WaitForAcks(w.soon()))
		require.Equal(w, uint64(1), b.Stats().Dropped["bad_key"])
	})
}
