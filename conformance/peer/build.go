package peer

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"
)

// buildLimit bounds a build: with the packages to install it takes a minute or
// two, without 10 seconds.
const buildLimit = 5 * time.Minute

// Build makes the peer programs and returns the folder that has them. It
// installs the packages they need when they are missing. The work is done once
// for all test processes of this source tree; another process waits for it.
func Build(t testing.TB) string { return built(t, build) }

// BuildOurs makes the peer program on package dds and returns the folder that
// has it. The go command caches it.
func BuildOurs(t testing.TB) string { return built(t, buildOurs) }

func built(t testing.TB, build func() (string, error)) string {
	t.Helper()
	dir, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

var build = sync.OnceValues(func() (string, error) {
	peers := filepath.Join(root(), "peers")
	return run(func(out string) [][]string {
		return [][]string{{filepath.Join(peers, "install.sh")}, {filepath.Join(peers, "build.sh"), out}}
	})
})

var buildOurs = sync.OnceValues(func() (string, error) {
	return run(func(out string) [][]string {
		return [][]string{{"go", "build", "-tags", "interop", "-o", filepath.Join(out, "ours_peer"), "./peers/ours"}}
	})
})

// run carries out commands for the folder that takes what they make, one
// process at a time.
func run(commands func(out string) [][]string) (out string, err error) {
	out = filepath.Join(root(), "build")
	if err := os.MkdirAll(out, 0o755); err != nil {
		return "", err
	}
	unlock, err := lock(filepath.Join(out, "lock"), 0)
	if err != nil {
		return "", fmt.Errorf("lock the peers' build: %w", err)
	}
	defer unlock()
	ctx, cancel := context.WithTimeout(context.Background(), buildLimit)
	defer cancel()
	for _, argv := range commands(out) {
		cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
		cmd.Dir = root()
		if output, err := cmd.CombinedOutput(); err != nil {
			return "", fmt.Errorf("%s: %w\n%s", filepath.Base(argv[0]), err, output)
		}
	}
	return out, nil
}

// root returns the folder conformance of the source tree.
func root() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Dir(filepath.Dir(file))
}

// lock takes the lock file name for this process; how may be syscall.LOCK_NB.
func lock(name string, how int) (unlock func(), err error) {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	for {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|how)
		if err != syscall.EINTR {
			break
		}
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return func() { f.Close() }, nil
}
