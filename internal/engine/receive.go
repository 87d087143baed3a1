package engine

import (
	"slices"
	"time"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

// A shield says what protected something that was received. A cell requires
// bits of it; zero means no security.
type shield uint8

const (
	shieldMessage    shield = 1 << iota // opened as an RTPS message
	shieldSubmessage                    // opened as a submessage, by the key of an endpoint
	shieldKx                            // opened as a submessage, by the key exchange key
	shieldPSK                           // opened as an RTPS message, by the pre-shared key
)

// Reasons for dropping what was received.
const (
	dropMalformed = iota
	dropUnknownPeer
	dropBadMessage    // an RTPS message that did not open
	dropBadSubmessage // a submessage that did not open
	dropBadPayload    // a payload that did not open
	dropUnprotected   // without the protection its endpoint demands
	dropForeignKey    // sealed by another entity's key than it claims to be from
	dropUnmatched
	dropDuplicate
	dropInlineQoS // malformed, or with an unknown must-understand parameter
	dropBadKey
	dropOverflow // more announcements or handshake messages than the control loop takes
	dropStranger // announcements of participants not authenticated, of which there were too many
	dropEvicted  // participants not authenticated that had to give way to others
	dropCount
)

var dropNames = [dropCount]string{
	"malformed", "unknown_peer", "bad_message", "bad_submessage", "bad_payload", "unprotected",
	"foreign_key", "unmatched", "duplicate", "inline_qos", "bad_key", "overflow",
	"stranger_overflow", "stranger_evicted",
}

// A receiver interprets the datagrams of one socket, on the goroutine that
// reads it. DDSI-RTPS 2.5, 8.3.4.
type receiver struct {
	p     *Participant
	plain []byte // an opened message, where it could not be opened in place
	sub   []byte // the opened submessages of a message, likewise
	frag  []byte // the opened payload of a DATA_FRAG
	frame *frame // what the message lies in; nil: nothing may stay there
	aside bool   // something of the message lies in plain or sub: nothing may stay
	from  rtps.Locator
	run   run
}

// A scope is the receiver's state within one message. DDSI-RTPS 2.5, 8.3.4.1.
type scope struct {
	now    time.Time
	source rtps.GUIDPrefix
	peer   *peer // nil: unknown
	mine   bool  // the last INFO_DST is us, or everyone
	ts     rtps.Time
	shield shield
	owner  rtps.EntityID // whose key opened the submessage, with shieldSubmessage
}

func (p *Participant) readLoop(in spi.PacketReceiver) {
	const batch = 8
	r := &receiver{p: p, plain: make([]byte, 0, maxDatagram), sub: make([]byte, 0, maxDatagram)}
	frames, bufs := make([]*frame, batch), make([][]byte, batch)
	for i := range bufs {
		frames[i] = p.frames.get()
		bufs[i] = frames[i].b
	}
	sizes, segs := make([]int, batch), make([]int, batch)
	from := make([]rtps.Locator, batch)
	for {
		n, err := in.ReadBatch(bufs, sizes, segs, from)
		if err != nil {
			return
		}
		now := time.Now()
		for i := range n {
			r.frame, r.from = frames[i], from[i]
			for msg := range slices.Chunk(bufs[i][:sizes[i]], segs[i]) {
				r.message(now, msg)
			}
			if frames[i].held.Load() > 1 { // something stays in it
				frames[i].release()
				frames[i] = p.frames.get()
				bufs[i] = frames[i].b
			}
		}
	}
}

const maxDatagram = 65536

// message is steps 1 and 2: open the message and split it.
func (r *receiver) message(now time.Time, msg []byte) {
	p := r.p
	p.stats.received.Add(1)
	h, rest, err := rtps.ParseHeader(msg)
	if err != nil {
		p.drop(dropMalformed)
		return
	}
	sc := scope{now: now, source: h.Prefix, mine: true, ts: rtps.TimeInvalid}
	sc.peer = p.peer(h.Prefix)
	r.aside = false
	switch {
	case presharedKey(rest):
		if rest, err = r.openPreshared(msg); err != nil {
			p.drop(dropBadMessage)
			return
		}
		sc.shield = shieldPSK
	case len(rest) > 0 && rest[0] == rtps.SubSRTPSPrefix:
		keys := sc.keys()
		if keys == nil {
			p.drop(dropUnknownPeer)
			return
		}
		if rest, err = r.openMessage(keys, msg); err != nil {
			p.drop(dropBadMessage)
			return
		}
		sc.shield = shieldMessage
		sc.peer.proof.Store(now.UnixNano())
	case p.opensPSK != nil:
		p.drop(dropUnprotected) // nothing goes in clear there
		return
	}
	if sc.peer != nil {
		sc.peer.seen.Store(now.UnixNano())
	}
	r.sub = r.sub[:0]
	r.submessages(&sc, rest)
	r.endRun()
}

// openMessage opens a protected message, in place if the plugin can: what was
// received is of no other use.
func (r *receiver) openMessage(keys spi.PeerCrypto, msg []byte) (submessages []byte, err error) {
	if k, ok := keys.(spi.InPlaceOpener); ok {
		return k.OpenMessageInPlace(msg)
	}
	plain, err := keys.OpenMessage(r.plain[:0], msg)
	if err != nil {
		return nil, err
	}
	r.plain, r.aside = plain[:0], true
	return plain[rtps.HeaderLen:], nil
}

// openSubmessage opens a protected submessage. What it returns is good until
// the next message.
func (r *receiver) openSubmessage(keys spi.PeerCrypto, span []byte) (sub []byte, owner rtps.EntityID, err error) {
	if k, ok := keys.(spi.InPlaceOpener); ok {
		return k.OpenSubmessageInPlace(span)
	}
	at := len(r.sub)
	plain, owner, err := keys.OpenSubmessage(r.sub, span)
	if err != nil {
		return nil, owner, err
	}
	r.sub, r.aside = plain, true
	return plain[at:], owner, nil
}

func (s *scope) keys() spi.PeerCrypto {
	if s.peer == nil {
		return nil
	}
	if k := s.peer.keys.Load(); k != nil {
		return *k
	}
	return nil
}

func (r *receiver) submessages(sc *scope, rest []byte) {
	p := r.p
	for len(rest) > 0 {
		s, next, err := rtps.Next(rest)
		if err != nil {
			p.drop(dropMalformed)
			return
		}
		switch s.Kind {
		case rtps.SubInfoDst:
			d, err := rtps.ParseInfoDst(s)
			if err != nil {
				p.drop(dropMalformed)
				return
			}
			sc.mine = d.Prefix == p.guid.Prefix || d.Prefix == rtps.GUIDPrefix{}
		case rtps.SubInfoTS:
			t, err := rtps.ParseInfoTS(s)
			if err != nil {
				p.drop(dropMalformed)
				return
			}
			sc.ts = t.Time
			if t.Invalid {
				sc.ts = rtps.TimeInvalid
			}
		case rtps.SubInfoSrc:
			i, err := rtps.ParseInfoSrc(s)
			if err != nil {
				p.drop(dropMalformed)
				return
			}
			if sc.shield&(shieldMessage|shieldPSK) != 0 && i.Prefix != sc.source {
				p.drop(dropForeignKey) // sealed by one participant, claimed to be of another
				return
			}
			if i.Prefix != sc.source {
				sc.source, sc.peer = i.Prefix, p.peer(i.Prefix)
			}
		case rtps.SubSecPrefix:
			span := triple(rest)
			if span == nil {
				p.drop(dropMalformed)
				return
			}
			if sc.mine {
				r.secure(sc, span)
			}
			next = rest[len(span):]
		case rtps.SubSRTPSPrefix, rtps.SubSRTPSPostfix, rtps.SubSecBody, rtps.SubSecPostfix:
			p.drop(dropMalformed)
			return
		default:
			if sc.mine {
				r.entity(sc, s)
			}
		}
		rest = next
	}
}

// triple returns the octets from SEC_PREFIX to SEC_POSTFIX, or nil.
// DDS-Security 1.1, 7.3.6.
func triple(rest []byte) []byte {
	at := 0
	for i := range 3 {
		s, next, err := rtps.Next(rest[at:])
		if err != nil || (i == 2) != (s.Kind == rtps.SubSecPostfix) || (i == 0) != (s.Kind == rtps.SubSecPrefix) {
			return nil
		}
		at = len(rest) - len(next)
	}
	return rest[:at]
}

// secure is step 3: open a protected submessage.
func (r *receiver) secure(sc *scope, span []byte) {
	keys := sc.keys()
	if keys == nil {
		r.p.drop(dropUnknownPeer)
		return
	}
	plain, owner, err := r.openSubmessage(keys, span)
	if err != nil {
		r.p.drop(dropBadSubmessage)
		return
	}
	s, next, err := rtps.Next(plain)
	if err != nil || len(next) > 3 {
		r.p.drop(dropMalformed)
		return
	}
	sc.peer.proof.Store(sc.now.UnixNano())
	inner := *sc
	inner.owner = owner
	if owner == rtps.EntityUnknown {
		inner.shield |= shieldKx
	} else {
		inner.shield |= shieldSubmessage
	}
	r.entity(&inner, s)
}

// admits is the one place that asks whether something came protected as its
// cell demands, and from whom it says it is. It is asked for n submessages.
func (sc *scope) admits(p *Participant, requires shield, from rtps.EntityID, n int) bool {
	if sc.shield&requires != requires {
		p.stats.dropped[dropUnprotected].Add(uint64(n))
		return false
	}
	if sc.shield&shieldSubmessage != 0 && sc.owner != from {
		p.stats.dropped[dropForeignKey].Add(uint64(n))
		return false
	}
	return true
}

// entity is steps 4 and 5: route a submessage to its cells and step them.
func (r *receiver) entity(sc *scope, s rtps.Submessage) {
	if s.Kind != rtps.SubData {
		r.endRun()
	}
	switch s.Kind {
	case rtps.SubData:
		d, err := rtps.ParseData(s)
		if err != nil {
			r.p.drop(dropMalformed)
			return
		}
		if sc.mailbox(r.p, &d) {
			r.p.mail(sc, &d, s.LittleEndian(), r.from)
			return
		}
		r.addData(sc, &d, s.LittleEndian())
	case rtps.SubDataFrag:
		f, err := rtps.ParseDataFrag(s)
		if err != nil {
			r.p.drop(dropMalformed)
			return
		}
		for _, m := range sc.routes(r.p, f.Writer, 1) {
			if m.takes(sc, f.Reader, 1) {
				m.cell.handleFrag(sc.now, m.src, s, f, sc.ts, &r.frag)
			}
		}
	case rtps.SubHeartbeat:
		h, err := rtps.ParseHeartbeat(s)
		if err != nil {
			r.p.drop(dropMalformed)
			return
		}
		for _, m := range sc.routes(r.p, h.Writer, 1) {
			if m.takes(sc, h.Reader, 1) {
				m.cell.handleHeartbeat(sc.now, m.src, &h)
			}
		}
	case rtps.SubHeartbeatFrag:
		h, err := rtps.ParseHeartbeatFrag(s)
		if err != nil {
			r.p.drop(dropMalformed)
			return
		}
		for _, m := range sc.routes(r.p, h.Writer, 1) {
			if m.takes(sc, h.Reader, 1) {
				m.cell.handleHeartbeatFrag(sc.now, m.src, &h)
			}
		}
	case rtps.SubGap:
		g, err := rtps.ParseGap(s)
		if err != nil {
			r.p.drop(dropMalformed)
			return
		}
		for _, m := range sc.routes(r.p, g.Writer, 1) {
			if m.takes(sc, g.Reader, 1) {
				m.cell.handleGap(sc.now, m.src, &g)
			}
		}
	case rtps.SubAckNack:
		a, err := rtps.ParseAckNack(s)
		if err != nil {
			r.p.drop(dropMalformed)
			return
		}
		if w := sc.writer(r.p, a.Writer, a.Reader); w != nil {
			w.handleAckNack(sc.now, rtps.GUID{Prefix: sc.source, Entity: a.Reader}, &a)
		}
	case rtps.SubNackFrag:
		n, err := rtps.ParseNackFrag(s)
		if err != nil {
			r.p.drop(dropMalformed)
			return
		}
		if w := sc.writer(r.p, n.Writer, n.Reader); w != nil {
			w.handleNackFrag(sc.now, rtps.GUID{Prefix: sc.source, Entity: n.Reader}, &n)
		}
	}
	// Everything else, known or not, has no meaning for us: DDSI-RTPS 2.5, 8.3.4.1.
}

// A route leads from a remote writer to a matched local reader.
type route struct {
	cell *Reader
	src  *source
}

func (sc *scope) routes(p *Participant, writer rtps.EntityID, n int) []route {
	if sc.peer != nil {
		if rs := (*sc.peer.routes.Load())[writer]; rs != nil {
			return rs
		}
	}
	p.stats.dropped[dropUnmatched].Add(uint64(n))
	return nil
}

func (m *route) takes(sc *scope, reader rtps.EntityID, n int) bool {
	if reader != rtps.EntityUnknown && reader != m.cell.guid.Entity ||
		!sc.admits(m.cell.p, m.cell.requires|m.src.requires, m.src.guid.Entity, n) {
		return false
	}
	m.cell.p.prove(sc, m.src.guid.Entity)
	return true
}

// writer returns the local writer a reader's submessage is for, or nil.
func (sc *scope) writer(p *Participant, writer, reader rtps.EntityID) *Writer {
	w := (*p.writers.Load())[writer]
	if w == nil {
		p.drop(dropUnmatched)
		return nil
	}
	if !sc.admits(p, w.requires, reader, 1) {
		return nil
	}
	p.prove(sc, reader)
	return w
}

// mailbox reports whether d is of one of the two topics that are open to
// participants not yet known: announcements and the stateless messages of
// authentication.
func (sc *scope) mailbox(p *Participant, d *rtps.Data) bool {
	return d.Writer == rtps.EntitySPDPWriter || p.security != nil && d.Writer == rtps.EntityStatelessWriter
}

// parseInlineQoS decodes the inline QoS of a DATA; there may be none.
func parseInlineQoS(b []byte, le bool) (rtps.InlineQoS, error) {
	if b == nil {
		return rtps.InlineQoS{}, nil
	}
	return rtps.ParseInlineQoS(b, le)
}
