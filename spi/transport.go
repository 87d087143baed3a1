package spi

import (
	"log/slog"

	"github.com/secdds/dds/rtps"
)

// A Transport carries RTPS messages.
type Transport interface {
	// Listen takes the addresses of a new participant.
	Listen(cfg ListenConfig) (Conn, error)
}

// A ListenConfig says which participant listens.
type ListenConfig struct {
	Domain uint32 // 0 to 232
	// ParticipantID is 0 to 119, or -1 for the first one whose ports are free.
	ParticipantID int
	// NoMulticast is set where only the given unicast peers are to be reached.
	NoMulticast bool
	// Logger takes rare warnings (a socket buffer the kernel did not grant). Never nil.
	Logger *slog.Logger
}

// A Conn is one participant's place on a transport.
type Conn interface {
	ParticipantID() int

	// Receivers returns the sockets to read, each by one goroutine.
	Receivers() []PacketReceiver

	// WriteBatch sends datagrams. What cannot be sent is dropped, as the
	// network might have done; the first error is returned, for a counter.
	// The datagrams' bytes are not kept.
	WriteBatch(batch []Datagram) error

	// The locators announced in discovery.
	MetatrafficUnicast() []rtps.Locator
	MetatrafficMulticast() []rtps.Locator
	DefaultUnicast() []rtps.Locator
	DefaultMulticast() []rtps.Locator

	// SPDPMulticast returns where participant announcements go by multicast.
	SPDPMulticast() []rtps.Locator
	// Peer returns where announcements for an initial peer go, given as
	// "host", "host:port" or a literal address: without a port, the
	// metatraffic ports of the domain's first participants (0 to 9).
	Peer(address string) ([]rtps.Locator, error)

	// Reaches reports whether WriteBatch can send to l.
	Reaches(l rtps.Locator) bool

	// MaxMessage is the largest RTPS message that may be sent, in octets: at
	// least 2048. Announcements and handshake messages are sent whole, so that
	// secured participants need some 8 KiB.
	MaxMessage() int

	// Unfragmented is the largest message that the way to a locator carries in
	// one piece, in octets, 1200 to 65507; to the zero Locator, that each
	// interface in use does. A larger one, up to MaxMessage, is carried too, but
	// may be cut up by the network below, so that the loss of any piece loses
	// it. It may be above MaxMessage.
	Unfragmented(to rtps.Locator) int

	// Close ends every ReadBatch.
	Close() error
}

// A PacketReceiver is one socket.
type PacketReceiver interface {
	// ReadBatch blocks until a message has come and fills up to len(bufs)
	// buffers. In bufs[i][:sizes[i]] are one or more messages of the source
	// from[i], in the order they were sent: each has segs[i] octets, but the last
	// may be shorter, so that slices.Chunk tells them apart. segs[i] is at least
	// 1. A buffer should have 65,536 octets; what it has no room for is lost, and
	// its size is 0. ReadBatch returns net.ErrClosed after Close.
	ReadBatch(bufs [][]byte, sizes, segs []int, from []rtps.Locator) (n int, err error)
}

// A Datagram is one message to be sent to one locator: Data and then Tail, so
// that a payload needs no copy to stand behind its headers. Tail may be nil.
type Datagram struct {
	To         rtps.Locator
	Data, Tail []byte
}

// Len returns the size of the message, in octets.
func (d *Datagram) Len() int { return len(d.Data) + len(d.Tail) }
