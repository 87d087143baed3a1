package cdr

import (
	"encoding/binary"
	"math/bits"
)

// hostLittle tells the byte order of this machine. It is never assigned again.
var hostLittle = binary.NativeEndian.Uint16([]byte{1, 0}) == 1

// swap reverses the octets of each group of size octets of b.
func swap(size int, b []byte) {
	switch size {
	case 2:
		for ; len(b) >= 2; b = b[2:] {
			b[0], b[1] = b[1], b[0]
		}
	case 4:
		for ; len(b) >= 4; b = b[4:] {
			binary.NativeEndian.PutUint32(b, bits.ReverseBytes32(binary.NativeEndian.Uint32(b)))
		}
	case 8:
		for ; len(b) >= 8; b = b[8:] {
			binary.NativeEndian.PutUint64(b, bits.ReverseBytes64(binary.NativeEndian.Uint64(b)))
		}
	}
}
