package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/secdds/dds"
)

// A pong is what perf pong is told.
type pong struct {
	*perf
	time time.Duration
}

type pongFigures struct {
	Program string `json:"program"`
	N       uint64 `json:"n"`
	cost
}

func (f pongFigures) String() string { return fmt.Sprintf("PONG n %d %v", f.N, f.cost) }

func (p *perf) pongCommand() *cobra.Command {
	o := pong{perf: p}
	return &cobra.Command{
		Use:   "pong SECONDS",
		Short: "Answer each sample of topic Ping on topic Pong, until ping has gone",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if o.time, err = parseSeconds(args[0]); err != nil {
				return err
			}
			return p.do(cmd, o.run)
		},
	}
}

func (p *pong) run(ctx context.Context) (fmt.Stringer, error) {
	part, err := p.join()
	if err != nil {
		return nil, err
	}
	defer part.Close()
	w, r, err := p.endpoints(part, "Pong", "Ping")
	if err != nil {
		return nil, err
	}
	limited, cancel := context.WithTimeout(ctx, p.time)
	defer cancel()
	n, from, err := p.answer(limited, w, r)
	if err != nil && !errors.Is(err, limited.Err()) {
		return nil, err
	}
	f := pongFigures{Program: "pong", N: n}
	if n > 0 {
		f.cost = spent(from, p.mark(), n)
	}
	return f, nil
}

// answer answers until the context ends or the writers it knew have gone. It
// returns the number of answers and the moment of the first ping.
func (p *pong) answer(ctx context.Context, w *dds.Writer[Perf], r *dds.Reader[Perf]) (n uint64, from mark, err error) {
	buf := make([]dds.Sample[Perf], 1)
	wait := newWaiter(ctx)
	defer wait.close()
	for {
		some, err := wait.data(r.WaitForData)
		if err != nil {
			return n, from, err
		}
		if !some {
			if m := r.Matched(); m.Total > 0 && m.Current == 0 {
				return n, from, nil
			}
			continue
		}
		if r.TakeInto(buf, dds.Query{}) == 0 || !buf[0].Info.ValidData {
			continue
		}
		if n == 0 {
			from = p.mark()
		}
		if err := w.Write(ctx, &buf[0].Value); err != nil {
			return n, from, err
		}
		n++
	}
}
