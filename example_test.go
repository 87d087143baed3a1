package dds_test

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/secdds/dds"
	"github.com/secdds/dds/qos"
	"github.com/secdds/dds/security"
	"github.com/secdds/dds/security/keystore"
)

type Square struct {
	Color string `dds:"key,bound=128"`
	X, Y  int32
}

// Two participants with credentials of the same keystore, in one process for
// brevity. They authenticate each other, and what they exchange is encrypted.
func Example() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()

	dir := must(os.MkdirTemp("", "keystore-"))
	defer os.RemoveAll(dir)
	keys := must(keystore.Create(dir, keystore.Options{}))

	join := func(enclave string) *dds.Participant {
		sec := must(security.FromEnclave(must(keys.CreateEnclave(enclave, keystore.EnclaveOptions{}))))
		return must(dds.NewParticipant(0, &dds.Config{Security: sec, Interfaces: []string{"127.0.0.1"}}))
	}
	talker, listener := join("/talker"), join("/listener")
	defer talker.Close()
	defer listener.Close()

	w := must(dds.NewWriter(talker.Publisher(), must(dds.NewTopic[Square](talker, "Square"))))
	r := must(dds.NewReader(listener.Subscriber(), must(dds.NewTopic[Square](listener, "Square")), qos.Reliable(0)))

	check(w.WaitForMatched(ctx, 1))
	check(w.Write(ctx, &Square{Color: "BLUE", X: 1, Y: 2}))
	fmt.Println(must(r.Next(ctx)).Value)
	// Output: {BLUE 1 2}
}

func must[T any](v T, err error) T {
	check(err)
	return v
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
