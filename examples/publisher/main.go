// Publisher writes a message to a topic every second, until it is interrupted.
//
//	go run ./examples/publisher --topic Greetings
//	go run ./examples/publisher --enclave keystore/enclaves/talker
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"os/signal"
	"time"

	"github.com/secdds/dds"
	"github.com/secdds/dds/qos"
	"github.com/secdds/dds/security"
)

// A Message is the type of the topic. The subscriber has the same.
type Message struct {
	Number int32
	Text   string
}

var (
	domain  = flag.Uint("domain", 0, "domain id, 0 to 232")
	topic   = flag.String("topic", "Messages", "name of the topic")
	enclave = flag.String("enclave", "", "folder of credentials; none: no security")
	count   = flag.Int("count", 0, "end after so many messages; 0: never")
	period  = flag.Duration("period", time.Second, "time between messages")
)

func main() {
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, "publisher:", err)
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
	w, err := dds.NewWriter(p.Publisher(), t, qos.KeepLast(10))
	if err != nil {
		return err
	}
	fmt.Println("waiting for a subscriber")
	if err := w.WaitForMatched(ctx, 1); err != nil {
		return err
	}
	tick := time.NewTicker(max(*period, 1))
	defer tick.Stop()
	for i := 1; ; i++ {
		m := Message{Number: int32(i), Text: "hello, world"}
		if err := w.Write(ctx, &m); err != nil {
			return err
		}
		fmt.Println("sent", m.Number, m.Text)
		if i == *count {
			return w.WaitForAcks(ctx)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}
