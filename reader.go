package dds

import (
	"context"
	"fmt"
	"reflect"
	"sync"
	"sync/atomic"

	"github.com/secdds/dds/internal/engine"
	"github.com/secdds/dds/internal/gotype"
	"github.com/secdds/dds/internal/history"
	"github.com/secdds/dds/qos"
	"github.com/secdds/dds/rtps"
)

// A SampleInfo is what the application learns beside the value: states, times,
// ranks, writer. DDS 1.4, 2.2.2.5.5.
type SampleInfo = history.SampleInfo

// A Query chooses samples by their states and instance. The zero Query chooses all.
type Query = history.Query

// Sample, view and instance states. In a Query they are masks. DDS 1.4, 2.2.2.5.1.
const (
	Read        = history.Read
	NotRead     = history.NotRead
	New         = history.New
	NotNew      = history.NotNew
	Alive       = history.Alive
	Disposed    = history.Disposed
	NoWriters   = history.NoWriters
	NotAlive    = history.Disposed | history.NoWriters
	AnySample   = history.Read | history.NotRead
	AnyView     = history.New | history.NotNew
	AnyInstance = history.Alive | history.Disposed | history.NoWriters
)

// A Sample is a value and its circumstances. Without Info.ValidData only the
// key members of Value are set: the sample tells that the instance's state changed.
type Sample[T any] struct {
	Value T
	Info  SampleInfo
}

// A Reader subscribes to a topic. DDS 1.4, 2.2.2.5.3. Its methods may be called
// by several goroutines at once.
type Reader[T any] struct {
	topic *Topic[T]
	eng   *engine.Reader
	qos   qos.Reader
	lends bool // values that are lent may share memory with the payload
	bad   atomic.Uint64

	mu      sync.Mutex // one read or take at a time: a read shares payloads with the cache
	entries []history.Entry
	loans   []*loan[T] // that no iteration has
}

// NewReader makes a reader. Policies are applied in this order: the
// specification's defaults, those of the subscriber, those of the topic, and
// these. The error matches ErrNotAllowed when access control refuses it, and is
// a *qos.Error when the policies are out of range or contradict each other.
//
// Unless it is told otherwise a reader takes XCDR1 and XCDR2. (DDS-XTypes has
// XCDR1 alone as the default; that would only keep writers out.)
func NewReader[T any](sub *Subscriber, topic *Topic[T], policies ...qos.ReaderPolicy) (*Reader[T], error) {
	all := []qos.ReaderPolicy{sub.qos}
	for _, p := range topic.policies {
		if rp, ok := p.(qos.ReaderPolicy); ok {
			all = append(all, rp)
		}
	}
	q := qos.NewReader(append(all, policies...)...)
	if q.TopicData == nil {
		q.TopicData = topic.data()
	}
	if err := q.Validate(); err != nil {
		return nil, fmt.Errorf("create reader of topic %q: %w", topic.name, err)
	}
	if len(q.Representations) == 0 {
		q.Representations = []qos.Representation{qos.XCDR1, qos.XCDR2}
	}
	for _, rep := range q.Representations {
		if rep != qos.XCDR1 && rep != qos.XCDR2 {
			return nil, fmt.Errorf("create reader of topic %q: data representation %v: %w", topic.name, rep, ErrUnsupported)
		}
	}
	eng, err := sub.p.eng.NewReader(engine.ReaderSpec{
		Topic: topic.name, Type: topic.typ.Name(), Keyed: topic.typ.Keyed(), KeyOf: keyOf(topic.typ), KeyPayload: keyPayload[T](topic.typ), QoS: q,
	})
	if err != nil {
		return nil, fmt.Errorf("create reader of topic %q: %w", topic.name, refused(sub.p, err))
	}
	return &Reader[T]{topic: topic, eng: eng, qos: q, lends: lends(reflect.TypeFor[T]())}, nil
}

// WaitForData waits until there is a sample that was not read.
func (r *Reader[T]) WaitForData(ctx context.Context) error {
	return r.eng.WaitData(ctx, Query{Sample: NotRead})
}

// WaitForMatched waits until at least n writers are matched.
func (r *Reader[T]) WaitForMatched(ctx context.Context, n int) error {
	return r.eng.WaitMatched(ctx, n)
}

// Matched returns SUBSCRIPTION_MATCHED_STATUS; the changes in it count from the
// call before. DDS 1.4, 2.2.4.1.
func (r *Reader[T]) Matched() MatchedStatus { return r.eng.Matched() }

// IncompatibleQoS returns REQUESTED_INCOMPATIBLE_QOS_STATUS. DDS 1.4, 2.2.4.1.
func (r *Reader[T]) IncompatibleQoS() IncompatibleStatus { return r.eng.Incompatible() }

// Lost returns how many samples were lost: SAMPLE_LOST_STATUS.
func (r *Reader[T]) Lost() int64 { return r.eng.Lost() }

// Rejected returns how many samples the reader's RESOURCE_LIMITS kept out:
// SAMPLE_REJECTED_STATUS.
func (r *Reader[T]) Rejected() int64 { return r.eng.Rejected() }

// Undecodable returns how many samples were dropped because they are not of the
// reader's type.
func (r *Reader[T]) Undecodable() uint64 { return r.bad.Load() }

// QoS returns the reader's policies.
func (r *Reader[T]) QoS() qos.Reader { return r.qos }

// GUID returns the reader's GUID.
func (r *Reader[T]) GUID() rtps.GUID { return r.eng.GUID() }

// Close ends the reader.
func (r *Reader[T]) Close() error {
	r.topic.p.eng.Remove(r.eng.GUID())
	return nil
}

// TypeNameOf returns the DDS type name of T, as a topic of it would have.
func TypeNameOf[T any]() (string, error) {
	t, err := gotype.Compile(reflect.TypeFor[T](), gotype.Options{})
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrBadType, err)
	}
	return t.Name(), nil
}
