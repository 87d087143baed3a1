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
	if c.msg, err = c.w.submessages.SealSubmessage(append(c.msg[:0], rtpsHeader...), c.sub, nil); err != nil {
		return nil, err
	}
	c.wire, err = c.w.messages.SealMessage(c.wire[:0], c.msg, nil)
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
	if b, err = in.submessages.SealSubmessageInPlace(b, sub, nil); err != nil {
		return nil, err
	}
	return in.messages.SealMessageInPlace(b, msg, nil)
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

var chainSizes = []int{64, 1 << 10, 8 << 10, 60 << 10}

// covered is how many octets the cipher sees of a sample at each level: what
// the inner ones add is sealed by the outer ones.
func (c *chain) covered(t testing.TB, n int) []int {
	_, err := c.seal(make([]byte, n))
	require.NoError(t, err)
	return []int{n, len(c.sub), len(c.msg) - headerLen + infoSrcLen}
}

// bareChainSeal is three calls of the cipher in one buffer, which the sample has
// to be copied to.
func bareChainSeal(t testing.TB, covered []int) side {
	w := newBareWorld(t, spi.ProtectEncrypt)
	sample, b := make([]byte, covered[0]), make([]byte, 0, room)
	return side{run: func(int) error {
		b = append(b[:0], sample...)
		for _, n := range covered {
			w.seal(b[:0], b[:n], nil)
		}
		return nil
	}}
}

// bareChainOpen is three calls that do not open in place: for the sample has to
// be copied, too.
func bareChainOpen(t testing.TB, covered []int) side {
	w := newBareWorld(t, spi.ProtectEncrypt)
	out := make([]byte, 0, room)
	var sealed [][]byte
	for _, n := range covered {
		sealed = append(sealed, w.seal(nil, make([]byte, n), nil))
	}
	return side{run: func(int) error {
		for _, b := range sealed {
			if err := w.open(out, b, nil); err != nil {
				return err
			}
		}
		return nil
	}}
}

func BenchmarkChainSeal(b *testing.B) {
	c := newChain(newWorld(b, spi.ProtectEncrypt))
	for _, n := range chainSizes {
		sample, covered := make([]byte, n), c.covered(b, n)
		for _, way := range []struct {
			name string
			seal func([]byte) ([]byte, error)
		}{{"apart", c.seal}, {"in place", c.sealInPlace}} {
			b.Run(fmt.Sprintf("%s/%d", way.name, n), func(b *testing.B) {
				compare(b, n, bareChainSeal(b, covered), side{run: func(int) error {
					_, err := way.seal(sample)
					return err
				}})
			})
		}
	}
}

func BenchmarkChainOpen(b *testing.B) {
	c := newChain(newWorld(b, spi.ProtectEncrypt))
	for _, n := range chainSizes {
		covered := c.covered(b, n)
		ready, copies := copiesOf(slices.Clone(c.wire))
		for _, way := range []struct {
			name string
			open func([]byte) ([]byte, error)
		}{{"apart", c.open}, {"in place", c.openInPlace}} {
			b.Run(fmt.Sprintf("%s/%d", way.name, n), func(b *testing.B) {
				compare(b, n, bareChainOpen(b, covered), side{ready, func(i int) error {
					_, err := way.open(copies[i])
					return err
				}})
			})
		}
	}
}

// TestChain: both ways are the same to the other side.
func TestChain(t *testing.T) {
	c := newChain(newWorld(t, spi.ProtectEncrypt))
	for _, n := range chainSizes {
		sample := data(n)
		for _, seal := range []func([]byte) ([]byte, error){c.seal, c.sealInPlace} {
			for _, open := range []func([]byte) ([]byte, error){c.open, c.openInPlace} {
				wire, err := seal(sample)
				require.NoError(t, err)
				out, err := open(wire)
				require.NoError(t, err)
				require.Equal(t, sample, out)
			}
		}
	}
}
