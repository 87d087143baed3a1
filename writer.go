package dds

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
	"unsafe"

	"github.com/secdds/dds/internal/engine"
	"github.com/secdds/dds/internal/gotype"
	"github.com/secdds/dds/internal/reliable"
	"github.com/secdds/dds/qos"
	"github.com/secdds/dds/rtps"
)

// A Writer publishes samples of a topic. DDS 1.4, 2.2.2.4.2. Its methods may
// be called by several goroutines at once.
type Writer[T any] struct {
	topic *Topic[T]
	eng   *engine.Writer
	qos   qos.Writer
	rep   gotype.Representation
	keys  sync.Pool // of *gotype.Scratch
	raws  sync.Pool // of *T: what raw payloads are decoded into
}

// NewWriter makes a writer. Policies are applied in this order: the
// specification's defaults, those of the publisher, those of the topic, and
// these. The error matches ErrNotAllowed when access control refuses it, and is
// a *qos.Error when the policies are out of range or contradict each other.
//
// The writer writes the first of its data representations, XCDR1 by default.
// Cyclone DDS reads types that are not final in XCDR2 only.
func NewWriter[T any](pub *Publisher, topic *Topic[T], policies ...qos.WriterPolicy) (*Writer[T], error) {
	all := []qos.WriterPolicy{pub.qos}
	for _, p := range topic.policies {
		if wp, ok := p.(qos.WriterPolicy); ok {
			all = append(all, wp)
		}
	}
	q := qos.NewWriter(append(all, policies...)...)
	if q.TopicData == nil {
		q.TopicData = topic.data()
	}
	if err := q.Validate(); err != nil {
		return nil, fmt.Errorf("create writer of topic %q: %w", topic.name, err)
	}
	w := &Writer[T]{topic: topic, qos: q}
	switch use := qos.Representations(q.Representations).Use(); use {
	case qos.XCDR1, qos.XCDR2:
		w.rep = gotype.Representation(use)
	default:
		return nil, fmt.Errorf("create writer of topic %q: data representation %v: %w", topic.name, use, ErrUnsupported)
	}
	var err error
	w.eng, err = pub.p.eng.NewWriter(engine.WriterSpec{
		Topic: topic.name, Type: topic.typ.Name(), Keyed: topic.typ.Keyed(), QoS: q,
	})
	if err != nil {
		return nil, fmt.Errorf("create writer of topic %q: %w", topic.name, refused(pub.p, err))
	}
	return w, nil
}

// refused marks an error of access control.
func refused(p *Participant, err error) error {
	if errors.Is(err, engine.ErrClosed) || errors.Is(err, engine.ErrBadParameter) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrNotAllowed, err)
}

// Write publishes *v with the current time. It encodes v before it returns and
// keeps nothing of it.
//
// It may block while the history is full of samples that reliable readers have
// not acknowledged: at most for max_blocking_time (then the error matches
// ErrTimeout) and as long as ctx allows. DDS 1.4, 2.2.2.4.2.11.
func (w *Writer[T]) Write(ctx context.Context, v *T) error { return w.WriteAt(ctx, v, time.Time{}) }

// WriteAt is Write with a source timestamp; the zero time is now.
func (w *Writer[T]) WriteAt(ctx context.Context, v *T, at time.Time) error {
	payload, err := w.topic.typ.Append(w.eng.Buffer(), unsafe.Pointer(v), w.rep)
	if err != nil {
		return fmt.Errorf("write to topic %q: %w: %w", w.topic.name, ErrBadParameter, err)
	}
	return w.eng.Write(ctx, engine.Change{Key: w.key(v), Time: at, Payload: payload})
}

// Dispose says that the instance of v is gone: readers see it
// NOT_ALIVE_DISPOSED. Only the key members of v matter. It may block as Write
// does. DDS 1.4, 2.2.2.4.2.13.
func (w *Writer[T]) Dispose(ctx context.Context, v *T) error {
	return w.end(ctx, v, reliable.StatusDisposed)
}

// Unregister says that this writer will no longer write the instance of v. By
// default (WRITER_DATA_LIFECYCLE) that disposes it, too. It may block as Write
// does. DDS 1.4, 2.2.2.4.2.7.
func (w *Writer[T]) Unregister(ctx context.Context, v *T) error {
	status := reliable.StatusUnregistered
	if w.qos.WriterDataLifecycle.AutoDispose {
		status |= reliable.StatusDisposed
	}
	return w.end(ctx, v, status)
}

// end sends a dispose or an unregistration with the serialized key.
//
// Interop: Cyclone DDS refuses one that has only a key hash that is an MD5 sum.
// Fast DDS takes a payload of up to 16 octets for the instance handle: where the
// hash is the key it gets no payload, else the payload is made longer.
func (w *Writer[T]) end(ctx context.Context, v *T, status uint32) error {
	var payload []byte
	if w.topic.typ.Keyed() {
		var err error
		if payload, err = w.topic.typ.AppendKey(nil, unsafe.Pointer(v), w.rep); err != nil {
			return fmt.Errorf("write to topic %q: %w: %w", w.topic.name, ErrBadParameter, err)
		}
		if len(payload) <= fastHandle && !w.eng.KeyProtected() {
			if w.topic.typ.HashIsKey(w.rep) {
				payload = nil
			} else {
				payload = append(payload, make([]byte, fastHandle+4-len(payload))...)
			}
		}
	}
	return w.eng.Write(ctx, engine.Change{Status: status, Key: w.key(v), Time: time.Now(), Payload: payload})
}

const fastHandle = 16 // octets of an instance handle

func (w *Writer[T]) key(v *T) rtps.KeyHash {
	if !w.topic.typ.NeedsScratch(w.rep, w.eng.KeyProtected()) {
		return w.topic.typ.KeyHash(unsafe.Pointer(v), w.rep, w.eng.KeyProtected(), nil)
	}
	s, _ := w.keys.Get().(*gotype.Scratch)
	if s == nil {
		s = new(gotype.Scratch)
	}
	h := w.topic.typ.KeyHash(unsafe.Pointer(v), w.rep, w.eng.KeyProtected(), s)
	w.keys.Put(s)
	return h
}

// WaitForMatched waits until at least n readers are matched.
func (w *Writer[T]) WaitForMatched(ctx context.Context, n int) error {
	return w.eng.WaitMatched(ctx, n)
}

// WaitForAcks waits until every matched reliable reader has acknowledged what
// was written before the call. DDS 1.4, 2.2.2.4.2.15.
func (w *Writer[T]) WaitForAcks(ctx context.Context) error { return w.eng.WaitAcks(ctx) }

// Flush sends at once what waits to be sent together with others, as the
// LATENCY_BUDGET allows, and returns when it has been given to the network. What
// waits for acknowledgements goes on waiting. DDS 1.4 has no such call.
func (w *Writer[T]) Flush() { w.eng.Flush() }

// Matched returns PUBLICATION_MATCHED_STATUS; the changes in it count from the
// call before. DDS 1.4, 2.2.4.1.
func (w *Writer[T]) Matched() MatchedStatus { return w.eng.Matched() }

// IncompatibleQoS returns OFFERED_INCOMPATIBLE_QOS_STATUS. DDS 1.4, 2.2.4.1.
func (w *Writer[T]) IncompatibleQoS() IncompatibleStatus { return w.eng.Incompatible() }

// QoS returns the writer's policies.
func (w *Writer[T]) QoS() qos.Writer { return w.qos }

// GUID returns the writer's GUID.
func (w *Writer[T]) GUID() rtps.GUID { return w.eng.GUID() }

// Close ends the writer: readers learn that it is gone. What is not yet
// acknowledged may be lost; WaitForAcks before.
func (w *Writer[T]) Close() error {
	w.topic.p.eng.Remove(w.eng.GUID())
	return nil
}

// MatchedStatus tells how many endpoints are and were matched.
type MatchedStatus = engine.MatchedStatus

// IncompatibleStatus tells which policies kept endpoints from matching.
type IncompatibleStatus = engine.IncompatibleStatus
