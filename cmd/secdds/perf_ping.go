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
	return &cobra.Command{
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
}

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
		w: w, r: r, reliable: !p.bestEffort, wait: newWaiter(ctx),
		v: Perf{ID: 1, Data: make([]byte, p.size)}, buf: make([]dds.Sample[Perf], 1),
	}
	defer t.wait.close()
	for range warmUp {
		if _, err := t.one(ctx); err != nil {
			return nil, err
		}
	}
	t.lost = 0
	times := make([]time.Duration, 0, p.count)
	from := p.mark()
	for range p.count {
		d, err := t.one(ctx)
		if err != nil {
			return nil, err
		}
		times = append(times, d)
	}
	return figuresOf(times, t.lost, spent(from, p.mark(), uint64(p.count)).GC), nil
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

// trips makes round trips.
type trips struct {
	w        *dds.Writer[Perf]
	r        *dds.Reader[Perf]
	reliable bool
	wait     *waiter
	v        Perf
	buf      []dds.Sample[Perf]
	lost     int // pings without an answer in time
}

// one makes a round trip and returns how long it took. The time of a reliable
// one counts from when the ping was sent first, that of another from the one
// that was answered.
func (t *trips) one(ctx context.Context) (time.Duration, error) {
	sent := time.Now()
	if err := t.send(ctx, sent); err != nil {
		return 0, err
	}
	for start := sent; ; {
		some, err := t.wait.data(t.r.WaitForData)
		if err != nil {
			return 0, err
		}
		if some && t.r.TakeInto(t.buf, dds.Query{}) == 1 && t.buf[0].Info.ValidData && t.buf[0].Value.Seq == t.v.Seq {
			return time.Since(start), nil
		}
		now := time.Now()
		if now.Sub(sent) < pongTimeout {
			continue
		}
		if t.w.Matched().Current == 0 {
			return 0, errors.New("the pong has gone")
		}
		t.lost++
		sent = now
		if !t.reliable {
			start = now
		}
		if err := t.send(ctx, sent); err != nil {
			return 0, err
		}
	}
}

func (t *trips) send(ctx context.Context, now time.Time) error {
	t.v.Seq++
	return t.w.WriteAt(ctx, &t.v, now)
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
