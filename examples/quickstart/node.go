package main

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/secdds/dds"
	"github.com/secdds/dds/qos"
	"github.com/secdds/dds/spi"
	"github.com/secdds/dds/transport/udp"
)

// A Message is the type of the topic.
type Message struct {
	Number int32
	Text   string
}

// A node is one participant with a recorded connection, and what it has.
type node struct {
	p    *dds.Participant
	tape *recorder
	w    *dds.Writer[Message]
	r    *dds.Reader[Message]
}

// join makes a participant on the loopback interface alone. Without sec it is
// an unsecured one.
func join(domain uint32, name string, sec *spi.Security) (*node, error) {
	t, err := udp.New(udp.Config{Interfaces: []string{"127.0.0.1"}})
	if err != nil {
		return nil, err
	}
	n := &node{tape: &recorder{Transport: t}}
	n.p, err = dds.NewParticipant(domain, &dds.Config{
		Name: name, Security: sec, Transport: n.tape,
		Logger: slog.New(slog.DiscardHandler), // what it would log is what we report
	})
	return n, err
}

func (n *node) publish(topic string) error {
	t, err := dds.NewTopic[Message](n.p, topic)
	if err == nil {
		n.w, err = dds.NewWriter(n.p.Publisher(), t, qos.KeepAll())
	}
	return err
}

func (n *node) subscribe(topic string) error {
	t, err := dds.NewTopic[Message](n.p, topic)
	if err == nil {
		n.r, err = dds.NewReader(n.p.Subscriber(), t, qos.Reliable(0), qos.KeepAll())
	}
	return err
}

// exchange writes count messages with text from one node to another and
// returns how many came as they were written.
func exchange(ctx context.Context, from, to *node, count int, text string) (int, error) {
	if err := from.w.WaitForMatched(ctx, 1); err != nil {
		return 0, fmt.Errorf("the writer found no reader: %w", err)
	}
	if err := to.r.WaitForMatched(ctx, 1); err != nil {
		return 0, fmt.Errorf("the reader found no writer: %w", err)
	}
	for i := range count {
		if err := from.w.Write(ctx, &Message{Number: int32(i), Text: text}); err != nil {
			return 0, err
		}
	}
	for i := range count {
		s, err := to.r.Next(ctx)
		if err != nil {
			return i, fmt.Errorf("waiting for message %d: %w", i, err)
		}
		if s.Value != (Message{Number: int32(i), Text: text}) {
			return i, fmt.Errorf("message %d came as %+v", i, s.Value)
		}
	}
	return count, from.w.WaitForAcks(ctx)
}
