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
	wait bool
}

type pongFigures struct {
	Program string `json:"program"`
	N       uint64 `json:"n"`
	cost
}

func (f pongFigures) String() string { return fmt.Sprintf("PONG n %d %v", f.N, f.cost) }

func (p *perf) pongCommand() *cobra.Command {
	o := pong{perf: p}
	cmd := &cobra.Command{
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
	cmd.Flags().BoolVar(&o.wait, "wait", false, waitUsage)
	return cmd
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
	a := answers{perf: p.perf, ctx: limited, w: w, r: r}
	if err := serve(limited, r, p.wait, &a); err != nil && !errors.Is(err, limited.Err()) {
		return nil, err
	}
	f := pongFigures{Program: "pong", N: a.n}
	if a.n > 0 {
		f.cost = spent(a.from, p.mark(), a.n)
	}
	return f, nil
}

// answers is the program that answers until the writers it knew have gone.
type answers struct {
	*perf
	ctx  context.Context
	w    *dds.Writer[Perf]
	r    *dds.Reader[Perf]
	n    uint64
	from mark // of the first ping
	err  error
}

func (a *answers) take(r *dds.Reader[Perf], limit int) bool {
	for v, info := range r.TakeEach(limit, dds.Query{}) {
		if !info.ValidData {
			continue
		}
		if a.n == 0 {
			a.from = a.mark()
		}
		if a.err = a.w.Write(a.ctx, v); a.err != nil {
			return true
		}
		a.n++
	}
	return false
}

func (a *answers) check(time.Time) (bool, error) {
	m := a.r.Matched()
	return m.Total > 0 && m.Current == 0, a.err
}
