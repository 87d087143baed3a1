package attack

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds"
	"github.com/secdds/dds/qos"
	"github.com/secdds/dds/security"
	"github.com/secdds/dds/security/keystore"
	"github.com/secdds/dds/security/seclog"
	"github.com/secdds/dds/spi"
	"github.com/secdds/dds/transport/memnet"
)

// TestMain fails when a test leaves a goroutine of ours behind.
func TestMain(m *testing.M) {
	code := m.Run()
	if left := strays(); left != "" && code == 0 {
		fmt.Fprintf(os.Stderr, "goroutines left by the tests:\n%s\n", left)
		code = 1
	}
	os.Exit(code)
}

// strays returns the stacks of goroutines of this module that do not end
// within a second.
func strays() (left string) {
	for range 100 {
		buf := make([]byte, 4<<20)
		stacks := strings.Split(string(buf[:runtime.Stack(buf, true)]), "\n\n")
		left = ""
		for _, s := range stacks[1:] { // the first is this one
			if strings.Contains(s, "github.com/secdds/dds") {
				left += s + "\n\n"
			}
		}
		if left == "" {
			return ""
		}
		time.Sleep(10 * time.Millisecond) // goroutines that are about to end
	}
	return left
}

// A world is a network and the participants on it, in virtual time.
type world struct {
	*testing.T
	net *memnet.Network
	log *journal
}

func inWorld(t *testing.T, f func(w *world)) { inWorldOf(t, memnet.Config{}, f) }

func inWorldOf(t *testing.T, cfg memnet.Config, f func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		f(&world{T: t, net: memnet.New(cfg), log: &journal{}})
	})
}

// start is when every world begins.
var start = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

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

// participant makes a participant on the host of that name. It logs all it can.
func (w *world) participant(host string, with ...func(*dds.Config)) *dds.Participant {
	w.Helper()
	p, err := w.try(host, with...)
	require.NoError(w, err)
	return p
}

func (w *world) try(host string, with ...func(*dds.Config)) (*dds.Participant, error) {
	logger := slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	cfg := dds.Config{Transport: w.net.Host(host), Name: host, Logger: logger}
	for _, f := range with {
		f(&cfg)
	}
	if cfg.Security != nil {
		s := *cfg.Security
		s.Logging = seclog.New(logger)
		cfg.Security = &s
	}
	p, err := dds.NewParticipant(0, &cfg)
	if err == nil {
		w.Cleanup(func() { _ = p.Close() })
	}
	return p, err
}

// keystoreOf makes a keystore that is valid at the world's time.
func (w *world) keystoreOf(g keystore.Governance) *keystore.Keystore {
	w.Helper()
	k, err := keystore.Create(w.TempDir(), keystore.Options{Governance: &g, Now: time.Now()})
	require.NoError(w, err)
	return k
}

// enclave makes credentials and returns the plugins that use them.
func (w *world) enclave(k *keystore.Keystore, path string, o keystore.EnclaveOptions) func(*dds.Config) {
	w.Helper()
	dir, err := k.CreateEnclave(path, o)
	require.NoError(w, err)
	return w.credentials(dir)
}

func (w *world) credentials(dir string) func(*dds.Config) {
	w.Helper()
	sec := w.plugins(dir)
	return func(c *dds.Config) { c.Security = sec }
}

// plugins are those of an enclave. It is not watched: tests say when what is new counts.
func (w *world) plugins(dir string) *spi.Security {
	w.Helper()
	cfg, err := security.ReadEnclave(dir)
	require.NoError(w, err)
	cfg.WatchInterval = -1
	sec, err := security.New(cfg)
	require.NoError(w, err)
	return sec
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

type blob struct {
	N    int32
	Data []byte
}

func writerOf[T any](w *world, p *dds.Participant, topic string, policies ...qos.WriterPolicy) *dds.Writer[T] {
	w.Helper()
	t, err := dds.NewTopic[T](p, topic)
	require.NoError(w, err)
	wr, err := dds.NewWriter(p.Publisher(), t, policies...)
	require.NoError(w, err)
	return wr
}

func readerOf[T any](w *world, p *dds.Participant, topic string, policies ...qos.ReaderPolicy) *dds.Reader[T] {
	w.Helper()
	t, err := dds.NewTopic[T](p, topic)
	require.NoError(w, err)
	r, err := dds.NewReader(p.Subscriber(), t, policies...)
	require.NoError(w, err)
	return r
}

// matched waits until both sides are matched.
func matched[A, B any](w *world, wr *dds.Writer[A], r *dds.Reader[B]) {
	w.Helper()
	require.NoError(w, wr.WaitForMatched(w.soon(), 1))
	require.NoError(w, r.WaitForMatched(w.soon(), 1))
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

// heap returns how much memory is in use.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
