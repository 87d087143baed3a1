package dds_test

import (
	"context"
	"fmt"
	"time"

	"github.com/secdds/dds"
	"github.com/secdds/dds/qos"
	"github.com/secdds/dds/transport/memnet"
)

// A listener takes what has come, on the goroutine that received it. The value
// is lent: what is to be kept is copied.
func ExampleReader_OnData() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	p := must(dds.NewParticipant(0, &dds.Config{Transport: memnet.New(memnet.Config{}).Host("a")}))
	defer p.Close()
	topic := must(dds.NewTopic[Square](p, "Square"))
	w := must(dds.NewWriter(p.Publisher(), topic))
	r := must(dds.NewReader(p.Subscriber(), topic, qos.Reliable(0)))
	check(w.WaitForMatched(ctx, 1))

	seen := make(chan Square, 1)
	r.OnData(func(r *dds.Reader[Square]) {
		for v, info := range r.TakeEach(0, dds.Query{}) {
			if info.ValidData {
				seen <- *v
			}
		}
	})
	check(w.Write(ctx, &Square{Color: "BLUE", X: 1, Y: 2}))
	fmt.Println(<-seen)
	// Output: {BLUE 1 2}
}

// Serialized samples go from one topic to another without being decoded.
func ExampleReader_TakeRaw() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	p := must(dds.NewParticipant(0, &dds.Config{Transport: memnet.New(memnet.Config{}).Host("a")}))
	defer p.Close()
	near, far := must(dds.NewTopic[Square](p, "Near")), must(dds.NewTopic[Square](p, "Far"))
	w, in := must(dds.NewWriter(p.Publisher(), near)), must(dds.NewReader(p.Subscriber(), near, qos.Reliable(0)))
	out, r := must(dds.NewWriter(p.Publisher(), far)), must(dds.NewReader(p.Subscriber(), far, qos.Reliable(0)))
	check(w.WaitForMatched(ctx, 1))
	check(out.WaitForMatched(ctx, 1))

	check(w.Write(ctx, &Square{Color: "BLUE", X: 1, Y: 2}))
	check(in.WaitForData(ctx))
	for payload, info := range in.TakeRaw(0, dds.Query{}) {
		if info.ValidData {
			check(out.WriteRawAt(ctx, payload, info.SourceTime))
		}
	}
	fmt.Println(must(r.Next(ctx)).Value)
	// Output: {BLUE 1 2}
}
