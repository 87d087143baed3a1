package crypto

import (
	"fmt"
	"testing"

	"github.com/secdds/dds/spi"
)

// BenchmarkReceivers seals in place with origin authentication, for as many
// receivers as its name says: each is one MAC more, over 16 octets. Who opens
// looks for one among them, the last.
func BenchmarkReceivers(b *testing.B) {
	for _, p := range []spi.Protection{spi.ProtectSignOrigin, spi.ProtectEncryptOrigin} {
		for _, receivers := range []int{1, 4, 16} {
			w := newWorld(b, setting{p, p, spi.ProtectEncrypt, receivers})
			for _, l := range levels[1:] {
				for _, n := range []int{64, 1 << 10, 16 << 10, 64<<10 - 1<<10} {
					plain, start := l.plain(n), l.room(w)
					buf := append(make([]byte, start, room), plain...)
					b.Run(fmt.Sprintf("seal/%s/%v/%d/%d", l.name, p, receivers, n), func(b *testing.B) {
						bare := newBareWorld(b, p)
						bare.receivers = receivers
						compare(b, n, bareSealOf(bare, p, l.covered(n)), side{run: func(int) error {
							_, err := l.sealInPlace(w, buf, start)
							return err
						}})
					})
					sealed, err := l.seal(w, nil, l.plain(n))
					if err != nil {
						b.Fatal(err)
					}
					ready, copies := copiesOf(sealed)
					b.Run(fmt.Sprintf("open/%s/%v/%d/%d", l.name, p, receivers, n), func(b *testing.B) {
						compare(b, n, bareOpenInPlace(b, p, l.covered(n)), side{ready, func(i int) error {
							_, err := l.openInPlace(w, copies[i])
							return err
						}})
					})
				}
			}
		}
	}
}
