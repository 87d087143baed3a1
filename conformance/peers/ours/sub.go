//go:build interop

package main

import (
	"context"
	"fmt"
	"time"

	"github.com/secdds/dds"
	"github.com/secdds/dds/qos"
)

func subscribe[T any](ctx context.Context, p *dds.Participant, topic *dds.Topic[T], o options, k kind[T]) error {
	sub, err := p.NewSubscriber(qos.Partition(o.partitions...))
	if err != nil {
		return fmt.Errorf("create subscriber: %w", err)
	}
	policies := []qos.ReaderPolicy{reliability(o), durability(o), history(o), liveliness(o)}
	if r := representations(o); r != nil {
		policies = append(policies, r)
	}
	r, err := dds.NewReader(sub, topic, policies...)
	if err != nil {
		return fmt.Errorf("create reader: %w", err)
	}
	go watch(context.WithoutCancel(ctx), p, r.Matched, r.IncompatibleQoS)
	samples, bad, disposed, unregistered := 0, 0, false, false
	for o.count == 0 || samples < o.count || o.dispose && !disposed || o.unregister && !unregistered {
		s, err := r.Next(ctx)
		if err != nil {
			return stopped(ctx, "samples")
		}
		switch {
		case s.Info.ValidData:
			seq, size, good := k.check(&s.Value, o.size)
			verdict := "ok"
			if !good {
				verdict = "BAD"
				bad++
			}
			samples++
			emit("SAMPLE seq=%d size=%d %s key=%s", seq, size, verdict, k.name(&s.Value))
		case s.Info.InstanceState == dds.Disposed:
			disposed = true
			emit("DISPOSED key=%s", k.name(&s.Value))
		default:
			unregistered = true
			emit("UNREGISTERED key=%s", k.name(&s.Value))
		}
	}
	if o.liveliness > 0 {
		// Then the last sample is no longer what keeps the writer alive.
		select {
		case <-ctx.Done():
			return stopped(ctx, "liveliness")
		case <-time.After(o.liveliness + o.liveliness/4):
		}
		if r.LivelinessChanged().Alive == 0 {
			emit("TIMEOUT liveliness")
			return exit(exitTimeout)
		}
		emit("ALIVE")
	}
	if bad > 0 {
		emit("TIMEOUT good samples")
		return exit(exitTimeout)
	}
	return done(o, r)
}
