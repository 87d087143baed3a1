package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// A process is one program that runs.
type process struct {
	name      string
	cmd       *exec.Cmd
	out, errs bytes.Buffer
	done      chan struct{}
	err       error // once done
	cancel    context.CancelFunc
}

// start starts a program that is killed at its deadline, or with this process.
func start(ctx context.Context, limit time.Duration, path string, args ...string) (*process, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	p := &process{name: path[strings.LastIndexByte(path, '/')+1:], done: make(chan struct{}), cancel: cancel}
	p.cmd = exec.CommandContext(ctx, path, args...)
	p.cmd.Stdout, p.cmd.Stderr = &p.out, &p.errs
	p.cmd.WaitDelay = time.Second
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	// The figures are of the defaults, whatever the caller's shell sets.
	p.cmd.Env = append(os.Environ(), "GODEBUG=", "GOGC=", "GOMEMLIMIT=")
	if err := p.cmd.Start(); err != nil {
		cancel()
		return nil, fmt.Errorf("start %s: %w", p.name, err)
	}
	go func() {
		p.err = p.cmd.Wait()
		if ctx.Err() != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
			p.err = fmt.Errorf("killed after %v", limit)
		}
		cancel()
		close(p.done)
	}()
	return p, nil
}

// kill ends it at once.
func (p *process) kill() {
	p.cancel()
	<-p.done
}

// interrupt asks it to end in order and kills it if it does not.
func (p *process) interrupt() {
	p.cmd.Process.Signal(os.Interrupt) // an error says it has ended
	select {
	case <-p.done:
	case <-time.After(time.Second):
		p.kill()
	}
}

// wait waits for the end and returns the figures of its line what.
func (p *process) wait(what string) (figures, error) {
	<-p.done
	if f, err := find(p.out.String(), what); err == nil && p.err == nil {
		return f, nil
	} else if p.err == nil {
		return figures{}, fmt.Errorf("%s: %w", p.name, err)
	}
	return figures{}, fmt.Errorf("%s: %w%s", p.name, p.err, lastLine(p.errs.String()))
}

// lastLine is the last line of what a program had to say, after a separator.
func lastLine(s string) string {
	s = strings.TrimSpace(s)
	s = s[strings.LastIndexByte(s, '\n')+1:]
	if s == "" {
		return ""
	}
	const most = 160
	if len(s) > most {
		s = s[:most] + "…"
	}
	return ": " + strings.ReplaceAll(machinePath.ReplaceAllString(s, "$1"), "|", "/")
}
