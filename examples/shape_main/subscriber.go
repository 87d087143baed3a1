package main

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/secdds/dds"
	"github.com/secdds/dds/qos"
	"github.com/secdds/dds/rtps"
)

func (a *app) createReaders() error {
	var group []qos.SubscriberPolicy
	if a.partitioned {
		group = append(group, qos.Partition(a.partition))
	}
	sub, err := a.p.NewSubscriber(group...)
	if err != nil {
		return fmt.Errorf("failed to create subscriber: %w", err)
	}
	policies := []qos.ReaderPolicy{a.durabilityPolicy(), a.representationPolicy(), a.reliabilityPolicy()}
	if h, ok := a.historyPolicy(); ok {
		policies = append(policies, h)
	}
	for _, t := range a.topics {
		fmt.Fprintf(a.out, "Create reader for topic: %s\n", t.Name())
		r, err := dds.NewReader(sub, t, policies...)
		if err != nil {
			return fmt.Errorf("failed to create datareader: %w", err)
		}
		a.readers = append(a.readers, r)
	}
	return nil
}

// runSubscriber prints what there is, each period.
func (a *app) runSubscriber(ctx context.Context) error {
	colors := make(map[rtps.KeyHash]string) // of instances, which may end without their key
	for n := uint(1); ; n++ {
		for i, r := range a.readers {
			for _, s := range a.collect(r) {
				a.printReceived(a.topics[i].Name(), &s, colors)
			}
		}
		if !pause(ctx, a.readPeriod) || n == a.iterations {
			return nil
		}
	}
}

// collect reads or takes everything. One instance follows the other, as with
// take_next_instance(), unless --take-read asked for the order of arrival.
func (a *app) collect(r *dds.Reader[ShapeType]) []dds.Sample[ShapeType] {
	get := r.Take
	if a.read {
		get = r.Read
	}
	samples := get(0, dds.Query{})
	if !a.unordered {
		slices.SortStableFunc(samples, func(x, y dds.Sample[ShapeType]) int {
			return bytes.Compare(x.Info.Instance[:], y.Info.Instance[:])
		})
	}
	return samples
}

func (a *app) printReceived(topic string, s *dds.Sample[ShapeType], colors map[rtps.KeyHash]string) {
	if s.Info.ValidData {
		a.printSample(topic, &s.Value)
		colors[s.Info.Instance] = s.Value.Color
	}
	color := s.Value.Color
	if color == "" {
		color = colors[s.Info.Instance]
	}
	switch s.Info.InstanceState {
	case dds.NoWriters:
		fmt.Fprintf(a.out, "%-10s %-10s NOT_ALIVE_NO_WRITERS_INSTANCE_STATE\n", topic, color)
	case dds.Disposed:
		fmt.Fprintf(a.out, "%-10s %-10s NOT_ALIVE_DISPOSED_INSTANCE_STATE\n", topic, color)
	}
}

func (a *app) printSample(topic string, s *ShapeType) {
	end := ""
	if n := len(s.AdditionalPayloadSize); n > 0 {
		end = fmt.Sprintf(" {%d}", s.AdditionalPayloadSize[n-1])
	}
	fmt.Fprintf(a.out, "%-10s %-10s %03d %03d [%d]%s\n", topic, s.Color, s.X, s.Y, s.ShapeSize, end)
}
