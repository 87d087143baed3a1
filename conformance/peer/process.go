package peer

import (
	"bufio"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// maxLine bounds one line of a peer: longer ones are cut. Traces of Cyclone have lines of many kB.
const maxLine = 64 << 10

// stopLimit is how long a peer may take to leave once it was told to.
const stopLimit = 5 * time.Second

// A Process is one running peer. Its methods are for the test's goroutine.
type Process struct {
	t    testing.TB
	name string
	cmd  *exec.Cmd
	in   io.Closer
	born time.Time
	done chan struct{} // closed when it has ended and all its output was read

	next int // Expect goes on from this line

	mu      sync.Mutex
	lines   []string      // from stdout, and from stderr with the mark before them
	stamps  []time.Time   // when each came
	changed chan struct{} // closed, and replaced, when a line comes
}

// Stderr is before every line that came from a peer's standard error: the log
// of the vendor's library.
const Stderr = "stderr: "

// Start starts a peer: args[0] is "pub" or "sub". The process leads its own
// process group (an interrupt of the terminal is the test's alone) and is
// killed when t ends. What it printed goes to the log of a test that failed.
func Start(t testing.TB, v Vendor, args ...string) *Process {
	t.Helper()
	build := Build
	if v == Ours {
		build = BuildOurs
	}
	path := filepath.Join(build(t), v.String()+"_peer")
	p := &Process{
		t: t, name: v.String() + " " + strings.Join(args, " "), born: time.Now(),
		cmd: exec.Command(path, args...), done: make(chan struct{}), changed: make(chan struct{}),
	}
	// If this process dies the peer reads the end of its stdin, and ends too.
	in, err := p.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.in = in
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	log, err := p.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := p.cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", p.name, err)
	}
	var readers sync.WaitGroup
	readers.Go(func() { p.read(out, "") })
	readers.Go(func() { p.read(log, Stderr) })
	go func() {
		readers.Wait()
		p.cmd.Wait() // its error is in the exit code
		close(p.done)
	}()
	t.Cleanup(func() {
		p.Kill()
		if t.Failed() {
			t.Log(p.transcript())
		}
	})
	return p
}

func (p *Process) read(r io.Reader, mark string) {
	b := bufio.NewReaderSize(r, maxLine)
	for {
		line, long, err := b.ReadLine()
		if err != nil {
			return
		}
		text := mark + string(line)
		for long && err == nil { // cut
			_, long, err = b.ReadLine()
		}
		p.mu.Lock()
		p.lines = append(p.lines, text)
		p.stamps = append(p.stamps, time.Now())
		close(p.changed)
		p.changed = make(chan struct{})
		p.mu.Unlock()
	}
}

// since returns the lines from the i-th on, and what is closed when there are more.
func (p *Process) since(i int) ([]string, <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.lines[i:len(p.lines):len(p.lines)], p.changed
}

// Expect waits for a line that pattern, a regular expression, matches and
// returns the match and its groups. It starts behind the line the last Expect
// returned, so lines come in order. The test fails at once if the time is over,
// or if the peer ends without the line.
func (p *Process) Expect(pattern string, timeout time.Duration) []string {
	p.t.Helper()
	re := regexp.MustCompile(pattern)
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	for {
		ended := p.ended() // before the lines: they are complete then
		lines, changed := p.since(p.next)
		for _, line := range lines {
			p.next++
			if m := re.FindStringSubmatch(line); m != nil {
				return m
			}
		}
		if ended {
			p.t.Fatalf("%s: ended with code %d, without %q", p.name, p.cmd.ProcessState.ExitCode(), pattern)
		}
		select {
		case <-changed:
		case <-p.done:
		case <-timer.C:
			p.t.Fatalf("%s: no %q within %v", p.name, pattern, timeout)
		}
	}
}

// Count returns how many of the lines that came so far pattern matches.
func (p *Process) Count(pattern string) int {
	re := regexp.MustCompile(pattern)
	lines, _ := p.since(0)
	n := 0
	for _, line := range lines {
		if re.MatchString(line) {
			n++
		}
	}
	return n
}

func (p *Process) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// Wait waits until the peer ends by itself and returns its exit code: 0 when
// it did all it was asked, 1 when its --timeout was over or a sample was bad,
// 2 when it could not start, 3 when it was ended from outside.
func (p *Process) Wait(timeout time.Duration) int {
	p.t.Helper()
	select {
	case <-p.done:
	case <-time.After(timeout):
		p.t.Fatalf("%s: still running after %v", p.name, timeout)
	}
	return p.cmd.ProcessState.ExitCode()
}

// Stop tells the peer to leave in order (its entities are deleted, so others
// are told), waits for it and returns its exit code.
func (p *Process) Stop() int {
	p.t.Helper()
	p.in.Close()
	return p.Wait(stopLimit)
}

// Kill ends the peer as a crash does: nobody is told.
func (p *Process) Kill() {
	p.cmd.Process.Kill() // an error says it has ended already
	p.in.Close()
	<-p.done
}

func (p *Process) transcript() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var b strings.Builder
	fmt.Fprintf(&b, "%s: exit code %d, output:\n", p.name, p.cmd.ProcessState.ExitCode())
	for i, line := range p.lines {
		fmt.Fprintf(&b, "  %7.3f %s\n", p.stamps[i].Sub(p.born).Seconds(), line)
	}
	return b.String()
}
