// Customplugin replaces one of the security plugins, access control, by a
// policy in Go, and keeps the others: policy.go needs package spi alone. Two
// participants show that it is asked.
//
//	secdds keystore create keystore
//	secdds keystore enclave add keystore /talker
//	secdds keystore enclave add keystore /listener
//	go run ./examples/customplugin keystore/enclaves/talker keystore/enclaves/listener
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"time"

	"github.com/secdds/dds"
	"github.com/secdds/dds/qos"
	"github.com/secdds/dds/security"
)

// A Message is the type of the topics.
type Message struct{ Text string }

var (
	domain = flag.Uint("domain", 0, "domain id, 0 to 232")
	prefix = flag.String("prefix", "", "of the topics' names")
)

// patience is for what has to happen.
const patience = 20 * time.Second

func main() {
	flag.Parse()
	if flag.NArg() != 2 {
		fmt.Fprintln(os.Stderr, "usage: customplugin [flags] ENCLAVE-OF-THE-TALKER ENCLAVE-OF-THE-LISTENER (secdds keystore makes them)")
		os.Exit(2)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := run(ctx, flag.Arg(0), flag.Arg(1)); err != nil {
		fmt.Fprintln(os.Stderr, "customplugin:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, talkerDir, listenerDir string) error {
	status, orders, gossip := *prefix+"Status", *prefix+"Orders", *prefix+"Gossip"
	decisions := make(chan error, 100)
	talker, err := join("the talker", talkerDir, []string{orders}, nil)
	if err != nil {
		return err
	}
	defer talker.Close()
	listener, err := join("the listener", listenerDir, []string{orders, gossip}, decisions)
	if err != nil {
		return err
	}
	defer listener.Close()

	if _, err := write(talker, orders); !errors.Is(err, dds.ErrNotAllowed) {
		return fmt.Errorf("a writer of %s was made: %w", orders, err)
	}
	said, err := write(talker, status)
	if err != nil {
		return err
	}
	if _, err = write(talker, gossip); err != nil {
		return err
	}
	heard, err := read(listener, status)
	if err != nil {
		return err
	}
	deaf, err := read(listener, gossip)
	if err != nil {
		return err
	}
	if err := said.WaitForMatched(ctx, 1); err != nil {
		return fmt.Errorf("wait for the reader of %s: %w", status, err)
	}
	if err := said.Write(ctx, &Message{"all is well"}); err != nil {
		return err
	}
	s, err := heard.Next(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("received %q\n", s.Value.Text)
	for refused := false; !refused; {
		select {
		case err := <-decisions:
			refused = err != nil
		case <-ctx.Done():
			return fmt.Errorf("the listener has not refused the writer of %s", gossip)
		}
	}
	if n := deaf.Matched().Current; n != 0 {
		return fmt.Errorf("%d writers of %s", n, gossip)
	}
	fmt.Println("OK")
	return nil
}

// join makes a participant with a policy in place of access control.
func join(name, enclave string, forbidden []string, decisions chan<- error) (*dds.Participant, error) {
	plugins, err := security.FromEnclave(enclave)
	if err != nil {
		return nil, err
	}
	report := func(decision string, err error) {
		fmt.Println(decision)
		select {
		case decisions <- err:
		default: // nobody waits
		}
	}
	plugins.AccessControl = &policy{AccessControl: plugins.AccessControl, owner: name, forbidden: forbidden, report: report}
	return dds.NewParticipant(uint32(min(*domain, math.MaxUint32)), &dds.Config{Name: name, Security: plugins, Interfaces: []string{"127.0.0.1"}})
}

func write(p *dds.Participant, topic string) (*dds.Writer[Message], error) {
	t, err := dds.NewTopic[Message](p, topic)
	if err != nil {
		return nil, err
	}
	return dds.NewWriter(p.Publisher(), t, qos.TransientLocal)
}

func read(p *dds.Participant, topic string) (*dds.Reader[Message], error) {
	t, err := dds.NewTopic[Message](p, topic)
	if err != nil {
		return nil, err
	}
	return dds.NewReader(p.Subscriber(), t, qos.Reliable(0), qos.TransientLocal)
}
