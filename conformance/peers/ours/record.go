//go:build interop

package main

import (
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"

	"github.com/secdds/dds"
	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
	"github.com/secdds/dds/transport/udp"
)

// A tape is a transport that writes every datagram that comes or goes to a
// file: '>' for those sent or '<', four octets of length, big-endian, and the
// datagram.
type tape struct {
	spi.Transport

	mu   sync.Mutex
	file io.Writer
}

// record lets cfg run over a tape. What is returned is closed at the end.
func record(cfg *dds.Config, path string) (io.Closer, error) {
	under, err := udp.New(udp.Config{Interfaces: cfg.Interfaces})
	if err != nil {
		return nil, fmt.Errorf("record: %w", err)
	}
	f, err := os.Create(path)
	if err != nil {
		return nil, fmt.Errorf("record: %w", err)
	}
	cfg.Transport = &tape{Transport: under, file: f}
	cfg.Interfaces = nil
	return f, nil
}

func (t *tape) keep(direction byte, datagram []byte) {
	b := binary.BigEndian.AppendUint32([]byte{direction}, uint32(len(datagram)))
	t.mu.Lock()
	defer t.mu.Unlock()
	// An error is seen by who reads: something is missing.
	_, _ = t.file.Write(append(b, datagram...))
}

// Listen is spi.Transport's.
func (t *tape) Listen(cfg spi.ListenConfig) (spi.Conn, error) {
	c, err := t.Transport.Listen(cfg)
	if err != nil {
		return nil, err
	}
	return &tapedConn{c, t}, nil
}

type tapedConn struct {
	spi.Conn
	tape *tape
}

func (c *tapedConn) WriteBatch(batch []spi.Datagram) error {
	for i := range batch {
		c.tape.keep('>', slices.Concat(batch[i].Data, batch[i].Tail))
	}
	return c.Conn.WriteBatch(batch)
}

func (c *tapedConn) Receivers() []spi.PacketReceiver {
	var taped []spi.PacketReceiver
	for _, r := range c.Conn.Receivers() {
		taped = append(taped, &tapedReceiver{r, c.tape})
	}
	return taped
}

type tapedReceiver struct {
	spi.PacketReceiver
	tape *tape
}

func (r *tapedReceiver) ReadBatch(bufs [][]byte, sizes, segs []int, from []rtps.Locator) (int, error) {
	n, err := r.PacketReceiver.ReadBatch(bufs, sizes, segs, from)
	for i := range n {
		for msg := range slices.Chunk(bufs[i][:sizes[i]], segs[i]) {
			r.tape.keep('<', msg)
		}
	}
	return n, err
}
