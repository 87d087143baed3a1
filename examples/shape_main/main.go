// Shape_main is the program of the OMG's interoperability test suite
// (github.com/omg-dds/dds-rtps): it publishes or subscribes to shapes and says
// what happens in the words that the suite looks for. It has one option more,
// --enclave, to do that under DDS-Security.
//
//	shape_main -P -t Square -c RED
//	shape_main -S -t Square
//
// It uses the network interfaces that the environment variable SECDDS_INTERFACE
// names; without it, all.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"sync"

	"github.com/secdds/dds"
	"github.com/secdds/dds/security"
)

// The exit statuses of the suite's program.
const (
	exitArguments  = 1
	exitInitialize = 2
	exitRun        = 3
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout))
}

func run(ctx context.Context, args []string, out io.Writer) int {
	o, err := parse(args, out)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return exitArguments
	}
	// The suite takes a line with these words for what it is: this test needs
	// something that we do not have.
	for _, what := range o.unsupported {
		fmt.Fprintf(out, "    %s = not supported\n", what)
	}
	if len(o.unsupported) > 0 {
		return exitInitialize
	}
	a, err := start(o, out)
	if err != nil {
		fmt.Fprintln(out, err)
		return exitInitialize
	}
	defer a.p.Close()
	if err := a.run(ctx); err != nil && ctx.Err() == nil {
		fmt.Fprintln(out, err)
		return exitRun
	}
	fmt.Fprintln(out, "Done.")
	return 0
}

// An app is one publisher or subscriber at work.
type app struct {
	options
	out     io.Writer // every line is one write, as two goroutines write
	p       *dds.Participant
	topics  []*dds.Topic[ShapeType]
	writers []*dds.Writer[ShapeType]
	readers []*dds.Reader[ShapeType]
}

// start makes the participant, the topics and their writers or readers.
func start(o options, out io.Writer) (a *app, err error) {
	a = &app{options: o, out: out}
	level := slog.LevelError
	if o.verbose {
		level = slog.LevelDebug
	}
	cfg := dds.Config{Logger: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))}
	if o.enclave != "" {
		if cfg.Security, err = security.FromEnclave(o.enclave); err != nil {
			return nil, fmt.Errorf("failed to read the enclave: %w", err)
		}
	}
	if a.p, err = dds.NewParticipant(uint32(o.domain), &cfg); err != nil {
		return nil, fmt.Errorf("failed to create participant: %w", err)
	}
	if err = a.create(); err != nil {
		a.p.Close()
		return nil, err
	}
	return a, nil
}

func (a *app) create() error {
	for i := range a.topicCount {
		name := numbered(a.topic, i)
		fmt.Fprintf(a.out, "Create topic: %s\n", name)
		t, err := dds.NewTopic[ShapeType](a.p, name)
		if err != nil {
			return fmt.Errorf("failed to create topic <%s>: %w", name, err)
		}
		a.topics = append(a.topics, t)
	}
	if a.publish {
		return a.createWriters()
	}
	return a.createReaders()
}

func (a *app) run(ctx context.Context) error {
	watching, stop := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() { a.watch(watching) })
	defer wg.Wait()
	defer stop()
	if a.publish {
		return a.runPublisher(ctx)
	}
	return a.runSubscriber(ctx)
}

// numbered returns the name of the i-th of several: Square, Square1, Square2...
func numbered(name string, i uint) string {
	if i == 0 {
		return name
	}
	return fmt.Sprintf("%s%d", name, i)
}
