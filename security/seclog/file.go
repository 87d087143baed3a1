package seclog

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/secdds/dds/spi"
)

// A File writes security events to a file: one JSON object a line, with "time"
// (RFC 3339, UTC), "event" (the event's What) and the names of [Fields]. It
// appends; rotation is left to the system's tools (with copytruncate, or by
// making a new File).
type File struct {
	mu  sync.Mutex
	to  io.WriteCloser
	err error // the first one
	buf bytes.Buffer
}

var _ spi.Logging = (*File)(nil)

// OpenFile opens or makes a log file. A new one is readable by its owner only.
func OpenFile(name string) (*File, error) {
	f, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("security log: %w", err)
	}
	return &File{to: f}, nil
}

// Log implements spi.Logging. An event that cannot be written is lost; the first
// error is kept for Err, and told to slog.Default() once.
func (f *File) Log(e spi.SecurityEvent) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.buf.Reset()
	f.buf.WriteByte('{')
	f.member("time", when(&e).UTC().Format(time.RFC3339Nano))
	f.member("event", clean(e.What))
	for _, field := range Fields(&e) {
		f.member(field.Name, field.Value)
	}
	f.buf.WriteString("}\n")
	if _, err := f.to.Write(f.buf.Bytes()); err != nil && f.err == nil {
		f.err = fmt.Errorf("security log: %w", err)
		slog.Default().Error("security events are lost", slog.String("reason", f.err.Error()))
	}
}

func (f *File) member(name string, value any) {
	if f.buf.Len() > 1 {
		f.buf.WriteByte(',')
	}
	v, err := json.Marshal(value)
	if err != nil {
		panic("BUG: seclog: a field that is no JSON: " + err.Error())
	}
	fmt.Fprintf(&f.buf, "%q:%s", name, v)
}

// Err returns the first error of the file; nil if there was none.
func (f *File) Err() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.err
}

// Close closes the file. Close the participants that use it before.
func (f *File) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.to.Close()
}
