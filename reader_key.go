package dds

import (
	"sync"
	"unsafe"

	"github.com/secdds/dds/internal/engine"
	"github.com/secdds/dds/internal/gotype"
	"github.com/secdds/dds/rtps"
)

// keyOf computes key hashes of received payloads, in the representation they
// came in, as the writers that send a hash do.
func keyOf(t *gotype.Type) engine.KeyFunc {
	scratch := sync.Pool{New: func() any { return new(gotype.Scratch) }}
	return func(payload []byte, isKey, protected bool) (rtps.KeyHash, error) {
		rep := gotype.XCDR1
		if len(payload) > 1 && payload[1] >= 6 {
			rep = gotype.XCDR2
		}
		s := scratch.Get().(*gotype.Scratch)
		h, err := t.KeyHashOfPayload(payload, isKey, rep, protected, s)
		scratch.Put(s)
		return h, err
	}
}

// keyPayload makes the serialized key of a received payload.
func keyPayload[T any](t *gotype.Type) func([]byte, bool) ([]byte, error) {
	return func(payload []byte, isKey bool) ([]byte, error) {
		v := new(T)
		if err := t.DecodeKeyOf(payload, isKey, unsafe.Pointer(v)); err != nil {
			return nil, err
		}
		return t.AppendKey(nil, unsafe.Pointer(v), gotype.XCDR1)
	}
}
