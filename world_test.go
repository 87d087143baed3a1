package dds_test

import (
	"bytes"
	"context"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds"
	"github.com/secdds/dds/qos"
	"github.com/secdds/dds/transport/memnet"
)

// A world is a network and the participants on it, in virtual time: a second
// costs nothing.
type world struct {
	*testing.T
	net *memnet.Network
	log *journal
}

// inWorld runs a test in a world of its own. Every participant is closed at
// its end, and no goroutine may remain.
func inWorld(t *testing.T, cfg memnet.Config, f func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		f(&world{T: t, net: memnet.New(cfg), log: &journal{}})
	})
}

// A journal keeps what participants log.
type journal struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (j *journal) Write(b []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.buf.Write(b)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.buf.String()
}

// participant makes a participant on the host of that name.
func (w *world) participant(host string, with ...func(*dds.Config)) *dds.Participant {
	w.Helper()
	cfg := dds.Config{Transport: w.net.Host(host), Name: host, Logger: slog.New(slog.NewTextHandler(w.log, nil))}
	for _, f := range with {
		f(&cfg)
	}
	p, err := dds.NewParticipant(0, &cfg)
	require.NoError(w, err)
	w.Cleanup(func() { _ = p.Close() })
	return p
}

// soon is a context for what should happen quickly, in virtual time.
func (w *world) soon() context.Context {
	ctx, cancel := context.WithTimeout(w.Context(), time.Minute)
	w.Cleanup(cancel)
	return ctx
}

// settle lets everything happen that follows within d.
func (w *world) settle(d time.Duration) {
	time.Sleep(d) // virtual
	synctest.Wait()
}

type shape struct {
	Color string `dds:"key,bound=128"`
	X     int32
	Size  int32
}

type plainValue struct {
	N    int32
	Data []byte
}

func topicOf[T any](w *world, p *dds.Participant, name string) *dds.Topic[T] {
	w.Helper()
	t, err := dds.NewTopic[T](p, name)
	require.NoError(w, err)
	return t
}

func writerOf[T any](w *world, p *dds.Participant, topic string, policies ...qos.WriterPolicy) *dds.Writer[T] {
	w.Helper()
	wr, err := dds.NewWriter(p.Publisher(), topicOf[T](w, p, topic), policies...)
	require.NoError(w, err)
	return wr
}

func readerOf[T any](w *world, p *dds.Participant, topic string, policies ...qos.ReaderPolicy) *dds.Reader[T] {
	w.Helper()
	r, err := dds.NewReader(p.Subscriber(), topicOf[T](w, p, topic), policies...)
	require.NoError(w, err)
	return r
}

// matched waits until both sides are matched.
func matched[A, B any](w *world, wr *dds.Writer[A], r *dds.Reader[B]) {
	w.Helper()
	require.NoError(w, wr.WaitForMatched(w.soon(), 1), "writer: %s", w.log)
	require.NoError(w, r.WaitForMatched(w.soon(), 1), "reader: %s", w.log)
}

// next waits for a sample with data.
func next[T any](w *world, r *dds.Reader[T]) dds.Sample[T] {
	w.Helper()
	s, err := r.Next(w.soon())
	require.NoError(w, err)
	return s
}

func write[T any](w *world, wr *dds.Writer[T], v T) {
	w.Helper()
	require.NoError(w, wr.Write(w.soon(), &v))
}
