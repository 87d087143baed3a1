package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/secdds/dds"
	"github.com/secdds/dds/qos"
)

const (
	warmUp      = 100         // round trips that do not count
	pongTimeout = time.Second // then the ping is sent again
)

// A ping is what perf ping is told.
type ping struct {
	*perf
	size, count int
	wait        bool
}

// pingFigures are round-trip times in microseconds.
type pingFigures struct {
	Program string   `json:"program"`
	N       int      `json:"n"`
	Lost    int      `json:"lost"`
	P50     float64  `json:"p50_us"`
	P90     float64  `json:"p90_us"`
	P99     float64  `json:"p99_us"`
	P999    float64  `json:"p99_9_us"`
	Max     float64  `json:"max_us"`
	GC      *garbage `json:"gc,omitempty"`
}

func (f pingFigures) String() string {
	return fmt.Sprintf("RTT us p50 %.1f p90 %.1f p99 %.1f p99.9 %.1f max %.1f%v", f.P50, f.P90, f.P99, f.P999, f.Max, f.GC)
}

func (p *perf) pingCommand() *cobra.Command {
	o := ping{perf: p}
	cmd := &cobra.Command{
		Use:   "ping SIZE COUNT",
		Short: "Send to topic Ping and wait for the answer on topic Pong",
		Args:  cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if o.size, err = parseSize(args[0]); err != nil {
				return err
			}
			if o.count, err = parseCount(args[1]); err != nil {
				return err
			}
			return p.do(cmd, o.run)
		},
	}
	cmd.Flags().BoolVar(&o.wait, "wait", false, waitUsage)
	return cmd
}

const waitUsage = "wait for data instead of taking it on the goroutine that receives"

func (p *ping) run(ctx context.Context) (fmt.Stringer, error) {
	part, err := p.join()
	if err != nil {
		return nil, err
	}
	defer part.Close()
	w, r, err := p.endpoints(part, "Ping", "Pong")
	if err != nil {
		return nil, err
	}
	if err := p.match(ctx, w.WaitForMatched, 1, "pong"); err != nil {
		return nil, err
	}
	if err := p.match(ctx, r.WaitForMatched, 1, "pong"); err != nil {
		return nil, err
	}
	t := trips{
		perf: p.perf, ctx: ctx, w: w, count: p.count, left: warmUp,
		v: Perf{ID: 1, Data: make([]byte, p.size)}, times: make([]time.Duration, 0, p.count),
	}
	t.begin(time.Now())
	if err := serve(ctx, r, p.wait, &t); err != nil {
		return nil, err
	}
	return figuresOf(t.times, t.lost, spent(t.from, p.mark(), uint64(p.count)).GC), nil
}

// endpoints makes the writer of one topic and the reader of the other.
func (p *perf) endpoints(part *dds.Participant, writes, reads string) (*dds.Writer[Perf], *dds.Reader[Perf], error) {
	out, err := dds.NewTopic[Perf](part, writes)
	if err != nil {
		return nil, nil, err
	}
	in, err := dds.NewTopic[Perf](part, reads)
	if err != nil {
		return nil, nil, err
	}
	w, err := dds.NewWriter(part.Publisher(), out, p.reliability(), qos.KeepLast(1))
	if err != nil {
		return nil, nil, err
	}
	r, err := dds.NewReader(part.Subscriber(), in, p.reliability(), qos.KeepLast(1))
	return w, r, err
}

// trips is the program that makes round trips. The time of a reliable one
// counts from when the ping was sent first, that of another from the one that
// was answered.
type trips struct {
	*perf
	ctx   context.Context
	w     *dds.Writer[Perf]
	count int
	left  int // round trips that do not count
	v     Perf
	start time.Time // of the round trip
	sent  time.Time // the latest ping of it
	times []time.Duration
	lost  int // pings without an answer in time
	from  mark
	err   error
}

// take looks for the answer and begins the next round trip.
func (t *trips) take(r *dds.Reader[Perf], limit int) bool {
	for v, info := range r.TakeEach(limit, dds.Query{}) {
		if !info.ValidData || v.Seq != t.v.Seq || len(t.times) == t.count {
			continue
		}
		now := time.Now()
		switch {
		case t.left == 0:
			t.times = append(t.times, now.Sub(t.start))
		case t.left == 1:
			t.lost, t.from = 0, t.mark()
			now = t.from.at
			fallthrough
		default:
			t.left--
		}
		if len(t.times) < t.count {
			t.begin(now)
		}
	}
	return t.err != nil || len(t.times) == t.count
}

func (t *trips) begin(now time.Time) {
	t.start = now
	t.send(now)
}

func (t *trips) send(now time.Time) {
	t.sent = now
	t.v.Seq++
	t.err = t.w.WriteAt(t.ctx, &t.v, now)
}

// check sends a ping again that was not answered.
func (t *trips) check(now time.Time) (bool, error) {
	switch {
	case t.err != nil:
		return true, t.err
	case len(t.times) == t.count:
		return true, nil
	case now.Sub(t.sent) < pongTimeout:
		return false, nil
	case t.w.Matched().Current == 0:
		return true, errors.New("the pong has gone")
	}
	t.lost++
	if t.bestEffort {
		t.start = now
	}
	t.send(now)
	return t.err != nil, t.err
}

// figuresOf makes the figures of times, which it sorts.
func figuresOf(times []time.Duration, lost int, gc *garbage) pingFigures {
	slices.Sort(times)
	return pingFigures{
		Program: "ping", N: len(times), Lost: lost, GC: gc,
		P50: quantile(times, 0.5), P90: quantile(times, 0.9), P99: quantile(times, 0.99),
		P999: quantile(times, 0.999), Max: quantile(times, 1),
	}
}

// quantile is the smallest of the sorted times that a share q of them does not
// exceed, in microseconds.
func quantile(times []time.Duration, q float64) float64 {
	return micros(times[max(int(math.Ceil(q*float64(len(times)))), 1)-1])
}
