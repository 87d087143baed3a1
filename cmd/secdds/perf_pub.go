package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/secdds/dds"
	"github.com/secdds/dds/qos"
)

// ackPatience is how long the last samples may take to be acknowledged.
const ackPatience = 20 * time.Second

// A pub is what perf pub is told.
type pub struct {
	*perf
	size    int
	time    time.Duration
	period  time.Duration // between samples; 0: as fast as possible
	readers int
}

// pubFigures are of the time of writing, the wait for the last
// acknowledgements not included.
type pubFigures struct {
	Program string  `json:"program"`
	N       uint64  `json:"n"`
	Rate    float64 `json:"samples_per_s"`
	MB      float64 `json:"mb_per_s"`
	cost
}

func (f pubFigures) String() string {
	return fmt.Sprintf("PUB %.0f samples/s %.2f MB/s %v", f.Rate, f.MB, f.cost)
}

func (p *perf) pubCommand() *cobra.Command {
	o := pub{perf: p}
	var gap time.Duration
	var rate float64
	cmd := &cobra.Command{
		Use:   "pub SIZE SECONDS",
		Short: "Write samples to topic Tput",
		Args:  cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if o.size, err = parseSize(args[0]); err != nil {
				return err
			}
			if o.time, err = parseSeconds(args[1]); err != nil {
				return err
			}
			if o.readers < 0 {
				return fmt.Errorf("--readers %d: want 0 or more", o.readers)
			}
			if o.period, err = period(gap, rate); err != nil {
				return err
			}
			return p.do(cmd, o.run)
		},
	}
	f := cmd.Flags()
	f.IntVar(&o.readers, "readers", 1, "wait for so many readers")
	f.DurationVar(&gap, "gap", 0, "time from one sample to the next; 0: as fast as possible")
	f.Float64Var(&rate, "rate", 0, "samples per second; 0: as fast as possible")
	cmd.MarkFlagsMutuallyExclusive("gap", "rate")
	return cmd
}

func (p *pub) run(ctx context.Context) (fmt.Stringer, error) {
	part, err := p.join()
	if err != nil {
		return nil, err
	}
	defer part.Close()
	topic, err := dds.NewTopic[Perf](part, "Tput")
	if err != nil {
		return nil, err
	}
	w, err := dds.NewWriter(part.Publisher(), topic, p.reliability(), qos.KeepAll(), limits)
	if err != nil {
		return nil, err
	}
	if err := p.match(ctx, w.WaitForMatched, p.readers, "reader"); err != nil {
		return nil, err
	}
	sample := Perf{ID: 1, Data: make([]byte, p.size)}
	from := p.mark()
	if err := p.write(ctx, w, &sample); err != nil {
		return nil, err
	}
	to := p.mark()
	if err := p.present(w); err != nil {
		return nil, err
	}
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), ackPatience)
	defer cancel()
	if err := w.WaitForAcks(limited); err != nil {
		return nil, fmt.Errorf("wait for acknowledgements: %w", err)
	}
	took := to.at.Sub(from.at).Seconds()
	return pubFigures{
		Program: "pub", N: sample.Seq,
		Rate: per(float64(sample.Seq), took), MB: per(float64(sample.Seq)*float64(p.size)/1e6, took),
		cost: spent(from, to, sample.Seq),
	}, nil
}

// write writes until its time is over. It leaves the number of samples in v.
func (p *pub) write(ctx context.Context, w *dds.Writer[Perf], v *Perf) error {
	run, cancel := context.WithTimeout(ctx, p.time)
	defer cancel()
	start := time.Now()
	next, checked := start, start
	for now := start; now.Sub(start) < p.time && ctx.Err() == nil; now = time.Now() {
		if now.Sub(checked) > slice {
			if err := p.present(w); err != nil {
				return err
			}
			checked = now
		}
		if p.period > 0 {
			if next = pace(run, now, next, p.period); run.Err() != nil {
				return nil
			}
			now = time.Now()
		}
		v.Seq++
		if err := w.WriteAt(run, v, now); err != nil {
			v.Seq-- // it was not sent
			if errors.Is(err, run.Err()) {
				return nil // it blocked until the time was over
			}
			return err
		}
	}
	return nil
}

// present finds the readers there: writing to nobody is fast, and means nothing.
func (p *pub) present(w *dds.Writer[Perf]) error {
	if n := w.Matched().Current; n < p.readers {
		return fmt.Errorf("%d of %d readers have gone", p.readers-n, p.readers)
	}
	return nil
}

// maxLate is how far a steady writer that was held up catches up.
const maxLate = 10 * time.Millisecond

// pace waits until next, or until the context ends, and returns when the sample
// after that is due.
func pace(ctx context.Context, now, next time.Time, period time.Duration) time.Time {
	if now.Sub(next) > maxLate {
		next = now
	}
	for d := next.Sub(now); d > 0 && ctx.Err() == nil; d = time.Until(next) {
		nap(min(d, slice))
	}
	return next.Add(period)
}
