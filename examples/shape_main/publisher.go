package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/secdds/dds"
	"github.com/secdds/dds/qos"
)

func (a *app) createWriters() error {
	var group []qos.PublisherPolicy
	if a.partitioned {
		group = append(group, qos.Partition(a.partition))
	}
	pub, err := a.p.NewPublisher(group...)
	if err != nil {
		return fmt.Errorf("failed to create publisher: %w", err)
	}
	policies := []qos.WriterPolicy{a.durabilityPolicy(), a.representationPolicy(), a.reliabilityPolicy()}
	if h, ok := a.historyPolicy(); ok {
		policies = append(policies, h)
	}
	for _, t := range a.topics {
		fmt.Fprintf(a.out, "Create writer for topic: %s color: %s\n", t.Name(), a.color)
		w, err := dds.NewWriter(pub, t, policies...)
		if err != nil {
			return fmt.Errorf("failed to create datawriter: %w", err)
		}
		a.writers = append(a.writers, w)
	}
	return nil
}

// runPublisher writes a sample of every instance to every topic each period.
func (a *app) runPublisher(ctx context.Context) error {
	s := ShapeType{
		Color: a.color, X: rand.Int32N(width), Y: rand.Int32N(height), ShapeSize: int32(a.size),
		AdditionalPayloadSize: bytes.Repeat([]byte{255}, int(a.payload)),
	}
	v := velocity{speed(), speed()}
	for n := uint(1); ; n++ {
		v.move(&s)
		if a.size == 0 {
			s.ShapeSize++
		}
		if err := a.write(ctx, &s); err != nil {
			return err
		}
		if !pause(ctx, a.writePeriod) || n == a.iterations {
			break
		}
	}
	return a.waitForAcks()
}

// write writes s once for every topic and instance.
func (a *app) write(ctx context.Context, s *ShapeType) error {
	for i, w := range a.writers {
		for j := range a.instances {
			s.Color = numbered(a.color, j)
			if err := w.Write(ctx, s); errors.Is(err, dds.ErrTimeout) {
				continue // as the suite's program: the sample is left out
			} else if err != nil {
				return err
			}
			if a.printSamples {
				a.printSample(a.topics[i].Name(), s)
			}
		}
	}
	return nil
}

// waitForAcks lets the readers take what was written, for a second at most.
func (a *app) waitForAcks() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	for _, w := range a.writers {
		if err := w.WaitForAcks(ctx); err != nil && ctx.Err() == nil {
			return err
		}
	}
	return nil
}

// speed returns 1 to 5, or the same backwards.
func speed() int32 {
	v := 1 + rand.Int32N(5)
	if rand.IntN(2) == 0 {
		return -v
	}
	return v
}

// pause waits; it returns false when ctx ends.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
