// Command ours is the conformance peer on package dds: the same options and
// lines as the peers on other vendors' libraries (see ../README.md).
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
	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/security"
)

type options struct {
	publish                               bool
	domain, count, size, period, match    int
	keepLast, representation, timeout     int
	linger                                int
	topic, typ, key, enclave, iface       string
	bestEffort, transientLocal            bool
	dispose, unregister, waitAck, verbose bool
	partitions                            []string
	participant                           *dds.Participant
}

func main() {
	o, err := parse(os.Args[1:])
	if err == nil {
		err = run(o)
	}
	var code exit
	switch {
	case err == nil:
	case errors.As(err, &code):
		os.Exit(int(code))
	default:
		fmt.Printf("FAILED %v\n", err)
		os.Exit(2)
	}
}

type exit int

func (e exit) Error() string { return "exit " + strconv.Itoa(int(e)) }

func parse(args []string) (*options, error) {
	o := &options{}
	if len(args) == 0 || args[0] != "pub" && args[0] != "sub" {
		return nil, errors.New("usage: ours_peer pub|sub [options]")
	}
	o.publish = args[0] == "pub"
	f := flag.NewFlagSet(args[0], flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.IntVar(&o.domain, "domain", 0, "")
	f.StringVar(&o.topic, "topic", "Blob", "")
	f.StringVar(&o.typ, "type", "blob", "")
	f.StringVar(&o.key, "key", "", "")
	f.BoolFunc("reliable", "", func(string) error { o.bestEffort = false; return nil })
	f.BoolVar(&o.bestEffort, "best-effort", false, "")
	f.BoolVar(&o.transientLocal, "transient-local", false, "")
	f.BoolFunc("volatile", "", func(string) error { o.transientLocal = false; return nil })
	f.BoolFunc("keep-all", "", func(string) error { o.keepLast = 0; return nil })
	f.IntVar(&o.keepLast, "keep-last", 0, "")
	f.Func("partition", "", func(s string) error { o.partitions = append(o.partitions, s); return nil })
	f.IntVar(&o.count, "count", 1, "")
	f.IntVar(&o.size, "size", 0, "")
	f.IntVar(&o.period, "period", 0, "")
	f.IntVar(&o.representation, "representation", 0, "")
	f.StringVar(&o.enclave, "enclave", "", "")
	f.StringVar(&o.iface, "interface", "lo", "")
	f.IntVar(&o.timeout, "timeout", 20, "")
	f.BoolVar(&o.dispose, "dispose", false, "")
	f.BoolVar(&o.unregister, "unregister", false, "")
	f.IntVar(&o.match, "wait-match", 1, "")
	f.BoolVar(&o.waitAck, "wait-ack", false, "")
	f.IntVar(&o.linger, "linger", -1, "")
	f.BoolVar(&o.verbose, "verbose", false, "")
	if err := f.Parse(args[1:]); err != nil {
		return nil, err
	}
	if o.linger < 0 {
		o.linger = 500
		if o.publish {
			o.linger = 0
		}
	}
	if o.key == "" {
		o.key = "1"
		if o.typ == "shape" {
			o.key = "BLUE"
		}
	}
	return o, nil
}

func run(o *options) error {
	level := slog.LevelWarn
	if o.verbose {
		level = slog.LevelDebug
	}
	cfg := dds.Config{
		Interfaces: []string{o.iface},
		Logger:     slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level})),
	}
	if o.enclave != "" {
		var err error
		if cfg.Security, err = security.FromEnclave(o.enclave); err != nil {
			return err
		}
	}
	p, err := dds.NewParticipant(uint32(o.domain), &cfg)
	if err != nil {
		return err
	}
	defer p.Close()
	o.participant = p
	fmt.Printf("READY guid=%v\n", p.GUID())

	// ctx ends at the time-out; the end of stdin or "quit" ends it sooner.
	ctx, cancel := context.WithTimeoutCause(context.Background(), time.Duration(o.timeout)*time.Second, exit(1))
	defer cancel()
	ctx, ended := context.WithCancelCause(ctx)
	defer ended(nil)
	go func() {
		for in := bufio.NewScanner(os.Stdin); in.Scan(); {
			if in.Text() == "quit" {
				break
			}
		}
		ended(exit(3))
	}()
	switch o.typ {
	case "shape":
		err = exchange(ctx, o, shapes{key: o.key})
	case "blob":
		var id int
		if id, err = strconv.Atoi(o.key); err == nil {
			err = exchange(ctx, o, blobs{id: int32(id)})
		}
	case "note":
		var id int
		if id, err = strconv.Atoi(o.key); err == nil {
			err = exchange(ctx, o, notes{id: int32(id)})
		}
	default:
		return fmt.Errorf("--type %s: want shape, blob or note", o.typ)
	}
	if err == nil && o.linger > 0 {
		fmt.Println("DONE")
		select {
		case <-time.After(time.Duration(o.linger) * time.Millisecond):
		case <-ctx.Done():
		}
		return nil
	}
	if err == nil {
		fmt.Println("DONE")
		return nil
	}
	if ctx.Err() != nil {
		var why exit
		if errors.As(context.Cause(ctx), &why) {
			if why == 1 {
				fmt.Println("TIMEOUT", err)
			}
			return why
		}
	}
	return err
}

// A kind makes and checks the samples of one type.
type kind[T any] interface {
	make(seq, size int) *T
	check(v *T, size int) (seq, n int, ok bool)
	keyOf(v *T) string
}

func exchange[T any](ctx context.Context, o *options, k kind[T]) error {
	p := o.participant
	topic, err := dds.NewTopic[T](p, o.topic)
	if err != nil {
		return err
	}
	reliability := qos.Reliable(10 * time.Second)
	if o.bestEffort {
		reliability = qos.BestEffort()
	}
	history := qos.KeepAll()
	if o.keepLast > 0 {
		history = qos.KeepLast(o.keepLast)
	}
	durability := qos.Volatile
	if o.transientLocal {
		durability = qos.TransientLocal
	}
	var reps qos.Representations
	if o.representation > 0 {
		reps = qos.DataRepresentation(qos.Representation((o.representation - 1) * 2))
	}
	if o.publish {
		pub, err := p.NewPublisher(qos.Partition(o.partitions...))
		if err != nil {
			return err
		}
		// Writers do not dispose what they unregister.
		w, err := dds.NewWriter(pub, topic, reliability, history, durability, reps, qos.WriterDataLifecycle{AutoDispose: false})
		if err != nil {
			return err
		}
		return publish(ctx, o, k, w)
	}
	sub, err := p.NewSubscriber(qos.Partition(o.partitions...))
	if err != nil {
		return err
	}
	r, err := dds.NewReader(sub, topic, reliability, history, durability, reps)
	if err != nil {
		return err
	}
	return subscribe(ctx, o, k, r)
}

// A status prints matches as they change.
type status struct {
	current int
	total   int
	bad     int
}

func (s *status) print(m dds.MatchedStatus, i dds.IncompatibleStatus) {
	if m.Total > s.total {
		fmt.Printf("MATCHED %d peer=%v\n", m.Current, participantOf(m.Last))
	} else if m.Current < s.current {
		fmt.Printf("UNMATCHED %d peer=\n", m.Current)
	}
	s.current, s.total = m.Current, m.Total
	if i.Total > s.bad {
		for _, id := range i.LastPolicies {
			fmt.Printf("INCOMPATIBLE policy=%v\n", id)
		}
		s.bad = i.Total
	}
}

func participantOf(g rtps.GUID) rtps.GUID {
	return rtps.GUID{Prefix: g.Prefix, Entity: rtps.EntityParticipant}
}

// watch prints what matches, on a goroutine, until ctx ends.
func watch(ctx context.Context, matched func() dds.MatchedStatus, incompatible func() dds.IncompatibleStatus) {
	var s status
	for tick := time.NewTicker(5 * time.Millisecond); ; {
		s.print(matched(), incompatible())
		select {
		case <-tick.C:
		case <-ctx.Done():
			tick.Stop()
			return
		}
	}
}

func publish[T any](ctx context.Context, o *options, k kind[T], w *dds.Writer[T]) error {
	watching, stop := context.WithCancel(context.Background())
	defer stop()
	go watch(watching, w.Matched, w.IncompatibleQoS)
	if err := w.WaitForMatched(ctx, o.match); err != nil {
		return fmt.Errorf("match: %w", err)
	}
	for seq := 1; seq <= o.count; seq++ {
		if err := w.Write(ctx, k.make(seq, o.size)); err != nil {
			return err
		}
		fmt.Println("SENT", seq)
		if o.period > 0 {
			select {
			case <-time.After(time.Duration(o.period) * time.Millisecond):
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
	if o.dispose {
		if err := w.Dispose(ctx, k.make(0, 0)); err != nil {
			return err
		}
		fmt.Println("SENT dispose")
	}
	if o.unregister {
		if err := w.Unregister(ctx, k.make(0, 0)); err != nil {
			return err
		}
		fmt.Println("SENT unregister")
	}
	if o.waitAck {
		if err := w.WaitForAcks(ctx); err != nil {
			return fmt.Errorf("acknowledgement: %w", err)
		}
		fmt.Println("ACKED")
	}
	return nil
}

func subscribe[T any](ctx context.Context, o *options, k kind[T], r *dds.Reader[T]) error {
	watching, stop := context.WithCancel(context.Background())
	defer stop()
	go watch(watching, r.Matched, r.IncompatibleQoS)
	samples, bad, disposed, unregistered := 0, 0, false, false
	for o.count == 0 || samples < o.count || o.dispose && !disposed || o.unregister && !unregistered {
		s, err := r.Next(ctx)
		if err != nil {
			return fmt.Errorf("samples: %w", err)
		}
		key := k.keyOf(&s.Value)
		if s.Info.ValidData {
			samples++
			seq, n, ok := k.check(&s.Value, o.size)
			verdict := "ok"
			if !ok {
				verdict = "BAD"
				bad++
			}
			fmt.Printf("SAMPLE seq=%d size=%d %s key=%s\n", seq, n, verdict, key)
		}
		switch {
		case s.Info.InstanceState == dds.Disposed && !disposed:
			disposed = true
			fmt.Printf("DISPOSED key=%s\n", key)
		case s.Info.InstanceState == dds.NoWriters && !unregistered:
			unregistered = true
			fmt.Printf("UNREGISTERED key=%s\n", key)
		}
	}
	if bad > 0 {
		return exit(1)
	}
	return nil
}

// ShapeType, Blob and Note are the types of ../samples.idl.
type (
	ShapeType struct {
		Color           string `dds:"key"`
		X, Y, ShapeSize int32
	}
	Blob struct {
		ID   int32 `dds:"key"`
		Seq  uint64
		Data []byte
	}
	Note struct {
		_    struct{} `dds:"appendable"`
		ID   int32    `dds:"key"`
		Text string
	}
)

type (
	shapes struct{ key string }
	blobs  struct{ id int32 }
	notes  struct{ id int32 }
)

func (k shapes) make(seq, size int) *ShapeType {
	if size == 0 {
		size = 30
	}
	return &ShapeType{Color: k.key, X: int32(seq), Y: int32(2 * seq), ShapeSize: int32(size)}
}

func (k shapes) check(v *ShapeType, size int) (int, int, bool) {
	return int(v.X), int(v.ShapeSize), v.Y == 2*v.X && (size == 0 || int(v.ShapeSize) == size)
}

func (k shapes) keyOf(v *ShapeType) string { return v.Color }

func (k blobs) make(seq, size int) *Blob {
	b := &Blob{ID: k.id, Seq: uint64(seq), Data: make([]byte, size)}
	for i := range b.Data {
		b.Data[i] = byte(i*31 + seq)
	}
	return b
}

func (k blobs) check(v *Blob, size int) (int, int, bool) {
	ok := size == 0 || len(v.Data) == size
	for i, c := range v.Data {
		ok = ok && c == byte(i*31+int(v.Seq))
	}
	return int(v.Seq), len(v.Data), ok
}

func (k blobs) keyOf(v *Blob) string { return strconv.Itoa(int(v.ID)) }

// A note's text is its number, a colon, and letters that depend on both.
func (k notes) make(seq, size int) *Note {
	b := fmt.Appendf(nil, "%d:", seq)
	for i := len(b); i < size; i++ {
		b = append(b, byte('a'+(i+seq)%26))
	}
	return &Note{ID: k.id, Text: string(b)}
}

func (k notes) check(v *Note, _ int) (int, int, bool) {
	digits, rest, ok := strings.Cut(v.Text, ":")
	seq, err := strconv.Atoi(digits)
	ok = ok && err == nil
	for i := range len(rest) {
		ok = ok && rest[i] == byte('a'+(i+len(digits)+1+seq)%26)
	}
	return seq, len(v.Text), ok
}

func (k notes) keyOf(v *Note) string { return strconv.Itoa(int(v.ID)) }
