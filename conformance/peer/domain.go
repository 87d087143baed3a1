package peer

import (
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"
)

// The domains given out. The ports of domain 101 and above may lie among those
// the kernel gives to other programs: DDSI-RTPS 2.5, 9.6.2.3.
const (
	firstDomain = 1
	lastDomain  = 99
)

// domains counts what this process has taken, so that it goes on to the next.
var domains atomic.Int32

// Domain returns a domain id that no other test of this machine has until t
// ends. Tests that run at the same time do not meet in it.
func Domain(t testing.TB) int {
	t.Helper()
	dir := filepath.Join(os.TempDir(), "secdds-domains")
	if err := os.MkdirAll(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	// Processes begin at different places, so that a domain just given back rests.
	n := lastDomain - firstDomain + 1
	start := os.Getpid() + int(domains.Add(1))
	for i := range n {
		id := firstDomain + (start+i)%n
		unlock, err := lock(filepath.Join(dir, fmt.Sprint(id)), syscall.LOCK_NB)
		if err == syscall.EWOULDBLOCK {
			continue
		}
		if err != nil {
			t.Fatalf("lock domain %d: %v", id, err)
		}
		t.Cleanup(unlock)
		return id
	}
	t.Fatal("every domain is in use")
	return 0
}
