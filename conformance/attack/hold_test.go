package attack

import (
	"slices"
	"sync"

	"github.com/secdds/dds/qos"
	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/transport/memnet"
)

var (
	qosKeepAll  = qos.KeepAll()
	qosReliable = qos.Reliable(0)
)

// A holder keeps back what is on its way, so that others can come first.
type holder struct {
	mu   sync.Mutex
	held []datagram
}

// hold keeps back what f says, until take.
func (w *world) hold(f func(*memnet.Packet) bool) *holder {
	h := &holder{}
	w.net.Filter(func(p *memnet.Packet) bool {
		if p.FromHost == p.ToHost || !f(p) {
			return true
		}
		h.mu.Lock()
		defer h.mu.Unlock()
		h.held = append(h.held, datagram{p.From, p.To, slices.Clone(p.Data)})
		return false
	})
	return h
}

func (h *holder) take() []datagram {
	h.mu.Lock()
	defer h.mu.Unlock()
	d := h.held
	h.held = nil
	return d
}

// kind says what a datagram is.
func (h *holder) kind(msg []byte) string {
	_, rest, err := rtps.ParseHeader(msg)
	for err == nil && len(rest) > 0 {
		var s rtps.Submessage
		if s, rest, err = rtps.Next(rest); err != nil {
			break
		}
		switch {
		case s.Kind == rtps.SubSRTPSPrefix:
			return "message"
		case s.Kind == rtps.SubSecPrefix:
			return "submessage"
		case s.Kind == rtps.SubData && carries(msg, rtps.EntityStatelessWriter):
			return "handshake"
		}
	}
	return "clear"
}
