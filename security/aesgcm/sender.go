package aesgcm

import (
	"encoding/binary"
	"sync/atomic"

	"github.com/secdds/dds/spi"
)

// A sender is one purpose that our own keys have: the participant's messages,
// the submessages or the payloads of one endpoint, the key exchange with one
// peer. The key of a purpose may be replaced; its kind stays.
type sender struct {
	kind    kind
	active  atomic.Pointer[sendKey] // what is sealed with; nil: closed
	offered atomic.Pointer[sendKey] // what crypto tokens tell of: the active key or the one to come
}

func newSender(m masterKey, maxBlocks uint64) *sender {
	c := &sender{kind: m.kind}
	k := newSendKey(m, maxBlocks)
	c.active.Store(k)
	c.offered.Store(k)
	return c
}

// activate seals with k from here on, unless another key was offered since, or c
// is closed. What is being sealed at that moment still gets the old key. The
// caller holds the participant's mu, as who offers does.
func (c *sender) activate(k *sendKey) {
	if old := c.active.Load(); old != nil && c.offered.Load() == k {
		c.active.CompareAndSwap(old, k)
	}
}

func (c *sender) close() { c.active.Store(nil) }

// room is how many octets seal writes before the body.
func (c *sender) room() int {
	if c.kind.encrypts() {
		return prefixLen + bodyStartLen
	}
	return prefixLen
}

// behind is how many octets seal adds behind the body at most.
func behind(receivers int) int { return 3 + postfixLen + macLen*receivers }

// overhead is what seal adds at most.
func overhead(receivers int) int { return prefixLen + bodyStartLen + behind(receivers) }

// seal writes a prefix into the last room octets of b, and appends the protected
// form of body and a postfix. body lies where it is to go, or away from b: then
// the cipher reads it there, and nothing else copies it. b has capacity for all.
// DDS-Security 1.1, 9.5.3.3.
func (c *sender) seal(b []byte, prefix, postfix byte, body []byte, to []spi.Receiver) ([]byte, error) {
	n, pad, start := len(body), pad4(len(body)), len(b)
	encrypts := c.kind.encrypts()
	if lengthLen+n+pad > 0xffff && (prefix == subSecPrefix || encrypts) || len(to) > maxReceivers {
		return nil, errTooLong
	}
	k := c.active.Load()
	if k == nil {
		return nil, errClosed
	}
	s, suffix, err := k.next(n)
	if err != nil {
		return nil, err
	}

	head := b[start-c.room():]
	putSubHeader(head, prefix, cryptoHeaderLen)
	iv := s.putCryptoHeader(head[subHeaderLen:], suffix)
	if encrypts {
		head = head[prefixLen : prefixLen+bodyStartLen]
		putSubHeader(head, subSecBody, lengthLen+n+pad)
		binary.BigEndian.PutUint32(head[subHeaderLen:], uint32(n))
		b = s.aead.Seal(b, iv, body, nil)
		// The tag lies right behind, and goes where the postfix has it.
		foot := b[start+n : start+n+pad+postfixLen]
		copy(foot[pad+subHeaderLen:], foot[:tagLen])
		copy(foot, zeros)
		b = b[:start+n+pad+subHeaderLen+tagLen]
	} else {
		b = b[:start+n]
		copy(b[start:], body) // nothing when body is there; append would move it
		if b, err = padLast(b, start, pad); err != nil {
			return nil, err
		}
		b = s.aead.Seal(b[:len(b)+subHeaderLen], iv, nil, b[start:])
	}
	common := b[len(b)-tagLen:]
	putSubHeader(b[len(b)-tagLen-subHeaderLen:], postfix, tagLen+countLen+macLen*len(to))
	b = binary.BigEndian.AppendUint32(b, uint32(len(to)))
	for _, t := range to {
		r, ok := t.(*receiver)
		if !ok || r == nil || r.of != c {
			return nil, errReceiver
		}
		rs := r.session(k, s)
		b = append(b, rs.id[:]...)
		// The receiver's MAC is over the common one, with the same IV.
		b = rs.aead.Seal(b, iv, nil, common)
	}
	return b, nil
}

// maxReceivers is how many MACs the 16 bits of octetsToNextHeader can tell of.
const maxReceivers = (0xffff - tagLen - countLen) / macLen

// padLast pads the submessages in b[start:] to a multiple of 4 and makes the
// last one that much longer: in a signed body nothing else can hold the padding.
func padLast(b []byte, start, pad int) ([]byte, error) {
	if pad == 0 {
		return b, nil
	}
	last := b[start:]
	for {
		_, body, rest, ok := nextSub(last)
		if !ok || len(rest) == 0 && len(body)+pad > 0xffff {
			return nil, errMalformed
		}
		if len(rest) > 0 {
			last = rest
			continue
		}
		if n := len(body) + pad; last[1]&flagE != 0 {
			binary.LittleEndian.PutUint16(last[2:], uint16(n))
		} else {
			binary.BigEndian.PutUint16(last[2:], uint16(n))
		}
		return append(b, zeros[:pad]...), nil
	}
}
