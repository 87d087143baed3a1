package main

import (
	"bytes"
	"slices"
	"sync"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

// A recorder is a transport that keeps a copy of every datagram that the
// participants on it write and receive.
type recorder struct {
	spi.Transport

	mu             sync.Mutex
	sent, received [][]byte
}

func (r *recorder) Listen(cfg spi.ListenConfig) (spi.Conn, error) {
	c, err := r.Transport.Listen(cfg)
	if err != nil {
		return nil, err
	}
	return &recordedConn{Conn: c, r: r}, nil
}

func (r *recorder) keep(list *[][]byte, datagram []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	*list = append(*list, bytes.Clone(datagram))
}

// written returns the datagrams written so far.
func (r *recorder) written() [][]byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.sent)
}

// all returns the datagrams written and received so far.
func (r *recorder) all() [][]byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Concat(r.sent, r.received)
}

// count returns how often the datagrams contain text.
func count(datagrams [][]byte, text string) int {
	n := 0
	for _, d := range datagrams {
		n += bytes.Count(d, []byte(text))
	}
	return n
}

type recordedConn struct {
	spi.Conn
	r *recorder
}

func (c *recordedConn) WriteBatch(batch []spi.Datagram) error {
	for i := range batch {
		c.r.keep(&c.r.sent, slices.Concat(batch[i].Data, batch[i].Tail))
	}
	return c.Conn.WriteBatch(batch)
}

func (c *recordedConn) Receivers() []spi.PacketReceiver {
	rs := c.Conn.Receivers()
	wrapped := make([]spi.PacketReceiver, len(rs))
	for i := range rs {
		wrapped[i] = &recordedReceiver{PacketReceiver: rs[i], r: c.r}
	}
	return wrapped
}

type recordedReceiver struct {
	spi.PacketReceiver
	r *recorder
}

func (p *recordedReceiver) ReadBatch(bufs [][]byte, sizes, segs []int, from []rtps.Locator) (int, error) {
	n, err := p.PacketReceiver.ReadBatch(bufs, sizes, segs, from)
	for i := range n {
		for msg := range slices.Chunk(bufs[i][:sizes[i]], segs[i]) {
			p.r.keep(&p.r.received, msg)
		}
	}
	return n, err
}
