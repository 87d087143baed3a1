//go:build interop

// The command ours is the peer program on package dds: the same command line
// and the same lines as those of the vendors' peers. See ../README.md.
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/secdds/dds"
	"github.com/secdds/dds/qos"
)

// Exit codes, as in ../common/peer.h.
const (
	exitOK = iota
	exitTimeout
	exitFailed
	exitEnded
)

type options struct {
	publish        bool
	domain         uint
	topic          string
	kind           string
	key            string
	instances      int
	bestEffort     bool
	transientLocal bool
	keepLast       int
	partitions     []string
	count          int
	sizes          []int // of the samples, in turn
	period         time.Duration
	representation int
	enclave        string
	network        string
	timeout        time.Duration
	dispose        bool
	unregister     bool
	waitMatch      int
	waitAck        bool
	linger         time.Duration
	close          bool
	verbose        bool
	accessClock    time.Duration
	trustSelf      bool
	liveliness     time.Duration // 0: infinite
	record         string
	keySize        int
	agreement      string
}

func parse(args []string) (o options, err error) {
	if len(args) == 0 || args[0] != "pub" && args[0] != "sub" {
		return o, errors.New("usage: ours_peer pub|sub [options]")
	}
	o.publish = args[0] == "pub"
	f := flag.NewFlagSet("ours_peer", flag.ContinueOnError)
	off := func(name string, p *bool) { // the other name of a default
		f.BoolFunc(name, "", func(string) error { *p = false; return nil })
	}
	f.UintVar(&o.domain, "domain", 0, "")
	f.StringVar(&o.topic, "topic", "Blob", "")
	f.StringVar(&o.kind, "type", "blob", "")
	f.StringVar(&o.key, "key", "", "")
	f.IntVar(&o.instances, "instances", 1, "")
	f.BoolVar(&o.bestEffort, "best-effort", false, "")
	off("reliable", &o.bestEffort)
	f.BoolVar(&o.transientLocal, "transient-local", false, "")
	off("volatile", &o.transientLocal)
	f.IntVar(&o.keepLast, "keep-last", 0, "")
	f.BoolFunc("keep-all", "", func(string) error { o.keepLast = 0; return nil })
	f.Func("partition", "", func(s string) error { o.partitions = append(o.partitions, s); return nil })
	f.IntVar(&o.count, "count", 1, "")
	o.sizes = []int{0}
	f.Func("size", "", func(s string) (err error) { o.sizes, err = numbers(s); return err })
	period := f.Int("period", 0, "")
	f.IntVar(&o.representation, "representation", 0, "")
	f.StringVar(&o.enclave, "enclave", "", "")
	f.StringVar(&o.network, "interface", "lo", "")
	timeout := f.Int("timeout", 20, "")
	f.BoolVar(&o.dispose, "dispose", false, "")
	f.BoolVar(&o.unregister, "unregister", false, "")
	f.IntVar(&o.waitMatch, "wait-match", 1, "")
	f.BoolVar(&o.waitAck, "wait-ack", false, "")
	linger := f.Int("linger", -1, "")
	f.BoolVar(&o.close, "close", false, "")
	f.BoolVar(&o.verbose, "verbose", false, "")
	f.DurationVar(&o.accessClock, "access-clock", 0, "set the clock of access control ahead")
	liveliness := f.Int("liveliness", 0, "")
	f.IntVar(&o.keySize, "key-size", 0, "")
	f.StringVar(&o.agreement, "agreement", "", "the key agreement to begin with")
	f.StringVar(&o.record, "record", "", "the file that takes a copy of every datagram")
	f.BoolVar(&o.trustSelf, "trust-self", false, "make endpoints without asking access control")
	if err := f.Parse(args[1:]); err != nil {
		return o, err
	}
	o.period = time.Duration(*period) * time.Millisecond
	o.timeout = time.Duration(*timeout) * time.Second
	o.liveliness = time.Duration(*liveliness) * time.Millisecond
	if *linger < 0 && !o.publish {
		*linger = 500
	}
	o.linger = time.Duration(max(*linger, 0)) * time.Millisecond
	return o, nil
}

// numbers reads numbers with commas between them.
func numbers(text string) (list []int, err error) {
	for s := range strings.SplitSeq(text, ",") {
		n, err := strconv.Atoi(s)
		if err != nil {
			return nil, err
		}
		list = append(list, n)
	}
	return list, nil
}

// size is the size of sample seq, or of the first one if seq is 0.
func (o options) size(seq uint64) int {
	return o.sizes[(max(seq, 1)-1)%uint64(len(o.sizes))]
}

func emit(format string, args ...any) { fmt.Fprintf(os.Stdout, format+"\n", args...) }

func main() {
	o, err := parse(os.Args[1:])
	if err == nil {
		err = run(o)
	}
	var e exit
	switch {
	case err == nil:
	case errors.As(err, &e):
		os.Exit(int(e))
	default:
		emit("FAILED %v", err)
		os.Exit(exitFailed)
	}
}

// An exit is an end that was reported already.
type exit int

func (e exit) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

func run(o options) error {
	ended, end := context.WithCancel(context.Background())
	go func() {
		for in := bufio.NewScanner(os.Stdin); in.Scan() && in.Text() != "quit"; {
		}
		end()
	}()
	cfg := &dds.Config{Interfaces: []string{o.network}, Name: "ours_peer"}
	level := slog.LevelWarn
	if o.verbose {
		level = slog.LevelDebug
	}
	cfg.Logger = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
	if o.enclave != "" {
		plugins, err := secure(o)
		if err != nil {
			return err
		}
		cfg.Security = bend(plugins, o)
	}
	if o.record != "" {
		tape, err := record(cfg, o.record)
		if err != nil {
			return err
		}
		defer tape.Close()
	}
	p, err := dds.NewParticipant(uint32(o.domain), cfg)
	if err != nil {
		return fmt.Errorf("create participant: %w", err)
	}
	defer p.Close()
	emit("READY guid=%v", p.GUID())
	switch o.kind {
	case "shape":
		return play(ended, p, o, shapes)
	case "blob":
		return play(ended, p, o, blobs)
	case "note":
		return play(ended, p, o, notes)
	}
	return fmt.Errorf("--type %s: want shape, blob or note", o.kind)
}

// play makes the endpoint and does what o asks.
func play[T any](ended context.Context, p *dds.Participant, o options, k kind[T]) error {
	if o.key == "" {
		o.key = k.key
	}
	topic, err := dds.NewTopic[T](p, o.topic)
	if err != nil {
		return fmt.Errorf("create topic: %w", err)
	}
	ctx, cancel := context.WithTimeout(ended, o.timeout)
	defer cancel()
	if o.publish {
		err = publish(ctx, ended, p, topic, o, k)
	} else {
		err = subscribe(ctx, p, topic, o, k)
	}
	if err != nil {
		return err
	}
	select {
	case <-ended.Done():
	case <-time.After(o.linger):
	}
	return nil
}

// done reports that all is done, and closes the endpoint if that was asked.
func done(o options, endpoint io.Closer) error {
	emit("DONE")
	if !o.close {
		return nil
	}
	if err := endpoint.Close(); err != nil {
		return fmt.Errorf("close: %w", err)
	}
	emit("CLOSED")
	return nil
}

// stopped reports an end before all was done.
func stopped(ctx context.Context, what string) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		emit("TIMEOUT %s", what)
		return exit(exitTimeout)
	}
	return exit(exitEnded)
}

func history(o options) qos.History {
	if o.keepLast > 0 {
		return qos.KeepLast(o.keepLast)
	}
	return qos.KeepAll()
}

func durability(o options) qos.Durability {
	if o.transientLocal {
		return qos.TransientLocal
	}
	return qos.Volatile
}

func reliability(o options) qos.Reliability {
	if o.bestEffort {
		return qos.BestEffort()
	}
	return qos.Reliable(o.timeout)
}

func liveliness(o options) qos.LivelinessPolicy {
	if o.liveliness == 0 {
		return qos.Liveliness(qos.Automatic, qos.Infinite)
	}
	return qos.Liveliness(qos.Automatic, o.liveliness)
}

// representations is empty for the default.
func representations(o options) qos.Representations {
	switch o.representation {
	case 1:
		return qos.DataRepresentation(qos.XCDR1)
	case 2:
		return qos.DataRepresentation(qos.XCDR2)
	}
	return nil
}
