package dds_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds"
	"github.com/secdds/dds/qos"
	"github.com/secdds/dds/transport/memnet"
)

func TestTakeRaw(t *testing.T) {
	inPair(t, func(w *world, wr *dds.Writer[shape], r *dds.Reader[shape]) {
		write(w, wr, shape{"RED", 1, 10})
		require.NoError(w, wr.Dispose(w.soon(), &shape{Color: "RED"}))
		require.NoError(w, wr.WaitForAcks(w.soon()))
		var got [][]byte
		for raw, info := range r.TakeRaw(0, dds.Query{}) {
			require.Equal(w, len(got) == 0, info.ValidData)
			got = append(got, append([]byte(nil), raw...))
		}
		require.Equal(w, []byte("\x00\x01\x00\x00"+"\x04\x00\x00\x00RED\x00"+"\x01\x00\x00\x00"+"\x0a\x00\x00\x00"), got[0])
		require.Len(w, got, 2)
		require.Equal(w, []byte("\x00\x01"), got[1][:2])
		require.Equal(w, []byte("\x04\x00\x00\x00RED\x00"), got[1][4:12])
	})
}

// A gateway: what is taken raw is written raw, instances and times included.
func TestGateway(t *testing.T) {
	inWorld(t, memnet.Config{}, func(w *world) {
		a, g, b := w.participant("a"), w.participant("g"), w.participant("b")
		wr := writerOf[shape](w, a, "In", qos.KeepAll())
		in := readerOf[shape](w, g, "In", qos.Reliable(0), qos.KeepAll())
		out := writerOf[shape](w, g, "Out", qos.KeepAll())
		r := readerOf[shape](w, b, "Out", qos.Reliable(0), qos.KeepAll())
		matched(w, wr, in)
		matched(w, out, r)
		in.OnData(func(in *dds.Reader[shape]) {
			for raw, info := range in.TakeRaw(0, dds.Query{}) {
				require.NoError(w, out.WriteRawAt(w.Context(), raw, info.SourceTime))
			}
		})
		want := []shape{{"RED", 1, 10}, {"BLUE", 2, 20}, {"GREENISH", 3, 30}}
		var keys []any
		for i, v := range want {
			at := time.Now().Add(-time.Hour).Truncate(time.Second)
			require.NoError(w, wr.WriteAt(w.soon(), &v, at))
			s := next(w, r)
			require.Equal(w, want[i], s.Value)
			require.WithinDuration(w, at, s.Info.SourceTime, time.Microsecond)
			keys = append(keys, s.Info.Instance)
		}
		require.NotEqual(w, keys[0], keys[1])
		// The same instance as that of a value that is written.
		write(w, out, shape{"RED", 4, 40})
		require.Equal(w, keys[0], any(next(w, r).Info.Instance))
	})
}

func TestWriteRaw(t *testing.T) {
	inPair(t, func(w *world, wr *dds.Writer[plainValue], r *dds.Reader[plainValue]) {
		big := []byte("\x00\x00\x00\x00" + "\x00\x00\x00\x07" + "\x00\x00\x00\x03abc") // the other byte order, not padded
		require.NoError(w, wr.WriteRaw(w.soon(), big))
		require.Equal(w, plainValue{7, []byte("abc")}, next(w, r).Value)
		require.NoError(w, wr.WriteRaw(w.soon(), append(big[:len(big):len(big)], 0)))
		require.NoError(w, r.WaitForData(w.soon()))
		for raw := range r.TakeRaw(1, dds.Query{}) {
			require.Equal(w, append(big[:len(big):len(big)], 0), raw)
		}
		// Padding that is counted stays so.
		padded := append(big[:len(big):len(big)], 0)
		padded[3] = 1
		require.NoError(w, wr.WriteRaw(w.soon(), padded))
		require.NoError(w, r.WaitForData(w.soon()))
		for raw := range r.TakeRaw(1, dds.Query{}) {
			require.Equal(w, padded, raw)
		}
		for name, bad := range map[string]string{
			"nothing":                "",
			"no header":              "\x00\x01",
			"no value":               "\x00\x01\x00\x00",
			"truncated":              string(big[:len(big)-1]),
			"unknown encapsulation":  "\x7f\x01\x00\x00" + string(big[4:]),
			"another representation": "\x00\x06\x00\x00" + string(big[4:]),
			"all padding":            "\x00\x01\x00\x03",
		} {
			require.ErrorIs(w, wr.WriteRaw(w.soon(), []byte(bad)), dds.ErrBadParameter, name)
		}
		require.NoError(w, wr.Close())
		require.ErrorIs(w, wr.WriteRaw(w.soon(), big), dds.ErrClosed)
	})
}
