package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds"
	"github.com/secdds/dds/qos"
	"github.com/secdds/dds/security/keystore"
)

// asSecdds makes the test program the tool, so that the tests run it as a process.
const asSecdds = "SECDDS_TEST_AS_SECDDS"

func TestMain(m *testing.M) {
	if os.Getenv(asSecdds) != "" {
		main()
	}
	os.Setenv("SECDDS_INTERFACE", "127.0.0.1")
	os.Exit(m.Run())
}

// patience is for what must happen, on a machine that has much else to do.
const patience = 60 * time.Second

// A process is a secdds at work.
type process struct {
	cmd       *exec.Cmd
	out, errs bytes.Buffer
}

func start(t *testing.T, args ...string) *process {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	p := &process{cmd: exec.CommandContext(ctx, os.Args[0], args...)}
	p.cmd.Env = append(os.Environ(), asSecdds+"=1")
	p.cmd.Stdout, p.cmd.Stderr = &p.out, &p.errs
	require.NoError(t, p.cmd.Start())
	return p
}

// line waits for the end of the program, which is to be a good one, and returns
// the one line it has said.
func (p *process) line(t *testing.T) string {
	t.Helper()
	require.NoError(t, p.cmd.Wait(), "%s: %s", p.cmd, &p.errs)
	line, rest, _ := strings.Cut(p.out.String(), "\n")
	require.Empty(t, rest)
	return line
}

// object is line as a JSON object.
func (p *process) object(t *testing.T) map[string]any {
	t.Helper()
	var o map[string]any
	require.NoError(t, json.Unmarshal([]byte(p.line(t)), &o))
	return o
}

// withAndWithout runs a test without security and with it: the flags of one
// program and of the other.
func withAndWithout(t *testing.T, test func(t *testing.T, one, other []string)) {
	t.Run("plain", func(t *testing.T) { test(t, nil, nil) })
	t.Run("secured", func(t *testing.T) {
		rules := keystore.SROS2Governance(keystore.AllDomains)
		k, err := keystore.Create(t.TempDir(), keystore.Options{Governance: &rules})
		require.NoError(t, err)
		one, err := k.CreateEnclave("/one", keystore.EnclaveOptions{})
		require.NoError(t, err)
		other, err := k.CreateEnclave("/other", keystore.EnclaveOptions{})
		require.NoError(t, err)
		test(t, []string{"--enclave", one}, []string{"--enclave", other})
	})
}

func with(args []string, more ...string) []string {
	return append(append([]string{"perf"}, args...), more...)
}

func TestPubAndSub(t *testing.T) {
	withAndWithout(t, func(t *testing.T, one, other []string) {
		sub := start(t, with(one, "sub", "10", "--domain", "60")...)
		pub := start(t, with(other, "pub", "1K", "0.3", "--domain", "60", "--gc")...)
		require.Regexp(t, `^PUB \d+ samples/s \d+\.\d\d MB/s cpu \d+\.\d\d us/sample gc \d+ pause us total \d+\.\d max \d+\.\d heap MB \d+\.\d allocs \d+$`, pub.line(t))
		require.Regexp(t, `^SUB \d+ samples/s \d+\.\d\d MB/s n [1-9]\d* lost 0 cpu \d+\.\d\d us/sample$`, sub.line(t))

		// All that is written arrives, at each of several readers.
		args := []string{"--domain", "60", "--json"}
		subs := []*process{start(t, with(one, append(args, "sub", "10")...)...), start(t, with(one, append(args, "sub", "10", "--wait")...)...)}
		pub = start(t, with(other, append(args, "pub", "64", "0.3", "--readers", "2", "--rate", "1000", "--gc")...)...)
		sent := pub.object(t)
		require.Equal(t, "pub", sent["program"])
		require.Positive(t, sent["n"])
		require.LessOrEqual(t, sent["n"], 302.0, "more than the rate")
		require.Contains(t, sent["gc"], "pause_max_us")
		for _, sub := range subs {
			got := sub.object(t)
			require.Equal(t, sent["n"], got["n"])
			require.Equal(t, 0.0, got["lost"])
			require.NotContains(t, got, "gc")
		}
	})
}

func TestPubAndSubBestEffort(t *testing.T) {
	sub := start(t, "perf", "sub", "10", "--best-effort", "--domain", "61", "--json")
	start(t, "perf", "pub", "64", "2", "--gap", "1ms", "--best-effort", "--domain", "61").line(t)
	require.Positive(t, sub.object(t)["n"])
}

func TestPingAndPong(t *testing.T) {
	withAndWithout(t, func(t *testing.T, one, other []string) {
		pong := start(t, with(one, "pong", "100", "--domain", "62")...)
		ping := start(t, with(other, "ping", "64", "50", "--domain", "62")...)
		require.Regexp(t, `^RTT us p50 \d+\.\d p90 \d+\.\d p99 \d+\.\d p99\.9 \d+\.\d max \d+\.\d$`, ping.line(t))
		require.Regexp(t, `^PONG n 1[5-9]\d cpu \d+\.\d\d us/sample$`, pong.line(t))

		args := []string{"--domain", "62", "--json", "--best-effort"}
		pong = start(t, with(one, append(args, "pong", "100", "--wait")...)...)
		ping = start(t, with(other, append(args, "ping", "1K", "50", "--gc", "--wait")...)...)
		f := ping.object(t)
		require.Equal(t, 50.0, f["n"])
		require.LessOrEqual(t, f["p50_us"], f["p99_9_us"])
		require.Contains(t, f["gc"], "count")
		require.GreaterOrEqual(t, pong.object(t)["n"], 150.0)
	})
}

// call runs the tool within the test, and returns its status and what it said
// at its end.
func call(ctx context.Context, args ...string) (status int, out, errs string) {
	var o, e bytes.Buffer
	status = run(ctx, args, &o, &e)
	return status, o.String(), e.String()
}

func TestProfile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "cpu")
	status, out, errs := call(t.Context(), "perf", "pong", "0.01", "--domain", "63", "--cpuprofile", file)
	require.Zero(t, status, errs)
	require.Equal(t, "PONG n 0 cpu 0.00 us/sample\n", out)
	info, err := os.Stat(file)
	require.NoError(t, err)
	require.Positive(t, info.Size())
}

func TestBadArguments(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing")
	for _, tt := range []struct{ args, want string }{
		{"perf", "say pub, sub, ping or pong"},
		{"perf push", `unknown command "push"`},
		{"perf pub 64", "accepts 2 arg(s), received 1"},
		{"perf pub x 1", `SIZE "x"`},
		{"perf pub 64 0", `SECONDS "0"`},
		{"perf pub 64 1 --gap 1ms --rate 10", "none of the others can be"},
		{"perf pub 64 1 --rate -1", "--rate -1"},
		{"perf pub 64 1 --readers -1", "--readers -1"},
		{"perf sub", "accepts 1 arg(s), received 0"},
		{"perf sub -- -1", `SECONDS "-1"`},
		{"perf ping 1G 1", `SIZE "1G"`},
		{"perf ping 1 0", `COUNT "0"`},
		{"perf pong 1h", `SECONDS "1h"`},
		{"perf pong 1 --domain 233", "the highest is 232"},
		{"perf pong 1 --interface " + missing, "missing"},
		{"perf pong 1 --enclave " + missing, "missing"},
		{"perf pong 1 --cpuprofile " + filepath.Join(missing, "cpu"), "missing"},
	} {
		status, out, errs := call(t.Context(), strings.Fields(tt.args)...)
		require.Equal(t, 1, status, tt.args)
		require.Empty(t, out, tt.args)
		require.Regexp(t, `^secdds: [^\n]*\n$`, errs, tt.args)
		require.Contains(t, errs, tt.want, tt.args)
	}
}

func TestNobodyThere(t *testing.T) {
	p := &perf{domain: 63, patience: time.Millisecond}
	for want, program := range map[string]func(context.Context) error{
		"found no reader within 1ms": func(ctx context.Context) error {
			_, err := (&pub{perf: p, time: time.Millisecond, readers: 1}).run(ctx)
			return err
		},
		"found no pong within 1ms": func(ctx context.Context) error {
			_, err := (&ping{perf: p, count: 1}).run(ctx)
			return err
		},
		"no sample has come": func(ctx context.Context) error {
			_, err := (&sub{perf: p, time: time.Millisecond}).run(ctx)
			return err
		},
	} {
		require.ErrorContains(t, program(t.Context()), want)
	}
}

// peer is a participant of the test itself.
func peer(t *testing.T, domain uint32) *dds.Participant {
	t.Helper()
	p, err := dds.NewParticipant(domain, nil)
	require.NoError(t, err)
	t.Cleanup(func() { p.Close() })
	return p
}

// A pub whose reader goes says so: what it writes to nobody would be fast.
func TestPubWithoutItsReader(t *testing.T) {
	part := peer(t, 64)
	topic, err := dds.NewTopic[Perf](part, "Tput")
	require.NoError(t, err)
	r, err := dds.NewReader(part.Subscriber(), topic, qos.Reliable(0), qos.KeepAll(), limits)
	require.NoError(t, err)
	pub := start(t, "perf", "pub", "1M", "3600", "--rate", "100", "--domain", "64")
	s, err := r.Next(t.Context())
	require.NoError(t, err)
	require.Len(t, s.Value.Data, 1<<20)
	require.NoError(t, part.Close())
	var exit *exec.ExitError
	require.ErrorAs(t, pub.cmd.Wait(), &exit)
	require.Equal(t, 1, exit.ExitCode())
	require.Contains(t, pub.errs.String(), "secdds: pub: 1 of 1 readers have gone")
	require.Empty(t, pub.out.String())
}

// Interrupted, a pub and its sub end with what they have.
func TestInterrupt(t *testing.T) {
	part := peer(t, 65)
	topic, err := dds.NewTopic[Perf](part, "Tput")
	require.NoError(t, err)
	r, err := dds.NewReader(part.Subscriber(), topic, qos.BestEffort())
	require.NoError(t, err)
	sub := start(t, "perf", "sub", "3600", "--domain", "65")
	pub := start(t, "perf", "pub", "64", "3600", "--rate", "100", "--readers", "2", "--domain", "65")
	_, err = r.Next(t.Context())
	require.NoError(t, err)
	require.NoError(t, pub.cmd.Process.Signal(os.Interrupt))
	require.Regexp(t, "^PUB ", pub.line(t))
	require.Regexp(t, "^SUB .* n [1-9].* lost 0 ", sub.line(t))
}

// A ping that gets no answer is sent again; when the pong has gone, ping ends.
func TestPingWithoutAnswer(t *testing.T) {
	part := peer(t, 66)
	w, r, err := (&perf{bestEffort: true}).endpoints(part, "Pong", "Ping")
	require.NoError(t, err)
	ping := start(t, "perf", "ping", "64", "50", "--best-effort", "--json", "--domain", "66")
	ignored := false
	for {
		s, err := r.Next(t.Context())
		require.NoError(t, err)
		if !s.Info.ValidData {
			break // it has ended
		}
		if s.Value.Seq >= warmUp+20 && !ignored {
			ignored = true
			continue
		}
		require.NoError(t, w.Write(t.Context(), &s.Value))
	}
	f := ping.object(t)
	require.Equal(t, 50.0, f["n"])
	require.Positive(t, f["lost"])
}

func TestPingWithoutItsPong(t *testing.T) {
	part := peer(t, 67)
	w, r, err := (&perf{}).endpoints(part, "Pong", "Ping")
	require.NoError(t, err)
	ping := start(t, "perf", "ping", "64", "1000000", "--domain", "67")
	for range 200 {
		s, err := r.Next(t.Context())
		require.NoError(t, err)
		require.NoError(t, w.Write(t.Context(), &s.Value))
	}
	require.NoError(t, part.Close())
	require.Error(t, ping.cmd.Wait())
	require.Contains(t, ping.errs.String(), "secdds: ping: the pong has gone")
}

func TestWaiter(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	w := newWaiter(ctx)
	defer w.close()
	some, err := w.data(func(context.Context) error { return nil })
	require.True(t, some)
	require.NoError(t, err)

	until := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
	for range 2 {
		some, err = w.data(until)
		require.False(t, some)
		require.NoError(t, err)
	}

	broken := errors.New("broken")
	_, err = w.data(func(context.Context) error { return broken })
	require.Equal(t, broken, err)

	cancel()
	_, err = w.data(until)
	require.Equal(t, context.Canceled, err)
}
