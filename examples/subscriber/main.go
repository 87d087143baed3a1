// Subscriber prints the messages of a topic, until it is interrupted.
//
//	go run ./examples/subscriber --topic Greetings
//	go run ./examples/subscriber --enclave keystore/enclaves/listener
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"os/signal"

	"github.com/secdds/dds"
	"github.com/secdds/dds/qos"
	"github.com/secdds/dds/security"
)

// A Message is the type of the topic. The publisher has the same.
type Message struct {
	Number int32
	Text   string
}

var (
	domain  = flag.Uint("domain", 0, "domain id, 0 to 232")
	topic   = flag.String("topic", "Messages", "name of the topic")
	enclave = flag.String("enclave", "", "folder of credentials; none: no security")
	count   = flag.Int("count", 0, "end after so many messages; 0: never")
)

func main() {
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, "subscriber:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	var cfg dds.Config
	if *enclave != "" {
		var err error
		if cfg.Security, err = security.FromEnclave(*enclave); err != nil {
			return err
		}
	}
	p, err := dds.NewParticipant(uint32(min(*domain, math.MaxUint32)), &cfg)
	if err != nil {
		return err
	}
	defer p.Close()
	t, err := dds.NewTopic[Message](p, *topic)
	if err != nil {
		return err
	}
	r, err := dds.NewReader(p.Subscriber(), t, qos.Reliable(0), qos.KeepLast(10))
	if err != nil {
		return err
	}
	fmt.Println("waiting for a publisher")
	for n := 0; *count == 0 || n < *count; {
		s, err := r.Next(ctx)
		switch {
		case err != nil:
			return err
		case !s.Info.ValidData:
			fmt.Println("a publisher is gone")
		default:
			fmt.Println("received", s.Value.Number, s.Value.Text)
			n++
		}
	}
	return nil
}
