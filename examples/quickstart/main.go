// Quickstart shows what security is worth, on this machine alone: a secured
// publisher and a secured subscriber exchange messages over UDP on loopback; a
// participant with a certificate of another authority and one without any try
// to take part; every datagram is recorded and searched for the plaintext.
//
// It needs nothing and leaves nothing behind:
//
//	go run ./examples/quickstart
//
// It fails (exit status 1) unless everything is as it should be.
package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"time"

	"github.com/secdds/dds"
	"github.com/secdds/dds/security"
	"github.com/secdds/dds/security/keystore"
	"github.com/secdds/dds/spi"
)

const (
	messages = 25
	patience = 14 * time.Second
	lie      = "trust me" // what the strangers write

	// The domains. Their ports lie below those the kernel gives out. Whoever
	// else is in them does not matter: the topic's name is ours alone.
	secured, unsecured = 87, 88
)

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt)
	defer stop()
	if err := run(ctx, os.Stdout); err != nil {
		fmt.Println("FAILED:", err)
		os.Exit(1)
	}
	fmt.Println("OK")
}

func run(ctx context.Context, out io.Writer) error {
	dir, err := os.MkdirTemp("", "secdds-quickstart-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)

	return perform(ctx, out, dir, keystore.UniformGovernance(spi.ProtectEncrypt))
}

// perform plays the whole show under a governance. It fails when anything of
// what it says is not so.
func perform(ctx context.Context, out io.Writer, dir string, g keystore.Governance) error {
	id := rand.Text()
	s := show{out: out, topic: "Quickstart" + id, marker: "attack-at-dawn-" + id, governance: g}
	defer s.close()
	for _, step := range []struct {
		what string
		do   func(context.Context) error
	}{
		{"make two keystores", func(context.Context) error { return s.makeEnclaves(dir) }},
		{"start the participants", s.start},
		{"refuse the strangers", s.refuse},
		{"exchange messages", s.deliver},
		{"leave the strangers out", s.leaveOut},
		{"search the datagrams", s.search},
		{"search unsecured datagrams", s.searchUnsecured},
	} {
		if err := step.do(ctx); err != nil {
			return fmt.Errorf("%s: %w", step.what, err)
		}
	}
	return nil
}

// A show is the whole cast.
type show struct {
	out           io.Writer
	topic, marker string
	governance    keystore.Governance

	enclaves struct{ publisher, subscriber, forger *spi.Security }

	publisher, subscriber *node // secured
	forger                *node // with a certificate, but of another authority
	naked                 *node // without any
	all                   []*node
}

func (s *show) print(what, format string, args ...any) {
	fmt.Fprintf(s.out, "%-12s %s\n", what, fmt.Sprintf(format, args...))
}

func (s *show) close() {
	for _, n := range s.all {
		n.p.Close()
	}
}

// makeEnclaves makes our keystore and that of the forger, whose certificate
// bears the publisher's name.
func (s *show) makeEnclaves(dir string) error {
	ours, err := keystore.Create(filepath.Join(dir, "ours"), keystore.Options{CommonName: "our CA", Governance: &s.governance})
	if err != nil {
		return err
	}
	theirs, err := keystore.Create(filepath.Join(dir, "theirs"), keystore.Options{CommonName: "their CA", Governance: &s.governance})
	if err != nil {
		return err
	}
	for _, e := range []struct {
		to   **spi.Security
		in   *keystore.Keystore
		path string
	}{
		{&s.enclaves.publisher, ours, "/publisher"},
		{&s.enclaves.subscriber, ours, "/subscriber"},
		{&s.enclaves.forger, theirs, "/publisher"},
	} {
		dir, err := e.in.CreateEnclave(e.path, keystore.EnclaveOptions{})
		if err != nil {
			return err
		}
		if *e.to, err = security.FromEnclave(dir); err != nil {
			return err
		}
	}
	s.print("keystore", "ours and a stranger's; governance: ENCRYPT for discovery, liveliness, messages, topics and data")
	return nil
}

func (s *show) start(context.Context) error {
	for _, c := range []struct {
		to                 **node
		name               string
		sec                *spi.Security
		publish, subscribe bool
	}{
		{&s.publisher, "publisher", s.enclaves.publisher, true, false},
		{&s.subscriber, "subscriber", s.enclaves.subscriber, false, true},
		{&s.forger, "forger", s.enclaves.forger, true, true},
		{&s.naked, "naked", nil, true, true},
	} {
		n, err := s.join(secured, c.name, c.sec, c.publish, c.subscribe)
		if err != nil {
			return err
		}
		*c.to = n
	}
	s.print("domain", "%d, on 127.0.0.1: a secured publisher and subscriber, and two strangers", secured)
	return nil
}

func (s *show) join(domain uint32, name string, sec *spi.Security, publish, subscribe bool) (*node, error) {
	n, err := join(domain, name, sec)
	if err != nil {
		return nil, err
	}
	s.all = append(s.all, n)
	if publish {
		err = n.publish(s.topic)
	}
	if subscribe && err == nil {
		err = n.subscribe(s.topic)
	}
	return n, err
}

// refuse waits until both strangers are refused.
func (s *show) refuse(ctx context.Context) error {
	for _, stranger := range []struct {
		*node
		what string
	}{
		{s.forger, "a certificate of another authority"},
		{s.naked, "a participant without credentials"},
	} {
		why, err := refusal(ctx, []*node{s.publisher, s.subscriber}, stranger.node)
		if err != nil {
			return fmt.Errorf("%s: %w", stranger.what, err)
		}
		s.print("refused", "%s:\n%13s%s", stranger.what, "", why)
	}
	return nil
}

func (s *show) deliver(ctx context.Context) error {
	// The strangers write, too. Only their own readers may hear it.
	for _, n := range []*node{s.forger, s.naked} {
		if err := n.w.Write(ctx, &Message{Text: lie}); err != nil {
			return err
		}
	}
	n, err := exchange(ctx, s.publisher, s.subscriber, messages, s.marker)
	s.print("delivered", "%d of %d messages", n, messages)
	return err
}

func (s *show) leaveOut(ctx context.Context) error {
	for _, stranger := range []*node{s.forger, s.naked} {
		if err := stranger.heardNobody(ctx); err != nil {
			return err
		}
		for _, n := range []*node{s.publisher, s.subscriber} {
			if peer, _ := n.peer(stranger); peer.Admitted {
				return fmt.Errorf("%s was admitted in the end", peer.Name)
			}
		}
	}
	if got := s.subscriber.r.Take(0, dds.Query{}); len(got) > 0 {
		return fmt.Errorf("the subscriber received %d messages more than the publisher wrote", len(got))
	}
	if w, r := s.publisher.w.Matched(), s.subscriber.r.Matched(); w.Total != 1 || r.Total != 1 {
		return fmt.Errorf("the publisher was matched with %d readers and the subscriber with %d writers", w.Total, r.Total)
	}
	s.print("left out", "each stranger received only what it wrote itself, and nobody else received that")
	return nil
}
