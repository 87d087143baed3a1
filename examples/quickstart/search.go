package main

import (
	"context"
	"fmt"
	"slices"
)

// search looks for the plaintext in what anybody wrote or received, and for the
// topic's name in what ours wrote: the participant without credentials tells it
// everybody itself.
func (s *show) search(context.Context) error {
	var all [][]byte
	for _, n := range s.all {
		all = slices.Concat(all, n.tape.all())
	}
	ours := slices.Concat(s.publisher.tape.written(), s.subscriber.tape.written())
	text, topic := count(all, s.marker), count(ours, s.topic)
	s.print("recorded", "%d datagrams: the text of the messages is found %d times", len(all), text)
	s.print("", "%d of them sent by ours: the topic's name is found %d times", len(ours), topic)
	if text+topic > 0 {
		return fmt.Errorf("found in clear")
	}
	return nil
}

// searchUnsecured makes the same search where it has to find something.
func (s *show) searchUnsecured(ctx context.Context) error {
	from, err := s.join(unsecured, "unsecured publisher", nil, true, false)
	if err != nil {
		return err
	}
	to, err := s.join(unsecured, "unsecured subscriber", nil, false, true)
	if err != nil {
		return err
	}
	if _, err := exchange(ctx, from, to, messages, s.marker); err != nil {
		return err
	}
	all := slices.Concat(from.tape.all(), to.tape.all())
	ours := slices.Concat(from.tape.written(), to.tape.written())
	text, topic := count(all, s.marker), count(ours, s.topic)
	s.print("in clear", "%d datagrams of an unsecured exchange: the text is found %d times, the topic's name %d times", len(all), text, topic)
	if text < messages || topic == 0 {
		return fmt.Errorf("the search does not find what is there")
	}
	return nil
}
