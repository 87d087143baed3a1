// Psk is a conversation among those who know a passphrase: no certificates, no
// documents. Each says something every second, and prints what the others say.
// Who does not know the passphrase hears and sees nothing of it.
//
//	echo "1:$(openssl rand -hex 32)" > psk; touch more
//	go run ./examples/psk --name alice --passphrase file:psk --extra file:more
//	go run ./examples/psk --name bob   --passphrase file:psk --extra file:more
//
// Files are read again when they change, so that another passphrase comes in
// while they talk: put "2:…" into more, everywhere; then into psk, with "1:…" in
// more; then empty more.
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
	"github.com/secdds/dds/security/psk"
)

// A Remark is the type of the topic.
type Remark struct {
	By     string `dds:"key"`
	Number int32
	Text   string
}

var (
	domain     = flag.Uint("domain", 0, "domain id, 0 to 232")
	topic      = flag.String("topic", "Conversation", "name of the topic")
	name       = flag.String("name", "somebody", "who speaks")
	passphrase = flag.String("passphrase", "", "data:,<id>:<seed>, or file:<path> of a file that holds <id>:<seed>")
	extra      = flag.String("extra", "", "passphrases to listen with, too, likewise; a file may hold several or none")
	period     = flag.Duration("period", time.Second, "time between remarks")
)

func main() {
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, "psk:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	cfg := psk.Config{Passphrase: *passphrase}
	if *extra != "" {
		cfg.Extra = []string{*extra}
	}
	sec, err := security.PSK(cfg)
	if err != nil {
		return err
	}
	p, err := dds.NewParticipant(uint32(min(*domain, math.MaxUint32)), &dds.Config{Name: *name, Security: sec})
	if err != nil {
		return err
	}
	defer p.Close()
	t, err := dds.NewTopic[Remark](p, *topic)
	if err != nil {
		return err
	}
	w, err := dds.NewWriter(p.Publisher(), t, qos.KeepLast(10))
	if err != nil {
		return err
	}
	r, err := dds.NewReader(p.Subscriber(), t, qos.Reliable(0), qos.KeepAll())
	if err != nil {
		return err
	}
	go speak(ctx, w, sec.PreSharedKey.(*psk.Plugin))
	for {
		s, err := r.Next(ctx)
		if err != nil {
			return err
		}
		if s.Info.ValidData && s.Value.By != *name {
			fmt.Println(s.Value.By, "says", s.Value.Number, s.Value.Text)
		}
	}
}

// speak says something every period, and tells when another passphrase is in use.
func speak(ctx context.Context, w *dds.Writer[Remark], keys *psk.Plugin) {
	tick := time.NewTicker(max(*period, 1))
	defer tick.Stop()
	var known string
	for i := int32(1); ; i++ {
		sealing, opening := keys.IDs()
		if k := fmt.Sprintln("passphrase", sealing, "of", opening); k != known {
			fmt.Print(k)
			known = k
		}
		if err := w.Write(ctx, &Remark{*name, i, "hello, everybody"}); err != nil {
			return // interrupted
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
