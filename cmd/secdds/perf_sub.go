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
	wait bool
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
	cmd := &cobra.Command{
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
	cmd.Flags().BoolVar(&o.wait, "wait", false, waitUsage)
	return cmd
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
	c := count{sub: p, end: time.Now().Add(p.time + p.patience)}
	if err := serve(ctx, r, p.wait, &c); err != nil && (ctx.Err() == nil || c.all.n == 0) {
		return nil, err
	}
	return c.figures(), nil
}

// count is the program that counts until nothing has come for idleEnd.
type count struct {
	*sub
	all, first, settled tally // of all, with the first take, until to
	seen                tally // at the check before
	from, to            mark
	last                time.Time // when the latest sample was taken
	end                 time.Time
}

func (c *count) take(r *dds.Reader[Perf], limit int) bool {
	before := c.all.n
	for v, info := range r.TakeEach(limit, dds.Query{}) {
		c.all.add(v, info)
	}
	if c.all.n > before {
		c.last = time.Now()
	}
	if before == 0 && c.all.n > 0 {
		c.first, c.from, c.end = c.all, c.mark(), c.last.Add(c.time+c.patience)
	}
	return false
}

func (c *count) check(now time.Time) (bool, error) {
	if c.all.n == 0 {
		if now.After(c.end) {
			return true, errors.New("no sample has come")
		}
		return false, nil
	}
	if c.settled.n < c.all.n && c.seen.n == c.all.n {
		// The costs are of until here, not of the silence that ends the run.
		c.settled, c.to = c.all, c.mark()
	}
	c.seen = c.all
	return now.Sub(c.last) >= idleEnd || now.After(c.end), nil
}

func (c *count) figures() subFigures {
	if c.settled.n < c.all.n {
		c.to = c.mark()
	}
	n, took := c.all.n-c.first.n, c.last.Sub(c.from.at).Seconds()
	return subFigures{
		Program: "sub", N: c.all.n, Lost: c.all.lost,
		Rate: per(float64(n), took), MB: per(float64(c.all.octets-c.first.octets)/1e6, took),
		cost: spent(c.from, c.to, n),
	}
}

// A tally counts the samples of one writer.
type tally struct {
	n, lost uint64
	octets  uint64 // of data
	next    uint64 // seq, once n > 0
}

// add counts a sample, if it has a value: that a writer has gone comes as one
// without.
func (t *tally) add(v *Perf, info *dds.SampleInfo) {
	if !info.ValidData {
		return
	}
	if t.n > 0 && v.Seq > t.next {
		t.lost += v.Seq - t.next
	}
	t.n++
	t.octets += uint64(len(v.Data))
	t.next = v.Seq + 1
}
