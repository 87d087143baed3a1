package engine

import (
	"github.com/secdds/dds/internal/reliable"
	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

// Octets of submessage headers, at most. DDSI-RTPS 2.5, 9.4.5.
const (
	infoDstLen   = 16
	infoTSLen    = 12
	inlineQoSLen = 4 + 4 + 4 + 16 + 4 // status info, key hash, sentinel
	dataLen      = 24
	dataFragLen  = 36
	controlLen   = 64 // of the others, but for bitmaps
	bitmapLen    = 4 * 8
)

// send turns descriptors into messages. It runs without mu, on one goroutine
// at a time.
func (w *Writer) send(l *lane, out *reliable.Outbox, fan *fanout) {
	for rest := out.Sends; len(rest) > 0; {
		if s := &rest[0]; !s.To.IsZero() {
			if d := fan.dests[s.To]; d != nil {
				w.sendTo(l, s, &d.target, d.subs, d)
			}
			rest = rest[1:]
			continue
		}
		n := 1
		for n < len(rest) && rest[n].To.IsZero() {
			n++
		}
		w.sendAll(l, rest[:n], fan)
		rest = rest[n:]
	}
}

// sendAll sends what is for every matched reader.
func (w *Writer) sendAll(l *lane, sends []reliable.Send, fan *fanout) {
	if w.kx { // sealed by the key of each destination
		for i := range sends {
			for _, d := range fan.dests {
				w.sendTo(l, &sends[i], &d.target, d.subs, d)
			}
		}
		return
	}
	for i := range fan.all {
		group := &fan.all[i]
		if len(group.target.locs) == 0 {
			continue
		}
		for j := range sends {
			s := &sends[j]
			if group.fits(w, s) {
				w.sendTo(l, s, &group.target, group.subs, nil)
				continue
			}
			for _, d := range group.dests {
				w.sendTo(l, s, &d.target, d.subs, d)
			}
		}
	}
}

// sendTo adds one descriptor to the message for a target. d is nil when it is
// for every matched reader.
func (w *Writer) sendTo(l *lane, s *reliable.Send, to *target, subs []spi.Receiver, d *dest) {
	sealer := w.submsg
	if w.kx {
		if sealer = d.kx; sealer == nil {
			w.p.stats.sealFailed.Add(1)
			return
		}
	}
	var reader rtps.EntityID
	if d != nil {
		reader = d.guid.Entity
	}
	extra := 0
	if sealer != nil {
		extra = sealer.Overhead(len(subs))
	}
	l.aim(to, w.onMessage)
	switch s.Kind {
	case reliable.SendData:
		payload := s.Change.Payload
		l.room(infoTSLen + dataLen + inlineQoSLen + len(payload) + w.payloadExtra() + extra)
		l.stamp(s.Change.Time)
		d := rtps.Data{
			Reader: reader, Writer: w.guid.Entity, SN: s.Change.SN,
			InlineQoS: w.inlineQoS(l, s.Change), Payload: payload, IsKey: s.Change.IsKey,
		}
		switch {
		case w.payload != nil && payload != nil:
			sendSealed(l, d, w.payload, payload, sealer, subs)
		case sealer != nil:
			l.sub = d.Append(l.sub[:0])
			l.seal(sealer, subs)
		case l.borrows(payload):
			l.msg, l.tail = d.AppendHeader(l.msg, len(payload)), payload
		default:
			l.msg = d.Append(l.msg)
		}
	case reliable.SendFrag:
		w.sendFrags(l, s, reader, sealer, subs, extra)
	case reliable.SendHeartbeat:
		l.room(controlLen + extra)
		h := s.Heartbeat
		h.Reader, h.Writer = reader, w.guid.Entity
		put(l, h, sealer, subs)
	case reliable.SendGap:
		l.room(controlLen + bitmapLen + extra)
		g := s.Gap
		g.Reader, g.Writer = reader, w.guid.Entity
		put(l, g, sealer, subs)
	case reliable.SendHeartbeatFrag:
		l.room(controlLen + extra)
		h := s.HeartbeatFrag
		h.Reader, h.Writer = reader, w.guid.Entity
		put(l, h, sealer, subs)
	}
}

// inlineQoS returns what a change that is no plain sample says of itself. It is
// good until the next call. DDSI-RTPS 2.5, 9.6.4.8 and 9.6.4.9.
func (w *Writer) inlineQoS(l *lane, c *reliable.Change) []byte {
	if c.Status == 0 {
		return nil
	}
	q := rtps.InlineQoS{HasStatus: true, StatusInfo: c.Status, HasKeyHash: c.HasKey, KeyHash: c.Key}
	l.qos = rtps.AppendInlineQoS(l.qos[:0], &q)
	return l.qos
}

func (w *Writer) sendFrags(l *lane, s *reliable.Send, reader rtps.EntityID, sealer spi.SubmessageSealer, subs []spi.Receiver, extra int) {
	size := int(s.FragSize)
	payload := s.Fragment()
	inline := w.inlineQoS(l, s.Change)
	// A submessage carries as many fragments as fit.
	reserve := max(widestReserve, w.adds(len(l.to.recv), len(subs)))
	per := max(1, min((l.to.pack-reserve)/size, 0xffff/size, int(s.FragCount)))
	for first := s.FragFirst; len(payload) > 0; first += rtps.FragmentNumber(per) {
		n := min(per*size, len(payload))
		l.room(infoTSLen + dataFragLen + inlineQoSLen + n + w.payloadExtra() + extra)
		l.stamp(s.Change.Time)
		f := rtps.DataFrag{
			Reader: reader, Writer: w.guid.Entity, SN: s.Change.SN,
			First: first, Count: uint16((n + size - 1) / size), FragmentSize: s.FragSize,
			SampleSize: uint32(len(s.Change.Payload)), InlineQoS: inline, Payload: payload[:n], IsKey: s.Change.IsKey,
		}
		switch {
		case w.payload != nil:
			// Interop: Cyclone DDS and Fast DDS seal what each DATA_FRAG carries,
			// and count in fragments of the plain payload.
			sendSealed(l, f, w.payload, payload[:n], sealer, subs)
		case sealer != nil:
			l.sub = f.Append(l.sub[:0])
			l.seal(sealer, subs)
		case l.borrows(payload[:n]):
			l.msg, l.tail = f.AppendHeader(l.msg, n), payload[:n]
		default:
			l.msg = f.Append(l.msg)
		}
		payload = payload[n:]
	}
}

// payloadExtra is how many octets a payload may need besides its own.
func (w *Writer) payloadExtra() int {
	if w.payload == nil {
		return 3
	}
	return 3 + w.payload.Overhead()
}

// sendSealed adds a DATA or DATA_FRAG with its payload sealed, and sealed as a
// whole unless sealer is nil.
func sendSealed[H interface{ AppendHeader([]byte, int) []byte }](l *lane, h H, s spi.PayloadSealer, payload []byte, sealer spi.SubmessageSealer, subs []spi.Receiver) {
	if sealer == nil {
		off := len(l.msg)
		l.msg, _ = l.appendPayload(h.AppendHeader(l.msg, 0), off, s, payload)
		return
	}
	var ok bool
	if l.sub, ok = l.appendPayload(h.AppendHeader(l.sub[:0], 0), 0, s, payload); ok {
		l.seal(sealer, subs)
	}
}
