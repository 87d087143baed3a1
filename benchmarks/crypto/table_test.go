package crypto

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/spi"
)

// A kind is a row of CRYPTO.md: what the plugin and the bare cipher do to
// seal and to open n octets, in place where the middleware does it in place.
type kind struct {
	name string
	seal func(b *testing.B, n int) (bare, plugin side)
	open func(b *testing.B, n int) (bare, plugin side)
}

// kindOf is one level alone, for so many receivers.
func kindOf(name string, l level, p spi.Protection, receivers int) kind {
	world := func(b *testing.B) (*world, *bareWorld) {
		s := alike(p)
		s.receivers = receivers
		bare := newBareWorld(b, p)
		if p.IsOrigin() {
			bare.receivers = receivers
		}
		return newWorld(b, s), bare
	}
	return kind{name, func(b *testing.B, n int) (side, side) {
		w, bare := world(b)
		start := l.room(w)
		buf := append(make([]byte, start, room), l.plain(n)...)
		return bareSealOf(bare, p, l.covered(n)), side{run: func(int) error {
			_, err := l.sealInPlace(w, buf, start)
			return err
		}}
	}, func(b *testing.B, n int) (side, side) {
		w, _ := world(b)
		sealed, err := l.seal(w, nil, l.plain(n))
		require.NoError(b, err)
		ready, copies := copiesOf(sealed)
		return bareOpenInPlace(b, p, l.covered(n)), side{ready, func(i int) error {
			_, err := l.openInPlace(w, copies[i])
			return err
		}}
	}}
}

// kindOfChain is a sample at all three levels.
func kindOfChain(name string, s setting) kind {
	return kind{name, func(b *testing.B, n int) (side, side) {
		c, sample := newChain(newWorld(b, s)), make([]byte, n)
		return c.bareSeal(b, c.covered(b, n)), side{run: func(int) error {
			_, err := c.sealInPlace(sample)
			return err
		}}
	}, func(b *testing.B, n int) (side, side) {
		c := newChain(newWorld(b, s))
		covered := c.covered(b, n)
		ready, copies := copiesOf(slices.Clone(c.wire))
		return c.bareOpen(b, covered), side{ready, func(i int) error {
			_, err := c.openInPlace(copies[i])
			return err
		}}
	}}
}

// kindOfPSK is a message with a pre-shared key.
func kindOfPSK(name string, p spi.Protection) kind {
	return kind{name, func(b *testing.B, n int) (side, side) {
		s, _, _ := pskWorld(b, p)
		in := s.(spi.InPlaceMessageSealer)
		start, plain := in.Room(), pskLevel.plain(n)
		buf := append(make([]byte, start, room), plain...)
		return bareSealInPlace(b, p, pskLevel.covered(n)), side{run: func(int) error {
			copy(buf[start:], plain[:headerLen+4]) // without which it is no message any more
			_, err := in.SealMessageInPlace(buf, start, nil)
			return err
		}}
	}, func(b *testing.B, n int) (side, side) {
		s, o, _ := pskWorld(b, p)
		sealed, err := s.SealMessage(nil, pskLevel.plain(n), nil)
		require.NoError(b, err)
		dst := make([]byte, 0, room)
		return bareOpen(b, p, dst, pskLevel.covered(n)), side{run: func(int) error {
			_, err := o.OpenMessage(dst, sealed)
			return err
		}}
	}}
}

func kinds() []kind {
	k := []kind{
		kindOf("payload GMAC", levels[0], spi.ProtectSign, 1),
		kindOf("payload GCM", levels[0], spi.ProtectEncrypt, 1),
		kindOf("submessage GMAC", levels[1], spi.ProtectSign, 1),
		kindOf("submessage GCM", levels[1], spi.ProtectEncrypt, 1),
		kindOf("message GMAC", levels[2], spi.ProtectSign, 1),
		kindOf("message GCM", levels[2], spi.ProtectEncrypt, 1),
	}
	for _, receivers := range []int{1, 4, 16} {
		k = append(k,
			kindOf(fmt.Sprintf("message GMAC, receivers: %d", receivers), levels[2], spi.ProtectSignOrigin, receivers),
			kindOf(fmt.Sprintf("message GCM, receivers: %d", receivers), levels[2], spi.ProtectEncryptOrigin, receivers))
	}
	return append(k,
		kindOfChain("sros2, three levels", sros2),
		kindOfPSK("pre-shared key GMAC", spi.ProtectSign),
		kindOfPSK("pre-shared key GCM", spi.ProtectEncrypt))
}

// BenchmarkTable is what CRYPTO.md is made of.
func BenchmarkTable(b *testing.B) {
	for _, k := range kinds() {
		for _, n := range chainSizes {
			b.Run(fmt.Sprintf("seal/%s/%d", k.name, n), func(b *testing.B) {
				bare, plugin := k.seal(b, n)
				compare(b, n, bare, plugin)
			})
			b.Run(fmt.Sprintf("open/%s/%d", k.name, n), func(b *testing.B) {
				bare, plugin := k.open(b, n)
				compare(b, n, bare, plugin)
			})
		}
	}
}
