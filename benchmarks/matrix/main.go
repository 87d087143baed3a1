package main

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "matrix:", err)
		os.Exit(1)
	}
}

// options are what the command line says.
type options struct {
	plan
	out  string
	bare bool // and the transform
	gc   bool // and the profiles
}

// everything is what is measured if nothing else is said; quick is a couple of
// minutes of it.
var (
	everything = plan{
		rounds: 3, seconds: 1.5, sizes: []int{64, 1024, 16384, 1e6}, protections: protections,
		pairs: names(stacks), readers: []int{1, 4, 16},
	}
	quick = plan{
		rounds: 1, seconds: 0.7, sizes: everything.sizes, protections: []string{"plain", "encrypt"},
		pairs: []string{"ours", "cyclone", "cyclone-batch", "fast"}, readers: []int{4},
	}
)

func names(all []stack) []string {
	var out []string
	for _, s := range all {
		out = append(out, s.name)
	}
	return out
}

func parse(args []string) (options, error) {
	f := flag.NewFlagSet("matrix", flag.ContinueOnError)
	isQuick := f.Bool("quick", false, "a couple of minutes: one short round, fewer cells")
	rounds := f.Int("rounds", 0, "how often each cell is measured")
	secs := f.Float64("seconds", 0, "how long a publisher writes")
	sizes := f.String("sizes", "", "octets of data, separated by commas")
	prots := f.String("protections", "", "some of "+strings.Join(protections, ","))
	pairs := f.String("pairs", "", "some of "+strings.Join(names(stacks), ","))
	readers := f.String("readers", "", "how many readers of one publisher, separated by commas; 0: not measured")
	out := f.String("out", "benchmarks/RESULTS.md", "file for the tables; profiles go beside it")
	bare := f.Bool("bare", true, "measure the bare limits")
	gc := f.Bool("profile", true, "take profiles and the collector's figures of ours")
	if err := f.Parse(args); err != nil {
		return options{}, err
	}
	o := options{plan: everything, out: *out, bare: *bare, gc: *gc}
	if *isQuick {
		o.plan = quick
	}
	if *rounds > 0 {
		o.rounds = *rounds
	}
	if *secs > 0 {
		o.seconds = *secs
	}
	var err error
	if *sizes != "" {
		if o.sizes, err = numbers(*sizes); err != nil {
			return options{}, fmt.Errorf("-sizes: %w", err)
		}
	}
	if *readers != "" {
		if o.readers, err = numbers(*readers); err != nil {
			return options{}, fmt.Errorf("-readers: %w", err)
		}
	}
	if *prots != "" {
		o.protections = strings.Split(*prots, ",")
	}
	if *pairs != "" {
		o.pairs = strings.Split(*pairs, ",")
	}
	return o, o.check()
}

// numbers reads a list; zeros are left out.
func numbers(list string) ([]int, error) {
	var out []int
	for word := range strings.SplitSeq(list, ",") {
		n, err := strconv.Atoi(word)
		if err != nil || n < 0 {
			return nil, fmt.Errorf("%q is no number of that", word)
		}
		if n > 0 {
			out = append(out, n)
		}
	}
	return out, nil
}

func run(ctx context.Context, args []string) error {
	o, err := parse(args)
	if err != nil {
		return err
	}
	root, err := moduleRoot(ctx)
	if err != nil {
		return err
	}
	bin, err := os.MkdirTemp("", "secdds-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(bin)
	if err := build(ctx, root, bin); err != nil {
		return err
	}
	b := &bench{plan: o.plan, bin: bin, profiles: filepath.Join(filepath.Dir(o.out), "profiles"), domain: rand.IntN(domainCount)}
	if b.enclaves, err = keystores(filepath.Join(bin, "keystores"), o.protections); err != nil {
		return err
	}
	m := describe(ctx, root)
	m.settings = fmt.Sprintf("%s, %d rounds of %gs", time.Now().UTC().Format("2006-01-02 15:04"), o.rounds, o.seconds)
	r := newResults()
	if o.bare {
		if r.crypto, err = transform(ctx, root); err != nil {
			fmt.Fprintln(os.Stderr, "matrix: benchmarks/crypto:", err)
		}
	}
	for i := range o.rounds {
		fmt.Fprintf(os.Stderr, "round %d of %d\n", i+1, o.rounds)
		if o.bare {
			b.bare(ctx, r)
		}
		b.round(ctx, r)
	}
	if o.gc {
		b.collectAll(ctx, r)
	}
	if ctx.Err() != nil {
		return ctx.Err() // half a table misleads
	}
	var text strings.Builder
	write(&text, m, o.rows(), r)
	return writeText(o.out, text.String())
}

// round measures every cell once.
func (b *bench) round(ctx context.Context, r *results) {
	last := func() {}
	for _, w := range b.plan.rows() {
		for _, s := range b.plan.stacks(w) {
			if ctx.Err() != nil {
				return
			}
			finish := b.one(ctx, w, s)
			last()
			last = func() {
				c := r.at(w, s.name)
				got, err := finish()
				if err != nil {
					c.failed = append(c.failed, strings.ReplaceAll(err.Error(), "\n", "; "))
				} else {
					c.results = append(c.results, got)
				}
				fmt.Fprintf(os.Stderr, "%s, %s: %s\n", w.what(), s.name, told(w, got, err))
			}
		}
	}
	last()
}

// told is what a person who waits is shown.
func told(w row, r result, err error) string {
	if err != nil {
		return strings.ReplaceAll(err.Error(), "\n", "; ")
	}
	return w.text(&cell{results: []result{r}})
}

// collectAll profiles ours, plain and encrypted.
func (b *bench) collectAll(ctx context.Context, r *results) {
	for _, w := range b.plan.rows() {
		if w.kind != throughput && w.kind != roundTrip || ctx.Err() != nil {
			continue
		}
		c, err := b.collect(ctx, w)
		if err != nil {
			fmt.Fprintf(os.Stderr, "profile %s: %v\n", w.what(), err)
		}
		r.gc = append(r.gc, c...)
	}
}
