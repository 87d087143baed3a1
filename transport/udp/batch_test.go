package udp

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/spi"
)

func TestAllocs(t *testing.T) {
	tr, err := New(Config{})
	require.NoError(t, err)
	c, err := tr.Listen(spi.ListenConfig{Domain: 164, ParticipantID: -1, Logger: logger()})
	require.NoError(t, err)
	defer c.Close()
	batch := []spi.Datagram{
		{To: c.DefaultUnicast()[0], Data: []byte("one")},
		{To: c.DefaultMulticast()[0], Data: []byte("two")},
		{To: c.DefaultUnicast()[0], Data: []byte("three")},
	}
	uni, multi := c.Receivers()[userUni], c.Receivers()[userMulti]
	bufs, sizes, segs, from := buffers(4)
	allocs := testing.AllocsPerRun(200, func() {
		if err := c.WriteBatch(batch); err != nil {
			t.Fatal(err)
		}
		if n, err := uni.ReadBatch(bufs, sizes, segs, from); n != 2 || err != nil {
			t.Fatal(n, err)
		}
		if n, err := multi.ReadBatch(bufs, sizes, segs, from); n != 1 || err != nil {
			t.Fatal(n, err)
		}
	})
	require.Zero(t, allocs)

	batch = batch[:0]
	for range 100 {
		batch = append(batch, spi.Datagram{To: c.DefaultUnicast()[0], Data: []byte("head"), Tail: []byte("tail")})
	}
	allocs = testing.AllocsPerRun(200, func() {
		if err := c.WriteBatch(batch); err != nil {
			t.Fatal(err)
		}
		for got := 0; got < len(batch); {
			n, err := uni.ReadBatch(bufs, sizes, segs, from)
			if err != nil {
				t.Fatal(err)
			}
			for i := range n {
				got += sizes[i] / len("headtail")
			}
		}
	})
	require.Zero(t, allocs)
}
