package dds

import (
	"context"
	"fmt"
	"time"
	"unsafe"

	"github.com/secdds/dds/cdr"
	"github.com/secdds/dds/internal/engine"
	"github.com/secdds/dds/internal/gotype"
)

// WriteRaw publishes a serialized payload with the current time, such as
// Reader.TakeRaw lends: gateways and players need no value. It keeps nothing of
// payload, which has an encapsulation header (XTypes 1.3, 7.6.3.1.2), either
// byte order, and any length: it is padded as need be.
//
// It blocks as Write does. The error matches ErrBadParameter if payload does
// not decode as a T, or is in another representation than the writer offers its
// readers.
func (w *Writer[T]) WriteRaw(ctx context.Context, payload []byte) error {
	return w.WriteRawAt(ctx, payload, time.Time{})
}

// WriteRawAt is WriteRaw with a source timestamp; the zero time is now.
func (w *Writer[T]) WriteRawAt(ctx context.Context, payload []byte, at time.Time) error {
	v, _ := w.raws.Get().(*T)
	if v == nil {
		v = new(T)
	}
	defer w.raws.Put(v)
	h, _, err := cdr.ParseHeader(payload)
	if err == nil {
		err = w.topic.typ.Decode(payload, unsafe.Pointer(v))
	}
	switch {
	case err != nil:
		return fmt.Errorf("write to topic %q: %w: %w", w.topic.name, ErrBadParameter, err)
	case h.ID.V2() != (w.rep == gotype.XCDR2):
		return fmt.Errorf("write to topic %q: %w: the payload is not in the writer's data representation", w.topic.name, ErrBadParameter)
	}
	if pad := int(h.Options & 3); pad <= len(payload)-4 { // what padding there is, is made anew
		payload = payload[:len(payload)-pad]
	}
	b := cdr.Pad(append(w.eng.Buffer(), payload...), 0)
	return w.eng.Write(ctx, engine.Change{Key: w.key(v), Time: at, Payload: b})
}
