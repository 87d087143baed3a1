package dds

import (
	"context"
	"unsafe"

	"github.com/secdds/dds/internal/gotype"
	"github.com/secdds/dds/internal/history"
)

// Take removes at most limit samples that q chooses and returns them, oldest
// first; limit <= 0 is no limit. It does not block: none is an empty result.
// DDS 1.4, 2.2.2.5.3.9.
func (r *Reader[T]) Take(limit int, q Query) []Sample[T] {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.entries = r.eng.Take(r.entries[:0], limit, q)
	return r.decode(nil, true)
}

// Read is Take without removing: the samples become Read. DDS 1.4, 2.2.2.5.3.8.
func (r *Reader[T]) Read(limit int, q Query) []Sample[T] {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.entries = r.eng.Read(r.entries[:0], limit, q)
	return r.decode(nil, false)
}

// TakeInto is Take into dst, of which it uses the length: at most len(dst)
// samples. The memory that the values in dst hold is reused, so that taking
// into the same slice again and again need not allocate. It returns how many
// samples it set.
func (r *Reader[T]) TakeInto(dst []Sample[T], q Query) int {
	if len(dst) == 0 {
		return 0
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.entries = r.eng.Take(r.entries[:0], len(dst), q)
	return len(r.decode(dst[:0], true))
}

// Next waits for a sample and takes it.
func (r *Reader[T]) Next(ctx context.Context) (Sample[T], error) {
	var one [1]Sample[T]
	for {
		if r.TakeInto(one[:], Query{}) == 1 {
			return one[0], nil
		}
		if err := r.eng.WaitData(ctx, Query{}); err != nil {
			return Sample[T]{}, err
		}
	}
}

// decode appends the entries' values to dst, using the values dst has room for.
// mu is held.
func (r *Reader[T]) decode(dst []Sample[T], taken bool) []Sample[T] {
	if dst == nil && len(r.entries) > 0 {
		dst = make([]Sample[T], 0, len(r.entries))
	}
	for i := range r.entries {
		n := len(dst)
		dst = dst[:n+1]
		dst[n].Info = r.entries[i].Info
		if !r.value(&r.entries[i], &dst[n].Value, false) {
			dst = dst[:n]
		}
	}
	if taken {
		r.eng.Recycle(r.entries)
	}
	clear(r.entries)
	return dst
}

// value decodes e into v, only its key where it has no more; a lent one may
// share memory with e. What is not of our type is counted, and not to be shown.
func (r *Reader[T]) value(e *history.Entry, v *T, lent bool) bool {
	var err error
	switch {
	case e.Info.ValidData && lent:
		err = r.topic.typ.DecodeLent(e.Payload, unsafe.Pointer(v))
	case e.Info.ValidData:
		err = r.topic.typ.Decode(e.Payload, unsafe.Pointer(v))
	case len(e.Payload) > 0:
		*v = *new(T)
		err = r.topic.typ.DecodeKey(e.Payload, unsafe.Pointer(v))
	default:
		*v = *new(T)
		if r.topic.typ.HashIsKey(gotype.XCDR1) && !r.eng.KeyProtected() {
			_ = r.topic.typ.DecodeKey(append([]byte{0, 0, 0, 0}, e.Info.Instance[:]...), unsafe.Pointer(v))
		}
	}
	if err != nil {
		r.bad.Add(1)
	}
	return err == nil
}
