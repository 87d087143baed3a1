package dds

import (
	"iter"
	"reflect"

	"github.com/secdds/dds/internal/history"
)

// A loan is what one iteration lends: a value, and the sample it was made of.
type loan[T any] struct {
	value T
	entry [1]history.Entry
}

// maxLoans is how many loans a reader keeps for later iterations. Each holds
// the memory of one value.
const maxLoans = 4

// TakeEach takes sample by sample, oldest first, at most limit samples that q
// chooses; limit <= 0 is until none is left, those included that come meanwhile.
// It does not wait for samples. As it lends what Take returns it need not
// allocate, except for strings that differ from those of the sample before:
//
//	for v, info := range r.TakeEach(0, dds.Query{}) {
//		if info.ValidData {
//			fmt.Println(v.Color)
//		}
//	}
//
// Value and info are lent until the next step or the end of the loop; then their
// memory is used again. Slices of the value must be copied to be kept, and their
// elements must not be changed: they may lie in what was received. Without
// info.ValidData only the key members of the value are set.
//
// Each step is a take of its own: a loop that is left early leaves what it has
// not been given in the reader, and the ranks in info are those of a collection
// of one sample. No lock is held during a step: it may read, take or iterate
// from the same reader, which has no effect on what is lent, write, or close
// the reader; what is taken there the loop is not given. Several loops at once
// share the samples. DDS 1.4, 2.2.2.5.3.13 (take_next_sample).
func (r *Reader[T]) TakeEach(limit int, q Query) iter.Seq2[*T, *SampleInfo] {
	return func(yield func(*T, *SampleInfo) bool) { r.takeEach(limit, q, yield) }
}

// TakeRaw is TakeEach that does not decode: it lends the serialized payload,
// with its encapsulation header (XTypes 1.3, 7.6.3.1.2), in the representation
// and the byte order it was sent in. It must not be changed. Without
// info.ValidData it is the serialized key, or nil if nobody sent it. Nothing
// but the key was checked: a payload may not be of the reader's type.
//
// Writer.WriteRaw writes such payloads.
func (r *Reader[T]) TakeRaw(limit int, q Query) iter.Seq2[[]byte, *SampleInfo] {
	return func(yield func([]byte, *SampleInfo) bool) { r.takeRaw(limit, q, yield) }
}

func (r *Reader[T]) takeEach(limit int, q Query, yield func(*T, *SampleInfo) bool) {
	l := r.lend()
	defer r.giveBack(l) // a step may panic
	for n := 0; (limit <= 0 || n < limit) && r.step(l, q); n++ {
		if r.value(&l.entry[0], &l.value, r.lends) && !yield(&l.value, &l.entry[0].Info) {
			return
		}
	}
}

func (r *Reader[T]) takeRaw(limit int, q Query, yield func([]byte, *SampleInfo) bool) {
	l := r.lend()
	defer r.giveBack(l)
	for n := 0; (limit <= 0 || n < limit) && r.step(l, q); n++ {
		if !yield(l.entry[0].Payload, &l.entry[0].Info) {
			return
		}
	}
}

// step takes the next sample into l. It gives back the payload of the one
// before, under mu: a read may have shared it until now.
func (r *Reader[T]) step(l *loan[T], q Query) bool {
	r.mu.Lock()
	defer r.mu.Unlock() // q.Match may panic
	return r.eng.TakeNext(&l.entry, q)
}

// lend returns a loan that no other iteration has.
func (r *Reader[T]) lend() *loan[T] {
	r.mu.Lock()
	defer r.mu.Unlock()
	last := len(r.loans) - 1
	if last < 0 {
		return new(loan[T])
	}
	l := r.loans[last]
	r.loans = r.loans[:last]
	return l
}

func (r *Reader[T]) giveBack(l *loan[T]) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.eng.EndNext(&l.entry)
	if len(r.loans) < maxLoans {
		r.loans = append(r.loans, l)
	}
}

// lends reports whether slices of t are best left in what was received. Those
// of 8-octet primitives are not: payloads begin anywhere, and where such a slice
// is out of line it would be made anew for each sample rather than used again.
func lends(t reflect.Type, within ...reflect.Type) bool {
	switch t.Kind() {
	case reflect.Struct:
		for _, outer := range within {
			if outer == t {
				return true // a field that is not data: no type contains itself
			}
		}
		for i := range t.NumField() {
			if !lends(t.Field(i).Type, append(within, t)...) {
				return false
			}
		}
	case reflect.Array:
		return lends(t.Elem(), within...)
	case reflect.Slice:
		e := t.Elem()
		for e.Kind() == reflect.Array {
			e = e.Elem()
		}
		switch e.Kind() {
		case reflect.Int64, reflect.Uint64, reflect.Float64:
			return false
		}
		return lends(e, within...)
	}
	return true
}
