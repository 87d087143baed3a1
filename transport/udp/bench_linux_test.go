package udp

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/spi"
)

// What WriteBatch and ReadBatch cost on loopback for each datagram, one
// goroutine doing both in turn: no time is spent waiting.
func BenchmarkBatch(b *testing.B) {
	for _, size := range []int{128, 1400, 65000} {
		for _, count := range []int{1, 16, 64} {
			for _, trains := range []bool{true, false} {
				b.Run(fmt.Sprintf("%dB/%d/trains=%v", size, count, trains), func(b *testing.B) { benchBatch(b, size, count, trains) })
			}
		}
	}
}

func benchBatch(b *testing.B, size, count int, trains bool) {
	tr, err := New(Config{ReceiveBuffer: 8 << 20})
	require.NoError(b, err)
	sc, err := tr.Listen(spi.ListenConfig{Domain: 90, ParticipantID: -1, Logger: logger()})
	require.NoError(b, err)
	defer sc.Close()
	c := sc.(*conn)
	setTrains(c, trains)
	batch := make([]spi.Datagram, count)
	for i := range batch {
		batch[i] = spi.Datagram{To: c.DefaultUnicast()[0], Data: make([]byte, 64), Tail: make([]byte, size-64)}
	}
	bufs, sizes, segs, from := buffers(64)
	r := c.receivers[userUni]
	var write, read time.Duration
	b.ReportAllocs()
	for b.Loop() {
		start := time.Now()
		if err := c.WriteBatch(batch); err != nil {
			b.Fatal(err)
		}
		written := time.Now()
		for got := 0; got < count; {
			n, err := r.ReadBatch(bufs, sizes, segs, from)
			if err != nil {
				b.Fatal(err)
			}
			for i := range n {
				got += (sizes[i] + segs[i] - 1) / segs[i]
			}
		}
		write += written.Sub(start)
		read += time.Since(written)
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(write.Nanoseconds())/float64(b.N*count), "write-ns/datagram")
	b.ReportMetric(float64(read.Nanoseconds())/float64(b.N*count), "read-ns/datagram")
}
