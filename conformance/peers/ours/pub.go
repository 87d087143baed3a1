//go:build interop

package main

import (
	"context"
	"fmt"
	"time"

	"github.com/secdds/dds"
	"github.com/secdds/dds/qos"
)

func publish[T any](ctx, ended context.Context, p *dds.Participant, topic *dds.Topic[T], o options, k kind[T]) error {
	pub, err := p.NewPublisher(qos.Partition(o.partitions...))
	if err != nil {
		return fmt.Errorf("create publisher: %w", err)
	}
	policies := []qos.WriterPolicy{reliability(o), durability(o), history(o), liveliness(o), qos.WriterDataLifecycle{AutoDispose: false}}
	if r := representations(o); r != nil {
		policies = append(policies, r)
	}
	w, err := dds.NewWriter(pub, topic, policies...)
	if err != nil {
		return fmt.Errorf("create writer: %w", err)
	}
	go watch(ended, p, w.Matched, w.IncompatibleQoS)
	if err := w.WaitForMatched(ctx, o.waitMatch); err != nil {
		return stopped(ctx, "match")
	}
	var v T
	for seq := 1; seq <= o.count; seq++ {
		if seq > 1 && o.period > 0 {
			select {
			case <-ctx.Done():
				return stopped(ctx, "period")
			case <-time.After(o.period):
			}
		}
		if err := k.fill(&v, instance(o, uint64(seq)), o.size(uint64(seq)), uint64(seq)); err != nil {
			return err
		}
		if err := w.Write(ctx, &v); err != nil {
			return fmt.Errorf("write %d: %w", seq, err)
		}
		emit("SENT %d", seq)
	}
	if err := k.fill(&v, instance(o, 0), 0, 0); err != nil {
		return err
	}
	if o.dispose {
		if err := w.Dispose(ctx, &v); err != nil {
			return fmt.Errorf("dispose: %w", err)
		}
		emit("SENT dispose")
	}
	if o.unregister {
		if err := w.Unregister(ctx, &v); err != nil {
			return fmt.Errorf("unregister: %w", err)
		}
		emit("SENT unregister")
	}
	if o.waitAck {
		if err := w.WaitForAcks(ctx); err != nil {
			return stopped(ctx, "ack: "+err.Error())
		}
		emit("ACKED")
	}
	return done(o, w)
}
