package seclog_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/secdds/dds"
	"github.com/secdds/dds/qos"
	"github.com/secdds/dds/security/seclog"
	"github.com/secdds/dds/spi"
)

// Everything to the program's log, and what matters to a file of its own.
func ExampleCombine() {
	file, err := seclog.OpenFile("/dev/null")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer file.Close()
	text := slog.New(slog.NewTextHandler(os.Stdout, nil))
	logging := seclog.Combine(seclog.New(text), seclog.AtLeast(spi.SeverityNotice, file))

	logging.Log(spi.SecurityEvent{ // a participant does this
		Time: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Severity: spi.SeverityWarning, Plugin: "access control",
		What: "endpoint refused", Subject: "CN=eve", Topic: "Square", Document: "permissions.p7s", Rule: "default", Line: 17,
	})
	// Output:
	// time=2026-01-02T03:04:05.000Z level=WARN msg="endpoint refused" severity=WARNING plugin="access control" domain=0 subject="CN=eve" topic=Square check.document=permissions.p7s check.rule=default check.line=17
}

// To watch what the participants of a domain decide, read their log topic. The
// permissions must allow it.
func ExampleEntry() {
	watch := func(ctx context.Context, p *dds.Participant) error {
		topic, err := dds.NewTopic[seclog.Entry](p, spi.LogTopicName)
		if err != nil {
			return err
		}
		r, err := dds.NewReader(p.Subscriber(), topic, qos.Reliable(0), qos.TransientLocal, qos.KeepAll())
		if err != nil {
			return err
		}
		for {
			s, err := r.Next(ctx)
			if err != nil {
				return err
			}
			e := &s.Value
			fmt.Println(e.Timestamp.Time(), e.Level(), e.HostName, e.Message, e.Value(seclog.ElementFields, "rule"))
		}
	}
	_ = watch
}
