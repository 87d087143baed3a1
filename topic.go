package dds

import (
	"fmt"
	"reflect"

	"github.com/secdds/dds/internal/gotype"
	"github.com/secdds/dds/qos"
)

// A Topic is a name and a type. DDS 1.4, 2.2.2.3.
//
// T is a Go struct. Its fields are the members of the DDS type: `dds:"key"`
// makes one part of the key, `dds:"bound=128"` bounds a string or sequence,
// `dds:"-"` leaves it out. The type's own options stand on a blank field:
//
//	_ struct{} `dds:"name=my::Type,appendable"`
type Topic[T any] struct {
	p        *Participant
	name     string
	typ      *gotype.Type
	policies []qos.TopicPolicy
}

// NewTopic makes a topic. Its policies are the defaults of its writers and
// readers. A type that cannot be encoded is refused with the path of the field:
// the error matches ErrBadType.
func NewTopic[T any](p *Participant, name string, policies ...qos.TopicPolicy) (*Topic[T], error) {
	if name == "" || len(name) > 255 {
		return nil, fmt.Errorf("create topic: the name has %d octets, 1 to 255 are allowed: %w", len(name), ErrBadParameter)
	}
	typ, err := gotype.Compile(reflect.TypeFor[T](), gotype.Options{})
	if err != nil {
		return nil, fmt.Errorf("create topic %q: %w: %w", name, ErrBadType, err)
	}
	return &Topic[T]{p: p, name: name, typ: typ, policies: policies}, nil
}

// data is the TOPIC_DATA that goes with the topic's endpoints.
func (t *Topic[T]) data() []byte { return qos.NewTopic(t.policies...).TopicData }

// Name returns the topic's name.
func (t *Topic[T]) Name() string { return t.name }

// TypeName returns the name of the DDS type.
func (t *Topic[T]) TypeName() string { return t.typ.Name() }

// Keyed reports whether the type has a key.
func (t *Topic[T]) Keyed() bool { return t.typ.Keyed() }
