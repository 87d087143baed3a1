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

// A sub is what perf sub is told.
type sub struct {
	*perf
	time time.Duration
}

// subFigures are of the time from the first sample to the last: what was taken
// with the first counts in N, but not in the rates.
type subFigures struct {
	Program string  `json:"program"`
	N       uint64  `json:"n"`
	Lost    uint64  `json:"lost"`
	Rate    float64 `json:"samples_per_s"`
	MB      float64 `json:"mb_per_s"`
	cost
}

func (f subFigures) String() string {
	return fmt.Sprintf("SUB %.0f samples/s %.2f MB/s n %d lost %d %v", f.Rate, f.MB, f.N, f.Lost, f.cost)
}

func (p *perf) subCommand() *cobra.Command {
	o := sub{perf: p}
	return &cobra.Command{
		Use:   "sub SECONDS",
		Short: "Take the samples of one pub until it ends, or for SECONDS + 20",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if o.time, err = parseSeconds(args[0]); err != nil {
				return err
			}
			return p.do(cmd, o.run)
		},
	}
}

func (p *sub) run(ctx context.Context) (fmt.Stringer, error) {
	part, err := p.join()
	if err != nil {
		return nil, err
	}
	defer part.Close()
	topic, err := dds.NewTopic[Perf](part, "Tput")
	if err != nil {
		return nil, err
	}
	r, err := dds.NewReader(part.Subscriber(), topic, p.reliability(), qos.KeepAll(), limits)
	if err != nil {
		return nil, err
	}
	return p.take(ctx, r)
}

// take takes until nothing has come for idleEnd.
func (p *sub) take(ctx context.Context, r *dds.Reader[Perf]) (fmt.Stringer, error) {
	var (
		t, first, settled tally // all, with the first take, until to
		from, to          mark
		last              time.Time
		buf               = make([]dds.Sample[Perf], 16)
		end               = time.Now().Add(p.time + p.patience)
		wait              = newWaiter(ctx)
	)
	defer wait.close()
	for {
		some, err := wait.data(r.WaitForData)
		if err != nil && (ctx.Err() == nil || t.n == 0) {
			return nil, err
		}
		if some {
			n := r.TakeInto(buf, dds.Query{})
			if t.add(buf[:n]) {
				last = time.Now()
			}
			if first.n == 0 && t.n > 0 {
				first, from, end = t, p.mark(), last.Add(p.time+p.patience)
			}
			buf = grow(buf, n)
		} else if settled.n < t.n {
			// The costs are of until here, not of the silence that ends the run.
			settled, to = t, p.mark()
		}
		now := time.Now()
		switch {
		case t.n == 0 && now.After(end):
			return nil, errors.New("no sample has come")
		case t.n == 0:
			continue
		case err == nil && now.Sub(last) < idleEnd && now.Before(end):
			continue
		}
		if settled.n < t.n {
			to = p.mark()
		}
		took := last.Sub(from.at).Seconds()
		return subFigures{
			Program: "sub", N: t.n, Lost: t.lost,
			Rate: per(float64(t.n-first.n), took), MB: per(float64(t.octets-first.octets)/1e6, took),
			cost: spent(from, to, t.n-first.n),
		}, nil
	}
}

// A tally counts the samples of one writer.
type tally struct {
	n, lost uint64
	octets  uint64 // of data
	next    uint64 // seq, once n > 0
}

// add counts samples, and reports whether there was one with a value: that a
// writer has gone comes as one without.
func (t *tally) add(samples []dds.Sample[Perf]) bool {
	before := t.n
	for i := range samples {
		if !samples[i].Info.ValidData {
			continue
		}
		v := &samples[i].Value
		if t.n > 0 && v.Seq > t.next {
			t.lost += v.Seq - t.next
		}
		t.n++
		t.octets += uint64(len(v.Data))
		t.next = v.Seq + 1
	}
	return t.n > before
}

const (
	maxTake       = 256      // samples
	maxTakeOctets = 16 << 20 // of data that the samples taken into keep
)

// grow makes room for more samples at a time when n filled buf.
func grow(buf []dds.Sample[Perf], n int) []dds.Sample[Perf] {
	if n < len(buf) || n >= maxTake || n*2*len(buf[0].Value.Data) > maxTakeOctets {
		return buf
	}
	return append(buf, make([]dds.Sample[Perf], n)...)
}
