// Package dds is DDS (Data Distribution Service) with DDS-Security in pure Go:
// participants that discover each other on a network and exchange typed
// samples of topics, in clear or protected, with each other and with the
// implementations of other vendors.
//
// It implements the parts of DDS 1.4 (DCPS), DDSI-RTPS 2.5, DDS-XTypes 1.3 and
// DDS-Security 1.1 that its README lists.
//
// # A writer and a reader
//
//	type Square struct {
//		Color string `dds:"key,bound=128"`
//		X, Y  int32
//	}
//
//	p, err := dds.NewParticipant(0, nil)
//	topic, err := dds.NewTopic[Square](p, "Square")
//	w, err := dds.NewWriter(p.Publisher(), topic)
//	err = w.Write(ctx, &Square{Color: "BLUE", X: 1, Y: 2})
//
//	r, err := dds.NewReader(p.Subscriber(), topic, qos.Reliable(0))
//	s, err := r.Next(ctx)
//	fmt.Println(s.Value.Color)
//
// Next waits for one sample; Take and Read return those that are there. A loop
// over TakeEach is lent one value after another and need not allocate:
//
//	for v, info := range r.TakeEach(0, dds.Query{}) {
//		fmt.Println(v.Color, info.SourceTime)
//	}
//
// OnData has a function called whenever samples have come, on the goroutine
// that received them.
//
// # Security
//
// Config.Security holds the plugins a participant runs under; package
// security makes the built-in ones from an enclave folder. A participant that
// asks for security and cannot have it is not created: nothing falls back to
// clear.
//
// # Blocking
//
// Calls that may block take a context first. They succeed without looking at it
// if they need not block.
//
// It is a shell: goroutines and locks are those of internal/engine.
package dds
