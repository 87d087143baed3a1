package examples_test

import (
	"bufio"
	"crypto/rand"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/security/keystore"
)

var bin string // where TestMain put the programs

func TestMain(m *testing.M) {
	os.Exit(func() int {
		var err error
		if bin, err = os.MkdirTemp("", "secdds-examples-"); err != nil {
			panic(err)
		}
		defer os.RemoveAll(bin)
		build := exec.Command("go", "build", "-o", bin+string(filepath.Separator), "./quickstart", "./publisher", "./subscriber", "./shape_main", "./customplugin", "./psk")
		build.Stderr = os.Stderr
		if err := build.Run(); err != nil {
			panic(err)
		}
		os.Setenv("SECDDS_INTERFACE", "127.0.0.1")
		return m.Run()
	}())
}

// patience is for what must happen, on a machine that has much else to do.
const patience = 30 * time.Second

// A process is a program at work, of which the test reads the output.
type process struct {
	t     *testing.T
	cmd   *exec.Cmd
	lines chan string // closed when the program has ended
	seen  []string
}

// start runs a program of the examples. It is killed with the test.
func start(t *testing.T, name string, args ...string) *process {
	t.Helper()
	p := &process{t: t, cmd: exec.CommandContext(t.Context(), filepath.Join(bin, name), args...), lines: make(chan string)}
	out, err := p.cmd.StdoutPipe()
	require.NoError(t, err)
	p.cmd.Stderr = p.cmd.Stdout
	require.NoError(t, p.cmd.Start())
	go func() {
		defer close(p.lines)
		for s := bufio.NewScanner(out); s.Scan(); {
			select {
			case p.lines <- s.Text():
			case <-t.Context().Done():
				return
			}
		}
	}()
	return p
}

// expect reads lines until one matches the expression, and returns its groups.
func (p *process) expect(expression string) []string {
	p.t.Helper()
	want := regexp.MustCompile(expression)
	end := time.NewTimer(patience)
	defer end.Stop()
	for {
		select {
		case line, ok := <-p.lines:
			if !ok {
				p.t.Fatalf("%s ended before it said %q:\n%s", p.cmd, expression, strings.Join(p.seen, "\n"))
			}
			p.seen = append(p.seen, line)
			if m := want.FindStringSubmatch(line); m != nil {
				return m
			}
		case <-end.C:
			p.t.Fatalf("%s did not say %q:\n%s", p.cmd, expression, strings.Join(p.seen, "\n"))
		}
	}
}

// status waits for the end of the program and returns its exit status.
func (p *process) status() int {
	p.t.Helper()
	end := time.NewTimer(patience)
	defer end.Stop()
	for {
		select {
		case line, ok := <-p.lines:
			if !ok {
				_ = p.cmd.Wait() // its error is the status
				return p.cmd.ProcessState.ExitCode()
			}
			p.seen = append(p.seen, line)
		case <-end.C:
			p.t.Fatalf("%s did not end:\n%s", p.cmd, strings.Join(p.seen, "\n"))
		}
	}
}

// interrupt does what Ctrl-C does, and demands that the program ends cleanly.
func (p *process) interrupt() {
	p.t.Helper()
	require.NoError(p.t, p.cmd.Process.Signal(os.Interrupt))
	require.Zero(p.t, p.status(), "%s:\n%s", p.cmd, p.said())
}

func (p *process) said() string { return strings.Join(p.seen, "\n") }

// unique returns a topic's name that no other test on this machine uses.
func unique(name string) string { return name + rand.Text()[:8] }

// withAndWithout runs a test without security and with it; option is what a
// program is given for that.
func withAndWithout(t *testing.T, test func(t *testing.T, option func(enclave string) []string)) {
	t.Run("plain", func(t *testing.T) {
		test(t, func(string) []string { return nil })
	})
	t.Run("secured", func(t *testing.T) {
		rules := keystore.SROS2Governance(keystore.AllDomains)
		k, err := keystore.Create(t.TempDir(), keystore.Options{Governance: &rules})
		require.NoError(t, err)
		test(t, func(enclave string) []string {
			dir, err := k.CreateEnclave(enclave, keystore.EnclaveOptions{})
			require.NoError(t, err)
			return []string{"--enclave", dir}
		})
	})
}
