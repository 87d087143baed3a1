package aesgcm

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

// A combination is what a governance document can ask for, for one topic.
type combination struct {
	rtps, metadata, data spi.Protection
	bits                 int
}

// eachCombination runs f for all there are: 5 × 5 × 3 protection kinds, with
// keys of either size.
func eachCombination(t *testing.T, f func(t *testing.T, c combination, w *world)) {
	kinds := []spi.Protection{spi.ProtectNone, spi.ProtectSign, spi.ProtectEncrypt, spi.ProtectSignOrigin, spi.ProtectEncryptOrigin}
	n := 0
	for _, bits := range []int{128, 256} {
		for _, r := range kinds {
			for _, m := range kinds {
				for _, d := range kinds[:3] {
					n++
					c := combination{r, m, d, bits}
					t.Run(fmt.Sprintf("AES-%d/rtps %v/metadata %v/data %v", bits, r, m, d), func(t *testing.T) { f(t, c, c.world(t)) })
				}
			}
		}
	}
	require.Equal(t, 150, n)
}

func (c combination) world(t testing.TB) *world {
	return worldFor(t, Config{KeySize: c.bits}, spi.ParticipantAttributes{RTPS: c.rtps}, spi.EndpointAttributes{Metadata: c.metadata, Data: c.data})
}

// layers are the levels that something is to be left out of.
type layers struct{ rtps, metadata, data bool }

// some returns every choice of at least one of the levels that c protects.
func (c combination) some() (all []layers) {
	for n := 1; n < 8; n++ {
		l := layers{n&1 != 0, n&2 != 0, n&4 != 0}
		if l.rtps && c.rtps == spi.ProtectNone || l.metadata && c.metadata == spi.ProtectNone || l.data && c.data == spi.ProtectNone {
			continue
		}
		all = append(all, l)
	}
	return all
}

const dataHeaderLen = 24 // of what stands for DATA and DATA_FRAG here

// A wrapping is how a sample gets into datagrams.
type wrapping struct {
	size          int // octets of the sealed payload in a datagram
	clear         layers
	toMessage     []spi.Receiver // nil: B
	toSubmessages []spi.Receiver
}

// wrap makes datagrams of a sample of A's writer, as the levels of protection
// demand: the payload is sealed whole and cut to pieces, every piece is a
// submessage, every submessage a message.
func (w *world) wrap(x wrapping, sample []byte) (datagrams [][]byte, err error) {
	pay := sample
	if w.w != nil && w.w.Payload() != nil && !x.clear.data {
		if pay, err = w.w.Payload().SealPayload(nil, sample); err != nil {
			return nil, err
		}
	}
	for len(pay) > 0 {
		n := min(x.size, len(pay))
		sub := append(appendSubHeader(nil, 0x16, dataHeaderLen-subHeaderLen+n), make([]byte, dataHeaderLen-subHeaderLen)...)
		sub, pay = append(sub, pay[:n]...), pay[n:]
		if w.w != nil && w.w.Submessage() != nil && !x.clear.metadata {
			to := x.toSubmessages
			if r := w.wr.Receiver(); r != nil && to == nil {
				to = []spi.Receiver{r}
			}
			if sub, err = w.w.Submessage().SealSubmessage(nil, sub, to); err != nil {
				return nil, err
			}
		}
		msg := message(sub)
		if w.a.Message() != nil && !x.clear.rtps {
			to := x.toMessage
			if r := w.ab.Receiver(); r != nil && to == nil {
				to = []spi.Receiver{r}
			}
			if msg, err = w.a.Message().SealMessage(nil, msg, to); err != nil {
				return nil, err
			}
		}
		datagrams = append(datagrams, msg)
	}
	return datagrams, nil
}

var errShort = errors.New("no such submessage")

// unwrap is B's side of wrap. It insists on what is to be protected, as the
// engine does.
func (w *world) unwrap(datagrams [][]byte) (sample []byte, err error) {
	var pay []byte
	for _, b := range datagrams {
		if w.b.Message() != nil {
			if b, err = w.ba.OpenMessage(nil, b); err != nil {
				return nil, err
			}
			b = b[infoSrcLen:]
		}
		if len(b) < rtpsHeaderLen {
			return nil, errShort
		}
		b = b[rtpsHeaderLen:]
		if w.r != nil && w.r.Submessage() != nil {
			var from rtps.EntityID
			if b, from, err = w.ba.OpenSubmessage(nil, b); err != nil {
				return nil, err
			}
			if from != writerA {
				return nil, errNoKey
			}
		}
		if len(b) < dataHeaderLen || subLen(b) != len(b)-subHeaderLen {
			return nil, errShort
		}
		pay = append(pay, b[dataHeaderLen:]...)
	}
	if w.rw != nil && w.rw.Payload() != nil {
		return w.rw.Payload().OpenPayload(nil, pay)
	}
	return pay, nil
}

// unwrapInPlace is unwrap in the datagrams' own memory, which it uses up.
func (w *world) unwrapInPlace(datagrams [][]byte) (sample []byte, err error) {
	in := w.ba.(spi.InPlaceOpener)
	var pay []byte
	for _, b := range datagrams {
		if w.b.Message() != nil {
			if b, err = in.OpenMessageInPlace(b); err != nil {
				return nil, err
			}
			b = b[infoSrcLen:]
		} else if len(b) >= rtpsHeaderLen {
			b = b[rtpsHeaderLen:]
		}
		if w.r != nil && w.r.Submessage() != nil {
			if b, _, err = in.OpenSubmessageInPlace(b); err != nil {
				return nil, err
			}
		}
		if len(b) < dataHeaderLen || subLen(b) != len(b)-subHeaderLen {
			return nil, errShort
		}
		pay = append(pay, b[dataHeaderLen:]...)
	}
	if w.rw != nil && w.rw.Payload() != nil {
		return w.rw.Payload().(spi.InPlacePayloadOpener).OpenPayloadInPlace(pay)
	}
	return pay, nil
}

func cloneAll(b [][]byte) (c [][]byte) {
	for _, b := range b {
		c = append(c, bytes.Clone(b))
	}
	return c
}

// TestCombinations: every combination carries samples, whole and in fragments.
func TestCombinations(t *testing.T) {
	eachCombination(t, func(t *testing.T, c combination, w *world) {
		for _, k := range []struct {
			s *sender
			p spi.Protection
		}{{w.a.(*participant).message, c.rtps}, {w.submessageSender(), c.metadata}, {w.payloadSender(), c.data}} {
			require.Equal(t, k.p == spi.ProtectNone, k.s == nil)
			if k.s != nil {
				require.Equal(t, kindFor(k.p, c.bits), k.s.kind)
				require.Equal(t, c.bits/8, k.s.kind.keyLen())
			}
		}
		for _, size := range []int{64, 4096, 60000} {
			sample := count(1, 12000)
			datagrams, err := w.wrap(wrapping{size: size}, sample)
			require.NoError(t, err)
			out, err := w.unwrap(datagrams)
			require.NoError(t, err)
			require.Equal(t, sample, out)
			out, err = w.unwrapInPlace(datagrams)
			require.NoError(t, err)
			require.Equal(t, sample, out)
		}
	})
}

func (w *world) submessageSender() *sender {
	if w.w == nil {
		return nil
	}
	return w.w.(*endpoint).submessage
}

func (w *world) payloadSender() *sender {
	if w.w == nil {
		return nil
	}
	return w.w.(*endpoint).payload
}

func TestKeySize(t *testing.T) {
	for _, bits := range []int{-1, 1, 16, 32, 192, 512} {
		_, err := New(Config{KeySize: bits}).NewParticipant(spi.ParticipantAttributes{})
		require.ErrorContains(t, err, fmt.Sprint(bits, ", want 128 or 256 bits"))
	}
	c, err := New(Config{}).NewParticipant(spi.ParticipantAttributes{RTPS: spi.ProtectSign})
	require.NoError(t, err)
	require.Equal(t, kindAES256GMAC, c.(*participant).message.kind)
}
