package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime/pprof"
	"time"

	"github.com/spf13/cobra"

	"github.com/secdds/dds"
	"github.com/secdds/dds/qos"
	"github.com/secdds/dds/security"
)

// A Perf is the type of the topics, as the programs on other implementations
// have it:
//
//	@final struct Perf { @key long id; unsigned long long seq; sequence<octet> data; };
type Perf struct {
	_    struct{} `dds:"name=Perf,final"`
	ID   int32    `dds:"key"`
	Seq  uint64
	Data []byte
}

const (
	matchPatience = 20 * time.Second        // for the other program to be found
	settle        = 200 * time.Millisecond  // for the other program to match, too
	idleEnd       = 1500 * time.Millisecond // of silence end a sub
	depth         = 4000                    // samples a pub's and a sub's history hold
)

// A perf is what the flags say to all four programs.
type perf struct {
	domain     uint32
	interfaces []string
	enclave    string
	bestEffort bool
	json, gc   bool
	cpuprofile string
	patience   time.Duration // to be matched
}

func newPerf() *cobra.Command {
	p := &perf{patience: matchPatience}
	cmd := &cobra.Command{
		Use:   "perf",
		Short: "Measure throughput (pub, sub) and round trips (ping, pong)",
		Long: `Measure throughput (pub, sub) and round trips (ping, pong).

SIZE is in octets of data; K and M stand for 1024 and 1024². Each program ends
with one line of figures. MB are 10^6 octets of data. CPU is user and system
time of the process.`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return errors.New("perf: say pub, sub, ping or pong") },
	}
	f := cmd.PersistentFlags()
	f.Uint32Var(&p.domain, "domain", 0, "domain id, 0 to 232")
	f.StringSliceVar(&p.interfaces, "interface", nil, "network interface, by name or address; none: all")
	f.StringVar(&p.enclave, "enclave", "", "folder of credentials; none: no security")
	f.BoolVar(&p.bestEffort, "best-effort", false, "best effort instead of reliable")
	f.BoolVar(&p.json, "json", false, "print the figures as one JSON object")
	f.BoolVar(&p.gc, "gc", false, "add what the garbage collector did")
	f.StringVar(&p.cpuprofile, "cpuprofile", "", "write a CPU profile to this file")
	cmd.AddCommand(p.pubCommand(), p.subCommand(), p.pingCommand(), p.pongCommand())
	return cmd
}

// do runs one of the programs and prints its figures.
func (p *perf) do(cmd *cobra.Command, program func(context.Context) (fmt.Stringer, error)) (err error) {
	if p.cpuprofile != "" {
		f, err := os.Create(p.cpuprofile)
		if err != nil {
			return fmt.Errorf("cpu profile: %w", err)
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return fmt.Errorf("cpu profile: %w", err)
		}
		defer pprof.StopCPUProfile()
	}
	figures, err := program(cmd.Context())
	if err != nil {
		return fmt.Errorf("%s: %w", cmd.Name(), err)
	}
	line := figures.String()
	if p.json {
		b, err := json.Marshal(figures)
		if err != nil {
			return fmt.Errorf("%s: %w", cmd.Name(), err)
		}
		line = string(b)
	}
	_, err = fmt.Fprintln(cmd.OutOrStdout(), line)
	return err
}

func (p *perf) join() (*dds.Participant, error) {
	cfg := dds.Config{Interfaces: p.interfaces, Name: "secdds perf"}
	if p.enclave != "" {
		var err error
		if cfg.Security, err = security.FromEnclave(p.enclave); err != nil {
			return nil, err
		}
	}
	return dds.NewParticipant(p.domain, &cfg)
}

func (p *perf) reliability() qos.Reliability {
	if p.bestEffort {
		return qos.BestEffort()
	}
	return qos.Reliable(qos.Infinite) // a write that blocks ends with its context
}

// limits bound a keep-all history.
var limits = qos.ResourceLimits{MaxSamples: depth, MaxInstances: qos.LengthUnlimited, MaxSamplesPerInstance: qos.LengthUnlimited}

// match waits until wait has found n endpoints, and a little longer: a reader
// that has not matched a volatile writer by the first samples misses them, and
// nothing tells when it has.
func (p *perf) match(ctx context.Context, wait func(context.Context, int) error, n int, what string) error {
	limited, cancel := context.WithTimeout(ctx, p.patience)
	defer cancel()
	err := wait(limited, n)
	if err != nil && ctx.Err() == nil && limited.Err() != nil {
		return fmt.Errorf("found no %s within %v", what, p.patience)
	}
	if err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(settle):
		return nil
	}
}
