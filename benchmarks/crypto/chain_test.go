package crypto

import (
	"encoding/binary"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/spi"
)

// A chain takes one sample through all three levels, as a writer and a reader
// do: the payload in a DATA submessage in a message.
type chain struct {
	w                        *world
	pay, sub, msg, wire, out []byte
}

const (
	headerLen  = 20 // of the RTPS header
	infoSrcLen = 24
	dataLen    = 24 // of DATA up to the payload, without inline QoS
)

func newChain(w *world) *chain {
	b := func() []byte { return make([]byte, 0, room) }
	return &chain{w: w, pay: b(), sub: b(), msg: b(), wire: b(), out: b()}
}

var rtpsHeader = append([]byte("RTPS\x02\x05\x01\xd5"), guidA.Prefix[:]...)

// appendData appends DATA up to a payload of n octets.
func appendData(b []byte, n int) []byte {
	b = append(b, 0x15, 5)
	b = binary.LittleEndian.AppendUint16(b, uint16(dataLen-4+n))
	return append(b, make([]byte, dataLen-4)...)
}

// seal needs a buffer for every level.
func (c *chain) seal(sample []byte) ([]byte, error) {
	var err error
	if c.pay, err = c.w.payloads.SealPayload(c.pay[:0], sample); err != nil {
		return nil, err
	}
	c.sub = append(appendData(c.sub[:0], len(c.pay)), c.pay...)
	if c.msg, err = c.w.submessages.SealSubmessage(append(c.msg[:0], rtpsHeader...), c.sub, c.w.toSubmessage); err != nil {
		return nil, err
	}
	c.wire, err = c.w.messages.SealMessage(c.wire[:0], c.msg, c.w.toMessage)
	return c.wire, err
}

// sealInPlace seals in the datagram, where everything is from the start.
func (c *chain) sealInPlace(sample []byte) ([]byte, error) {
	in := &c.w.inPlace
	msg := in.messages.Room()
	b := append(c.wire[:msg], rtpsHeader...)
	sub := len(b) + in.submessages.Room()
	b = appendData(b[:sub], 0)
	pay := len(b) + in.payloads.Room()
	b, err := in.payloads.SealPayloadInPlace(append(b[:pay], sample...), pay)
	if err != nil {
		return nil, err
	}
	binary.LittleEndian.PutUint16(b[sub+2:], uint16(len(b)-sub-4))
	if b, err = in.submessages.SealSubmessageInPlace(b, sub, c.w.toSubmessage); err != nil {
		return nil, err
	}
	return in.messages.SealMessageInPlace(b, msg, c.w.toMessage)
}

// open needs a buffer for every level.
func (c *chain) open(wire []byte) ([]byte, error) {
	var err error
	if c.msg, err = c.w.peer.OpenMessage(c.msg[:0], wire); err != nil {
		return nil, err
	}
	if c.sub, _, err = c.w.peer.OpenSubmessage(c.sub[:0], c.msg[headerLen+infoSrcLen:]); err != nil {
		return nil, err
	}
	return c.w.opener.OpenPayload(c.out[:0], c.sub[dataLen:])
}

// openInPlace opens in the datagram, but for the payload: its plain form goes
// to where the sample is kept.
func (c *chain) openInPlace(wire []byte) ([]byte, error) {
	subs, err := c.w.inPlace.peer.OpenMessageInPlace(wire)
	if err != nil {
		return nil, err
	}
	sub, _, err := c.w.inPlace.peer.OpenSubmessageInPlace(subs[infoSrcLen:])
	if err != nil {
		return nil, err
	}
	return c.w.opener.OpenPayload(c.out[:0], sub[dataLen:])
}

// chainSizes are those of samples, in octets; the last with all that three levels
// add fits in a datagram.
var chainSizes = []int{64, 1 << 10, 16 << 10, 64<<10 - 1<<10}

// chainSettings are what the chain is measured for.
var chainSettings = []struct {
	name string
	setting
}{
	{"ENCRYPT", alike(spi.ProtectEncrypt)},
	{"SIGN", alike(spi.ProtectSign)},
	{"sros2", sros2},
	{"origin 1", setting{spi.ProtectEncryptOrigin, spi.ProtectEncryptOrigin, spi.ProtectEncrypt, 1}},
	{"origin 16", setting{spi.ProtectEncryptOrigin, spi.ProtectEncryptOrigin, spi.ProtectEncrypt, 16}},
}

// covered is how many octets the cipher sees of a sample at each level: what
// the inner ones add is sealed by the outer ones.
func (c *chain) covered(t testing.TB, n int) []int {
	_, err := c.seal(make([]byte, n))
	require.NoError(t, err)
	return []int{n, len(c.sub), len(c.msg) - headerLen + infoSrcLen}
}

// bareLevels are the calls of the cipher that the levels ask for, innermost
// first.
func (c *chain) bareLevels(t testing.TB) (levels [3]*bareWorld, encrypts [3]bool) {
	for i, p := range []spi.Protection{c.w.data, c.w.metadata, c.w.rtps} {
		levels[i], encrypts[i] = newBareWorld(t, p), p.IsEncrypt()
		if p.IsOrigin() {
			levels[i].receivers = c.w.receivers
		}
	}
	return levels, encrypts
}

// bareSeal is three calls of the cipher in one buffer, which the sample has to be
// copied to.
func (c *chain) bareSeal(t testing.TB, covered []int) side {
	levels, encrypts := c.bareLevels(t)
	sample, b := make([]byte, covered[0]), make([]byte, 0, room)
	return side{run: func(int) error {
		b = append(b[:0], sample...)
		for i, n := range covered {
			if encrypts[i] {
				levels[i].seal(b[:0], b[:n], nil)
			} else {
				levels[i].seal(b[n:n], nil, b[:n])
			}
		}
		return nil
	}}
}

// bareOpen is three calls, of which those that decrypt do not do so in place: for
// the sample has to be copied, too.
func (c *chain) bareOpen(t testing.TB, covered []int) side {
	levels, encrypts := c.bareLevels(t)
	out := make([]byte, 0, room)
	var sealed, signed [3][]byte
	for i, n := range covered {
		hidden := make([]byte, n)
		if !encrypts[i] {
			hidden, signed[i] = nil, hidden
		}
		sealed[i] = levels[i].seal(nil, hidden, signed[i])
	}
	return side{run: func(int) error {
		for i := range covered {
			if err := levels[i].open(out, sealed[i], signed[i]); err != nil {
				return err
			}
		}
		return nil
	}}
}

// eachChain runs f for every setting and size.
func eachChain(b *testing.B, f func(c *chain, n int, name string)) {
	for _, s := range chainSettings {
		c := newChain(newWorld(b, s.setting))
		for _, n := range chainSizes {
			f(c, n, fmt.Sprintf("%s/%d", s.name, n))
		}
	}
}

func BenchmarkChainSeal(b *testing.B) {
	eachChain(b, func(c *chain, n int, name string) {
		sample, covered := make([]byte, n), c.covered(b, n)
		for _, way := range []struct {
			name string
			seal func([]byte) ([]byte, error)
		}{{"apart", c.seal}, {"in place", c.sealInPlace}} {
			b.Run(way.name+"/"+name, func(b *testing.B) {
				compare(b, n, c.bareSeal(b, covered), side{run: func(int) error {
					_, err := way.seal(sample)
					return err
				}})
			})
		}
	})
}

func BenchmarkChainOpen(b *testing.B) {
	eachChain(b, func(c *chain, n int, name string) {
		covered := c.covered(b, n)
		ready, copies := copiesOf(slices.Clone(c.wire))
		for _, way := range []struct {
			name string
			open func([]byte) ([]byte, error)
		}{{"apart", c.open}, {"in place", c.openInPlace}} {
			b.Run(way.name+"/"+name, func(b *testing.B) {
				compare(b, n, c.bareOpen(b, covered), side{ready, func(i int) error {
					_, err := way.open(copies[i])
					return err
				}})
			})
		}
	})
}

// TestChain: both ways are the same to the other side.
func TestChain(t *testing.T) {
	for _, s := range chainSettings {
		c := newChain(newWorld(t, s.setting))
		for _, n := range chainSizes {
			sample := data(n)
			for _, seal := range []func([]byte) ([]byte, error){c.seal, c.sealInPlace} {
				for _, open := range []func([]byte) ([]byte, error){c.open, c.openInPlace} {
					wire, err := seal(sample)
					require.NoError(t, err)
					out, err := open(wire)
					require.NoError(t, err)
					require.Equal(t, sample, out, s.name)
				}
			}
		}
	}
}
