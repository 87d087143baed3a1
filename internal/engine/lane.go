package engine

import (
	"encoding/binary"
	"sync"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

// A target is where a message goes.
type target struct {
	prefix rtps.GUIDPrefix // not zero: INFO_DST, for one participant
	locs   []rtps.Locator
	recv   []spi.Receiver // of the message, with origin authentication
	pack   int            // octets up to which submessages are put together
}

// A lane builds messages and sends them: submessages are added until the
// target changes or the message is full, and messages are sent together. It is
// used by one goroutine at a time.
type lane struct {
	p    *Participant
	msg  []byte // the message under construction; empty: none
	tail []byte // what follows msg and is not copied into it
	sub  []byte // one plain submessage about to be sealed
	qos  []byte // the inline QoS of one

	to     *target
	sealed bool     // RTPS message protection applies
	by     *sealing // what seals the message; nil: nothing
	ts     rtps.Time
	hasTS  bool
	start  int // of the message in msg; before it is room to seal it in place
	base   int // length of msg without any submessage but INFO_DST

	queue  []queued // finished messages
	octets int      // of them
	free   [][]byte
	batch  []spi.Datagram
}

// A queued message waits to be sent with others.
type queued struct {
	to         *target
	data, tail []byte
}

// Bounds of what one WriteBatch carries.
const (
	laneOctets   = 256 << 10
	laneMessages = 48
	laneExtra    = 512 // octets of a buffer for what sealing in place needs around a message
)

func newLanePool(p *Participant) *sync.Pool {
	return &sync.Pool{New: func() any { return &lane{p: p} }}
}

func (p *Participant) lane() *lane { return p.lanes.Get().(*lane) }

// release sends what is unsent and returns the lane.
func (l *lane) release() {
	l.flush()
	l.to = nil
	l.p.lanes.Put(l)
}

// buffer returns an empty buffer for a message.
func (l *lane) buffer() []byte {
	if n := len(l.free); n > 0 {
		b := l.free[n-1]
		l.free = l.free[:n-1]
		return b[:0]
	}
	return make([]byte, 0, l.to.pack+laneExtra)
}

// aim says where the following submessages go and whether they fall under RTPS
// message protection.
func (l *lane) aim(to *target, sealed bool) {
	if l.to == to && l.sealed == sealed && len(l.msg) > 0 {
		return
	}
	l.finish()
	l.to, l.sealed, l.by = to, sealed, l.p.psk
	if sealed && l.p.sealing != nil {
		l.by = l.p.sealing
	}
	l.begin()
}

func (l *lane) begin() {
	if l.msg == nil {
		l.msg = l.buffer()
	}
	if l.start = 0; l.by != nil && l.by.inPlace != nil {
		l.start = l.by.inPlace.Room()
	}
	l.msg = rtps.Header{Version: rtps.ProtocolVer2_5, Vendor: rtps.VendorSecdds, Prefix: l.p.guid.Prefix}.Append(l.msg[:l.start])
	if l.to.prefix != (rtps.GUIDPrefix{}) {
		l.msg = rtps.InfoDst{Prefix: l.to.prefix}.Append(l.msg)
	}
	l.base = len(l.msg)
	l.hasTS = false
}

// room makes sure that n more octets fit into the message, if need be by
// finishing what there is: a message is made no longer than the network
// carries in one piece, unless one submessage alone is.
func (l *lane) room(n int) {
	limit := l.to.pack + l.start
	if l.by != nil {
		limit -= l.by.sealer.Overhead(len(l.receivers()))
	}
	if (len(l.msg)+n > limit || l.tail != nil) && len(l.msg) > l.base {
		l.finish()
		l.begin()
	}
}

// stamp adds an INFO_TS when the source timestamp differs from the last one's.
// DDSI-RTPS 2.5, 8.3.8.9.
func (l *lane) stamp(ts rtps.Time) {
	if l.hasTS && l.ts == ts {
		return
	}
	l.msg = rtps.InfoTS{Time: ts, Invalid: ts == rtps.TimeInvalid}.Append(l.msg)
	l.ts, l.hasTS = ts, true
}

// leastTail is the size of a payload, in octets, from which on it is cheaper to
// hand it to the kernel where it is than to copy it behind others.
const leastTail = 8 << 10

// borrows reports whether a payload can stand behind the message uncopied.
// DDSI-RTPS 2.5, 9.4.1: the length of a submessage is a multiple of 4.
func (l *lane) borrows(payload []byte) bool {
	return len(payload) >= leastTail && len(payload)%4 == 0 && l.by == nil
}

// seal adds the submessage in l.sub, protected by s for the receivers.
func (l *lane) seal(s spi.SubmessageSealer, recv []spi.Receiver) {
	n := len(l.msg)
	msg, err := s.SealSubmessage(l.msg, l.sub, recv)
	if err != nil {
		l.msg = l.msg[:n]
		l.p.stats.sealFailed.Add(1)
		return
	}
	l.msg = msg
}

// put adds a submessage, sealed for the receivers unless s is nil.
func put[S interface{ Append([]byte) []byte }](l *lane, sub S, s spi.SubmessageSealer, recv []spi.Receiver) {
	if s == nil {
		l.msg = sub.Append(l.msg)
		return
	}
	l.sub = sub.Append(l.sub[:0])
	l.seal(s, recv)
}

// appendPayload appends the payload of the submessage that begins at b[off:],
// of which the header is there and nothing more: sealed, and thus of another
// length than the header says. A payload that cannot be sealed is not sent.
func (l *lane) appendPayload(b []byte, off int, s spi.PayloadSealer, plain []byte) (_ []byte, ok bool) {
	at := len(b)
	b, err := s.SealPayload(b, plain)
	if err != nil {
		l.p.stats.sealFailed.Add(1)
		return b[:off], false
	}
	b = rtps.AppendPad(b, len(b)-at)
	n := len(b) - off - rtps.SubmessageHeaderLen
	if n > 0xffff {
		n = 0 // it is the last of its message: DDSI-RTPS 2.5, 9.4.5.1.3
	}
	binary.LittleEndian.PutUint16(b[off+2:], uint16(n))
	return b, true
}

// finish seals the message under construction, if it holds anything, and
// queues it.
func (l *lane) finish() {
	if len(l.msg) <= l.base || l.to == nil {
		l.msg = l.msg[:0]
		return
	}
	q := queued{to: l.to, data: l.msg, tail: l.tail}
	if l.by != nil {
		var err error
		if q.data, err = l.sealMessage(); err != nil {
			l.p.stats.sealFailed.Add(1)
			l.msg = l.msg[:0]
			return
		}
	}
	l.msg, l.tail = nil, nil
	l.queue = append(l.queue, q)
	l.octets += len(q.data) + len(q.tail)
	if l.octets >= laneOctets || len(l.queue) == laneMessages {
		l.transmit()
	}
}

// receivers are those that get a MAC of their own. There are none with a
// pre-shared key.
func (l *lane) receivers() []spi.Receiver {
	if l.by == l.p.psk {
		return nil
	}
	return l.to.recv
}

// sealMessage returns the message, sealed where it lies if the plugin can.
func (l *lane) sealMessage() ([]byte, error) {
	if l.by.inPlace == nil {
		sealed, err := l.by.sealer.SealMessage(l.buffer(), l.msg, l.receivers())
		if err == nil {
			l.free = append(l.free, l.msg)
		}
		return sealed, err
	}
	return l.by.inPlace.SealMessageInPlace(l.msg, l.start, l.receivers())
}

// flush finishes the message and sends all.
func (l *lane) flush() {
	l.finish()
	l.transmit()
}

// transmit sends the queued messages; those to the same locator together, so
// that a transport can make one train of them.
func (l *lane) transmit() {
	if len(l.queue) == 0 {
		return
	}
	l.batch = l.batch[:0]
	for rest := l.queue; len(rest) > 0; {
		n := 1
		for n < len(rest) && rest[n].to == rest[0].to {
			n++
		}
		for _, loc := range rest[0].to.locs {
			for i := range rest[:n] {
				l.batch = append(l.batch, spi.Datagram{To: loc, Data: rest[i].data, Tail: rest[i].tail})
			}
		}
		rest = rest[n:]
	}
	l.p.stats.sent.Add(uint64(len(l.batch)))
	if err := l.p.conn.WriteBatch(l.batch); err != nil {
		l.p.stats.sendFailed.Add(1)
	}
	clear(l.batch)
	for i := range l.queue {
		l.free = append(l.free, l.queue[i].data)
	}
	clear(l.queue)
	l.queue, l.octets = l.queue[:0], 0
}
