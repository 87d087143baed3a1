package engine

import (
	"sync"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

// A target is where a message goes.
type target struct {
	prefix rtps.GUIDPrefix // not zero: INFO_DST, for one participant
	locs   []rtps.Locator
	recv   []spi.Receiver // of the message, with origin authentication
}

// A lane builds messages and sends them: submessages are added until the
// target changes or the message is full. It is used by one goroutine at a time.
type lane struct {
	p    *Participant
	msg  []byte // the message under construction; empty: none
	sub  []byte // one plain submessage about to be sealed
	pay  []byte // a sealed payload
	wire []byte // a sealed message

	to     *target
	sealed bool // RTPS message protection applies
	ts     rtps.Time
	hasTS  bool
	base   int // length of msg without any submessage but INFO_DST
	batch  []spi.Datagram
}

func newLanePool(p *Participant) *sync.Pool {
	return &sync.Pool{New: func() any {
		return &lane{
			p:   p,
			msg: make([]byte, 0, p.maxMessage+256),
			sub: make([]byte, 0, p.maxMessage+256),
		}
	}}
}

func (p *Participant) lane() *lane { return p.lanes.Get().(*lane) }

// release sends what is unsent and returns the lane.
func (l *lane) release() {
	l.finish()
	l.to = nil
	l.p.lanes.Put(l)
}

// aim says where the following submessages go and whether they fall under RTPS
// message protection.
func (l *lane) aim(to *target, sealed bool) {
	if l.to == to && l.sealed == sealed && len(l.msg) > 0 {
		return
	}
	l.finish()
	l.to, l.sealed = to, sealed
	l.begin()
}

func (l *lane) begin() {
	l.msg = rtps.Header{Version: rtps.ProtocolVer2_5, Vendor: rtps.VendorSecdds, Prefix: l.p.guid.Prefix}.Append(l.msg[:0])
	if l.to.prefix != (rtps.GUIDPrefix{}) {
		l.msg = rtps.InfoDst{Prefix: l.to.prefix}.Append(l.msg)
	}
	l.base = len(l.msg)
	l.hasTS = false
}

// room makes sure that n more octets fit into the message, if need be by
// sending what there is.
func (l *lane) room(n int) {
	limit := l.p.maxMessage
	if l.sealed && l.p.sealer != nil {
		limit -= l.p.sealer.Overhead(len(l.to.recv))
	}
	if len(l.msg)+n > limit && len(l.msg) > l.base {
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

// payload returns the payload as it goes on the wire, sealed if s is not nil.
// It is good until the next call. A payload that cannot be sealed is not sent.
func (l *lane) payload(s spi.PayloadSealer, plain []byte) (wire []byte, ok bool) {
	if s == nil || plain == nil {
		return plain, true
	}
	var err error
	if l.pay, err = s.SealPayload(l.pay[:0], plain); err != nil {
		l.p.stats.sealFailed.Add(1)
		return nil, false
	}
	return l.pay, true
}

// finish seals and sends the message under construction, if it holds anything.
func (l *lane) finish() {
	if len(l.msg) <= l.base || l.to == nil {
		l.msg = l.msg[:0]
		return
	}
	wire := l.msg
	if l.sealed && l.p.sealer != nil {
		var err error
		if l.wire, err = l.p.sealer.SealMessage(l.wire[:0], l.msg, l.to.recv); err != nil {
			l.p.stats.sealFailed.Add(1)
			l.msg = l.msg[:0]
			return
		}
		wire = l.wire
	}
	l.batch = l.batch[:0]
	for _, loc := range l.to.locs {
		l.batch = append(l.batch, spi.Datagram{To: loc, Data: wire})
	}
	l.p.stats.sent.Add(uint64(len(l.batch)))
	if err := l.p.conn.WriteBatch(l.batch); err != nil {
		l.p.stats.sendFailed.Add(1)
	}
	l.msg = l.msg[:0]
}
